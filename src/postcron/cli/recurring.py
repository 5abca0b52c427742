"""A series on paper: as a document, as a page, as a line of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from postcron.cli import documents, render
from postcron.cli.render import Here
from postcron.cli.visible import visible
from postcron.operations.series import Next, Told


def answer(told: Told) -> dict[str, Any]:
    return {"series": document(told), "notes": list(told.notes)}


def document(told: Told) -> dict[str, Any]:
    one, wish = told.series, told.template.wish
    return {
        "id": None if one is None else one.id,
        "key": wish.key if one is None else one.key,
        "every": told.template.said,
        "rule": told.rule.written().splitlines(),
        "zone": told.rule.zone.key,
        "accounts": list(wish.accounts),
        "texts": list(told.template.texts),
        "media": [documents.attachment(each) for each in told.template.files],
        "made": 0 if one is None else one.made,
        "left_out": 0 if one is None else one.left_out,
        "next": [_next(each) for each in told.next],
        "wake_at": None if one is None else documents.moment(one.wake_at),
        "created_by": None if one is None else one.created_by,
        "created_at": None if one is None else documents.moment(one.created_at),
    }


def _next(one: Next) -> dict[str, Any]:
    refs = [delivery.ref for delivery in one.deliveries]
    return {"at": documents.moment(one.at), "deliveries": refs}


def table(some: Sequence[Told], here: Here) -> str:
    heads = ("ID", "EVERY", "ZONE", "TO", "NEXT", "TEXT")
    rows = [_row(each, here) for each in some]
    return render.table(heads, rows) if rows else "Nothing."


def _row(told: Told, here: Here) -> tuple[str, ...]:
    there = replace(here, zone=told.rule.zone)
    coming = there.when(told.next[0].at) if told.next else "ended"
    to = ", ".join(told.template.wish.accounts)
    number = "–" if told.series is None else str(told.series.id)
    text = told.template.texts[0]
    return number, told.template.said, told.rule.zone.key, to, coming, text


def page(told: Told, here: Here) -> str:
    """Return all of a series that a person needs to see, moments as its own clocks show them."""
    there = replace(here, zone=told.rule.zone)
    lines = [*told.notes, *_head(told), *told.template.texts]
    rows = [row for each in told.next for row in _rows(each, there)]
    heads = ("NEXT", "ID", "STATE", "DUE")
    coming = render.table(heads, rows, colours=2) if rows else "Nothing more comes of it."
    return "\n".join([*map(visible, lines), coming])


def _head(told: Told) -> Iterable[str]:
    one, wish, rule = told.series, told.template.wish, told.rule
    yield (
        "Nothing is saved; this is what it would be:"
        if one is None
        else f"Series {one.id}{_key(one.key)}"
    )
    end = "" if rule.end is None else f", until {rule.end:%Y-%m-%d %H:%M}"
    without = ", ".join(map(str, sorted(rule.without)))
    yield f"{told.template.said} in {rule.zone.key}{end}" + (
        f", not on {without}" if without else ""
    )
    files = ", ".join(each.name for each in told.template.files)
    yield f"To {', '.join(wish.accounts)}" + (f", with {files}" if files else "")


def _key(key: str | None) -> str:
    return "" if key is None else f" (key {key})"


def _rows(one: Next, here: Here) -> list[tuple[str, ...]]:
    when = here.when(one.at)
    if not one.deliveries:
        return [(when, "–", "to be made", "–")]
    return [
        (when, each.ref, str(each.state), here.clock(each.due_at or one.at))
        for each in one.deliveries
    ]
