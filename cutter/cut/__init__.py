"""The cut: a governed document to addressable rows, planned without touching anything."""
