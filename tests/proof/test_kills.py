"""A real process is killed, or its disk fails, at system calls all over its run: one post.

A bounded part of the layer: some points, spread over the whole run.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from postcron.states import State
from postcron.store import migrate
from tests.operations.stage import build
from tests.proof import kills
from tests.proof.crashes import Setting
from tests.proof.grounds import START
from tests.proof.tracing import Driven, needs_strace

pytestmark = needs_strace
ONCE = [State.PUBLISHED]


@pytest.mark.fault("F02", "F03")
@pytest.mark.parametrize(
    ("platform", "answer", "some"), [("bluesky", "lost", 2), ("mastodon", "ok", 1)]
)
def test_a_process_killed_at_any_system_call_leaves_one_post(
    tmp_path: Path, platform: str, answer: str, some: int
) -> None:
    setting = Setting("sqlite", platform, answer)
    points = kills.points(tmp_path, setting)
    calls = {call for call, _ in points}
    assert {"pwrite64", "fdatasync", "connect", "sendto", "recvfrom"} <= calls
    for point in [*points[len(points) // 3 :: len(points) // some], ("sendto", 2)]:
        told = kills.play(tmp_path, setting, point)
        assert (told.live, told.states, told.breaches) == (1, ONCE, []), point


@pytest.mark.fault("F11", "F04")
def test_init_killed_at_any_write_is_done_by_the_next_one(tmp_path: Path) -> None:
    init = Driven("init", tmp_path, START, {})
    build(tmp_path, at=START)
    store = tmp_path / "postcron.db"
    store.unlink()
    points = [(call, n) for call, n in init.points() if call in {"pwrite64", "fdatasync"}]
    for call, number in points[:: len(points) // 2]:
        store.unlink()
        assert init.killed_at(call, number).code != 0
        migrate(f"sqlite:///{store}")
        with closing(sqlite3.connect(store)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM delivery").fetchone() == (0,)


@pytest.mark.fault("F18", "F19")
def test_a_disk_that_cannot_sync_sends_nothing_or_leaves_the_outcome_in_the_journal(
    tmp_path: Path,
) -> None:
    setting = Setting("sqlite", "bluesky", "ok")
    before = kills.syncs_before_the_act(tmp_path, setting)
    for number, sent in ((before - 2, 0), (before + 1, 1)):
        story, told = kills.fail(tmp_path, setting, ("fdatasync", number))
        assert story.ended is not None
        assert (story.ended.code, story.sent, story.kept) == (3, sent, sent)
        assert "the disk reports an error" in story.ended.complaint
        assert (told.live, told.states, told.breaches) == (1, ONCE, [])
