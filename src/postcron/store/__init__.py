"""Where all truth is kept: SQLite in one file, or PostgreSQL. Nothing heavy is loaded before it is used."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from postcron.store.beats import Beat as Beat
    from postcron.store.migrating import migrate as migrate
    from postcron.store.opening import open_store as open_store
    from postcron.store.papers import Papers as Papers
    from postcron.store.store import Store as Store

# The idle minute imports postcron.store.peek, and with it this file: neither may cost anything.
_DOORS = {
    "Beat": "postcron.store.beats",
    "Papers": "postcron.store.papers",
    "Store": "postcron.store.store",
    "migrate": "postcron.store.migrating",
    "open_store": "postcron.store.opening",
}


def __getattr__(name: str) -> object:
    if name not in _DOORS:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_DOORS[name]), name)
