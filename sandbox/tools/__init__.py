"""Scripts that make the sandboxes' data files."""
