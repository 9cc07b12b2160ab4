"""Pages that are made of what is installed, so that they cannot go stale."""
