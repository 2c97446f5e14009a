"""Parts of the operating pages: sync, run, dashboard, needs you, logs."""
