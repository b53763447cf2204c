"""Values: what a runbook says, what a target looks like, what was seen. Standard library only, no I/O."""
