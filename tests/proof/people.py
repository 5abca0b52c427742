"""What people type in a game about their posts; `words` is what they have said of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule

from postcron.errors import CannotWork, Invalid
from postcron.model import Delivery
from postcron.operations.accounts import check
from postcron.operations.cancel import cancel, delete
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.resolve import drop, landed, resend
from postcron.operations.retry import retry_now
from postcron.operations.schedule import Scheduled, schedule
from postcron.operations.wishes import Wish
from postcron.states import State
from tests import memory
from tests.proof.keeping import WITHDRAWALS
from tests.proof.words import Words
from tests.proof.world import World

ACCOUNTS = ("same", "handle", "listed", "again", "blind", "kept")
CAMPAIGN = "spring"
#: one of those there are, counted round
WHICH = st.integers(0, 11)
#: whether somebody has to approve it first
ASKS = st.sampled_from([False, False, True])
NewStore = Callable[[Path], str]


class People(RuleBasedStateMachine):
    """One store, two hosts, and somebody at the first of them who types commands to their end."""

    #: how a store is made; None: the copy of an empty SQLite file
    new_store: NewStore | None = None

    deliveries: Bundle[str] = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.room = tempfile.TemporaryDirectory(dir=memory.folder())
        self.world = World(Path(self.room.name), seed=1, new_store=self.new_store)
        self.texts = 0
        self.words = Words()
        self.world.network.why_not = lambda text: self.words.why_not(text)
        self.refused = False
        #: at which seam from its beginning the next command dies
        self.dies_after: int | None = None

    def close(self) -> None:
        self.world.close()
        self.room.cleanup()

    def _typed(self, command: Callable[[House], Any]) -> Any:
        """Let a person type a command; None: `refused`, or it died and nobody knows what it did."""
        answers: list[Any] = []
        self.refused = False

        def work(house: House) -> None:
            try:
                with suppress(CannotWork):
                    answers.append(command(house))
            except Invalid:
                self.refused = True

        if self.dies_after is not None:
            self.world.dies_at, self.dies_after = self.world.seams + self.dies_after, None
        self.world.finish(self.world.begin(self.world.hosts[0], work))
        self.world.dies_at = None
        return answers[0] if answers else None

    def _text(self) -> str:
        self.texts += 1
        return f"text {self.texts}"

    def _moment(self, minutes: int) -> str:
        return (self.world.turns.now + timedelta(minutes=minutes)).isoformat()

    def _outdates_the_backup(self) -> None:
        """Who moves a post himself has to do so again after a restore: it cannot be known there."""
        self.world.backup.unlink(missing_ok=True)

    @rule(point=st.integers(1, 12))
    def the_next_command_dies(self, point: int) -> None:
        self.dies_after = point

    @rule(what=st.sampled_from(sorted(WITHDRAWALS)))
    def nothing_is_given_back_smoothly(self, what: str) -> None:
        self.world.network.planner.script.append(what)

    # --- posts -------------------------------------------------------------------------------

    @rule(
        target=deliveries,
        accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=2, unique=True),
        minutes=st.integers(0, 90),
        campaign=st.sampled_from([None, CAMPAIGN]),
        asks=ASKS,
    )
    def schedules(
        self,
        accounts: list[str],
        minutes: int,
        campaign: str | None = None,
        *,
        asks: bool = False,
    ) -> Any:
        return multiple(*self._new_post(accounts, minutes, campaign, asks=asks))

    def _new_post(
        self, accounts: list[str], minutes: int, campaign: str | None = None, *, asks: bool = False
    ) -> list[str]:
        text, at = self._text(), self._moment(minutes)
        wish = Wish(text, accounts, at=at, key=text, campaign=campaign, approval=asks)
        self.words.wishes[text] = wish
        if asks:
            self.words.ask_for({text})
        return self._made(wish)

    @rule(target=deliveries, which=WHICH, account=st.sampled_from(ACCOUNTS), minutes=WHICH)
    def adds_an_account(self, which: int, account: str, minutes: int) -> Any:
        """The same key again, for more accounts: that brings back what was put aside."""
        if not self.words.wishes:
            return multiple()
        self._outdates_the_backup()
        wish = list(self.words.wishes.values())[which % len(self.words.wishes)]
        more = replace(wish, accounts=[*wish.accounts, account], at=self._moment(minutes))
        kept = dict(self.words.archived)
        for there in self.world.store.taken([wish.text or ""]).values():
            self.words.archived.pop(there.post_id, None)
        made = self._made(more)
        if self.refused:
            self.words.archived = kept
        return multiple(*made)

    def _made(self, wish: Wish) -> list[str]:
        saved: Scheduled | None = self._typed(lambda house: schedule(house, wish, actor="me"))
        if saved is None:
            return []
        kept = [one for one in saved.deliveries if isinstance(one, Delivery)]
        return [one.ref for one in kept if one.id in saved.created]

    @rule(ref=deliveries, content=st.booleans(), minutes=st.none() | st.integers(1, 90))
    def edits(self, ref: str, content: bool, minutes: int | None) -> None:
        self._change(ref, content=content, minutes=minutes)

    def _change(self, ref: str, *, content: bool, minutes: int | None = None) -> None:
        self._outdates_the_backup()
        text = self._text() if content else None
        at = None if minutes is None else self._moment(minutes)
        texts = self.world.texts_of(ref)
        asked = text is not None and bool(texts & self.words.asked)
        if text is not None and asked:
            self.words.ask_for({text})
        done = self._typed(lambda house: edit(house, ref, Change(text=text, at=at), actor="me"))
        if asked and done is not None:
            self.words.ask_for(texts)

    @rule(ref=consumes(deliveries))
    def cancels(self, ref: str) -> None:
        self._typed(lambda house: cancel(house, [ref], actor="me"))

    @rule(ref=consumes(deliveries))
    def deletes(self, ref: str) -> None:
        self._typed(lambda house: delete(house, [ref.partition(".")[0]], actor="me"))

    @rule(which=WHICH, how=st.sampled_from(["cancel", "text", "time"]))
    def has_second_thoughts(self, which: int, how: str) -> None:
        """About what its platform has already, and keeps until it is due."""
        planner = self.world.network.planner
        kept = [one.ref for one in self.world.deliveries() if planner.of(one.key)]
        if not kept:
            return
        ref = kept[which % len(kept)]
        if how == "cancel":
            self._typed(lambda house: cancel(house, [ref], actor="me"))
        else:
            self._change(ref, content=how == "text", minutes=30 if how == "time" else None)

    @rule(ref=deliveries)
    def asks_for_a_retry(self, ref: str) -> None:
        self._outdates_the_backup()
        self._typed(lambda house: retry_now(house, [ref], actor="me"))

    @rule(account=st.sampled_from(ACCOUNTS))
    def checks_an_account(self, account: str) -> None:
        self._typed(lambda house: check(house, [account]))

    @rule(ref=deliveries, again=st.booleans())
    def resolves(self, ref: str, again: bool) -> None:
        """An honest person: says *landed* of what is live, and nothing else of it."""
        found = [d for d in self.world.deliveries() if d.ref == ref]
        if not found or found[0].state not in {State.UNKNOWN, State.CONFIRMING}:
            return
        if self.world.network.planner.of(found[0].key):
            return  # who looks there sees that it is to appear yet
        self._outdates_the_backup()
        shown = [one for one in self.world.network.shown if one.key == found[0].key]
        if shown:
            self._typed(partial(landed, id=ref, address=shown[0].remote_id, actor="me"))
        elif again:
            self._typed(partial(resend, id=ref, confirmed=ref, actor="me"))
        else:
            self._typed(partial(drop, id=ref, actor="me"))
