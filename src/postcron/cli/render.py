"""Tables for people. Rich is loaded here alone, and nothing from outside reaches it unseen."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from postcron.cli import printing
from postcron.cli.visible import visible
from postcron.model import Approval
from postcron.rules import pausing
from postcron.rules.spans import until
from postcron.states import AHEAD, State

if TYPE_CHECKING:
    from rich.console import Console, OverflowMethod

    from postcron.model import Delivery, Page, Pause, Post
    from postcron.operations.approving import Decided
    from postcron.operations.edit import Edited
    from postcron.operations.house import House
    from postcron.operations.report import Occurrence, Report
    from postcron.operations.resolve import Resolved
    from postcron.operations.schedule import Scheduled
    from postcron.operations.wishes import Planned

#: on a narrower terminal the last column goes below, not beside
NARROW = 72
#: characters of a bar
BAR = 20
#: in a pipe nothing is folded: a line is what grep finds
PIPE_WIDTH = 10_000

COLOURS = {
    State.PUBLISHED: "green",
    State.FAILED: "red",
    State.LATE: "yellow",
    State.UNKNOWN: "bold red",
    State.PUBLISHING: "cyan",
    State.CONFIRMING: "cyan",
    State.DRAFT: "dim",
    State.CANCELLED: "dim",
}


#: a sign for each state: to be told apart without colour and with no room
MARKS = {
    State.DRAFT: "~",
    State.SCHEDULED: "○",
    State.UPLOADING: "↑",
    State.READY: "●",
    State.QUEUED: "»",
    State.PUBLISHING: "→",
    State.CONFIRMING: "…",
    State.UNKNOWN: "?",
    State.PUBLISHED: "✓",
    State.FAILED: "✗",
    State.LATE: "!",
    State.CANCELLED: "-",
}


@dataclass(frozen=True)
class Here:
    """When and where the reader is: moments are told in their zone and from their now."""

    now: datetime
    zone: ZoneInfo

    @classmethod
    def at(cls, house: House) -> Here:
        return cls(house.clock.now(), ZoneInfo(house.config.timezone))

    def when(self, moment: datetime | None) -> str:
        if moment is None:
            return "–"
        return f"{self.clock(moment)} ({until(moment, self.now)})"

    def clock(self, moment: datetime) -> str:
        local, today = moment.astimezone(self.zone), self.now.astimezone(self.zone).date()
        clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        return clock if local.date() == today else f"{local:%a %Y-%m-%d} {clock}"

    def pause(self, one: Pause) -> str:
        return pausing.told(one, self.zone.key)


# --- tables ------------------------------------------------------------------------------------


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    colours: int | None = None,
    cut: int | None = None,
) -> str:
    """Return a table; `colours` is the column that holds a state.

    `cut` is the one that gives way on a narrow terminal: its lines are cut, and no other is folded.
    """
    from rich.table import Table
    from rich.text import Text

    width = _width()
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, head in enumerate(heads):
        short = place < 2 or place == colours or cut is not None
        stays = short and place != cut and width >= NARROW
        overflow: OverflowMethod = "ellipsis" if place == cut else "fold"
        drawn.add_column(head, no_wrap=stays, overflow=overflow)
    for row in rows:
        drawn.add_row(
            *(
                Text(
                    visible(cell),
                    style=_colour(cell) if place == colours else "",
                    no_wrap=place == cut,
                )
                for place, cell in enumerate(row)
            )
        )
    return _drawn(drawn, width)


#: a line in a cell of a grid, and the state that colours it
Line = tuple[str, State | None]


def grid(heads: Sequence[str], rows: Iterable[Sequence[Sequence[Line]]]) -> str:
    """Return columns of one width side by side, as wide as the terminal; a long line is cut."""
    from rich.box import SQUARE
    from rich.table import Table
    from rich.text import Text

    width = shutil.get_terminal_size().columns
    drawn = Table(box=SQUARE, show_edge=False, show_lines=True, padding=0, header_style="bold")
    for head in heads:
        share = (width - len(heads) + 1) // len(heads)
        drawn.add_column(head, width=share, no_wrap=True, overflow="crop")
    for row in rows:
        cells = (
            Text("\n").join(
                Text(visible(line), style=COLOURS.get(state, "") if state else "")
                for line, state in cell
            )
            for cell in row
        )
        drawn.add_row(*cells)
    return _drawn(drawn, width)


def _drawn(drawn: object, width: int) -> str:
    paper = io.StringIO()
    _console(paper, width).print(drawn)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines())


def _console(file: TextIO, width: int | None = None) -> Console:
    from rich.console import Console

    colour = _is_terminal() and not os.environ.get("NO_COLOR")
    return Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="auto" if colour else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _width() -> int:
    return shutil.get_terminal_size().columns if _is_terminal() else PIPE_WIDTH


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _colour(state: str) -> str:
    return COLOURS.get(State(state), "") if state in set(State) else ""


# --- deliveries --------------------------------------------------------------------------------


def deliveries(
    some: Iterable[Delivery], here: Here, paused: Mapping[int, Pause] | None = None
) -> str:
    held = {id: here.pause(pause) for id, pause in (paused or {}).items()}
    rows = [
        (d.ref, d.account, str(d.state), here.when(d.due_at), held.get(d.id) or note(d, here))
        for d in some
    ]
    return table(("ID", "ACCOUNT", "STATE", "DUE", "NOTE"), rows, colours=2) if rows else "Nothing."


def page(one: Page, here: Here) -> str:
    more = "" if one.next is None else f"\nMore: --after {one.next}"
    return f"{deliveries(one.deliveries, here, one.paused)}{more}"


@contextmanager
def screen() -> Iterator[Callable[[str], bool]]:
    """Give what shows a page in place of the one before; off a terminal it goes below that one.

    Showing one returns whether anybody is there to see the next.
    """
    from rich.live import Live
    from rich.text import Text

    if not _is_terminal():
        yield printing.say
        return
    with Live(console=_console(sys.stdout), screen=True, auto_refresh=False) as live:

        def show(page: str) -> bool:
            live.update(Text.from_ansi(page), refresh=True)
            return True

        yield show


def note(one: Delivery, here: Here) -> str:
    if one.state is State.PUBLISHED:
        return one.url or one.remote_id or ""
    if one.error is not None and one.state is not State.CANCELLED:
        next_ = "" if one.wake_at is None else f" (again {until(one.wake_at, here.now)})"
        return f"{one.error}{next_}"
    waits = one.waits_its_turn and one.state in AHEAD
    return f"waits its turn; {one.reason}" if waits else one.reason


def bar(done: int, total: int) -> str:
    """Return how far something has come: `[########------------] 2 of 5`."""
    filled = BAR * done // total if total else BAR
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {done} of {total}"


def troubles(some: Iterable[Delivery], held: Collection[str], now: datetime) -> Iterator[str]:
    """Return a line for each delivery in trouble; what only waited for its account shares one."""
    waited: dict[str, list[str]] = {}
    for one in some:
        if one.state is State.LATE and one.account in held:
            waited.setdefault(one.account, []).append(one.ref)
        else:
            yield trouble(one, now)
    for account, refs in waited.items():
        yield (
            f"{account}: late, because nothing may be sent for it (`postcron status` says why): "
            f"{', '.join(refs)}."
        )


def trouble(one: Delivery, now: datetime) -> str:
    """Return the line that cron mails: which, where, what, and what happens next."""
    what = (one.error or "").strip()
    return f"{one.ref} {one.account} {one.state}: {what} {_follows(one, now)}".replace("  ", " ")


def _follows(one: Delivery, now: datetime) -> str:
    if one.state is State.CANCELLED:
        return 'It is dropped, as late = "skip" says.'
    if one.wake_at is None:
        return f"Needs you: `postcron show {one.ref}` says what is safe to do."
    verb = "looks at the platform" if one.state is State.UNKNOWN else "tries"
    return f"postcron {verb} again {until(one.wake_at, now)}."


def report(one: Report, here: Here) -> str:
    everything = one.everything()
    verb = "would touch" if one.dry_run else "found"
    told = ", ".join(f"{len(some)} {name}" for name, some in one.lists().items() if some)
    head = f"{one.phase} {verb} {one.found}" + (f" ({told})." if told and not one.dry_run else ".")
    lines = [head, *([deliveries(everything, here)] if everything else [])]
    made = (
        f"Series {each.series_id}: {_made(each)} {here.when(each.at)}" for each in one.series.made
    )
    return "\n".join([*lines, *made])


def _made(one: Occurrence) -> str:
    return "would make a post for" if one.post_id is None else f"post {one.post_id} for"


def gaps(one: Report) -> Iterator[str]:
    """Return a line for each series of which something will not go out, or not in its time."""
    for each in one.series.left_out:
        moments = f"{each.left_out} moment{'' if each.left_out == 1 else 's'}"
        said = visible(str(each.template["said"]))
        yield f"series {each.id} ({said}): {moments} passed while nothing ran, and will not go out."
    for each, why in one.series.stalled:
        yield f"series {each.id} can make no posts: {why} Tried again in an hour."
    for each, why in one.series.behind:
        yield f"series {each.id}: {why}"


def resolved(one: Resolved, here: Here) -> str:
    table = deliveries([one.delivery], here)
    return f"{table}\nNot checked: {visible(one.not_checked)}" if one.not_checked else table


def noted(one: Edited | Decided, here: Here) -> str:
    """Return deliveries, and before them what a person should know of them."""
    return "\n".join([*map(visible, one.notes), deliveries(one.deliveries, here)])


def scheduled(answer: Scheduled, here: Here) -> str:
    lines = [*map(visible, answer.notes)]
    if answer.post is None:
        lines.append("Nothing is saved; this is what it would be:")
    else:
        lines.append(f"Post {answer.post.id}{_key(answer.post)}")
        if answer.post.approval is Approval.PENDING:
            lines.append(f"It waits for approval: `postcron approve {answer.post.id}`.")
    heads = ("ID", "ACCOUNT", "STATE", "WANTED", "GIVEN", "REASON")
    rows = [_given(each, here) for each in answer.deliveries]
    return "\n".join([*lines, table(heads, rows, colours=2)])


def _key(post: Post) -> str:
    return "" if post.key is None else f" (key {visible(post.key)})"


def _given(one: Delivery | Planned, here: Here) -> tuple[str, ...]:
    wanted = "–" if one.wanted_at is None else here.clock(one.wanted_at)
    ref = getattr(one, "ref", "–")
    return ref, one.account, str(one.state), wanted, here.when(one.due_at), one.reason
