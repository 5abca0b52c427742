"""What became of each marked test the last time it ran; `make test`, `test-real` and `sweep` add to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / ".cache" / "faults.json"
PROPERTY = "faults"
#: the worst of a test's parameters is the test's result
ORDER = ("skipped", "passed", "failed")


def read(path: Path = PATH) -> dict[str, dict[str, str]]:
    """Return, for each test, its last result and when that was."""
    if not path.exists():
        return {}
    known: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return known


def merge(new: dict[str, str], path: Path = PATH) -> None:
    """Keep new results; those of tests that did not run stay."""
    path.parent.mkdir(exist_ok=True)
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    known = read(path) | {test: {"result": new[test], "on": when} for test in new}
    half = path.with_suffix(".half")
    half.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
    half.replace(path)


@dataclass(eq=False)
class Recorder:
    """A pytest plugin. Workers mark their reports; whoever gathers the reports writes them down."""

    path: Path = PATH
    seen: dict[str, str] = field(default_factory=dict)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if rows := [row for mark in item.iter_markers("fault") for row in mark.args]:
            item.user_properties.append((PROPERTY, sorted(set(rows))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not dict(report.user_properties).get(PROPERTY):
            return
        if report.when == "call" or report.outcome != "passed":
            test = report.nodeid.partition("[")[0]
            self.seen[test] = max(self.seen.get(test, ORDER[0]), report.outcome, key=ORDER.index)

    def pytest_sessionfinish(self, session: Any) -> None:
        if self.seen and not hasattr(session.config, "workerinput"):
            merge(self.seen, self.path)
