"""The parts of the settings page, one file a section or form."""
