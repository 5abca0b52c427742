"""What the program warns of, on stderr."""

from __future__ import annotations

import logging

from postcron.cli import printing


def listen(*, verbose: bool) -> None:
    """Show warnings as one line each; with `verbose` more of them, and where they come from."""
    root = logging.getLogger()
    root.handlers = [_Complaints(traces=verbose)]
    root.setLevel(logging.INFO if verbose else logging.WARNING)


class _Complaints(logging.Handler):
    def __init__(self, *, traces: bool) -> None:
        super().__init__(logging.INFO if traces else logging.WARNING)
        self._traces = traces

    def emit(self, record: logging.LogRecord) -> None:
        printing.complain(f"postcron: {record.getMessage()}")
        for line in (record.exc_text or "").splitlines() if self._traces else ():
            printing.complain(line)
