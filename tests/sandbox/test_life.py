"""The life of a post in the sandbox, and what of it outlives the process."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import CannotWork, Invalid
from postcron.sandbox import Sandbox
from postcron.sandbox.text import plain
from tests.builders import NOW, StoppedClock
from tests.sandbox.raw import JPEG, Caller


def test_only_what_is_published_is_live(call: Caller, clock: StoppedClock) -> None:
    call.draft("stays a draft")
    uuid = call.draft("goes out")
    call.schedule(uuid)
    clock.forward(seconds=119)
    assert call.sandbox.live() == []
    clock.forward(seconds=1)
    (live,) = call.sandbox.live()
    assert (live.uuid, live.text, live.account) == (uuid, "goes out", "demo-instagram")
    assert live.at == "2026-11-21T10:02:00.000+00:00"


def test_the_moment_it_went_live_does_not_depend_on_who_looks_when(
    call: Caller, clock: StoppedClock
) -> None:
    call.schedule(call.draft())
    clock.forward(hours=3)
    assert call.sandbox.live()[0].at == "2026-11-21T10:02:00.000+00:00"


def test_scheduling_again_before_the_tick_moves_the_moment(
    call: Caller, clock: StoppedClock
) -> None:
    uuid = call.draft()
    call.schedule(uuid)
    clock.forward(seconds=59)
    call.schedule(uuid)
    clock.forward(seconds=119)
    assert call.status(uuid) == "publishing"
    clock.forward(seconds=1)
    assert len(call.sandbox.live()) == 1


def test_the_ledger_has_one_line_for_each_post_that_went_live(
    call: Caller, clock: StoppedClock, tmp_path: Path
) -> None:
    for text in ("one", "two"):
        call.schedule(call.draft(text))
    clock.forward(minutes=5)
    call.sandbox.live()
    lines = (tmp_path / "platform/ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["one", "two"]


def test_a_live_post_says_where_it_is(call: Caller, clock: StoppedClock) -> None:
    uuid = call.draft("look at me")
    call.schedule(uuid)
    assert call("GET", f"/posts/{uuid}").json()["accounts"][0]["external_url"] is None
    clock.forward(minutes=5)
    url = call("GET", f"/posts/{uuid}").json()["accounts"][0]["external_url"]
    page = call.at("GET", url.removeprefix(call.sandbox.url))
    assert (page.status, b"look at me" in page.body) == (200, True)


def test_an_account_that_has_to_be_connected_again_makes_a_post_fail(
    call: Caller, clock: StoppedClock
) -> None:
    uuid = call.draft(account=9)
    call.schedule(uuid)
    clock.forward(minutes=5)
    document = call("GET", f"/posts/{uuid}").json()
    assert document["status"] == "failed"
    assert document["accounts"][0]["errors"] == ["Access token expired"]
    assert call.sandbox.live() == []


def test_what_is_live_stays_live_when_its_post_is_deleted(
    call: Caller, clock: StoppedClock
) -> None:
    uuid = call.draft()
    call.schedule(uuid)
    clock.forward(minutes=5)
    call("DELETE", f"/posts/{uuid}", {"trash": False})
    assert len(call.sandbox.live()) == 1


def test_a_restart_keeps_everything(build: Callable[[], Sandbox], clock: StoppedClock) -> None:
    with build() as first:
        call = Caller(first)
        live = call.draft("live", (call.upload().json()["id"],))
        call.schedule(live)
        clock.forward(minutes=5)
        shown = first.live()
        draft, under_way = call.draft("draft"), call.draft("under way")
        call.schedule(under_way)
    with build() as second:
        call = Caller(second)
        assert (second.token, second.workspace) == (first.token, first.workspace)
        assert second.live() == shown
        assert [call.status(uuid) for uuid in (live, draft, under_way)] == [
            "published",
            "draft",
            "scheduled",
        ]
        assert call.at("GET", f"/media/{shown[0].media[0].file}").body == JPEG


def test_what_was_due_while_nothing_ran_goes_live_at_the_restart(
    build: Callable[[], Sandbox], clock: StoppedClock
) -> None:
    with build() as first:
        Caller(first).schedule(Caller(first).draft())
    clock.forward(hours=2)
    for _ in range(2):
        (live,) = build().live()
        assert live.at == (NOW + timedelta(hours=2)).isoformat(timespec="milliseconds")


def test_a_kill_between_ledger_and_post_makes_no_second_line(
    build: Callable[[], Sandbox], clock: StoppedClock, tmp_path: Path
) -> None:
    with build() as first:
        uuid = Caller(first).draft()
        Caller(first).schedule(uuid)
        record = tmp_path / f"platform/posts/{uuid}.json"
        before = record.read_bytes()
        clock.forward(minutes=5)
        first.live()
    record.write_bytes(before)
    assert len(build().live()) == 1


def test_nobody_else_on_this_machine_can_read_its_token(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "platform/access.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_for_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not a loopback address"):
        Sandbox(tmp_path, host="0.0.0.0")


def test_a_taken_port_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(Invalid, match=f"127.0.0.1:{port} .*choose another port"):
        Sandbox(tmp_path / "other", port=port).start()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWork, match="cannot use the folder"):
        Sandbox(tmp_path / "file/folder")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("plain & simple", "plain & simple"),
        ("one\ntwo", "one\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("a <b>bold</b> word", "a bold word"),
        ("&lt;b&gt; &amp;lt;", " &lt;"),
        ("I <3 you", "I "),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("&copy; &#64;you &nope;", "© @you &nope;"),
    ],
)
def test_a_body_is_read_as_html(body: str, text: str) -> None:
    assert plain(body) == text
