"""Where steps run: this machine, or one reached over ssh."""
