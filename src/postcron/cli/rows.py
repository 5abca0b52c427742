"""What became of a list of posts, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from postcron.cli.documents import planned
from postcron.cli.render import Here, table
from postcron.cli.visible import visible

if TYPE_CHECKING:
    from postcron.operations.export_posts import Export
    from postcron.operations.schedule_many import Row, ScheduledMany

HEADS = ("ROW", "ACCOUNT", "STATE", "WANTED", "GIVEN", "REASON")
#: rows that a person is shown; --json has them all
MOST = 1000


def told(answer: ScheduledMany, here: Here, *, rehearsed: bool) -> str:
    """Return what is saved, or a table of what would be."""
    lines = [*map(visible, answer.notes), _summary(answer, rehearsed=rehearsed)]
    if rehearsed and answer.rows:
        cells = list(islice((cell for row in answer.rows for cell in _cells(row, here)), MOST + 1))
        lines.append(table(HEADS, cells[:MOST], colours=2))
        if len(cells) > MOST:
            lines.append(f"These are the first {MOST:,}; --json has them all.")
    return "\n".join(lines)


def _summary(answer: ScheduledMany, *, rehearsed: bool) -> str:
    new = [row for row in answer.rows if row.news]
    there = len(answer.rows) - len(new)
    more = f"; {there:,} stood there already" if there else ""
    if not new:
        return f"Nothing is new{more}."
    count = sum(len(post.deliveries) for row in new for post in row.news)
    return f"{'Would save' if rehearsed else 'Saved'} {_size(len(new), count)}{more}."


def _cells(row: Row, here: Here) -> Iterator[tuple[str, ...]]:
    if row.taken is not None:
        for account, state in row.taken.states.items():
            reason = f"stands there already, as post {row.taken.post_id}"
            yield row.where, account, str(state), "–", "–", reason
    for one in row.news[0].deliveries if row.news else ():
        wanted = "–" if one.wanted_at is None else here.clock(one.wanted_at)
        yield row.where, one.account, str(one.state), wanted, here.when(one.due_at), one.reason


def exported(one: Export, file: str) -> str:
    line = f"Wrote {_size(one.posts, one.deliveries)} to {visible(file)}."
    return f"{line}\n{left_out(one)}" if one.left_out else line


def left_out(one: Export) -> str:
    told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(one.left_out.items()))
    return f"Not in it: {told}."


def exported_document(one: Export, file: str) -> dict[str, Any]:
    return {
        "file": file,
        "posts": one.posts,
        "deliveries": one.deliveries,
        "left_out": {str(reason): count for reason, count in one.left_out.items()},
    }


def _size(posts: int, deliveries: int) -> str:
    several = f"{posts:,} post{'' if posts == 1 else 's'}"
    return f"{several} with {deliveries:,} deliver{'y' if deliveries == 1 else 'ies'}"


# --- for programs ------------------------------------------------------------------------------


def document(answer: ScheduledMany) -> dict[str, Any]:
    return {
        "rows": [_row(row) for row in answer.rows],
        "problems": [asdict(one) for one in answer.problems],
        "notes": list(answer.notes),
    }


def _row(row: Row) -> dict[str, Any]:
    deliveries = row.news[0].deliveries if row.news else ()
    return {
        "where": row.where,
        "post": row.post_id,
        "parts": len(row.news),
        "there": {} if row.taken is None else {a: str(s) for a, s in row.taken.states.items()},
        "deliveries": [planned(one) for one in deliveries],
    }
