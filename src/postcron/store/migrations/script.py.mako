"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revisions are numbered: a program knows by comparing whether a store is older or newer.
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
