"""Schedule many: every wish is checked before anything is kept, then all are saved at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Final

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Approval, Attachment, NewPost, Outing, Problem, Taken
from postcron.operations.drafting import posts_of
from postcron.operations.house import House
from postcron.operations.idempotency import keyed
from postcron.operations.intake import Intake, taking_in
from postcron.operations.placing import Diaries, placing
from postcron.operations.schedule import fetched, notes_on, plan
from postcron.operations.wishes import Wish, parts_of
from postcron.rules.numbered_keys import number
from postcron.states import State

Keep = Callable[[Sequence[Attachment]], tuple[Attachment, ...]]
#: wishes whose keys are looked up in one question
AT_ONCE: Final = 500


#: saves the posts of each thread, if the plans are still as they were seen
Save = Callable[[Sequence[Sequence[NewPost]], Mapping[str, int]], Sequence[int]]


@dataclass(frozen=True)
class Asked:
    """A wish and where it stands, for whoever has to mend it: `posts.csv:12`."""

    wish: Wish
    where: str


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one wish."""

    where: str
    #: what is new, a post for each part; nothing if its key stands for all of it already
    news: tuple[NewPost, ...]
    #: where it stands in the store; None: nowhere yet
    post_id: int | None = None
    #: what its key stood for before
    taken: Taken | None = None


@dataclass(frozen=True)
class ScheduledMany:
    """The answer: what is saved now, or with a rehearsal what would be, and what cannot be."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


def schedule_many(
    house: House,
    asked: Iterable[Asked | Problem],
    *,
    actor: str,
    dry_run: bool = False,
    partial: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    save: Save | None = None,
) -> ScheduledMany:
    """Save all wishes in one transaction, those of known keys excepted, as `schedule` does one.

    `asked` is read once, and may yield what is wrong with a wish in place of it. Raises
    `DoesNotFit` with every problem of every wish, and nothing saved. With `partial` those that fit
    are saved all the same; then, and for a rehearsal, the answer holds the problems. `progress` is
    told now and then how many wishes are checked; `save` is how they are kept, if not just so.
    """
    with taking_in(house) as intake:
        desk = _Desk(house, intake, house.clock.now(), actor)
        for some in _batches(asked):
            desk.check(some)
            progress(desk.checked)
        if desk.problems and not (dry_run or partial):
            raise DoesNotFit(desk.problems)
        answer = ScheduledMany(tuple(desk.rows), tuple(desk.problems), desk.notes())
        return answer if dry_run else replace(answer, rows=_saved(desk, save))


def _batches(asked: Iterable[Asked | Problem]) -> Iterator[list[Asked | Problem]]:
    rest = iter(asked)
    while some := list(islice(rest, AT_ONCE)):
        yield some


@dataclass
class _Desk:
    """Where wishes are checked one after the other; what was found so far."""

    house: House
    intake: Intake
    now: datetime
    actor: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    checked: int = 0
    #: what the accounts say, with what is placed here
    diaries: Diaries = field(init=False)
    #: where each key was first used
    _keys: dict[str, str] = field(default_factory=dict)
    _said: list[str] = field(default_factory=list)
    #: what each of the rows was asked for as
    _wishes: list[Wish] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.diaries = Diaries(self.house)

    def check(self, some: Sequence[Asked | Problem]) -> None:
        """Check some wishes, with one question about their keys."""
        wishes = [one for one in some if isinstance(one, Asked)]
        keys = {key for one in wishes for part in parts_of(one.wish) if (key := part.key)}
        taken = self._by_number(keys) | self._taken(keys)
        for one in some:
            self.checked += 1
            if isinstance(one, Problem):
                self.problems.append(one)
                continue
            try:
                self.rows.append(self._row(one, taken))
                self._wishes.append(one.wish)
            except DoesNotFit as error:
                self.problems += [_at(one.where, problem) for problem in error.problems]
            except Invalid as error:
                self.problems.append(Problem(one.where, error.message))

    def _taken(self, keys: Collection[str]) -> dict[str, Taken]:
        return self.house.store.taken(keys)

    def _by_number(self, keys: Collection[str]) -> dict[str, Taken]:
        """Return the posts that were written out without a key of their own, and come back."""
        store = self.house.store
        numbers = {key: id for key in keys if (id := number(key, self._uuid))}
        there = store.there(set(numbers.values()))
        return {key: there[id] for key, id in numbers.items() if id in there}

    @cached_property
    def _uuid(self) -> str:
        return self.house.store.papers().uuid

    def _row(self, one: Asked, taken: Mapping[str, Taken]) -> Row:
        parts = parts_of(one.wish)
        self._refuse_second(one, parts)
        asked = keyed(self.house, one.wish, parts, taken)
        there = asked.known[0] if asked.known else None
        if there is not None and not asked.missing:
            found = (*asked.notes, *_cancelled(one.wish, there))
            self._said += [f"{one.where}: {note}" for note in found]
            return Row(one.where, (), there.post_id, there)
        attachments = fetched(self.house, self.intake, asked)
        # Last, so that what is refused takes no moment from others.
        window_end = asked.window_end(self.now)
        planned = [plan(self.diaries, a, asked.wish, self.now, window_end) for a in asked.missing]
        self._said += [f"{one.where}: {each.note}" for each in planned if each.note]
        news = posts_of(
            *(self.house, asked.parts, planned, attachments),
            actor=self.actor,
            window_end=window_end,
        )
        return Row(one.where, tuple(news), there.post_id if there else None, there)

    def placed_anew(self, diaries: Diaries) -> list[Row]:
        """Return the rows with the moments that others have left by now."""
        return [
            self._placed(row, wish, diaries) if row.news else row
            for row, wish in zip(self.rows, self._wishes, strict=True)
        ]

    def _placed(self, row: Row, wish: Wish, diaries: Diaries) -> Row:
        accounts = [self.house.account(one.account) for one in row.news[0].deliveries]
        window_end = row.news[0].window_end
        wish = replace(wish, approval=row.news[0].approval is Approval.PENDING)
        try:
            planned = [plan(diaries, each, wish, self.now, window_end) for each in accounts]
        except Invalid as error:
            raise DoesNotFit([Problem(row.where, error.message)]) from error
        news = posts_of(
            self.house,
            parts_of(wish),
            planned,
            [new.attachments for new in row.news],
            actor=self.actor,
            window_end=window_end,
        )
        return replace(row, news=tuple(news))

    def _refuse_second(self, one: Asked, parts: Sequence[Wish]) -> None:
        for key in [part.key for part in parts if part.key is not None]:
            if key in self._keys:
                message = f"Key {key} stands at {self._keys[key]} already: give each its own."
                raise Invalid(message, code="key_taken")
            self._keys[key] = one.where

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about all of them together."""
        news = [new for row in self.rows for new in row.news]
        names = dict.fromkeys(one.account for new in news for one in new.deliveries)
        accounts = [self.house.account(name) for name in names]
        campaigns = {new.campaign for new in news}
        due = [
            each
            for row in self.rows
            for new in row.news
            for each in _outings(new, answers=new is not row.news[0])
        ]
        return (*self._said, *notes_on(self.house, accounts, due, campaigns))


