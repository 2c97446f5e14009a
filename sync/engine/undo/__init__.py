"""Undo: what a run changed, held against what the target shows now → what is restored, offered or listed."""
