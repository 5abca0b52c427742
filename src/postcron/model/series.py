"""A recurring post: its rule, what each occurrence says, and how far it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from postcron.model.values import Json


@dataclass(frozen=True)
class NewSeries:
    """A series about to be saved."""

    workspace: str
    key: str | None
    #: lines of RFC 5545, in local time
    rule: str
    #: an IANA name
    zone: str
    #: what a post of it is made from
    template: Json
    #: it begins after this
    made_until: datetime
    wake_at: datetime
    created_by: str


@dataclass(frozen=True)
class Series:
    """A recurring post, as it stands in the store."""

    id: int
    key: str | None
    rule: str
    zone: str
    template: Json
    #: its occurrences up to here are made
    made_until: datetime
    #: when the next ones are made; None: there are no more
    wake_at: datetime | None
    #: goes up with every change; a write that has seen an older one changes nothing
    fence: int
    #: how many became posts
    made: int
    #: and how many did not, because nothing ran in time: until people have been told
    left_out: int
    created_by: str
    created_at: datetime
