"""Proofs: what may go wrong is done to the product on purpose, and the emulated stores' own books say
whether anything was lost or doubled. Each has a broken variant, which must be caught."""
