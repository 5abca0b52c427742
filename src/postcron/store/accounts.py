"""What runs leave for the next ones: what they learnt about accounts, and their signs of life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from postcron.model import AccountState
from postcron.store.database import Database, upsert
from postcron.store.tables import account_state, columns_of, heartbeat


@dataclass(frozen=True)
class Beat:
    """The last sign of life of one phase on one host."""

    host: str
    phase: str
    run: str
    boot: str
    at: datetime
    found: int
    done: int
    failed: int


#: built once: a run that holds something asks it every second
_STATES: Final = select(*columns_of(account_state, AccountState)).where(
    account_state.c.workspace == bindparam("workspace")
)


def account_states(database: Database) -> dict[str, AccountState]:
    with database.reading() as connection:
        found = connection.execute(_STATES, {"workspace": database.writes_for})
        states = [AccountState(*row) for row in found]
    return {state.account: state for state in states}


def set_account(database: Database, account: str, columns: dict[str, Any]) -> None:
    """Change what is known about an account; what is not named stays."""

    def work(transaction: Connection) -> None:
        key = {"workspace": database.writes_for, "account": account}
        saving = upsert(transaction, account_state).values(**key, **columns)
        index = list(key)
        if columns:
            saving = saving.on_conflict_do_update(index_elements=index, set_=columns)
        else:
            saving = saving.on_conflict_do_nothing(index_elements=index)
        transaction.execute(saving)

    database.write(work)


@dataclass(frozen=True)
class Sealed:
    """A session as it is kept, of any workspace: they may share a key."""

    workspace: str
    account: str
    session: bytes = field(repr=False)


def sealed(database: Database) -> list[Sealed]:
    columns = columns_of(account_state, Sealed)
    kept = account_state.c.session.is_not(None)
    asked = select(*columns).where(kept, *database.own(account_state)).order_by(*columns[:2])
    with database.reading() as connection:
        return [Sealed(*row) for row in connection.execute(asked)]


def reseal(database: Database, kept: Sealed, anew: bytes) -> bool:
    """Put the same session, sealed otherwise, in its place; False if there is another by now."""
    same = (
        getattr(account_state.c, name) == getattr(kept, name)
        for name in Sealed.__dataclass_fields__
    )
    changing = update(account_state).where(*same, *database.own(account_state))
    return database.write(
        lambda transaction: transaction.execute(changing.values(session=anew)).rowcount == 1
    )


def hold_account(database: Database, account: str, until: datetime) -> bool:
    """Be the only one to renew an account's session until then; False while somebody else is."""
    set_account(database, account, {})

    def work(transaction: Connection) -> bool:
        column = account_state.c.renewing_until
        free = or_(column.is_(None), column <= database.now())
        holding = update(account_state).where(_is(database, account), free)
        return transaction.execute(holding.values(renewing_until=until)).rowcount == 1

    return database.write(work)


def release_account(database: Database, account: str, until: datetime) -> None:
    """Let others renew it, unless our time was over and somebody else has begun."""

    def work(transaction: Connection) -> None:
        ours = _is(database, account), account_state.c.renewing_until == until
        transaction.execute(update(account_state).where(*ours).values(renewing_until=None))

    database.write(work)


def _is(database: Database, account: str) -> ColumnElement[bool]:
    return and_(
        account_state.c.workspace == database.writes_for, account_state.c.account == account
    )


def beat(database: Database, beat: Beat) -> None:
    """Write a sign of life, durably: a run that cannot even do this must not send anything."""
    values = {name: getattr(beat, name) for name in Beat.__dataclass_fields__}

    def work(transaction: Connection) -> None:
        saving = upsert(transaction, heartbeat).values(**values)
        key = ["host", "phase"]
        transaction.execute(saving.on_conflict_do_update(index_elements=key, set_=values))

    database.write(work)


def beats(database: Database) -> list[Beat]:
    asked = select(*columns_of(heartbeat, Beat)).order_by(heartbeat.c.host, heartbeat.c.phase)
    with database.reading() as connection:
        return [Beat(*row) for row in connection.execute(asked)]
