"""The process ends, or cannot go on, while its call is on the wire: one post all the same."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from postcron.model import Filter
from postcron.states import State
from tests.proof import kills
from tests.proof.crashes import Setting, Story
from tests.proof.marks import ROOT
from tests.proof.worlds import World
from tests.simulators.server import Asked, Reply

Blow = Callable[[int], object]


def crash(pid: int) -> None:
    """What a broken library does to its interpreter, and what the kernel does to a greedy process."""
    os.kill(pid, signal.SIGSEGV)


def starve(pid: int) -> None:
    """Leave no room for anything new: the answer that comes cannot be taken in."""
    resource.prlimit(pid, resource.RLIMIT_AS, (2**20, 2**20))
    resource.prlimit(pid, resource.RLIMIT_DATA, (2**20, 2**20))


@pytest.mark.parametrize(
    "blow",
    [
        pytest.param(starve, marks=pytest.mark.fault("F12")),
        pytest.param(crash, marks=pytest.mark.fault("F13")),
    ],
)
@pytest.mark.parametrize("platform", ["bluesky", "mastodon"])
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_process_that_breaks_in_the_act_is_as_good_as_killed(
    tmp_path: Path, platform: str, blow: Blow
) -> None:
    with kills.world(tmp_path, Setting("sqlite", platform, "ok")) as world:
        story = Story(world, Setting("sqlite", platform, "ok"))
        story._schedule()
        world.stage.pass_time(hours=1)
        process = started(story)
        struck = strike_at_the_act(world, lambda: blow(process.pid))
        process.communicate(timeout=60)
        assert struck == [True]
        told = story._afterwards()
        events = world.stage.house.store.events(Filter(), limit=1000)
        assert "landed" not in {event.kind for event in events}, "the blow did not strike"
    assert (told.live, told.states, told.breaches) == (1, [State.PUBLISHED], [])


def started(story: Story) -> subprocess.Popen[bytes]:
    driven = kills.driven(story)
    return subprocess.Popen(
        [sys.executable, *driven.words],
        # One arena: threads would otherwise have taken room for themselves already.
        env={**os.environ, "MALLOC_ARENA_MAX": "1", **driven.environ},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def strike_at_the_act(world: World, blow: Callable[[], object]) -> list[bool]:
    """Let it happen once the simulator has carried the act out, before it answers at length."""
    server, struck = world.server, list[bool]()
    assert server is not None
    perform = server.perform

    def struck_in_between(asked: Asked) -> Reply:
        reply: Reply = perform(asked)
        acts = ("putRecord", "/api/v1/statuses")
        if asked.method == "POST" and asked.path.endswith(acts) and not struck:
            struck.append(True)
            blow()
            # More than a starved process can take in.
            return replace(reply, body=reply.content() + b" " * 3_000_000)
        return reply

    setattr(server, "perform", struck_in_between)  # noqa: B010 - of the simulator
    return struck
