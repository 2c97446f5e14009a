"""Who runs which stage, and when. Our tables are the only truth."""
