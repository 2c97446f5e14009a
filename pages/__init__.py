"""The console's screens. Each asks one view, calls one verb, and begins with `require()`."""
