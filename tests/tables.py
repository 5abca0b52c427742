"""Writes docs/platforms.md anew from the platforms' own code: `python -m tests.tables`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from postcron.cli.shelf import HEADS, in_words, row
from postcron.operations.catalogue import Entry, catalogue
from postcron.platforms import BUILT_IN

PAGE: Final = Path(__file__).parents[1] / "docs" / "platforms.md"
HEAD: Final = """\
# What each platform takes and can do

Written from the code by `make tables`; `postcron platforms NAME` shows the same in full, with the options of
a post and the keys of an account. The [table of the README](../README.md) says what to set up.

**ACT** is what may be done after a call whose answer was lost: *repeatable*, the same call again cannot make a
second post; *handle*, what phase 2 left there tells, and may be used once more; *readback*, only a list of
the account's posts tells, so a person is asked unless the account says `resend = "after_proof"`; *blind*, nothing can be
read, so a person always decides. **LOOK** is how long after that call a look that finds nothing is believed; what it finds
counts at once. **LEAD** is how early phase 2 may begin. **BESIDE** publishing: *visit* a single post can be
asked for, *login* with a browser, *renewal* of sessions, *numbers* for `measure`, *quota* the platform says how many
posts it still takes, *threads*, *best times*, *giving back* what it keeps until its moment.
"""


def page() -> str:
    """Return the page as it should stand."""
    entries = catalogue(sorted(BUILT_IN))
    parts = (_table(entries), _caps(entries), _sources(entries))
    return "\n".join([HEAD, *("\n".join((*part, "")) for part in parts)])


def _table(entries: list[Entry]) -> Iterator[str]:
    yield f"| {' | '.join(HEADS)} |"
    yield f"|{'---|' * len(HEADS)}"
    for one in entries:
        yield f"| {' | '.join(row(one))} |"


def _caps(entries: list[Entry]) -> Iterator[str]:
    yield "## How many fit"
    yield ""
    yield "Of one account, as far as it is documented, within any span of this length. What is said when asked (*quota*)"
    yield "counts beside it. What a limit does not count goes on when it is used up."
    yield ""
    for entry in entries:
        for one in entry.limits.caps:
            yield f"- {entry.name}: {in_words(one)} ({one.source})"


def _sources(entries: list[Entry]) -> Iterator[str]:
    yield "## Where the limits are from"
    yield ""
    for source in dict.fromkeys(
        f"{one.platform.name}: {one.limits.source}, read {one.limits.as_of}" for one in entries
    ):
        yield f"- {source}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
