"""Parts of the inventory pages: set-up, cards, match, validation, change log, differences, owners."""
