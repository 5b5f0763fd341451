"""A provider that answers as it is told to: for tests, benchmarks and the demo."""
