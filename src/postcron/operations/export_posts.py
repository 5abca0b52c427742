"""Export: what is still to go out, as a list that `import` reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final
from zoneinfo import ZoneInfo

from postcron.model import Delivery, Filter, Follow, Saved
from postcron.operations.columns import Columns, Values, in_order
from postcron.operations.house import House
from postcron.operations.rewriting import Rewriting
from postcron.rules.sheets import csv_lines, json_line
from postcron.states import AHEAD, State

#: what can be scheduled again; the rest is over, or is under way
WRITABLE: Final = AHEAD | {State.DRAFT}


@dataclass
class Export:
    """A list on its way out, and what is written and left out so far."""

    house: House
    wanted: Filter
    #: csv or jsonl
    format: str
    #: posts that are read at once: what is in hand does not grow with their number
    at_once: int = 500
    posts: int = 0
    deliveries: int = 0
    #: deliveries by the reason why they are not in it
    left_out: Counter[str] = field(default_factory=Counter)
    _met: Counter[State] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the list, their ends included; what is left out is known after them."""
        if self.format == "jsonl":
            yield from map(json_line, self._rows())
        else:
            yield from self._sheet()
        states = self.house.store.states(replace(self.wanted, states=None))
        for state, count in (states - self._met).items():
            self.left_out["of a thread that has begun" if state in WRITABLE else state] += count

    def _sheet(self) -> Iterator[str]:
        """Yield CSV: its head has to know all columns, so that rows wait in a file for it."""
        names = {"text", "accounts", "at"}
        with TemporaryFile("w+", encoding="utf-8") as waiting:
            for row in self._rows():
                names |= row.keys()
                waiting.write(json.dumps(row) + "\n")
            waiting.seek(0)
            yield from csv_lines(in_order(names), map(json.loads, waiting))

    def _rows(self) -> Iterator[Values]:
        rewriting = Rewriting(
            self.house, self.house.store.papers().uuid, ZoneInfo(self.house.config.timezone)
        )
        columns = Columns(self.house, Path())
        for thread in self._threads():
            deliveries = [one for each in thread for one in each.deliveries]
            self._met.update(one.state for one in deliveries)
            reason = _of_many(thread[0])
            wish = None if reason else rewriting.wish(thread)
            row = None if wish is None else columns.row(wish, in_cells=self.format == "csv")
            if row is None:
                self.left_out[reason or "that no row can say"] += len(deliveries)
                continue
            self.posts += 1
            self.deliveries += len(deliveries)
            yield row

    def _threads(self) -> Iterator[list[Saved]]:
        """Yield each post that begins something, with the further parts of its thread."""
        last, wanted = 0, replace(self.wanted, states=WRITABLE)
        while some := self.house.store.posts_after(last, wanted, limit=self.at_once):
            last = some[-1].post.id
            answers = self._answers(some)
            for one in some:
                if not any(map(_answers, one.deliveries)):
                    yield [one, *answers.get(one.post.id, ())]

    def _answers(self, some: Sequence[Saved]) -> Mapping[int, list[Saved]]:
        """Return the further parts of threads, in order, by their first posts."""
        found: dict[int, list[Saved]] = {}
        first = {d.id: one.post.id for one in some for d in one.deliveries if d.followed}
        while first:
            parts = self.house.store.answers(first)
            before = {d.id: first[d.after_id or 0] for part in parts for d in part.deliveries}
            for part in parts:
                found.setdefault(before[part.deliveries[0].id], []).append(part)
            first = {d.id: before[d.id] for part in parts for d in part.deliveries if d.followed}
        return found


def _answers(delivery: Delivery) -> bool:
    return delivery.follows is Follow.ANSWER


def _of_many(first: Saved) -> str | None:
    if first.post.series_id is not None:
        return "of a series"
    return "of a batch" if first.post.batch_id is not None else None
