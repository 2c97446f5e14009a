"""Orders as pure functions: selecting, transforming, money, statuses."""
