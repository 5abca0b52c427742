"""`python -m tests.mutants [NUMBER …]`: seed each defect and see its test turn red."""

from __future__ import annotations

import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.mutants.defect import AnchorGone, Defect
from tests.mutants.scratch import Result, Scratch
from tests.mutants.seeded import DEFECTS

AT_ONCE = 2


@dataclass(frozen=True)
class Verdict:
    """What became of one defect."""

    defect: Defect
    caught: bool
    told: str


def main(words: Sequence[str]) -> int:
    """Seed the defects asked for, or all; 1 if one survives or cannot be put in."""
    asked = [defect for defect in DEFECTS if not words or str(defect.number) in words]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="postcron-mutants-") as folder:
        verdicts = _all(asked, [Scratch(Path(folder, str(n))) for n in range(AT_ONCE)])
    _print(verdicts)
    caught = sum(verdict.caught for verdict in verdicts)
    print(f"{caught} of {len(verdicts)} caught in {time.monotonic() - began:.0f} s")
    return int(caught < len(verdicts))


def _all(asked: Sequence[Defect], copies: Sequence[Scratch]) -> list[Verdict]:
    tests = sorted({defect.test for defect in asked})
    without = copies[0].results(*tests, options=("-n", str(AT_ONCE)))
    free: queue.SimpleQueue[Scratch] = queue.SimpleQueue()
    for copy in copies:
        free.put(copy)

    def judged(defect: Defect) -> Verdict:
        copy = free.get()
        try:
            return judge(copy, defect, without[defect.test])
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(threads.map(judged, asked))


def judge(copy: Scratch, defect: Defect, without: Result) -> Verdict:
    """Run the test of a defect with it; `without` is how it ended on the sources as they are."""
    if not without.green:
        return Verdict(defect, caught=False, told=f"not green without it ({without})")
    try:
        with copy.having(defect):
            having = copy.results(defect.test)[defect.test]
    except AnchorGone as gone:
        return Verdict(defect, caught=False, told=f"cannot be put in: {gone}")
    if having.red:
        return Verdict(defect, caught=True, told="red")
    word = "SURVIVES" if having.green else "not judged"
    return Verdict(defect, caught=False, told=f"{word} ({having})")


def _print(verdicts: Sequence[Verdict]) -> None:
    table = Table("no.", "seeded defect", "test that sees it", "with the defect")
    for verdict in verdicts:
        test = verdict.defect.test.partition("::")[2].replace("[", r"\[")
        colour = "green" if verdict.caught else "red"
        told = f"[{colour}]{verdict.told.replace('[', '(')}[/]"
        table.add_row(str(verdict.defect.number), verdict.defect.name, test, told)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
