"""P1: what an idle minute costs, beside a Python that does nothing at all.

Measured through the installed entry point, on a store with a few and with many deliveries.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from bench.timing import in_turn, instructions

PHASES = ("tick", "publish", "pre-upload", "retry", "run")
FEW, MANY = 10_000, 300_000
ROUNDS = 30
#: the goals of the idle minute: wall and instructions against `pass`, many rows against few
WALL, INSTRUCTIONS, GROWTH = 1.6, 1.5, 1.05


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = home(Path(folder, "few"), FEW), home(Path(folder, "many"), MANY)
        _phases(few)
        _growth(few, many)


def _phases(where: Path) -> None:
    environ = environ_of(where)
    commands = {"pass": [sys.executable, "-c", "pass"]}
    commands |= {phase: [postcron(), phase] for phase in PHASES}
    timed = in_turn(commands, rounds=ROUNDS, environ=environ)
    base, base_count = timed["pass"], instructions(commands["pass"], environ)
    print(f"P1  idle phases at {FEW:,} deliveries; pass takes {base.median * 1e3:.1f} ms")
    for phase in PHASES:
        count = instructions(commands[phase], environ)
        told = f"wall {timed[phase].times(base):.2f} x pass (goal ≤ {WALL})"
        if count is not None and base_count is not None:
            told += f", instructions {count / base_count:.2f} x (goal ≤ {INSTRUCTIONS})"
        print(f"    {phase:11} {told}")


def _growth(few: Path, many: Path) -> None:
    argv = [postcron(), "--config", "", "tick"]
    commands = {
        "few": [*argv[:2], str(few / "postcron.toml"), "tick"],
        "many": [*argv[:2], str(many / "postcron.toml"), "tick"],
    }
    timed = in_turn(commands, rounds=ROUNDS, environ=environ_of(few))
    ratio = timed["many"].times(timed["few"])
    print(f"    {MANY:,} deliveries cost {ratio:.2f} x {FEW:,} (goal ≤ {GROWTH})")


def postcron() -> str:
    return str(Path(sys.executable).with_name("postcron"))


def environ_of(where: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "POSTCRON_CONFIG": str(where / "postcron.toml"),
        # both stores are one installation's: a store that meets a stranger's state folder holds
        "XDG_STATE_HOME": str(where.parent / "state"),
    }


def home(folder: Path, deliveries: int) -> Path:
    """Return a folder with a store of published posts and a few far ahead, warmed for the lane."""
    import subprocess

    folder.mkdir()
    environ = environ_of(folder)
    config = folder / "postcron.toml"
    config.write_text(
        f'timezone = "UTC"\n[store]\nurl = "sqlite:///{folder}/postcron.db"\n[media]\nlibrary = "{folder}/media"\n'
    )
    config.chmod(0o600)
    subprocess.run([postcron(), "init"], env=environ, check=True, capture_output=True)
    _fill(folder / "postcron.db", deliveries)
    subprocess.run([postcron(), "tick"], env=environ, check=True)
    return folder


#: every tenth is far ahead
_DELIVERIES = """
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :count),
ahead(n, moment) AS (
    SELECT n, CASE WHEN n % 10 = 0 THEN printf('2199-01-01T00:00:00.%06dZ', n % 1000000) END FROM number
)
INSERT INTO delivery (workspace, post_id, number, account, platform, state, options, due_at, wake_at,
    reason, key, revision, ticket, tries, fence, created_at, updated_at)
SELECT 'default', 1, n + 1, 'a' || n, 'mastodon', CASE WHEN moment IS NULL THEN 'published' ELSE 'scheduled' END,
    '{}', coalesce(moment, :then), moment, '', 'k' || n, 1, '{}', 0, 0, :then, :then
FROM ahead
"""


def _fill(path: Path, deliveries: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    post = "INSERT INTO post(workspace,text,type,created_by,scheduled_by,created_at) VALUES(?,?,?,?,?,?)"
    then = "2026-01-01T00:00:00.000000Z"
    connection.execute(post, ("default", "hello", "post", "me", "manual", then))
    connection.execute(_DELIVERIES, {"count": deliveries, "then": then})
    connection.commit()
    connection.close()
