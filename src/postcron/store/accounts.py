"""What runs have learnt about accounts, and the sessions they keep for the next ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from postcron.model import AccountState
from postcron.store.database import Shelf, upsert
from postcron.store.tables import account_state, columns_of

#: built once: a run that holds something asks it every second
_STATES: Final = select(*columns_of(account_state, AccountState)).where(
    account_state.c.workspace == bindparam("workspace")
)


@dataclass(frozen=True)
class Sealed:
    """A session as it is kept, of any workspace: they may share a key."""

    workspace: str
    account: str
    session: bytes = field(repr=False)


class AccountShelf(Shelf):
    """What a store knows of the accounts."""

    def every(self) -> dict[str, AccountState]:
        """Return what is known of each account that anything is known of, by name."""
        with self._database.reading() as connection:
            found = connection.execute(_STATES, {"workspace": self._database.writes_for})
            states = [AccountState(*row) for row in found]
        return {state.account: state for state in states}

    def one(self, account: str) -> AccountState:
        return self.every().get(account, AccountState(account))

    def set(self, account: str, **columns: Any) -> None:
        """Change what is known about an account; what is not named stays."""

        def work(transaction: Connection) -> None:
            key = {"workspace": self._database.writes_for, "account": account}
            saving = upsert(transaction, account_state).values(**key, **columns)
            index = list(key)
            if columns:
                saving = saving.on_conflict_do_update(index_elements=index, set_=columns)
            else:
                saving = saving.on_conflict_do_nothing(index_elements=index)
            transaction.execute(saving)

        self._database.write(work)

    def hold(self, account: str, *, until: datetime) -> bool:
        """Be the only one to renew an account's session until then; False while somebody else is."""
        self.set(account)

        def work(transaction: Connection) -> bool:
            column = account_state.c.renewing_until
            free = or_(column.is_(None), column <= self._database.now())
            holding = update(account_state).where(self._is(account), free)
            return transaction.execute(holding.values(renewing_until=until)).rowcount == 1

        return self._database.write(work)

    def release(self, account: str, *, until: datetime) -> None:
        """Let others renew it, unless our time was over and somebody else has begun."""

        def work(transaction: Connection) -> None:
            ours = self._is(account), account_state.c.renewing_until == until
            transaction.execute(update(account_state).where(*ours).values(renewing_until=None))

        self._database.write(work)

    def _is(self, account: str) -> ColumnElement[bool]:
        ours = account_state.c.workspace == self._database.writes_for
        return and_(ours, account_state.c.account == account)

    def sealed(self) -> list[Sealed]:
        """Return every session that is kept."""
        columns = columns_of(account_state, Sealed)
        asked = select(*columns).where(account_state.c.session.is_not(None))
        asked = asked.where(*self._database.own(account_state)).order_by(*columns[:2])
        with self._database.reading() as connection:
            return [Sealed(*row) for row in connection.execute(asked)]

    def reseal(self, kept: Sealed, anew: bytes) -> bool:
        """Put the same session, sealed otherwise, in its place; False if there is another by now."""
        same = (account_state.c[name] == value for name, value in vars(kept).items())
        changing = update(account_state).where(*same, *self._database.own(account_state))
        changing = changing.values(session=anew)
        return self._database.write(lambda to: to.execute(changing).rowcount == 1)
