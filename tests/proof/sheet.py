"""The figures of a sweep as a table on a terminal, and as the page docs/proof.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.table import Table

from tests.proof.figures import Figures
from tests.proof.layers import Done

COLUMNS = (
    *("layer", "runs", "doubled", "silent", "other"),
    *("needs a person", "per 10,000", "95 % below", "minutes"),
)

HEAD = """\
# Never twice, never silently missed: the figures

Written by `make sweep`, not by hand. A run is one story: a post is scheduled, one fault happens
somewhere, then cron goes on until nothing moves any more. Afterwards one oracle
([tests/oracle.py](../tests/oracle.py)) compares the platform's own ledger with the store and with
what people were told: *doubled* is live more than once, *silent* is not live and nobody was told,
*other* is any other breach of its eight invariants. Told is what a run named before it ended,
or the next one if that run died, and what a person did himself; what only a monitor tells is not.

No breach in n runs does not mean "never": with 95 % confidence the true share lies below 3/n, which
is what the column says. The runs of a layer are alike in kind, so the bound holds for faults of
that kind only.
"""

NOT_PROMISED = """\
## What we do not promise

- **A reply lost where only a list of posts tells** (Mastodon without its own key, and platforms like
  it) may need a person: postcron looks, and asks if it cannot tell. Where nothing can be read at
  all, it always asks. *Needs a person* counts both: it is the price of never twice.
- **A host that disappears in the act** and never comes back leaves one delivery that other hosts may
  finish only where repeating is safe. Else a person decides, after half an hour.
- **A platform that publishes what it has refused**, or hides what it has accepted, is believed until
  it is looked at again. postcron looks for ten minutes, not for ever.
- **A disk that loses what it said it had synced** is beyond what any program on it can mend; a witness
  beside the store notices an older store and holds everything.
- **The figures are of simulated platforms.** They keep their own ledgers and misbehave in the ways
  the platforms are documented or known to; the real ones may find a new one.
"""


def cells(done: Done) -> tuple[str, ...]:
    """Return the cells of a layer's row, as in `COLUMNS`."""
    found = done.figures
    share = found.needs_you * 10_000 / found.runs if found.runs else 0
    # Below a handful of runs the bound says nothing.
    told = found.bound is not None and found.bound < 1
    return (
        found.layer,
        f"{found.runs:,}",
        *(f"{count:,}" for count in (found.doubled, found.silent, found.other)),
        f"{found.needs_you:,}",
        f"{share:,.0f}",
        f"{found.bound:.3%}" if told else "–",
        f"{done.seconds / 60:.1f}",
    )


def table(done: Sequence[Done]) -> Table:
    drawn = Table(title=None)
    for number, column in enumerate(COLUMNS):
        drawn.add_column(column, justify="right" if number else "left")
    for row in [*done, total(done)]:
        drawn.add_row(*cells(row), style="bold red" if row.figures.bad else None)
    return drawn


def total(done: Sequence[Done]) -> Done:
    """Return the sum; its bound is only told where no layer has a breach."""
    all_of = Figures("all")
    for each in done:
        all_of.runs += each.figures.runs
        all_of.doubled += each.figures.doubled
        all_of.silent += each.figures.silent
        all_of.other += each.figures.other
        all_of.needs_you += each.figures.needs_you
    return Done(all_of, sum(each.seconds for each in done))


def counts(done: Sequence[Done]) -> Iterator[str]:
    """Yield, for each layer that counts more, a line of its own counts."""
    for each in done:
        own = each.figures.counted
        if own:
            said = ", ".join(f"{name} {number:,}" for name, number in sorted(own.items()))
            yield f"{each.figures.layer}: {said}"


def page(done: Sequence[Done], *, command: str, postgres: str) -> str:
    """Return docs/proof.md."""
    when = datetime.now(UTC)
    lines = [
        HEAD,
        f"`{command}`, {when:%Y-%m-%d}, on {_machine(postgres)}.",
        "",
        _row(COLUMNS),
        "|---|" + "---:|" * (len(COLUMNS) - 1),
        *(_row(cells(each)) for each in [*done, total(done)]),
        "",
        *(f"- {line}" for line in counts(done)),
        "",
        *(f"- **Breach:** {breach}" for each in done for breach in each.figures.breaches),
        "",
        NOT_PROMISED,
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _machine(postgres: str) -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {postgres}"
    )
