"""Plan and apply: what is scheduled becomes what a folder says; what is out is never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Delivery, PostChange, Problem
from postcron.operations.ahead import is_changeable
from postcron.operations.cancel import cancel
from postcron.operations.contents import Content, There, digest, found_of, meant_by
from postcron.operations.differences import Do, Step, gone_of, sources, step_of
from postcron.operations.edit import Change, edit
from postcron.operations.folder import Entry, Folder
from postcron.operations.house import House
from postcron.operations.placing import Diaries
from postcron.operations.schedule import schedule
from postcron.operations.selecting import post_of
from postcron.operations.wishes import Wish, part_of

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


def plan(house: House, folder: Folder, *, empty: bool = True) -> list[Step]:
    """Return what applying a folder would do, in the order of its files; changes nothing.

    Raises `DoesNotFit` with every reason, by file and line, why it could not; and `Invalid` for a
    folder that holds no post and may not be `empty`, if something is there to be withdrawn.
    """
    there: dict[str, list[There]] = {}
    for post, deliveries in house.store.from_plan(folder.name):
        there.setdefault(post.source or "", []).append(There(post, deliveries))
    steps: list[Step] = []
    problems: dict[str, list[Problem]] = {}
    for entry in folder.entries:
        try:
            steps.append(step_of(house, entry, there))
        except Invalid as error:
            problems[entry.source] = list(_told(entry, error))
    known = {name for entry in folder.entries for name in sources(entry)}
    gone = list(gone_of(house, there, known))
    if gone and not folder.entries and not empty:
        message = (
            f"{folder.path} holds no post, so {len(gone)} would be withdrawn: --empty does that."
        )
        raise Invalid(message, code="usage")
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


# --- doing it -------------------------------------------------------------------------------------


def _leaving(house: House, steps: Iterable[Step]) -> set[int]:
    """Return the deliveries that will not be where they are now, once the steps are done."""
    return {
        one.id
        for step in steps
        if step.do in {Do.CANCEL, Do.CHANGE} and step.post_id is not None
        for one in house.store.deliveries(step.post_id)
        if step.timed or (is_changeable(house, one) and _leaves(step, one))
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
    return replace(wish, key=step.key, applied=digest(meant_by(house, wish)))


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
        if d.account not in wish.accounts and is_changeable(house, d)
    ]
    cancel(house, gone, actor=actor)
    now = There(post_of(house, str(post_id)), house.store.deliveries(post_id))
    edit(house, str(post_id), _edit(house, wish, now), actor=actor)
    further = set(wish.accounts) - {delivery.account for delivery in now.deliveries}
    if further and step.open_to_more:
        schedule(house, _keyed(house, step), actor=actor)
    for number, text in enumerate(wish.then, 2):
        _change_part(house, step, number, text, actor)


def _edit(house: House, wish: Wish, now: There) -> Change:
    meant, found = meant_by(house, wish), found_of(wish, now)
    own = {
        d.account: d
        for d in now.deliveries
        if d.account in meant["accounts"] and is_changeable(house, d)
    }
    new = _differing(meant, found)
    for name in own:
        new |= _differing(meant["accounts"][name], found["accounts"].get(name, {}))
    if len(own) < len(now.deliveries):
        new -= {"media", "type"}  # they belong to the whole of it
    return Change(
        text=(wish.text or "") if "text" in new else None,
        texts={
            name: meant["accounts"][name]["text"]
            for name, delivery in own.items()
            if "text" in new and (name in wish.texts or delivery.text is not None)
        },
        options={n: meant["accounts"][n]["options"] for n in own} if "options" in new else {},
        options_whole=True,
        at=wish.at if "time" in new else None,
        zone=wish.zone,
        media=wish.media if "media" in new else None,
        alts=wish.alts if "media" in new else (),
        type=wish.type if "type" in new else None,
        campaign=meant["campaign"] if "campaign" in new else None,
        notes=meant["notes"] if "notes" in new else None,
        labels=tuple(wish.labels) if "labels" in new else None,
        priority=wish.priority if "priority" in new else None,
        exact="time" in new and wish.exact,
        window_end=wish.window_end if "time" in new else None,
        applied=digest(meant),
    )


def _differing(meant: Content, found: Content) -> set[str]:
    return {key for key, value in meant.items() if value != found.get(key)}


def _change_part(house: House, step: Step, number: int, text: str, actor: str) -> None:
    source = part_of(step.source, number)
    found = (There(*each) for each in house.store.from_plan(step.source))
    parts = [each for each in found if each.post.source == source]
    if not parts or not any(is_changeable(house, one) for one in parts[-1].differing(text)):
        return
    part = parts[-1]
    texts = {one.account: text for one in part.deliveries if one.text is not None}
    edit(house, str(part.post.id), Change(text=text, texts=texts), actor=actor)


def _cancel(house: House, post_id: int, actor: str) -> None:
    # First what says that its file had gone: cut short in between, it is cancelled the next time.
    run = house.run("apply", actor=actor)
    house.store.revise(post_of(house, str(post_id)), PostChange(applied=_GONE), run=run)
    left = [d.ref for d in house.store.deliveries(post_id) if is_changeable(house, d)]
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
