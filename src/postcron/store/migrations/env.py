"""Alembic's door: migrations run in the transaction that `migrate` has already opened."""

from __future__ import annotations

from alembic import context

from postcron.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
)
context.run_migrations()
