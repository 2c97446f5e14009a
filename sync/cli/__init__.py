"""The command line: the same verbs as the console, headless."""
