"""Benchmarks and loads: `python -m loadtests NAME` prints figures beside a baseline of the same run."""
