"""What is to be done about each file of a plan: what differs, and what of it can be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postcron.model import Approval, Delivery
from postcron.operations.ahead import is_changeable
from postcron.operations.contents import Content, There, another_time, digest, found_of, meant_by
from postcron.operations.editable import why_not
from postcron.operations.folder import Entry
from postcron.operations.house import House
from postcron.operations.wishes import Wish, is_pending, part_of
from postcron.states import State


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
    #: further accounts that the file names may have the post, too
    open_to_more: bool = False

    @property
    def place(self) -> str:
        """The file, as messages name it."""
        return self.source if self.entry is None else str(self.entry.sheet.path)


def step_of(house: House, entry: Entry, there: Mapping[str, list[There]]) -> Step:
    before = there.get(entry.source, [])
    meant = meant_by(house, entry.wish)
    if not before or (before[-1].withdrawn and before[-1].post.applied != digest(meant)):
        return Step(Do.ADD, entry.source, None, entry=entry, key=_next_key(entry, before))
    now = before[-1]
    if now.withdrawn:
        why = f"post {now.post.id} was withdrawn by hand: change the file to schedule it anew"
        return Step(Do.LEAVE, entry.source, now.post.id, (why,), by_hand=True, entry=entry)
    return _compared(house, entry, meant, now, there)


def _next_key(entry: Entry, before: Sequence[There]) -> str:
    return f"plan:{entry.source}#{len(before) + 1}"


def _must_be_anew(house: House, wish: Wish, meant: Content, found: Content, now: There) -> bool:
    """Say whether a post nothing of which is out has to make way for what its file says.

    It goes to none of its accounts any more, or becomes a draft: no delivery goes back to that.
    """
    left = [one for one in now.deliveries if one.state is not State.CANCELLED]
    moved = not meant["accounts"].keys() & found["accounts"].keys()
    undone = wish.draft and another_time(meant, found)
    return (moved or undone) and all(is_changeable(house, one) for one in left)


def _compared(
    house: House, entry: Entry, meant: Content, now: There, there: Mapping[str, list[There]]
) -> Step:
    found = found_of(entry.wish, now)
    anew = _must_be_anew(house, entry.wish, meant, found, now)
    open_ones = {d.account: d for d in now.deliveries if is_changeable(house, d)}
    joinable = _is_joinable(house, entry.wish, meant, found, now, open_ones)
    change, stuck = _differences(
        entry.wish, meant, found, now, open_ones, anew=anew, joinable=joinable
    )
    more, short = _parts_that_differ(house, entry, there) if not anew else ([], [])
    change, stuck = change + more, stuck + short
    by_hand = bool(now.post.applied) and digest(found) != now.post.applied
    do = Do.CHANGE if change else Do.LEAVE if stuck else Do.KEEP
    return Step(
        do,
        entry.source,
        now.post.id,
        (*change, *stuck),
        # What is out and differs may be so by a change of its file, and nobody can put it back.
        by_hand=by_hand and do is Do.CHANGE,
        timed=another_time(meant, found),
        entry=entry,
        key=_next_key(entry, there[entry.source]) if anew else now.post.key,
        anew=anew,
        open_to_more=joinable,
    )


def _is_joinable(
    house: House,
    wish: Wish,
    meant: Content,
    found: Content,
    now: There,
    open_ones: Mapping[str, Delivery],
) -> bool:
    """Say whether further accounts can have the post: it is no thread, and can be what the file says.

    Where approval is needed it must not be decided on, unless a change asks for approval anew.
    """
    others = any(meant[name] != found[name] for name in ("type", "media"))
    if wish.then or (others and len(open_ones) < len(now.deliveries)):
        return False
    approval = now.post.approval
    unasked = approval is not Approval.REJECTED and not is_pending(house, wish)
    if approval is Approval.PENDING or unasked:
        return True
    both = [(meant["accounts"].get(name), found["accounts"].get(name)) for name in open_ones]
    changes = others or any(
        new[key] != old[key] for new, old in both if new and old for key in ("text", "options")
    )
    return changes and approval is not None


def _differences(
    wish: Wish,
    meant: Content,
    found: Content,
    now: There,
    open_ones: Mapping[str, Delivery],
    *,
    anew: bool,
    joinable: bool,
) -> tuple[list[str], list[str]]:
    """Return what can be changed so that it fits the file, and what cannot, in words."""
    free = anew or len(open_ones) == len(now.deliveries)
    change: list[str] = []
    stuck: list[str] = []
    for name in ("type", "media"):
        if meant[name] != found[name]:
            (change if free else stuck).append(name if free else _belongs_to_all(name, now))
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
        elif not (anew or joinable):
            stuck.append(f"{name} cannot join post {now.post.id} any more: use a new file for it")
        else:
            change.append(f"also to {name}")
    for name in found["accounts"].keys() - meant["accounts"].keys():
        reason = [] if name in open_ones else _reason(now, name)
        stuck += reason
        change += [] if reason else [f"no longer to {name}"]
    return change, stuck


def _reason(now: There, account: str) -> list[str]:
    return [why_not(delivery) for delivery in now.deliveries if delivery.account == account]


def _belongs_to_all(name: str, now: There) -> str:
    return f"{name} belongs to the whole of post {now.post.id}, and part of it is out or left out"


def _parts_that_differ(
    house: House, entry: Entry, there: Mapping[str, list[There]]
) -> tuple[list[str], list[str]]:
    change: list[str] = []
    stuck: list[str] = []
    for number, text in enumerate(entry.wish.then, 2):
        of_part = there.get(part_of(entry.source, number) or "", [])
        if not of_part or of_part[-1].withdrawn:
            stuck.append(f"part {number} is new: a thread that is scheduled cannot grow")
            continue
        differing = of_part[-1].differing(text)
        change += [f"part {number}"] if any(is_changeable(house, one) for one in differing) else []
        stuck += [why_not(one) for one in differing if not is_changeable(house, one)]
    return change, stuck


def gone_of(house: House, there: Mapping[str, list[There]], known: set[str]) -> Iterator[Step]:
    """Yield what was applied from files that are not there any more, unless it is out."""
    for source, some in there.items():
        left = [delivery for delivery in some[-1].deliveries if is_changeable(house, delivery)]
        if source not in known and left:
            yield Step(Do.CANCEL, source, some[-1].post.id, ("its file is gone",))


def sources(entry: Entry) -> Iterator[str]:
    yield entry.source
    for number in range(2, len(entry.wish.then) + 2):
        yield part_of(entry.source, number) or ""
