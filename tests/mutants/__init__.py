"""Seeded defects, and the proof that each turns a named test red: `make mutants`."""
