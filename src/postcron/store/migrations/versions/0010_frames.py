"""How fast a video runs, how many pictures a GIF and how many pages a document has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # Not known of what is kept already: nothing is refused for what is not known.
    op.add_column("media", sa.Column("fps", sa.Float))
    op.add_column("media", sa.Column("frames", sa.Integer))
    op.add_column("media", sa.Column("pages", sa.Integer))
