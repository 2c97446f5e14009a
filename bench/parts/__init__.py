"""What the benchmarks share: two stores, memory, bounds, the judge, and how figures are printed."""
