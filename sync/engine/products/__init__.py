"""Products: what is wanted, which records are the same, what has to change. Pure."""
