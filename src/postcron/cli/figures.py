"""Figures of the past: how many went out, and how punctually."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from postcron.cli.how import How, command
from postcron.cli.sought import Due
from postcron.states import AHEAD, UNCERTAIN, State

if TYPE_CHECKING:
    from postcron.cli.render import Here
    from postcron.operations.stats import Record, Stats

#: the columns of the table, and the states each sums up
COLUMNS = {
    "DRAFT": {State.DRAFT},
    "AHEAD": AHEAD,
    "IN DOUBT": UNCERTAIN | {State.PUBLISHING},
    "LIVE": {State.PUBLISHED},
    "FAILED": {State.FAILED},
    "LATE": {State.LATE},
    "CANCELLED": {State.CANCELLED},
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, stats)


def stats(how: How, *, due: Due) -> int:
    """Say how many posts went out, and how punctually.

    Of what was due in that time: how many stand in each state, which share of those that ended went
    out, and how long after its due moment the call left and the post was known to be live.
    """
    from postcron.operations.stats import stats as operation

    return how.carry_out(lambda house: operation(house, due.filter(house)), document, page)


# --- for people --------------------------------------------------------------------------------


def page(one: Stats, here: Here) -> str:
    bounds = [("since", one.since), ("before", one.before)]
    when = " and ".join(f"{word} {here.clock(at)}" for word, at in bounds if at is not None)
    head = f"Due {when or 'at any time'}."
    if not one.records:
        return f"{head} Nothing."
    return "\n\n".join([head, _records(one), _punctuality(one)])


def _records(one: Stats) -> str:
    from postcron.cli.render import table

    rows = [_record(each, each.platform, each.account) for each in one.records]
    if len(rows) > 1:
        rows.append(_record(one.total, "all", ""))
    return table(("PLATFORM", "ACCOUNT", *COLUMNS, "WENT OUT", "FAILED OR LATE"), rows)


def _record(one: Record, *names: str) -> tuple[str, ...]:
    sums = (sum(one.counts.get(state, 0) for state in some) for some in COLUMNS.values())
    shares = (one.share(State.PUBLISHED), one.share(State.FAILED, State.LATE))
    return *names, *map(str, sums), *(_percent(share) for share in shares)


def _percent(share: float | None) -> str:
    return "too few" if share is None else f"{share:.1%}"


def _punctuality(one: Stats) -> str:
    from postcron.cli.render import table
    from postcron.operations.stats import ENOUGH, ENOUGH_FOR_P95, reliable

    if not one.punctuality:
        return "No call is known to have left yet, so nothing can be said about punctuality."
    rows = [
        (each.platform, str(each.count), *map(_told, reliable(each))) for each in one.punctuality
    ]
    heads = ("PLATFORM", "POSTS", "SENT P50", "SENT P95", "LIVE P50", "LIVE P95")
    note = (
        "After the due moment: until the call left (sent), and until it was known to be live.\n"
        f"Too few: fewer than {ENOUGH} posts, for P95 fewer than {ENOUGH_FOR_P95}."
    )
    return f"{table(heads, rows)}\n\n{note}"


def _told(seconds: float | None) -> str:
    from postcron.rules.spans import spell

    if seconds is None:
        return "too few"
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if abs(seconds) < 60 else spell(timedelta(seconds=seconds))


# --- for programs ------------------------------------------------------------------------------


def document(one: Stats) -> dict[str, Any]:
    from postcron.cli.documents import moment
    from postcron.operations.stats import reliable

    return {
        "since": moment(one.since),
        "before": moment(one.before),
        "total": _counted(one.total),
        "accounts": [
            {"platform": each.platform, "account": each.account} | _counted(each)
            for each in one.records
        ],
        "punctuality": [
            {"platform": each.platform, "posts": each.count}
            | dict(zip(_FIGURES, reliable(each), strict=True))
            for each in one.punctuality
        ],
    }


_FIGURES = ("sent_p50_s", "sent_p95_s", "live_p50_s", "live_p95_s")


def _counted(one: Record) -> dict[str, Any]:
    return {
        "counts": {str(state): count for state, count in one.counts.items()},
        "ended": one.ended,
        "success_rate": one.share(State.PUBLISHED),
        "failure_rate": one.share(State.FAILED, State.LATE),
    }
