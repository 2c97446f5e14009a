"""Emulators of the platforms, spoken to over real HTTP; they share no code with the product."""
