"""Whether people let a delivery go: what claims and intents ask for, in the database itself."""

from __future__ import annotations

from functools import cache

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, or_, select

from postcron.model import UNAPPROVED, Scope
from postcron.store.tables import batch, delivery, pause, post


def covers() -> ColumnElement[bool]:
    """Return what holds for a pause and a delivery that it holds back."""
    name = case(
        (pause.c.scope == Scope.ALL, ""),
        (pause.c.scope == Scope.ACCOUNT, delivery.c.account),
        (pause.c.scope == Scope.CAMPAIGN, _campaign()),
        else_=_batch(),
    )
    return and_(pause.c.workspace == delivery.c.workspace, pause.c.name == name)


@cache
def paused() -> ColumnElement[bool]:
    """Return what holds for a delivery that any pause holds back."""
    return exists().where(covers()).correlate(delivery)


@cache
def unapproved() -> ColumnElement[bool]:
    """Return what holds for a delivery whose post somebody has to approve first, or has rejected."""
    # Not IN: many such updates go out as one.
    waits = or_(*(post.c.approval == each for each in sorted(UNAPPROVED)))
    return exists().where(post.c.id == delivery.c.post_id, waits).correlate(delivery)


def _campaign() -> ScalarSelect[str | None]:
    asked = select(post.c.campaign).where(post.c.id == delivery.c.post_id)
    return asked.correlate(delivery).scalar_subquery()


def _batch() -> ScalarSelect[str]:
    asked = select(batch.c.name).join(post, post.c.batch_id == batch.c.id)
    return asked.where(post.c.id == delivery.c.post_id).correlate(delivery).scalar_subquery()
