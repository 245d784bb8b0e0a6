"""How fast a load is beside what its users would pick instead: `python -m benchmarks --help`."""
