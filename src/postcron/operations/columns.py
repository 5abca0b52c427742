"""The columns of a list of posts: from what one row says to a wish."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from postcron.errors import DoesNotFit
from postcron.model import PostType, Problem
from postcron.operations.house import House
from postcron.operations.wishes import Wish
from postcron.rules.nearest import nearest
from postcron.rules.sheets import Record, Value

#: who scheduled what a list does not say it of
IMPORTED: Final = "import"
#: a post has one of each
SINGLE: Final = frozenset(
    {"text", "accounts", "to", "at", "tz", "draft", "approval", "type", "key", "campaign", "labels", "notes", "by", "priority", "exact", "window_end"}
)  # fmt: skip
#: a post may have several, `media.2` being the second; `alt.2` and `name.2` tell more of it
SEVERAL: Final = frozenset({"media", "alt", "name", "then"})
#: `text.ACCOUNT`, `at.ACCOUNT`, `option.ACCOUNT.NAME`
OF_ACCOUNT: Final = frozenset({"text", "at", "option"})
#: where JSON may have a list
LISTS: Final = SEVERAL | {"accounts", "to", "labels"}

#: how a person reads them; those of accounts come last
_ORDER: Final = (
    "key", "text", "accounts", "at", "exact", "window_end", "draft", "approval", "type", "campaign", "labels", "notes",
    "by", "priority", "media", "alt", "name", "then",
)  # fmt: skip
_NUMBERED: Final = re.compile(r"(.+)\.([2-9]|[1-9][0-9])")
_YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False}

Values = Mapping[str, Value]
#: one for all: there may be a hundred thousand rows in hand
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Columns:
    """What columns mean in one house; paths of media count from `folder`."""

    house: House
    folder: Path

    def objections(self, names: Collection[str]) -> Iterator[str]:
        """Yield what is wrong with the names of columns."""
        for name in names:
            if name not in SINGLE and _place(name)[0] not in SEVERAL:
                yield from self._objections(name)
        if not {"accounts", "to"} & set(names):
            yield "there is no column accounts, which says where a post goes."

    def _objections(self, name: str) -> Iterator[str]:
        kind, dot, rest = name.partition(".")
        if kind not in OF_ACCOUNT or not dot:
            known = SINGLE | SEVERAL | {f"{each}.ACCOUNT" for each in OF_ACCOUNT}
            yield f"there is no column {name!r}: {nearest(name, known)}"
            return
        account, dot, _ = rest.rpartition(".") if kind == "option" else (rest, ".", "")
        if not dot:
            yield f"column {name!r} must be written option.ACCOUNT.NAME."
        elif account not in self.house.config.accounts:
            hint = nearest(account, self.house.config.accounts)
            yield f"column {name!r} is for no account that there is: {hint}"

    def wish(self, record: Record) -> Wish:
        """Return what a row asks for; raises `DoesNotFit` with all that is wrong with it."""
        row = _Row(record.values)
        if wrong := list(row.objections()):
            raise DoesNotFit([Problem(record.where, each) for each in wrong])
        media = row.several("media")
        return Wish(
            text=row.exactly("text"),
            accounts=row.accounts,
            at=row.text("at"),
            ats=row.of_accounts("at") or NOTHING,
            zone=row.text("tz"),
            draft=_YES_NO[row.text("draft") or "no"],
            approval=_YES_NO[row.text("approval") or "no"],
            exact=_YES_NO[row.text("exact") or "no"],
            window_end=row.text("window_end"),
            media=tuple(self._source(each.strip()) for each in media.values()),
            alts=tuple(row.several("alt").get(number, "") for number in media),
            names=tuple(row.several("name").get(number, "") for number in media),
            type=PostType(row.text("type") or "post"),
            key=row.text("key"),
            campaign=row.text("campaign"),
            labels=row.words("labels", ";"),
            notes=row.exactly("notes"),
            scheduled_by=row.text("by") or IMPORTED,
            priority=int(row.text("priority") or 0),
            texts=row.of_accounts("text") or NOTHING,
            options=row.options() or NOTHING,
            then=tuple(row.several("then").values()),
        )

    def row(self, wish: Wish, *, in_cells: bool) -> Values | None:
        """Return the row that says a wish; None if it would be read as another."""
        row: Values = _flat(_values(wish)) if in_cells else _values(wish)
        # What is only white space is no cell to a reader.
        read = {
            name: cell for name, cell in row.items() if not isinstance(cell, str) or cell.strip()
        }
        try:
            return row if self.wish(Record("", read)) == wish else None
        except DoesNotFit:
            return None

    def _source(self, media: str) -> str:
        """Return where a file lies: what is written in a list counts from the list."""
        return media if "://" in media or media.startswith("~") else str(self.folder / media)


def _values(wish: Wish) -> dict[str, Value]:
    """Return the row that says a wish in JSON."""
    row: dict[str, Value | None] = {
        "text": wish.text,
        "accounts": wish.accounts,
        "at": wish.at,
        "tz": wish.zone,
        "draft": "yes" if wish.draft else None,
        "approval": "yes" if wish.approval else None,
        "exact": "yes" if wish.exact else None,
        "window_end": wish.window_end,
        "media": wish.media,
        "alt": wish.alts if any(wish.alts) else None,
        "name": wish.names,
        "then": wish.then,
        "type": None if wish.type is PostType.POST else wish.type,
        "key": wish.key,
        "campaign": wish.campaign,
        "labels": wish.labels,
        "notes": wish.notes,
        "by": None if wish.scheduled_by == IMPORTED else wish.scheduled_by,
        "priority": str(wish.priority) if wish.priority else None,
    }
    for kind, cells in (("text", wish.texts), ("at", wish.ats)):
        row |= {f"{kind}.{account}": cell for account, cell in cells.items()}
    for account, options in wish.options.items():
        row |= {f"option.{account}.{name}": value for name, value in options.items()}
    return {column: value for column, value in row.items() if value}


def _flat(row: Values) -> dict[str, str]:
    """Return the same row in cells of one value each."""
    cells: dict[str, str] = {}
    for column, value in row.items():
        if isinstance(value, str):
            cells[column] = value
        elif column in SEVERAL:
            names = [column, *(f"{column}.{number}" for number in range(2, len(value) + 1))]
            cells |= {name: each for name, each in zip(names, value, strict=True) if each}
        else:
            cells[column] = ("; " if column == "labels" else " ").join(value)
    return cells


def in_order(columns: Collection[str]) -> list[str]:
    """Return columns as a person reads them."""
    return sorted(columns, key=_rank)


def _rank(column: str) -> tuple[int, int, str]:
    name, number = _place(column)
    place = _ORDER.index(name) if name in _ORDER else len(_ORDER)
    return (place, number, name)


@dataclass(frozen=True)
class _Row:
    """One row's values, by what their columns mean."""

    values: Values

    def exactly(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def text(self, name: str) -> str | None:
        return (self.exactly(name) or "").strip() or None

    def words(self, name: str, between: str) -> tuple[str, ...]:
        value = self.values.get(name, "")
        several = re.split(between, value) if isinstance(value, str) else value
        return tuple(word.strip() for word in several if word.strip())

    @property
    def accounts(self) -> tuple[str, ...]:
        return self.words("accounts", r"[\s;]") + self.words("to", r"[\s;]")

    def several(self, name: str) -> dict[int, str]:
        """Return the values of a column and of those that continue it, by number."""
        found: dict[int, str] = {}
        for column, value in self.values.items():
            kind, number = _place(column)
            if kind == name:
                some = [value] if isinstance(value, str) else value
                found |= {place: each for place, each in enumerate(some, number) if each.strip()}
        return dict(sorted(found.items()))

    def of_accounts(self, kind: str) -> dict[str, str]:
        cells = {name: self.exactly(f"{kind}.{name}") for name in self.accounts}
        return {name: value for name, value in cells.items() if value is not None}

    def options(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for column in self.values:
            if column.startswith("option."):
                account, _, option = column.removeprefix("option.").rpartition(".")
                found.setdefault(account, {})[option] = self.exactly(column) or ""
        return found

    def objections(self) -> Iterator[str]:
        for column, value in self.values.items():
            if not isinstance(value, str) and column not in LISTS:
                yield f"{column} is a list: give it one value."
        if not self.accounts:
            yield "it goes nowhere: name an account in the column accounts."
        elif not (self.text("at") or self.text("draft") or self._has_all_times()):
            yield "it has no time: give one in the column at, or write yes in the column draft."
        yield from self._unknown_words()
        yield from self._out_of_place()

    def _has_all_times(self) -> bool:
        return self.of_accounts("at").keys() == set(self.accounts)

    def _unknown_words(self) -> Iterator[str]:
        yes_no = dict.fromkeys(("draft", "approval", "exact"), _YES_NO)
        for column, known in {"type": set(PostType), **yes_no}.items():
            if (word := self.text(column)) and word not in known:
                yield f"{column} cannot be {word!r}: {nearest(word, [str(each) for each in known])}"
        if not re.fullmatch(r"[+-]?[0-9]{1,4}", self.text("priority") or "0"):
            yield f"priority is {self.text('priority')!r}: give a whole number of up to four digits."

    def _out_of_place(self) -> Iterator[str]:
        for kind in ("alt", "name"):
            for number in self.several(kind).keys() - self.several("media").keys():
                yield f"{kind} {number} has no media {number}."
        for column in self.values:
            kind, dot, rest = column.partition(".")
            account = rest.rpartition(".")[0] if kind == "option" else rest
            if dot and kind in OF_ACCOUNT and account not in self.accounts:
                yield f"{column} is for an account it does not go to: add {account} to accounts."


@lru_cache
def _place(column: str) -> tuple[str, int]:
    """Return the column that this one continues, and with which number: media and 2 of `media.2`."""
    match = _NUMBERED.fullmatch(column)
    return (match[1], int(match[2])) if match and match[1] in SEVERAL else (column, 1)
