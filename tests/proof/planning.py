"""What people type in a game about many posts at once: batches, pauses, approvals, the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, rule

from postcron.model import Mode, Pause, Scope
from postcron.operations import batches
from postcron.operations.add_batch import Order, add
from postcron.operations.approving import approve, reject
from postcron.operations.archiving import archive, restore
from postcron.operations.pausing import pause, resume
from postcron.operations.wishes import Wish
from tests.oracle import Chain
from tests.proof.people import ACCOUNTS, ASKS, CAMPAIGN, WHICH, People

#: what becomes of what a pause has made late
LATE = st.sampled_from([None, None, "publish", "skip", "shift"])


class Planning(People):
    """The same person, who plans."""

    @initialize(
        target=People.deliveries,
        accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=3, max_size=3, unique=True),
        minutes=st.none() | st.integers(0, 30),
        stop=st.booleans(),
    )
    def has_planned_something(self, accounts: list[str], minutes: int | None, *, stop: bool) -> Any:
        """A batch, a post to be approved, one of a campaign, one for a planner: a game is about something."""
        first, *others = accounts
        batch = self._new_batch(first, 2, minutes, stop=stop)
        asked = self._new_post(others, 10, asks=True)
        kept = self._new_post(["kept"], 15)
        return multiple(*batch, *asked, *self._new_post([first], 20, CAMPAIGN), *kept)

    # --- batches -----------------------------------------------------------------------------

    @rule(
        target=People.deliveries,
        account=st.sampled_from(ACCOUNTS),
        count=st.integers(2, 3),
        minutes=st.none() | st.integers(0, 30),
        stop=st.booleans(),
        asks=ASKS,
    )
    def adds_a_batch(
        self, account: str, count: int, minutes: int | None, *, stop: bool, asks: bool = False
    ) -> Any:
        return multiple(*self._new_batch(account, count, minutes, stop=stop, asks=asks))

    def _new_batch(
        self, account: str, count: int, minutes: int | None, *, stop: bool, asks: bool = False
    ) -> list[str]:
        """Save a few posts in order, to go at once or five minutes apart."""
        texts = [self._text() for _ in range(count)]
        mode = Mode.NOW if minutes is None else Mode.SCHEDULED
        at, every = None, None
        if minutes is not None:
            at, every = self._moment(minutes), timedelta(minutes=5)
        common = Wish(text=None, accounts=[account], at=at, every=every, approval=asks)
        order = Order(texts[0], mode, common, texts=texts, stop_on_failure=stop)
        if asks:
            self.words.ask_for(texts)
        added = self._typed(lambda house: add(house, order, actor="me"))
        if added is None:
            return []
        refs = [part.delivery.ref for part in added.shown.parts]
        self.words.chains[order.name] = Chain(refs, stop)
        return refs

    @rule(which=WHICH, late=LATE)
    def resumes_a_batch(self, which: int, late: str | None) -> None:
        """Paused, or stopped at one that did not go out: from then on it may go past that."""
        if not self.words.chains:
            return
        self._outdates_the_backup()
        name = list(self.words.chains)[which % len(self.words.chains)]
        kept, paused = self.words.chains[name], self.words.pauses.pop((Scope.BATCH, name), None)
        if paused is None:
            self.words.chains[name] = Chain(kept.parts, stops=False)
        given: dict[str, Any] = {"shift": True} if late == "shift" else {"late": late}
        self._typed(lambda house: batches.resume(house, name, **given, actor="me"))
        if self.refused:
            self.words.chains[name] = kept
            if paused is not None:
                self.words.pauses[Scope.BATCH, name] = paused

    # --- pauses ------------------------------------------------------------------------------

    @rule(scope=st.sampled_from(Scope), which=WHICH)
    def pauses(self, scope: Scope, which: int) -> None:
        names = {
            Scope.ALL: [""],
            Scope.ACCOUNT: list(ACCOUNTS),
            Scope.CAMPAIGN: [CAMPAIGN],
            Scope.BATCH: list(self.words.chains),
        }[scope]
        if not names:
            return
        name = names[which % len(names)]
        done = self._typed(lambda house: pause(house, scope, name, why=None, actor="me"))
        if done is not None:
            named = {one.ref for one in done.under_way}
            self.words.hold(scope, name, self.world.last_event(), self.world.turns.now, named)

    @rule(which=WHICH, late=LATE)
    def resumes(self, which: int, late: str | None) -> None:
        if there := self.world.store.pauses.every():
            self._ends(there[which % len(there)], late)

    def _ends(self, one: Pause, late: str | None) -> None:
        self._outdates_the_backup()
        since = self.words.pauses.pop((one.scope, one.name), None)
        given: dict[str, Any] = {"shift": True} if late == "shift" else {"late": late}
        self._typed(lambda house: resume(house, one.scope, one.name, **given, actor="me"))
        if self.refused and since is not None:
            self.words.pauses[one.scope, one.name] = since

    # --- approvals ---------------------------------------------------------------------------

    @rule(which=WHICH)
    def approves(self, which: int) -> None:
        if (post := self._one_that_needs_it(which)) is None:
            return
        self._outdates_the_backup()
        texts = self.world.texts_of(post) & self.words.unapproved
        self.words.unapproved -= texts
        self._typed(lambda house: approve(house, [post], actor="me"))
        if self.refused:
            self.words.unapproved |= texts

    @rule(which=WHICH)
    def rejects(self, which: int) -> None:
        if (post := self._one_that_needs_it(which)) is None:
            return
        texts = self.world.texts_of(post)
        if self._typed(lambda house: reject(house, [post], why=None, actor="me")) is not None:
            self.words.ask_for(texts)

    @rule(which=WHICH)
    def rewrites(self, which: int) -> None:
        """What was approved before has to be so once more."""
        if (post := self._one_that_needs_it(which)) is not None:
            self._change(post, content=True)

    def _one_that_needs_it(self, which: int) -> str | None:
        posts = sorted({one.ref.partition(".")[0] for one in self.world.deliveries()})
        asked = [post for post in posts if self.world.texts_of(post) & self.words.asked]
        return asked[which % len(asked)] if asked else None

    # --- the archive -------------------------------------------------------------------------

    @rule(which=WHICH)
    def archives(self, which: int) -> None:
        if refs := [one.ref for one in self.world.deliveries()]:
            self._archives([refs[which % len(refs)].partition(".")[0]], None)

    @rule(older=st.sampled_from(["1m", "2h"]))
    def tidies_up(self, older: str) -> None:
        self._archives([], older)

    def _archives(self, ids: list[str], older: str | None) -> None:
        done = self._typed(lambda house: archive(house, ids, older=older, actor="me"))
        for id in () if done is None else done.ids:
            self.words.archived[id] = self.world.texts_of(str(id))

    @rule(which=WHICH)
    def restores(self, which: int) -> None:
        if not self.words.archived:
            return
        id = list(self.words.archived)[which % len(self.words.archived)]
        self.words.archived.pop(id)
        self._typed(lambda house: restore(house, [str(id)], actor="me"))
