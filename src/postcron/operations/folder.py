"""A folder of Markdown posts, read as a plan: each file with its name in the plan and what it asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from postcron.config.tables import Table, parse
from postcron.errors import DoesNotFit, Invalid
from postcron.model import PostType, Problem
from postcron.operations.filling import with_texts
from postcron.operations.markdown import Sheet, read
from postcron.operations.wishes import Wish
from postcron.rules.nearest import nearest
from postcron.rules.variables import fill

#: what the folder says about itself
ABOUT: Final = "plan.toml"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+|now")
_YES: Final = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True)
class About:
    """What holds for every file of a folder."""

    name: str
    to: tuple[str, ...] = ()
    tz: str | None = None
    campaign: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One file: its name in the plan, and what it asks for."""

    source: str
    sheet: Sheet
    wish: Wish


@dataclass(frozen=True)
class Folder:
    """A whole plan as its files say it."""

    path: Path
    name: str
    entries: tuple[Entry, ...]


def read_folder(
    path: Path, *, name: str | None, variables: Mapping[str, str], workspace: str
) -> Folder:
    """Return the plan in a folder; raises `Invalid`, `DoesNotFit` with everything that is wrong."""
    if not os.path.isdir(path):  # noqa: PTH112 - says no, where a Path raises: of too long a name
        raise Invalid(f"There is no folder {path}.")
    about = _about(path, name, variables, workspace)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for file in _files(path):
        try:
            sheet = read(file)
            source = f"{about.name}/{file.relative_to(path).as_posix()}"
            entries.append(Entry(source, sheet, _wish(sheet, about, path, source)))
        except DoesNotFit as error:
            problems += error.problems
    if problems:
        raise DoesNotFit(problems)
    return Folder(path, about.name, tuple(entries))


def _files(path: Path) -> Iterator[Path]:
    """Yield the posts of a folder in the order of their names; hidden ones and drafts (_) are left out."""
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        raise Invalid(f"The folder {path} cannot be read: {error.strerror}.") from error
    for each in inside:
        if each.name.startswith((".", "_")) or each.is_symlink():
            continue
        if each.is_dir():
            yield from _files(each)
        elif each.suffix == ".md" and each.name != "README.md":
            yield each


# --- what the folder says about itself ------------------------------------------------------------


def _about(path: Path, name: str | None, given: Mapping[str, str], workspace: str) -> About:
    table = _table(path / ABOUT)
    table.only({"name", "workspace", "to", "tz", "campaign", "variables"})
    named = name or table.text("name")
    if named is None:
        message = (
            f'{path} has no name: write name = "…" in {path / ABOUT}, or give --plan NAME. '
            f"By it postcron knows which posts are this folder's."
        )
        raise Invalid(message, code="no_plan_name")
    if not _NAME.fullmatch(named):
        raise Invalid(
            f"{named!r} cannot be the name of a plan: use letters, digits and . _ - only."
        )
    meant = table.text("workspace")
    if meant is not None and meant != workspace:
        wrong = f"is {meant!r}, and this configuration works in {workspace!r}: use the other one's."
        raise table.invalid("workspace", wrong)
    variables = table.table("variables")
    return About(
        named,
        table.words("to") if "to" in table.values else (),
        table.text("tz"),
        table.text("campaign"),
        {key: variables.text(key) or "" for key in variables.values} | dict(given),
    )


def _table(file: Path) -> Table:
    try:
        return parse(file.read_bytes(), str(file))
    except FileNotFoundError:
        return Table({}, str(file), {})
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error


# --- what one file asks for -----------------------------------------------------------------------


def _wish(sheet: Sheet, about: About, folder: Path, source: str) -> Wish:
    problems: list[Problem] = []

    def filled(key: str, text: str) -> str:
        try:
            return fill(text, about.variables)
        except Invalid as error:
            problems.append(Problem(sheet.where(key), str(error)))
            return text

    asked = Wish(
        text=sheet.text or None,
        accounts=sheet.lists.get("to", about.to),
        at=_moment(sheet, "at", problems),
        zone=sheet.words.get("tz", about.tz),
        media=_beside(sheet, folder, problems),
        alts=sheet.lists.get("alt", ()),
        draft=_truth(sheet, "draft", problems),
        type=_type(sheet, problems),
        campaign=sheet.words.get("campaign", about.campaign),
        notes=sheet.words.get("notes"),
        scheduled_by="apply",
        texts=sheet.texts,
        options=sheet.options,
        then=sheet.lists.get("then", ()),
        labels=sheet.lists.get("labels", ()),
        priority=_number(sheet, "priority", problems),
        approval=_truth(sheet, "approval", problems),
        exact=_truth(sheet, "exact", problems),
        window_end=_moment(sheet, "window_end", problems),
        source=source,
    )
    wish = with_texts(asked, filled)
    problems += _lacking(sheet, wish)
    if problems:
        raise DoesNotFit(problems)
    return wish


def _lacking(sheet: Sheet, wish: Wish) -> Iterator[Problem]:
    if wish.at is None and not wish.draft:
        what = "has no time: write `at: 2027-03-01T18:00`, `at: now` or `draft: true`."
        yield Problem(sheet.where("at"), what)
    if not wish.accounts:
        what = "goes nowhere: write `to: [ACCOUNT]`, here or in plan.toml."
        yield Problem(sheet.where("to"), what)
    if len(wish.alts) > len(wish.media):
        what = f"{len(wish.alts)} alt texts for {len(wish.media)} media files: one each, in order."
        yield Problem(sheet.where("alt"), what)
    for key, names in (("texts", wish.texts), ("options", wish.options)):
        for name in names:
            if name not in wish.accounts:
                yield Problem(sheet.where(key), f"the post does not go to {name}: add it to `to`.")


def _moment(sheet: Sheet, key: str, problems: list[Problem]) -> str | None:
    """Return when: a moment of the calendar, which means the same whenever the plan is applied."""
    at = sheet.words.get(key)
    if at is not None and not _MOMENT.fullmatch(at):
        what = (
            f"{at!r} would mean another moment every day; write it like 2027-03-01T18:00, or now."
        )
        problems.append(Problem(sheet.where(key), what))
    return at


def _beside(sheet: Sheet, folder: Path, problems: list[Problem]) -> Sequence[str]:
    found = []
    for name in sheet.lists.get("media", ()):
        place = sheet.path.parent / name
        if Path(name).is_absolute() or not place.resolve().is_relative_to(folder.resolve()):
            what = f"{name} is not in the folder of the plan: put it there."
            problems.append(Problem(sheet.where("media"), what))
        found.append(str(place))
    return found


def _truth(sheet: Sheet, key: str, problems: list[Problem]) -> bool:
    word = sheet.words.get(key, "false").lower()
    if word not in _YES:
        problems.append(Problem(sheet.where(key), f"{key} must be true or false."))
    return _YES.get(word, False)


def _number(sheet: Sheet, key: str, problems: list[Problem]) -> int:
    word = sheet.words.get(key, "0")
    if not re.fullmatch(r"-?[0-9]{1,6}", word):
        problems.append(Problem(sheet.where(key), f"{key} must be a whole number."))
        return 0
    return int(word)


def _type(sheet: Sheet, problems: list[Problem]) -> PostType:
    word = sheet.words.get("type", "post")
    if word not in set(PostType):
        problems.append(
            Problem(sheet.where("type"), f"{word!r} is no type; {nearest(word, set(PostType))}")
        )
        return PostType.POST
    return PostType(word)
