"""Benchmarks: one file per goal, each printing its figure beside a baseline of the same run."""
