"""What platforms say an account may still answer, where they count answers apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("account_state", sa.Column("allowance_answers", sa.Integer))
