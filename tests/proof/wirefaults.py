"""Wire faults: every way a wire can fail, at every call a platform makes, judged by the oracle."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from postcron.model import Act, Delivery
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.run import run
from postcron.platforms import find
from postcron.platforms.base import Login, Platform, act_of
from postcron.states import State
from postcron.web import Answer, Api
from tests.fakes import FakeClock
from tests.operations.stage import Stage, build, close_all
from tests.oracle import Evidence, Shown, breaches
from tests.platforms.contract import Album, Subject
from tests.platforms.subjects import SUBJECTS, platform_of
from tests.proof.badwire import FAULTS, LOST, BadWire, Exchange, Fault, cuts
from tests.proof.figures import Figures
from tests.proof.worlds import posts
from tests.simulators.server import Asked, Server
from tests.wire import Visit

#: cron goes on, in minutes, until a person would have been asked
AFTERWARDS: Final = (1, 1, 3, 5, 10, 10, 10, 10)
#: what a run says of the call in the ledger
VERDICTS: Final = frozenset({"landed", "accepted", "not_sent", "refused", "lost"})


@dataclass(frozen=True)
class Ended:
    """How a story ended."""

    exchanges: list[Exchange]
    #: which of them was the publish call that went through first
    act: int
    #: what the run made of the publish call; empty if it made none
    verdict: str
    state: State
    breaches: list[str]
    #: how often the call may be made here
    promise: Act
    #: faults that met another call: on a busy machine one before it came too late, and was repeated
    strayed: frozenset[int]


@dataclass(frozen=True)
class Story:
    """One post of one platform, and what goes wrong on its way out."""

    platform: str
    plan: Mapping[int, Fault]
    #: what the post is made of; empty: the simplest
    shape: str = ""

    def __str__(self) -> str:
        faults = "; ".join(f"{number}: {fault.name}" for number, fault in self.plan.items())
        return f"{self.platform} {self.shape} [{faults}]"


class _SharedClock(FakeClock):
    """A moved clock that takes the platform's along."""

    def __init__(self, platform: Server) -> None:
        super().__init__(datetime.now(UTC).replace(microsecond=0))
        self._platform = platform

    def advance(self, span: timedelta) -> None:
        super().advance(span)
        self._platform.pass_time(span.total_seconds())


class _InHaste(Api):
    """Waits for an answer only as long as the story has time."""

    patience: float

    def call(self, *args: Any, timeout: float = 30.0, **kwargs: Any) -> Answer:
        return super().call(*args, timeout=min(timeout, self.patience), **kwargs)


def _in_haste(platform: type[Platform], patience: float) -> type[Platform]:
    def start(self: Platform, login: Login, api: Callable[[str], Api]) -> None:
        def hasty(url: str) -> Api:
            made = _InHaste(url, deadline=patience)
            made.patience = patience
            return made

        platform.__init__(self, login, hasty)

    return cast("type[Platform]", type(platform.__name__, (platform,), {"__init__": start}))


def play(folder: Path, story: Story) -> Ended:
    """Bring one post out over the bad wire, let cron go on, and ask the oracle."""
    subject = SUBJECTS[story.platform](None)
    with subject.running(), BadWire(subject.server.url, story.plan) as wire:
        stage = _set(folder, story, subject, wire)
        wish = subject.wish(Album(folder), story.shape or subject.shapes[0])
        [delivery] = stage.schedule(at="in 3s", **wish)
        reports = [publish(stage.house)]
        wire.open()
        for minutes in AFTERWARDS:
            if stage.now(delivery).wake_at is None:
                break
            stage.pass_time(minutes=minutes)
            reports.append(run(stage.house))
        ended = _judged(stage, delivery, subject, reports)
        close_all()
        # Not asked of an opened account: that could use up a token good for one time.
        promise = act_of(find(platform_of(story.platform)), lambda: subject.settings)
        strayed = frozenset(
            n for n in story.plan if not _may_be_act(subject, wire.visits[n : n + 1])
        )
        return Ended(wire.exchanges, _act_of(subject, wire.exchanges), *ended, promise, strayed)


