"""Use cases, one per file: read, decide, do, record."""
