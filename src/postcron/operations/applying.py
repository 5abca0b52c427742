"""Plan and apply: what is scheduled becomes what a folder says; what is out is never touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Account, Approval, Delivery, Post, Problem
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit, is_open, why_not
from postcron.operations.folder import Entry, Folder
from postcron.operations.house import House
from postcron.operations.placing import Diaries
from postcron.operations.schedule import Wish, options_of, part_of, schedule
from postcron.operations.selecting import post_of
from postcron.rules import moments
from postcron.states import State

#: a moment of the calendar says nothing about now
_ANY_TIME: Final = datetime(1970, 1, 2, tzinfo=UTC)
#: stands before the time of what does not go out
_DRAFT: Final = "draft "
#: what a post says that was withdrawn because its file had gone: it may come back
_GONE: Final = ""

#: which key of a file a refusal is about, by its code
_ABOUT: Final = {
    "no_time": "at",
    "in_the_past": "at",
    "not_then": "at",
    "never": "at",
    "window_over": "window_end",
    "twice_or_never": "at",
    "unknown_zone": "tz",
    "unknown_account": "to",
    "no_account": "to",
    "media_lies": "media",
    "no_media": "media",
}


#: what a post says, to be compared: by the same words in a file and in the store
Content = Mapping[str, Any]


class Do(StrEnum):
    """What applying a plan does about one file."""

    ADD = "add"
    CHANGE = "change"
    CANCEL = "cancel"
    #: nothing: it stands as the file says
    KEEP = "keep"
    #: nothing, although it differs; `why` says why
    LEAVE = "leave"


@dataclass(frozen=True)
class Step:
    """One line of a plan."""

    do: Do
    source: str
    #: the post it is about; None: there is none yet
    post_id: int | None
    #: what differs, or why nothing is done, in words
    why: tuple[str, ...] = ()
    #: somebody changed the post since it was applied
    by_hand: bool = False
    #: a delivery gets another moment, or its first one
    timed: bool = False
    entry: Entry | None = None
    key: str | None = None
    #: the post cannot become what the file says: it is withdrawn, and scheduled anew
    anew: bool = False

    @property
    def place(self) -> str:
        """The file, as messages name it."""
        return self.source if self.entry is None else str(self.entry.sheet.path)


@dataclass(frozen=True)
class _There:
    """A post that was applied, with its deliveries."""

    post: Post
    deliveries: Sequence[Delivery]

    @property
    def withdrawn(self) -> bool:
        return all(delivery.state is State.CANCELLED for delivery in self.deliveries)

    def differing(self, text: str) -> list[Delivery]:
        """Return what says something else, and is not withdrawn."""
        left = (one for one in self.deliveries if one.state is not State.CANCELLED)
        return [one for one in left if (self.post.text if one.text is None else one.text) != text]


def plan(house: House, folder: Folder) -> list[Step]:
    """Return what applying a folder would do, in the order of its files; changes nothing.

    Raises `DoesNotFit` with every reason, by file and line, why it could not.
    """
    there: dict[str, list[_There]] = {}
    for post, deliveries in house.store.from_plan(folder.name):
        there.setdefault(post.source or "", []).append(_There(post, deliveries))
    steps: list[Step] = []
    problems: dict[str, list[Problem]] = {}
    for entry in folder.entries:
        try:
            steps.append(_step(house, entry, there))
        except Invalid as error:
            problems[entry.source] = list(_told(entry, error))
    known = {name for entry in folder.entries for name in _sources(entry)}
    gone = list(_gone(house, there, known))
    diaries = Diaries(house, without=_leaving(house, [*steps, *gone]))
    for step in steps:
        try:
            _rehearse(house, step, diaries)
        except Invalid as error:
            problems[step.source] = list(_told(_entry(step), error))
    if problems:
        raise DoesNotFit([each for one in folder.entries for each in problems.get(one.source, ())])
    return [*steps, *gone]


def apply(house: House, steps: Sequence[Step], *, actor: str) -> Iterator[Step]:
    """Carry out a plan, a post at a time, each of them whole; yield each step that is done.

    Cut short, it is carried on by applying the folder again. What is withdrawn goes first: a file
    that has only another name finds the moment free that its post had.
    """
    for step in sorted(steps, key=lambda step: step.do is not Do.CANCEL):
        if step.do is Do.CANCEL and step.post_id is not None:
            _cancel(house, step.post_id, actor)
        elif step.do is Do.ADD and step.entry is not None:
            schedule(house, _keyed(house, step), actor=actor)
        elif step.do is Do.CHANGE and step.entry is not None:
            _change(house, step, actor)
        yield step


# --- what is to be done about each file -----------------------------------------------------------


def _step(house: House, entry: Entry, there: Mapping[str, list[_There]]) -> Step:
    before = there.get(entry.source, [])
    meant = _meant(house, entry.wish)
    if not before or (before[-1].withdrawn and before[-1].post.applied != _digest(meant)):
        return Step(Do.ADD, entry.source, None, entry=entry, key=_next_key(entry, before))
    now = before[-1]
    if now.withdrawn:
        why = f"post {now.post.id} was withdrawn by hand: change the file to schedule it anew"
        return Step(Do.LEAVE, entry.source, now.post.id, (why,), by_hand=True, entry=entry)
    return _compared(house, entry, meant, now, there)


def _next_key(entry: Entry, before: Sequence[_There]) -> str:
    return f"plan:{entry.source}#{len(before) + 1}"


def _must_be_anew(house: House, wish: Wish, meant: Content, found: Content, now: _There) -> bool:
    """Say whether a post nothing of which is out has to make way for what its file says.

    It goes to none of its accounts any more, or becomes a draft: no delivery goes back to that.
    """
    left = [one for one in now.deliveries if one.state is not State.CANCELLED]
    moved = not meant["accounts"].keys() & found["accounts"].keys()
    undone = wish.draft and _another_time(meant, found)
    return (moved or undone) and all(is_open(house, one) for one in left)


def _compared(
    house: House, entry: Entry, meant: Content, now: _There, there: Mapping[str, list[_There]]
) -> Step:
    found = _found(entry.wish, now)
    anew = _must_be_anew(house, entry.wish, meant, found, now)
    change, stuck = _differences(house, entry.wish, meant, found, now, anew=anew)
    more, short = _parts_that_differ(house, entry, there) if not anew else ([], [])
    change, stuck = change + more, stuck + short
    by_hand = bool(now.post.applied) and _digest(found) != now.post.applied
    do = Do.CHANGE if change else Do.LEAVE if stuck else Do.KEEP
    return Step(
        do,
        entry.source,
        now.post.id,
        (*change, *stuck),
        # What is out and differs may be so by a change of its file, and nobody can put it back.
        by_hand=by_hand and do is Do.CHANGE,
        timed=_another_time(meant, found),
        entry=entry,
        key=_next_key(entry, there[entry.source]) if anew else now.post.key,
        anew=anew,
    )


def _another_time(meant: Content, found: Content) -> bool:
    return any(
        found["accounts"].get(name, {}).get("time") != content["time"]
        for name, content in meant["accounts"].items()
    )


def _differences(
    house: House, wish: Wish, meant: Content, found: Content, now: _There, *, anew: bool
) -> tuple[list[str], list[str]]:
    """Return what can be changed so that it fits the file, and what cannot, in words."""
    open_ones = {d.account: d for d in now.deliveries if is_open(house, d)}
    free = anew or len(open_ones) == len(now.deliveries)
    change: list[str] = []
    stuck: list[str] = []
    for name in ("type", "media"):
        if meant[name] != found[name]:
            (change if free else stuck).append(name if free else _belongs_to_all(name, now))
    fixed = bool(stuck or wish.then) and not anew
    change += [name for name in ("campaign", "notes", "labels") if meant[name] != found[name]]
    for name, content in meant["accounts"].items():
        if name in found["accounts"]:
            differs = [key for key in content if content[key] != found["accounts"][name][key]]
            told = [f"{key} ({name})" for key in differs]
            reason = [] if name in open_ones else _reason(now, name) if differs else []
            if wish.draft and "time" in differs and not anew:
                reason = reason or [f"{name} cannot be a draft again, as part of its post is out"]
            stuck += reason
            change += [] if reason else told
        elif not anew and any(delivery.account == name for delivery in now.deliveries):
            stuck.append(f"{name} was withdrawn from post {now.post.id}: use a new file for it")
        elif fixed:
            stuck.append(f"{name} cannot join post {now.post.id} any more: use a new file for it")
        else:
            change.append(f"also to {name}")
    for name in found["accounts"].keys() - meant["accounts"].keys():
        reason = [] if name in open_ones else _reason(now, name)
        stuck += reason
        change += [] if reason else [f"no longer to {name}"]
    return change, stuck


def _reason(now: _There, account: str) -> list[str]:
    return [why_not(delivery) for delivery in now.deliveries if delivery.account == account]


def _belongs_to_all(name: str, now: _There) -> str:
    return f"{name} belongs to the whole of post {now.post.id}, and part of it is out or left out"


def _parts_that_differ(
    house: House, entry: Entry, there: Mapping[str, list[_There]]
) -> tuple[list[str], list[str]]:
    change: list[str] = []
    stuck: list[str] = []
    for number, text in enumerate(entry.wish.then, 2):
        of_part = there.get(part_of(entry.source, number) or "", [])
        if not of_part or of_part[-1].withdrawn:
            stuck.append(f"part {number} is new: a thread that is scheduled cannot grow")
            continue
        differing = of_part[-1].differing(text)
        change += [f"part {number}"] if any(is_open(house, one) for one in differing) else []
        stuck += [why_not(one) for one in differing if not is_open(house, one)]
    return change, stuck


def _gone(house: House, there: Mapping[str, list[_There]], known: set[str]) -> Iterator[Step]:
    """Yield what was applied from files that are not there any more, unless it is out."""
    for source, some in there.items():
        left = [delivery for delivery in some[-1].deliveries if is_open(house, delivery)]
        if source not in known and left:
            yield Step(Do.CANCEL, source, some[-1].post.id, ("its file is gone",))


def _sources(entry: Entry) -> Iterator[str]:
    yield entry.source
    for number in range(2, len(entry.wish.then) + 2):
        yield part_of(entry.source, number) or ""


# --- what a file means, and what is there ---------------------------------------------------------


def _meant(house: House, wish: Wish) -> Content:
    accounts = [house.account(name) for name in dict.fromkeys(wish.accounts)]
    return {
        "type": str(wish.type),
        "media": [
            [_checksum(source), alt]
            for source, alt in zip_longest(wish.media, wish.alts, fillvalue="")
        ],
        "campaign": wish.campaign or "",
        "notes": wish.notes or "",
        "labels": list(wish.labels),
        "accounts": {
            account.name: {
                "priority": wish.priority,
                "text": wish.texts.get(account.name, wish.text or ""),
                "options": options_of(house, account, wish),
                "time": _time(wish, account),
            }
            for account in accounts
        },
    }


def _time(wish: Wish, account: Account) -> str:
    if wish.draft:
        return f"{_DRAFT}{_time(replace(wish, draft=False), account)}"
    if wish.at is None or wish.at == "now":
        return ""
    # Told by a clock that has seen nothing: what is past by now may have been applied in time.
    moment = moments.parse(wish.at, now=_ANY_TIME, zone=wish.zone or account.timezone)
    return moment.at.isoformat()


def _found(wish: Wish, now: _There) -> Content:
    return {
        "type": str(now.post.type),
        "media": [[each.file.sha256, each.alt] for each in now.post.attachments],
        "campaign": now.post.campaign or "",
        "notes": now.post.notes or "",
        "labels": list(now.post.labels),
        "accounts": {
            delivery.account: {
                "priority": delivery.priority,
                "text": now.post.text if delivery.text is None else delivery.text,
                "options": dict(delivery.options),
                "time": _its_time(wish, now.post, delivery),
            }
            for delivery in now.deliveries
            if delivery.state is not State.CANCELLED
        },
    }


def _its_time(wish: Wish, post: Post, delivery: Delivery) -> str:
    # What waits to be approved is a draft too, and has the time it was given.
    waits = post.approval in {Approval.PENDING, Approval.REJECTED}
    draft = delivery.state is State.DRAFT and (wish.draft or not waits)
    wanted_at = None if wish.at == "now" else delivery.wanted_at
    at = "" if wanted_at is None else wanted_at.isoformat()
    return f"{_DRAFT}{at}" if draft else at


def _checksum(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", code="no_media") from error


def _digest(content: Content) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# --- doing it -------------------------------------------------------------------------------------


def _leaving(house: House, steps: Iterable[Step]) -> set[int]:
    """Return the deliveries that will not be where they are now, once the steps are done."""
    return {
        one.id
        for step in steps
        if step.do in {Do.CANCEL, Do.CHANGE} and step.post_id is not None
        for one in house.store.deliveries(step.post_id)
        if step.timed or (is_open(house, one) and _leaves(step, one))
    }


def _leaves(step: Step, one: Delivery) -> bool:
    return step.entry is None or step.anew or one.account not in step.entry.wish.accounts


def _rehearse(house: House, step: Step, diaries: Diaries) -> None:
    """Raise `Invalid` for what could not be done: an account, a limit, a moment, a file."""
    if step.do is Do.ADD:
        wish = _keyed(house, step)
    elif step.do is Do.CHANGE:
        wish = replace(_wish(step), key=None, source=None)
        if not step.timed:  # a moment that stays may be past by now
            wish = replace(wish, at=None, window_end=None, draft=True)
    else:
        return
    schedule(house, wish, actor="plan", dry_run=True, diaries=diaries)


def _keyed(house: House, step: Step) -> Wish:
    wish = _wish(step)
    return replace(wish, key=step.key, applied=_digest(_meant(house, wish)))


def _joining(house: House, step: Step) -> Wish:
    """Return the wish for further accounts: a post that is out for others keeps its text for them."""
    wish = _keyed(house, step)
    if post_of(house, str(step.post_id)).text == (wish.text or ""):
        return wish
    own = dict.fromkeys(wish.accounts, wish.text or "")
    return replace(wish, texts=own | dict(wish.texts))


def _change(house: House, step: Step, actor: str) -> None:
    """Make a post what its file says: whom it goes to no longer, what it says, whom else it goes to.

    Each is whole by itself; what is cut short is found again as a difference.
    """
    wish, post_id = _wish(step), step.post_id or 0
    if step.anew:
        _cancel(house, post_id, actor)
        schedule(house, _keyed(house, step), actor=actor)
        return
    gone = [
        d.ref
        for d in house.store.deliveries(post_id)
        if d.account not in wish.accounts and is_open(house, d)
    ]
    cancel(house, gone, actor=actor)
    now = _There(post_of(house, str(post_id)), house.store.deliveries(post_id))
    edit(house, str(post_id), _edit(house, wish, now), actor=actor)
    if set(wish.accounts) - {delivery.account for delivery in now.deliveries}:
        schedule(house, _joining(house, step), actor=actor)
    for number, text in enumerate(wish.then, 2):
        _change_part(house, step, number, text, actor)


def _edit(house: House, wish: Wish, now: _There) -> Change:
    meant, found = _meant(house, wish), _found(wish, now)
    own = {
        d.account: d for d in now.deliveries if d.account in meant["accounts"] and is_open(house, d)
    }
    both = [(meant["accounts"][name], found["accounts"].get(name, {})) for name in own]
    texts = any(new["text"] != old.get("text") for new, old in both)
    times = any(new["time"] != old.get("time") for new, old in both)
    options = any(new["options"] != old.get("options") for new, old in both)
    priority = any(new["priority"] != old.get("priority") for new, old in both)
    whole = len(own) == len(now.deliveries)
    media = whole and meant["media"] != found["media"]
    return Change(
        text=(wish.text or "") if texts else None,
        texts={
            name: meant["accounts"][name]["text"]
            for name, delivery in own.items()
            if texts and (name in wish.texts or delivery.text is not None)
        },
        options={n: meant["accounts"][n]["options"] for n in own} if options else {},
        options_whole=True,
        at=wish.at if times else None,
        zone=wish.zone,
        media=wish.media if media else None,
        alts=wish.alts if media else (),
        type=wish.type if whole and meant["type"] != found["type"] else None,
        campaign=meant["campaign"] if meant["campaign"] != found["campaign"] else None,
        notes=meant["notes"] if meant["notes"] != found["notes"] else None,
        labels=tuple(wish.labels) if meant["labels"] != found["labels"] else None,
        priority=wish.priority if priority else None,
        exact=times and wish.exact,
        window_end=wish.window_end if times else None,
        applied=_digest(meant),
    )


def _change_part(house: House, step: Step, number: int, text: str, actor: str) -> None:
    source = part_of(step.source, number)
    found = (_There(*each) for each in house.store.from_plan(step.source))
    parts = [each for each in found if each.post.source == source]
    if not parts or not any(is_open(house, one) for one in parts[-1].differing(text)):
        return
    part = parts[-1]
    texts = {one.account: text for one in part.deliveries if one.text is not None}
    edit(house, str(part.post.id), Change(text=text, texts=texts), actor=actor)


def _cancel(house: House, post_id: int, actor: str) -> None:
    # First what says that its file had gone: cut short in between, it is cancelled the next time.
    run = house.run("apply", actor=actor)
    house.store.revise(post_of(house, str(post_id)), [], run=run, applied=_GONE)
    left = [d.ref for d in house.store.deliveries(post_id) if is_open(house, d)]
    cancel(house, left, actor=actor)


def _wish(step: Step) -> Wish:
    return _entry(step).wish


def _entry(step: Step) -> Entry:
    if step.entry is None:
        message = f"{step.source} is no file."
        raise ValueError(message)
    return step.entry


def _told(entry: Entry, error: Invalid) -> Iterator[Problem]:
    """Yield a refusal by the file and line it is about."""
    if isinstance(error, DoesNotFit):
        for one in error.problems:
            yield Problem(entry.sheet.where(), f"{one.where}: {one.what}", one.do)
    else:
        yield Problem(entry.sheet.where(_ABOUT.get(str(error.code), "")), error.message)
