"""The one question of an idle minute, asked with the standard library alone."""

import time

try:
    # The package around it loads datetime, for adapters nobody needs here: a seventh of the minute.
    import _sqlite3 as sqlite3
except ImportError:  # another Python than CPython
    import sqlite3  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

#: the newest revision in migrations/versions; they sort in the order they came
REVISION = "0011"

_ALL = (
    "state IN ('draft', 'scheduled', 'uploading', 'ready', 'queued', 'publishing', 'confirming',"
    " 'unknown', 'published', 'failed', 'late')"
)

#: what each phase moves, beside being woken; the moments it looks ahead are those of the phases
PHASE_CONDITION = {
    "pre-upload": "state IN ('scheduled', 'uploading')",
    "tick": (
        "(state IN ('draft', 'uploading', 'publishing', 'ready', 'late')"
        " OR state IN ('scheduled', 'queued') AND due_at <= :tick)"
    ),
    # What platforms are given ahead is queued long before it is due, and has its call then.
    "publish": (
        f"{_ALL} AND (due_at <= :publish OR state IN ('publishing', 'confirming', 'failed', 'unknown')"
        " OR state = 'queued' AND due_at > :tick)"
    ),
    "retry": "state = 'failed'",
    "run": _ALL,
}

#: it is one of states.STUCK, and no run has lived to say so
UNTOLD = (
    "told_at IS NULL AND wake_at IS NULL AND state IN ('confirming', 'failed', 'late', 'unknown')"
)

#: phases that make the next occurrences of series
MAKING = ("tick", "publish", "run")

_TICK_S = 120
_PUBLISH_S = 65

_QUESTION = (
    "SELECT (SELECT version_num FROM alembic_version), EXISTS ("
    "SELECT 1 FROM delivery WHERE wake_at IS NOT NULL AND wake_at <= :now AND PHASE"
    ") OR EXISTS (SELECT 1 FROM delivery WHERE UNTOLD)"
)
_SERIES = " OR EXISTS (SELECT 1 FROM series WHERE wake_at IS NOT NULL AND wake_at <= :now)"


def question(phase: str) -> str:
    """Return the SQL that answers in one row which schema this is and whether there is work.

    Its words repeat the indexes' own conditions: without them these are not used.
    """
    asked = _QUESTION.replace("PHASE", PHASE_CONDITION[phase]).replace("UNTOLD", UNTOLD)
    return asked + _SERIES if phase in MAKING else asked


def written(moment: "datetime") -> str:
    """Return an instant as the store writes it: fixed width, UTC, sorted as text like in time."""
    from datetime import UTC

    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def moments(now: float) -> dict[str, str]:
    """Return the values for the question's names, written as the store writes instants."""
    return {"now": _at(now), "tick": _at(now + _TICK_S), "publish": _at(now + _PUBLISH_S)}


def _at(seconds: float) -> str:
    whole, part = divmod(seconds, 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(part * 1_000_000):06}Z"


def nothing_due(store: str, phase: str, now: float) -> bool:
    """Say whether `phase` has certainly nothing to do; any doubt is False: take the full path.

    `now` is in seconds since 1970: an idle minute does not load datetime.
    `store` is a SQLite file's path.
    """
    try:
        answer = _asked(store, question(phase), moments(now))
    except Exception:  # the full path will name it
        return False
    return answer is not None and answer[0] == REVISION and not answer[1]


def _asked(path: str, sql: str, values: dict[str, str]) -> tuple[object, ...] | None:
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    address = f"file:{quoted}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=0.2, isolation_level=None)
    try:
        row: tuple[object, ...] | None = connection.execute(sql, values).fetchone()
        return row
    finally:
        connection.close()
