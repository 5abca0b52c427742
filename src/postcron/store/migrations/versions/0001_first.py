"""The first schema."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Frozen here on purpose: a migration must not change when the program's own types do.
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = sa.String(16)


def _only(name: str, column: str, *words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, INSTANT, nullable=nullable)


def upgrade() -> None:
    _meta()
    _post()
    _media()
    _attachment()
    _delivery()
    _attempt()
    _event()
    _account_state()
    _heartbeat()


def _meta() -> None:
    meta = op.create_table("meta", sa.Column("name", sa.Text, primary_key=True), _text("value"))
    op.bulk_insert(meta, [{"name": "uuid", "value": str(uuid.uuid4())}])


def _post() -> None:
    op.create_table(
        "post",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("workspace"),
        _text("key", nullable=True),
        _text("text"),
        sa.Column("type", WORD, nullable=False),
        _text("campaign", nullable=True),
        _text("notes", nullable=True),
        _text("created_by"),
        _text("scheduled_by"),
        _instant("created_at", nullable=False),
        _instant("deleted_at"),
        sa.UniqueConstraint("workspace", "key", name="one_post_per_key"),
        _only("post_type", "type", "post", "reel", "story"),
        sqlite_autoincrement=True,
    )


def _media() -> None:
    op.create_table(
        "media",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        _text("mime"),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("duration", sa.Float),
        _text("codec", nullable=True),
        _text("location"),
        _only("media_kind", "kind", "image", "gif", "video", "audio", "document"),
    )


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.Text, sa.ForeignKey("media.sha256"), nullable=False),
        _text("name"),
        _text("alt"),
    )
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("workspace"),
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), nullable=False),
        _number("number"),
        _text("account"),
        _text("platform"),
        sa.Column("state", WORD, nullable=False),
        _text("text", nullable=True),
        sa.Column("options", DOCUMENT, nullable=False),
        _instant("wanted_at"),
        _instant("due_at"),
        _text("reason"),
        _instant("wake_at"),
        _instant("not_before"),
        _instant("grace_from"),
        _text("key"),
        _number("revision"),
        sa.Column("ticket", DOCUMENT, nullable=False),
        _instant("ready_at"),
        _number("tries"),
        _text("error_code", nullable=True),
        _text("error", nullable=True),
        _instant("last_attempt_at"),
        _instant("published_at"),
        _text("remote_id", nullable=True),
        _text("url", nullable=True),
        _text("owner", nullable=True),
        _instant("lease_until"),
        _number("fence"),
        _instant("created_at", nullable=False),
        _instant("updated_at", nullable=False),
        sa.UniqueConstraint("post_id", "account", name="one_delivery_per_account"),
        sa.UniqueConstraint("post_id", "number", name="one_delivery_per_number"),
        _only(
            "delivery_state",
            "state",
            *("draft", "scheduled", "uploading", "ready", "queued", "publishing"),
            *("confirming", "unknown", "published", "failed", "late", "cancelled"),
        ),
        sqlite_autoincrement=True,
    )
    _index_where("delivery_wake", "delivery", ["state", "wake_at"], "wake_at IS NOT NULL")
    _index_where(
        "one_delivery_per_receipt",
        "delivery",
        ["workspace", "account", "remote_id"],
        "remote_id IS NOT NULL",
        unique=True,
    )
    op.create_index("delivery_state_due", "delivery", ["state", "due_at", "workspace"])
    op.create_index("delivery_order", "delivery", [sa.text("coalesce(due_at, created_at)"), "id"])


def _index_where(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("delivery.id"), nullable=False),
        _number("number"),
        _text("run"),
        _text("host"),
        _text("boot"),
        _number("pid"),
        _text("started"),
        _instant("intended_at", nullable=False),
        _instant("sent_at"),
        _instant("ended_at"),
        sa.Column("outcome", WORD, nullable=False),
        _text("code", nullable=True),
        _text("message", nullable=True),
        sa.UniqueConstraint("delivery_id", "number", name="one_attempt_per_number"),
        _only(
            "attempt_outcome",
            "outcome",
            *("open", "landed", "accepted", "unknown", "not_sent", "refused"),
            *("proved_absent", "declared_absent", "superseded"),
        ),
    )
    binding = "outcome IN ('accepted', 'landed', 'open', 'unknown')"
    _index_where("one_live_attempt", "attempt", ["delivery_id"], binding, unique=True)


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True),
        _instant("at", nullable=False),
        _text("kind"),
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), nullable=False),
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("delivery.id")),
        _text("before", nullable=True),
        _text("after", nullable=True),
        _text("run", nullable=True),
        _text("actor"),
        sa.Column("detail", DOCUMENT, nullable=False),
    )
    op.create_index("ix_event_post_id", "event", ["post_id"])


def _account_state() -> None:
    op.create_table(
        "account_state",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        _text("remote_id", nullable=True),
        _text("remote_name", nullable=True),
        _instant("checked_at"),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("false")),
        _instant("blocked_until"),
        _text("block_code", nullable=True),
        _text("block_why", nullable=True),
        sa.Column("session", sa.LargeBinary),
        _instant("session_expires_at"),
    )


def _heartbeat() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        _text("run"),
        _instant("at", nullable=False),
        _number("found"),
        _number("done"),
        _number("failed"),
    )
