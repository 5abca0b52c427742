"""Checking for a monitor: what is wrong now, and nothing about what is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from postcron.model import Account, AccountState, Delivery
from postcron.operations.breaking import Opening
from postcron.operations.house import House
from postcron.operations.outlook import outlook
from postcron.operations.reading import status
from postcron.operations.settings import broken
from postcron.operations.tick import past_its_grace
from postcron.rules import batches
from postcron.rules.spans import spell, until
from postcron.states import UNCERTAIN

#: cron looks every minute; so long without a look, something is wrong with it
SILENCE = timedelta(minutes=5)
#: a run of any of these sees what is due
WATCHING = frozenset({"tick", "publish", "run"})
#: of what is past its grace, this many are told
LIMIT = 200


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    code: str
    message: str
    #: the delivery or the account it is about
    id: str | None = None
    account: str | None = None

    @property
    def unknown(self) -> bool:
        """Say whether a post may or may not be out, and only a person can tell."""
        return self.code == "unknown"


def findings(house: House, idle: Mapping[str, datetime]) -> list[Finding]:
    """Return everything that is wrong; `idle` says when phases last ran with nothing to do."""
    now = house.clock.now()
    found = status(house)
    last = [beat.at for beat in found.beats if beat.phase in WATCHING]
    last += [at for phase, at in idle.items() if phase in WATCHING]
    states = {state.account: state for state in found.accounts}
    return [
        *([] if found.held is None else [Finding("held", found.held)]),
        *_silence(max(last, default=None), now),
        *(_needs_a_person(delivery) for delivery in found.needs_you),
        *(Finding("stopped", batches.stop(name, ref), ref) for ref, name in found.stopped.items()),
        *_overdue(house, now),
        *(Finding("unusable", e.message, account=name) for name, e in broken(house).items()),
        *(
            one
            for account in house.config.accounts.values()
            if account.enabled
            for one in _account(house, account, states.get(account.name), now)
        ),
    ]


def _silence(last: datetime | None, now: datetime) -> Iterator[Finding]:
    if last is None:
        yield Finding("silent", "No run yet: is cron set up? crontab.example has the lines.")
    elif now - last > SILENCE:
        yield Finding("silent", f"No run for {spell(now - last)}: does cron still start postcron?")


def _needs_a_person(delivery: Delivery) -> Finding:
    state = delivery.state
    code = "unknown" if state in UNCERTAIN else str(state)
    message = f"{delivery.ref} {delivery.account} is {state}: {delivery.error or 'no reason kept'}"
    return Finding(code, message, delivery.ref, delivery.account)


def _overdue(house: House, now: datetime) -> Iterator[Finding]:
    for delivery in past_its_grace(house, now, LIMIT):
        due = until(delivery.due_at or now, now)
        message = f"{delivery.ref} {delivery.account} was due {due} and is still {delivery.state}."
        yield Finding("overdue", message, delivery.ref, delivery.account)


def _account(
    house: House, account: Account, state: AccountState | None, now: datetime
) -> Iterator[Finding]:
    name = account.name
    if state is None:
        return
    if (opening := Opening.of(state, now)) is not None:
        code = "blocked" if opening.until is None else "left_alone"
        yield Finding(code, opening.told(now), account=name)
    expected = outlook(house, account, state)
    if expected.posts_after:
        message = f"The login of {name} {expected.sentence(now)}: log in again before."
        yield Finding("login_ends", message, account=name)
