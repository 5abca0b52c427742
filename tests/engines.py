"""Engines of one process share the SQL they have compiled: each test opens a store of its own.

Importing this is enough. A sixth of what a story costs went into compiling the same statements.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, event

from postcron.store import documents

_COMPILED: Final[dict[Any, Any]] = {}
_DIALECTS: Final[dict[str, Dialect]] = {}


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    engine = connection.engine
    known = "compiled_cache" in engine.get_execution_options()
    if known or getattr(engine.dialect, "_json_serializer", None) is not documents.dump:
        return
    # What is compiled is kept for one dialect, and each engine begins with a dialect of its own.
    engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)
    engine.update_execution_options(compiled_cache=_COMPILED)
