"""The options that say which deliveries are meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.errors import Invalid
from postcron.states import State

if TYPE_CHECKING:
    from postcron.model import Filter
    from postcron.operations.house import House

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="From then on: 2026-11-20, 2026-11-20T18:00, or 2d (ago)."),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Before then, written like that.")]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="Of this account.")]
Platform = Annotated[str | None, typer.Option(metavar="NAME", help="Of this platform.")]
Campaign = Annotated[str | None, typer.Option(metavar="NAME", help="Of this campaign.")]
States = Annotated[
    list[State] | None, typer.Option(metavar="STATE", help="In this state. May be repeated.")
]
Batch = Annotated[str | None, typer.Option(metavar="NAME", help="Of this batch.")]
Label = Annotated[str | None, typer.Option(metavar="LABEL", help="With this label.")]


def account_of(house: House, name: str | None) -> str | None:
    """Return the name of an account; raises `Invalid` for one that there is not."""
    return None if name is None else house.account(name).name


def batch_of(house: House, name: str | None) -> str | None:
    """Return the name of a batch; raises `NotFound` for one that there is not."""
    from postcron.operations.batches import found

    return None if name is None else found(house, name).name


@dataclass(frozen=True)
class Due:
    """What is due in a time, of all or of some."""

    account: Account = None
    platform: Platform = None
    campaign: Campaign = None
    since: Since = None
    until: Until = None

    def filter(self, house: House) -> Filter:
        """Return the filter for it, archived or not; raises `Invalid`."""
        from postcron.model import Filter
        from postcron.operations.listing import edge

        return Filter(
            account=account_of(house, self.account),
            platform=self.platform,
            campaign=self.campaign,
            since=edge(house, self.since),
            before=edge(house, self.until),
            archived=None,
        )


@dataclass(frozen=True)
class Chosen:
    """What somebody means to change all at once."""

    state: States = None
    account: Account = None
    platform: Platform = None
    campaign: Campaign = None
    batch: Batch = None
    label: Label = None
    since: Since = None
    until: Until = None

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def filter(self, house: House) -> Filter:
        from postcron.model import Filter
        from postcron.operations.listing import edge

        if not self:
            message = "Say what: --campaign, --batch, --account, --state, --since, --until …"
            raise Invalid(message, code="usage")
        return Filter(
            states=frozenset(self.state) if self.state else None,
            account=account_of(house, self.account),
            platform=self.platform,
            campaign=self.campaign,
            batch=batch_of(house, self.batch),
            label=self.label,
            since=edge(house, self.since),
            before=edge(house, self.until),
        )
