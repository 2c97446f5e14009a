"""The engine: match, merge, plan and brake are pure; apply acts through the ports it is handed."""
