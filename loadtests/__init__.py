"""Benchmarks and load scenarios: `python -m loadtests NAME` prints figures beside a baseline of the same run."""