def _outings(new: NewPost, *, answers: bool) -> Iterator[Outing]:
    for one in new.deliveries:
        if one.due_at is not None:
            yield Outing(one.account, one.state, one.due_at, new.type, answers)


def _cancelled(wish: Wish, known: Taken) -> Iterator[str]:
    if set(known.states.values()) == {State.CANCELLED}:
        yield f"Key {wish.key} stands for post {known.post_id}, which is cancelled: nothing is scheduled."


def _at(where: str, problem: Problem) -> Problem:
    return replace(problem, where=where, what=f"{problem.where}: {problem.what}")


def _kept(news: Sequence[NewPost], keep: Keep) -> Sequence[NewPost]:
    if not any(new.attachments for new in news):
        return news  # as it is: there may be a hundred thousand of them
    return [replace(new, attachments=keep(new.attachments)) for new in news]


def _saved(desk: _Desk, save: Save | None) -> tuple[Row, ...]:
    house, keep = desk.house, desk.intake.keep
    run = house.run("schedule", actor=desk.actor)
    save = save or (lambda threads, seen: house.store.add_many(threads, run=run, seen=seen))

    def place_and_save(diaries: Diaries) -> tuple[Row, ...]:
        rows = desk.rows if diaries is desk.diaries else desk.placed_anew(diaries)
        threads = [_kept(row.news, keep) for row in rows if row.news]
        ids = iter(save(threads, diaries.seen) if threads else [])
        return tuple(replace(row, post_id=next(ids)) if row.news else row for row in rows)

    return placing(desk.diaries, place_and_save)
