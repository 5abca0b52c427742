"""Extracts of what platforms publish about their interfaces for machines, and what checks by them."""
