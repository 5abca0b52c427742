"""The worlds a story can play in: a store, a platform with its other side, and what that answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from postcron.model import Act
from postcron.platforms import find
from postcron.platforms.base import Login, Platform, act_of
from postcron.store import Store
from postcron.web import Api
from tests.operations import stage as stages
from tests.operations.stage import Stage, build
from tests.oracle import Shown
from tests.platforms.contract import Album, Subject
from tests.platforms.subjects import SUBJECTS, platform_of
from tests.proof.death import Death, MortalDatabase
from tests.proof.direct import Direct, Way
from tests.proof.grounds import START, Ground, on_sqlite
from tests.simulators.server import Fault, Misbehaviour, Reply, Server

#: acts of the fake platform; a list can only be read back, and re-sent if the account says so
ACTS = {
    "repeatable": Act.REPEATABLE,
    "handle": Act.HANDLE,
    "readback": Act.READBACK,
    "readback, resent": Act.READBACK,
    "blind": Act.BLIND,
}
#: what the fake answers to the act
WORDS = (
    *("ok", "lost", "dropped", "error_though_published", "accepted", "nothing", "empty_id"),
    *("not_sent", "busy", "refused", "bad_token", "handle_gone", "bug"),
)
#: what a simulator answers to the act
REPLIES: dict[str, Misbehaviour | None] = {
    "ok": None,
    "not sent": None,
    "lost": Fault.ANSWER_LOST,
    "half": Fault.HALF_REPLY,
    "dropped": Fault.DROP_BEFORE,
    "500 although live": Fault.ERROR_THOUGH_DONE,
    "garbage although live": Fault.GARBLED,
    "500": Reply(500, {"error": "InternalServerError", "message": "Something broke"}),
    "garbage": Reply(200, b"<h1>Welcome</h1>", {"Content-Type": "text/html"}),
    "202": Reply(202, {}),
    "408": Reply(408, {}),
}
#: answers that say no for good
NO = frozenset({"refused", "bad_token", "refused 0", "refused 1", "turned away"})
#: answers that say yes although nothing was done: a person has to ask there
TAKEN = frozenset({"202"})
SURE = frozenset({Act.REPEATABLE, Act.HANDLE})


@dataclass
class World:
    """A stage whose store and platform can kill whoever uses them."""

    stage: Stage
    death: Death
    database: MortalDatabase
    live: Callable[[], list[Shown]]
    #: the platform promises that a lost call can be made again, or is found
    sure: bool
    #: what the post is made of
    wish: dict[str, Any] = field(default_factory=lambda: {"text": "hello"})
    #: the other side of a real client
    server: Server | None = None


@contextmanager
def fake(folder: Path, ground: Ground, act: str, word: str, death: Death) -> Iterator[World]:
    """Set up the fake platform, which answers the first act with `word`."""
    stage = build(folder, at=START, act=ACTS[act])
    stage.runs_shortly()
    if "resent" in act:
        _resends(stage)
    stage.remote.script.append(word)
    stage.remote.unreadable = act == "blind"
    for name in ("prepare", "publish", "look"):
        setattr(stage.remote, name, death.around(name, getattr(stage.remote, name)))

    def live() -> list[Shown]:
        return [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]

    with _mortal(stage, ground, death) as database:
        yield World(stage, death, database, live, ACTS[act] in SURE)


def _resends(stage: Stage) -> None:
    config = stage.house.config
    account = config.accounts["acme"]
    policy = replace(account.policy, resend="after_proof")
    accounts = {**config.accounts, "acme": replace(account, policy=policy)}
    stage.house.config = replace(config, accounts=accounts)


@contextmanager
def real(
    folder: Path,
    ground: Ground,
    name: str,
    reply: str,
    death: Death,
    *,
    shape: str = "",
    wired: bool = False,
) -> Iterator[World]:
    """Set up a real client and its simulator, which answers the first act with `reply`.

    The post is of one shape, the simplest without one. Between client and simulator is no socket,
    unless they are `wired`.
    """
    subject = SUBJECTS[name](START)
    shape = shape or subject.shapes[0]
    platform = find(platform_of(name))
    stage = build(folder, at=START, platform=platform.name, account=_settings(subject))
    stage.runs_shortly()
    _in_step(subject, stage)
    way = Way(subject.server, death, blocked=int(reply == "not sent"))
    if (answer := _answers(subject)[reply]) is not None:
        subject.server.misbehave(answer, subject.is_publish)
    stage.house.environ = {name.upper(): value for name, value in subject.secrets.items()}
    stage.house.find_platform = find if wired else lambda name: _through(way, find(name))
    wish = subject.wish(Album(folder), shape)

    def live() -> list[Shown]:
        return [
            Shown("acme", one.text, datetime.fromtimestamp(one.at, UTC), one.remote_id)
            for one in subject.live()
        ]

    with _other_side(subject, wired=wired), _mortal(stage, ground, death) as database:
        sure = act_of(platform, lambda: subject.settings) in SURE and shape not in subject.unsure
        yield World(stage, death, database, live, sure, wish, subject.server)


def _answers(subject: Subject) -> dict[str, Misbehaviour | None]:
    refusals = [refusal for refusal in subject.refusals if not refusal.temporary]
    return {
        **REPLIES,
        "turned away": subject.turned_away,
        "busy": subject.busy[0],
        **{f"refused {number}": refusal.reply for number, refusal in enumerate(refusals[:2])},
        **{f"vague {number}": reply for number, reply in enumerate(subject.proves_nothing[:4])},
    }


def answers(name: str) -> list[str]:
    """Return what this platform can answer to the act."""
    if name in ACTS:
        return list(WORDS)
    with _asked(name) as subject:
        return list(_answers(subject))


def shapes(name: str) -> list[str]:
    """Return what a post can be made of at this platform, the simplest first."""
    if name in ACTS:
        return [""]
    with _asked(name) as subject:
        return [*subject.shapes, *subject.special]


def posts(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield each platform with one shape of a post, drawn."""
    for name in SUBJECTS:
        yield name, chance.choice(shapes(name))


@contextmanager
def _asked(name: str) -> Iterator[Subject]:
    subject = SUBJECTS[name](START)
    try:
        yield subject
    finally:
        subject.put_away()


def _through(way: Way, platform: type[Platform]) -> type[Platform]:
    def opened(self: Any, login: Login, api: Callable[[str], Api]) -> None:
        platform.__init__(self, login, lambda base_url: Direct(base_url, way))

    return type(platform.__name__, (platform,), {"__init__": opened})


def _settings(subject: Subject) -> str:
    lines = [f'{name} = "{value}"' for name, value in subject.settings.items()]
    secrets = [f'{name} = {{ env = "{name.upper()}" }}' for name in subject.secrets]
    return "\n".join([*lines, *secrets, 'resend = "after_proof"'])


def _in_step(subject: Subject, stage: Stage) -> None:
    """Let the simulator live in the story's time."""
    subject.server.now = lambda: stage.clock.now().timestamp()  # type: ignore[method-assign]


@contextmanager
def _other_side(subject: Subject, *, wired: bool) -> Iterator[None]:
    if wired:
        with subject.running():
            yield
        return
    try:
        yield
    finally:
        subject.put_away()


@contextmanager
def _mortal(stage: Stage, ground: Ground, death: Death) -> Iterator[MortalDatabase]:
    database = MortalDatabase(ground(stage), death)
    stage.house.store = Store(database)
    try:
        yield database
    finally:
        stages.BUILT.remove(stage.house)
        if ground is on_sqlite:
            database.engine.dispose()
