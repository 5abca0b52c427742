"""Batches, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from postcron.cli import documents
from postcron.cli.render import Here, bar, note, table
from postcron.cli.visible import visible
from postcron.rules.batches import Standing, count, stop
from postcron.states import State

if TYPE_CHECKING:
    from postcron.model import Part
    from postcron.operations.add_batch import Batched
    from postcron.operations.batches import Listed, Shown
    from postcron.operations.schedule_many import Row

#: of the text of a post, so much stands for it
WORDS = 30


def listed(some: Iterable[Listed], here: Here) -> str:
    rows = [
        (
            one.batch.name,
            str(one.standing),
            _live(one),
            _manner(one),
            here.when(one.batch.created_at),
        )
        for one in some
    ]
    return table(("NAME", "STATE", "LIVE", "HOW", "ADDED"), rows) if rows else "Nothing."


def _live(one: Listed) -> str:
    return f"{count(one.tally, State.PUBLISHED)} of {count(one.tally)}"


def _manner(one: Listed) -> str:
    if not one.batch.in_order:
        return f"{one.batch.mode}, each alone"
    failure = "stops at a failure" if one.batch.stop_on_failure else "goes on after a failure"
    return f"{one.batch.mode}, in order, {failure}"


def shown(one: Shown, here: Here) -> str:
    return "\n".join(_lines(one, here))


def _lines(one: Shown, here: Here) -> Iterator[str]:
    head = one.listed
    yield f"Batch {visible(head.batch.name)}: {head.standing}; {_manner(head)}"
    states = ", ".join(f"{n} {state}" for state in State if (n := count(head.tally, state)))
    yield f"{bar(count(head.tally, State.PUBLISHED), count(head.tally))} live ({states or 'no posts'})"
    if head.pause is not None:
        yield f"It is {visible(here.pause(head.pause))}."
    yield from map(visible, one.kept)
    if head.standing is Standing.FAILED:
        yield from _stopped(one)
    heads = ("#", "ID", "ACCOUNT", "STATE", "DUE", "POST", "NOTE")
    yield table(heads, [_row(part, here) for part in one.parts], colours=3)


def _stopped(one: Shown) -> Iterator[str]:
    """Yield what a person can do about a batch that does not move by itself any more."""
    troubled = " ".join(part.delivery.ref for part in one.troubled)
    if troubled:
        yield f"Needs you: {troubled}. `postcron show ID` says what is safe to do."
    for ref in one.stops:
        yield visible(stop(one.listed.batch.name, ref))


def _row(part: Part, here: Here) -> tuple[str, ...]:
    one = part.delivery
    due = here.when(one.published_at or one.due_at)
    return (
        str(part.post.position),
        one.ref,
        one.account,
        str(one.state),
        due,
        _what(part),
        note(one, here),
    )


def _what(part: Part) -> str:
    """Return the names of a post's files, or how its text begins."""
    text = " ".join((part.delivery.text or part.post.text).split())
    short = text if len(text) <= WORDS else f"{text[: WORDS - 1]}…"
    return ", ".join(each.name for each in part.post.attachments) or short


def added(answer: Batched, here: Here) -> str:
    notes = [*map(visible, answer.notes)]
    if answer.shown is not None:
        return "\n".join([*notes, shown(answer.shown, here)])
    heads = ("#", "ACCOUNT", "WANTED", "GIVEN", "REASON")
    rows = [each for row in answer.rows for each in _rehearsed(row, here)]
    return "\n".join([*notes, "Nothing is saved; this is what it would be:", table(heads, rows)])


def _rehearsed(row: Row, here: Here) -> Iterator[tuple[str, ...]]:
    for one in (one for new in row.news for one in new.deliveries):
        wanted = "–" if one.wanted_at is None else here.clock(one.wanted_at)
        yield row.where, one.account, wanted, here.when(one.due_at), one.reason


# --- for programs ------------------------------------------------------------------------------


def document(one: Listed) -> dict[str, Any]:
    batch = one.batch
    states = {str(state): n for state in State if (n := count(one.tally, state))}
    return {
        "name": batch.name,
        "status": str(one.standing),
        "mode": str(batch.mode),
        "in_order": batch.in_order,
        "on_failure": "stop" if batch.stop_on_failure else "continue",
        "total": count(one.tally),
        "counts": states,
        "pause": documents.pause(one.pause),
        "created_by": batch.created_by,
        "created_at": documents.moment(batch.created_at),
    }


def shown_document(one: Shown) -> dict[str, Any]:
    return {
        "batch": document(one.listed) | {"position": one.position},
        "deliveries": [
            {"position": part.post.position} | documents.delivery(part.delivery)
            for part in one.parts
        ],
        "kept": list(one.kept),
    }


def added_document(answer: Batched) -> dict[str, Any]:
    notes: dict[str, Any] = {"notes": list(answer.notes)}
    if answer.shown is not None:
        return shown_document(answer.shown) | {"created": answer.created} | notes
    planned = [
        {
            "where": row.where,
            "account": one.account,
            "wanted_at": documents.moment(one.wanted_at),
            "due_at": documents.moment(one.due_at),
            "reason": one.reason,
        }
        for row in answer.rows
        for new in row.news
        for one in new.deliveries
    ]
    return {"batch": None, "deliveries": planned, "created": False} | notes