def _set(folder: Path, story: Story, subject: Subject, wire: BadWire) -> Stage:
    folder.mkdir()
    there = subject.server.url
    settings = {
        name: f'"{value.replace(there, wire.url)}"' for name, value in subject.settings.items()
    }
    # The address of a webhook is a secret.
    environ = {
        name.upper(): value.replace(there, wire.url) for name, value in subject.secrets.items()
    }
    secrets = {name: f'{{ env = "{name.upper()}" }}' for name in subject.secrets}
    account = "\n".join(f"{name} = {value}" for name, value in (settings | secrets).items())
    clock = _SharedClock(subject.server)
    stage = build(folder, at=clock.at, account=account, platform=platform_of(story.platform))
    stage.house.clock = stage.clock = clock
    stage.house.environ = environ
    patience = min((fault.patience for fault in story.plan.values()), default=10.0)
    stage.house.find_platform = lambda name: _in_haste(find(name), patience)
    stage.runs_shortly()
    return stage


def _judged(
    stage: Stage, delivery: Delivery, subject: Subject, reports: list[Report]
) -> tuple[str, State, list[str]]:
    live = [
        Shown("acme", one.text, datetime.fromtimestamp(one.at, UTC), one.remote_id)
        for one in subject.live()
    ]
    told = {d.ref for report in reports for d in report.everything() if d not in report.waiting}
    evidence = Evidence(stage.house.store, live, stage.clock.now(), told, over=True)
    verdict = next((kind for kind in stage.kinds(delivery) if kind in VERDICTS), "")
    return verdict, stage.now(delivery).state, breaches(evidence)


def false_verdict(fault: Fault, verdict: str) -> list[str]:
    """Return what is wrong with a verdict on a publish call that met a fault."""
    if verdict in {"landed", "accepted"} and not fault.whole:
        return [f"8 verdict: {verdict}, and the answer did not come whole"]
    if verdict == "not_sent" and fault.heard:
        return ["8 verdict: not_sent, and bytes had left"]
    if verdict == "refused":
        return ["8 verdict: refused, and nobody refused anything"]
    return []


# --- which stories there are ---------------------------------------------------------------------


def _act_of(subject: Subject, exchanges: list[Exchange]) -> int:
    acts = [n for n, one in enumerate(exchanges) if subject.is_publish(_asked(one.request))]
    return next(iter(acts), -1)


def _may_be_act(subject: Subject, visits: list[Visit]) -> bool:
    return all(subject.is_publish(_asked(one.request)) for one in visits if one.whole)


def _asked(request: bytes) -> Asked:
    method, target, _ = request.split(b" ", 2)
    body = request.partition(b"\r\n\r\n")[2]
    return Asked(method.decode(), urlsplit(target.decode()).path, {}, {}, body)


def stories(
    folder: Path, platform: str, *, step: int, shape: str = "", everywhere: bool
) -> Iterator[tuple[Story, Fault | None]]:
    """Return every story, each with what happens to its publish call.

    Two ways are walked first to see which exchanges there are: one where all goes well, and one
    where the publish call's answer is lost, so that the platform is looked at.
    """
    well = play(folder / f"{platform}-well", Story(platform, {}, shape))
    for number in range(len(well.exchanges)) if everywhere else [well.act]:
        for fault in [*FAULTS, *cuts(well.exchanges[number], step)]:
            story = Story(platform, {number: fault}, shape)
            yield story, fault if number == well.act else None
    if everywhere:
        found = play(folder / f"{platform}-lost", Story(platform, {well.act: LOST}, shape))
        for number in range(well.act + 1, len(found.exchanges)):
            for fault in [*FAULTS, *cuts(found.exchanges[number], step)]:
                yield Story(platform, {well.act: LOST, number: fault}, shape), LOST


def count_story(figures: Figures, folder: Path, story: Story, on_act: Fault | None) -> None:
    """Play one story and count it."""
    ended = play(folder / "story", story)
    shutil.rmtree(folder / "story")
    wrong = ended.breaches
    if on_act is not None and min(story.plan) not in ended.strayed:
        wrong = wrong + false_verdict(on_act, ended.verdict)
        figures.counted[ended.verdict or "no call"] += 1
    figures.published += ended.state is State.PUBLISHED
    figures.needs_you += ended.state is not State.PUBLISHED
    figures.add(str(story), wrong)


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Play `count` stories drawn from all there are with one shape of a post at each platform.

    That is: every fault, and every byte, of every call.
    """
    draw = random.Random(seed)
    every = [
        told
        for platform, shape in posts(draw)
        for told in stories(folder, platform, step=1, shape=shape, everywhere=True)
    ]
    for story, on_act in draw.sample(every, min(count, len(every))):
        count_story(figures, folder, story, on_act)
