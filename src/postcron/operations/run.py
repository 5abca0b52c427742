"""Run: all phases in one process, for a crontab of one line."""

from __future__ import annotations

from postcron.model import Phase
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.retry import retry
from postcron.operations.tick import tick


def run(house: House, *, limit: int | None = None, dry_run: bool = False) -> Report:
    """Retry, tick, publish, then pre-upload: what is due now never waits for an upload."""
    report = Report(Phase.RUN, dry_run=dry_run)
    for phase in (retry, tick, publish, pre_upload):
        if not house.stop.is_set():
            report.join(phase(house, limit=limit, dry_run=dry_run))
    return report
