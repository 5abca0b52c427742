"""How SQLite would answer what a verb of the store asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from postcron.store import Store


def plans(store: Store, ask: Callable[[], object]) -> list[str]:
    """Return the plan of each question about deliveries that `ask` puts."""
    asked: list[tuple[str, Any]] = []
    engine = store._database.engine

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        return [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            for statement, values in asked
            if "FROM delivery" in statement
        ]
