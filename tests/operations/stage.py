"""A stage for stories: a house with a fake platform, a moved clock and workers that work in line."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast

from postcron.config import load
from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, Temporary
from postcron.model import (
    Accepted,
    Act,
    Cap,
    Delivery,
    Draft,
    Hour,
    Identity,
    Kind,
    Limits,
    MediaRule,
    PostType,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.operations.house import House
from postcron.operations.report import Report
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.platforms.base import Allowance, Key, Login, Option
from postcron.secrets import write_key
from postcron.states import State
from postcron.store import Papers, migrate
from postcron.web import Api
from tests import engines as engines
from tests import oracle
from tests.fakes import FakeClock

#: a Saturday
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

HEAD = """
workspace = "acme"
timezone = "Europe/Rome"

[store]
url = "{store}"

[media]
library = "{folder}/media"
public_url = "https://media.example.test"
"""
ACCOUNTS = """
[accounts.acme]
platform = "{platform}"
{account}

[accounts.other]
platform = "fake"
"""


class InLine(Executor):
    """Does each job at once, in the caller's thread: a moved clock stays in step with the work."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Live:
    """One post the fake platform shows to the world."""

    remote_id: str
    account: str
    text: str
    at: datetime
    key: str
    #: the post it answers, and the first of its thread
    parent: str | None = None
    root: str | None = None


@dataclass
class Remote:
    """What the fake platform knows and does. `script` holds what happens at the next calls."""

    clock: FakeClock
    act: Act = Act.HANDLE
    live: list[Live] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    calls: list[datetime] = field(default_factory=list)
    visits: list[datetime] = field(default_factory=list)
    script: deque[str] = field(default_factory=deque)
    prepare_script: deque[str] = field(default_factory=deque)
    working: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    unreadable: bool = False
    #: so many looks do not show yet what is live
    behind: int = 0
    #: what every look finds, whatever it looks for
    finds: str = ""
    needs_token: bool = False
    #: what every publish call meets, once the script is over
    weather: str = "ok"
    #: something else answers in the platform's place, whatever is asked
    away: bool = False
    questions: list[datetime] = field(default_factory=list)
    #: what it documents that an account may publish, and the shapes it takes
    caps: tuple[Cap, ...] = ()
    types: frozenset[PostType] = frozenset({PostType.POST})
    #: what it answers when it is asked how many more it takes; None: nobody can ask
    allowed: Callable[[], Allowance | None] | None = None
    #: what it answers when it is asked how a post does; None: nobody can ask
    numbers: Callable[[Receipt], Mapping[str, int]] | None = None
    #: what it says of the hours of an account's week; None: nobody can ask
    advice: Callable[[], Sequence[Hour]] | None = None
    #: so long ahead it is given its posts, and keeps them until they are due; None: it cannot
    ahead: timedelta | None = None
    #: it means to publish what it keeps so much later than it was asked to
    moves: timedelta = timedelta()
    #: what it keeps, by key
    kept: dict[str, tuple[str, Draft]] = field(default_factory=dict)
    #: what happens when it is asked to give something back
    withdraw_script: deque[str] = field(default_factory=deque)
    withdrawn: list[str] = field(default_factory=list)
    identity: str = "r-1"

    def prepare(self, draft: Draft, save: SaveTicket) -> Ticket:
        self._require_presence()
        what = self.prepare_script.popleft() if self.prepare_script else "ok"
        if what == "processing":
            return Ticket({"upload": draft.key}, check_after=timedelta(seconds=30))
        if what != "ok":
            raise _error(what)
        self.prepared.append(draft.text)
        ready = Ticket({"draft": draft.key, "revision": draft.revision}, ready=True)
        save(ready)
        return ready

    def whoami(self) -> Identity:
        self.questions.append(self.clock.now())
        self._require_presence()
        return Identity(self.identity, "Acme")

    def _require_presence(self) -> None:
        if self.away:
            raise Temporary("A page in HTML.", code=Code.UNEXPECTED_ANSWER)

    def look(self, draft: Draft) -> Sighting:
        self._require_presence()
        if self.unreadable:
            raise Temporary("The list cannot be read.", code=Code.SERVER_TROUBLE)
        if self.finds:
            return Sighting(Sight.LIVE, "It is live.", Receipt(self.finds))
        self.keep_going()
        if draft.key in self.kept:
            due_at = self.kept[draft.key][1].due_at
            return Sighting(Sight.WORKING, "It is planned.", expected_at=due_at)
        if draft.key in self.missing:
            return Sighting(Sight.MISSING, "Somebody took it out of the planner.")
        if draft.key in self.gone:
            return Sighting(Sight.GONE, "The platform gave it up.")
        if draft.key in self.working:
            return Sighting(Sight.WORKING, "Still working.")
        found = self.of(draft) if self.behind == 0 else []
        self.behind = max(self.behind - 1, 0)
        if found:
            return Sighting(Sight.LIVE, "It is live.", Receipt(found[0].remote_id))
        return Sighting(Sight.ABSENT, "It is not there.", safe_to_repeat=True)

    def keep_going(self) -> None:
        """Publish what it keeps and whose moment has come."""
        for key, (account, draft) in list(self.kept.items()):
            if draft.due_at <= self.clock.now():
                del self.kept[key]
                self._show(account, draft)
                self.live[-1] = replace(self.live[-1], at=draft.due_at)

    def withdraw(self, draft: Draft) -> None:
        self.keep_going()
        what = self.withdraw_script.popleft() if self.withdraw_script else "ok"
        if what == "not_given_back" or draft.key not in self.kept:
            raise Permanent("It is too late for that.", code=Code.HANDLE_GONE)
        if what in {"ok", "lost", "killed"}:
            self.withdrawn.append(self.kept.pop(draft.key)[1].text)
        if what == "killed":
            raise KeyboardInterrupt
        if what != "ok":
            raise Temporary("The answer was lost.", code=Code.ANSWER_LOST)

    def visit(self, address: str) -> Sighting:
        if self.unreadable:
            raise Temporary("The post cannot be read.", code=Code.SERVER_TROUBLE)
        self.visits.append(self.clock.now())
        if any(address in {post.remote_id, self.url(post.key)} for post in self.live):
            [post] = [p for p in self.live if address in {p.remote_id, self.url(p.key)}]
            return Sighting(Sight.LIVE, "It is there.", Receipt(post.remote_id, self.url(post.key)))
        return Sighting(Sight.GONE, f"There is no {address}.")

    def url(self, key: str) -> str:
        return f"https://fake.example/{key}"

    def publish(self, account: str, draft: Draft) -> Receipt | Accepted:
        self.calls.append(self.clock.now())
        what = self.script.popleft() if self.script else self.weather
        if self.ahead is not None and draft.due_at > self.clock.now():
            return self._keep(account, draft, what)
        if what in {
            "ok",
            "lost",
            "error_though_published",
            "accepted",
            "nothing",
            "empty_id",
            "id",
        }:
            self._show(account, draft)
        answer: dict[str, Callable[[], Receipt | Accepted]] = {
            "ok": lambda: Receipt(self.live[-1].remote_id, self.url(draft.key)),
            "id": lambda: Receipt(self.live[-1].remote_id),
            "ghost": lambda: Receipt("ghost-1", self.url(draft.key)),
            "accepted": lambda: Accepted(draft.key, timedelta(seconds=2)),
            "nothing": lambda: cast("Receipt", None),
            "empty_id": lambda: Receipt(""),
            "known_id": lambda: Receipt("remote-1"),
        }
        if what in answer:
            return answer[what]()
        raise _error(what)

    def _keep(self, account: str, draft: Draft, what: str) -> Accepted:
        if what in {"ok", "lost"}:
            self.kept[draft.key] = (account, replace(draft, due_at=draft.due_at + self.moves))
        if what != "ok":
            raise _error(what)
        return Accepted(draft.key, timedelta(seconds=2))

    def _show(self, account: str, draft: Draft) -> None:
        if self.act in {Act.HANDLE, Act.REPEATABLE} and self.of(draft):
            return
        number = len(self.live) + 1
        here = (f"remote-{number}", account, draft.text, self.clock.now(), draft.key)
        answers = (None if one is None else one.remote_id for one in (draft.parent, draft.root))
        self.live.append(Live(*here, *answers))

    def of(self, draft: Draft) -> list[Live]:
        return [post for post in self.live if post.key == draft.key]

    def texts(self) -> list[str]:
        return [post.text for post in self.live]


def _error(what: str) -> Exception:
    errors: dict[str, Exception] = {
        "lost": OutcomeUnknown("The answer was lost.", code=Code.ANSWER_LOST),
        "error_though_published": Temporary("503, though it is live.", code=Code.SERVER_TROUBLE),
        "dropped": OutcomeUnknown("The answer was lost.", code=Code.ANSWER_LOST),
        "duplicate": OutcomeUnknown(
            "It has this already, it says: urn:li:share:117.", code=Code.UNEXPECTED_ANSWER
        ),
        "bug": ZeroDivisionError("a bug in a platform"),
        "not_sent": Temporary("No route.", code=Code.NOT_REACHABLE, evidence=Evidence.NOT_SENT),
        "busy": Temporary("429.", code=Code.RATE_LIMITED, evidence=Evidence.REFUSED),
        "quota": Temporary(
            "429, come back in ten minutes.",
            code=Code.RATE_LIMITED,
            evidence=Evidence.REFUSED,
            retry_after=timedelta(minutes=10),
        ),
        "page": OutcomeUnknown("A page in HTML.", code=Code.UNEXPECTED_ANSWER),
        "refused": Permanent("Bad text.", code=Code.CONTENT_REFUSED, evidence=Evidence.REFUSED),
        "bad_token": Permanent("Bad token.", code=Code.TOKEN_REFUSED, evidence=Evidence.REFUSED),
        "says_the_token": Permanent(
            "Who is s3cr3t-t0ken?", code=Code.CONTENT_REFUSED, evidence=Evidence.REFUSED
        ),
        "odd_words": Permanent(
            "cut \ud83d\0 here", code=Code.CONTENT_REFUSED, evidence=Evidence.REFUSED
        ),
        "handle_gone": Temporary("Gone.", code=Code.HANDLE_GONE, evidence=Evidence.REFUSED),
    }
    return errors[what]


def fake_platform(remote: Remote) -> type:
    """Return a platform class whose other side is `remote`."""

    class Fake:
        name: ClassVar[str] = "fake"
        act: ClassVar[Act] = remote.act
        keys: ClassVar[tuple[Key, ...]] = (Key("token", secret=True),)
        options: ClassVar[tuple[Option, ...]] = (Option("mood", frozenset({"happy", "calm"})),)
        ticket_life: ClassVar[timedelta | None] = timedelta(hours=24)
        max_lead: ClassVar[timedelta | None] = None
        settle: ClassVar[timedelta] = timedelta(seconds=10)

        def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
            self.account = login.account
            if remote.needs_token:
                login.secret("token")

        @classmethod
        def limits(cls, settings: Mapping[str, str]) -> Limits:
            image = MediaRule(frozenset({"image/png"}), max_bytes=1_000_000, max_count=4)
            return Limits(
                source="tests", as_of="2026-11-21", text_max=40, media={Kind.IMAGE: image}, caps=remote.caps,
                max_attachments=4, alt_max=100, max_parts=5, types=remote.types,
            )  # fmt: skip

        def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
            return remote.prepare(draft, save)

        def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
            assert ticket.data["revision"] == draft.revision
            return remote.publish(self.account, draft)

        def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
            return remote.look(draft)

        def visit(self, address: str) -> Sighting:
            return remote.visit(address)

        def whoami(self) -> Identity:
            return remote.whoami()

    _add_abilities(Fake, remote)
    return Fake


def _add_abilities(fake: Any, remote: Remote) -> None:
    """Give the class what its platform can do today beside publishing."""
    if (allowed := remote.allowed) is not None:
        fake.allowance = lambda self, now: allowed()
    if (numbers := remote.numbers) is not None:
        fake.measure = lambda self, receipt: numbers(receipt)
    if (advice := remote.advice) is not None:
        fake.best_times = lambda self, since, until, zone: advice()
    if (ahead := remote.ahead) is not None:
        fake.ahead = classmethod(lambda cls, settings: ahead)
        fake.withdraw = lambda self, draft, ticket: remote.withdraw(draft)


@dataclass
class Stage:
    """A house, its fake platform, and short ways to tell a story."""

    house: House
    remote: Remote
    clock: FakeClock

    def schedule(self, text: str = "hello", **wish: Any) -> list[Delivery]:
        wished = Wish(text=text, **({"accounts": ["acme"], "at": "in 2h"} | wish))
        return [
            d
            for d in schedule(self.house, wished, actor="me").deliveries
            if isinstance(d, Delivery)
        ]

    def now(self, delivery: Delivery) -> Delivery:
        """Return a delivery as it stands now."""
        return self.house.store.reload([delivery.id])[0]

    def runs_shortly(self) -> None:
        """Let each run take little in hand: what it holds, it asks for every second."""
        config = self.house.config
        shortly = replace(config.run, ahead=timedelta(seconds=10))
        self.house.config = replace(config, run=shortly)

    def pass_time(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))

    def cron(self, times: int, **every: float) -> list[Report]:
        """Let cron run its one line so many times, so far apart."""
        reports = []
        for _ in range(times):
            reports.append(run(self.house))
            self.pass_time(**every)
        return reports

    def states(self, some: Sequence[Delivery]) -> list[State]:
        return [self.now(one).state for one in some]

    def wrong(self) -> list[str]:
        """Return what breaks a promise, as the judge of all stories sees it."""
        live = [oracle.Shown(p.account, p.text, p.at, p.remote_id) for p in self.remote.live]
        return oracle.breaches(oracle.Evidence(self.house.store, live, self.clock.now()))

    def kinds(self, delivery: Delivery) -> list[str]:
        """Return the ledger's words for a delivery, oldest first."""
        from postcron.model import Filter

        events = self.house.store.events(Filter(), limit=1000, newest_first=False)
        return [event.kind for event in events if event.delivery_id == delivery.id]


@cache
def _empty_store() -> bytes:
    """Return a migrated, empty store: made once, copied for each story."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "postcron.db")
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def fresh_store(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_bytes(_empty_store())
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE meta SET value = ? WHERE name = 'uuid'", [str(uuid.uuid4())])
        database.commit()


def build(
    tmp_path: Path,
    *,
    at: datetime,
    act: Act = Act.HANDLE,
    account: str = "",
    platform: str = "fake",
    store: str | None = None,
) -> Stage:
    """Set the stage in an empty folder; with `store` on one that is there and migrated."""
    path = tmp_path / "postcron.toml"
    head = HEAD.format(folder=tmp_path, store=store or f"sqlite:///{tmp_path}/postcron.db")
    path.write_text(head + ACCOUNTS.format(account=account, platform=platform))
    write_key(tmp_path / "postcron.key")
    clock = FakeClock(at)
    remote = Remote(clock, act)
    config = load(path, {})
    fresh_store(tmp_path / "postcron.db")
    house = House(
        config,
        environ={},
        state_dir=tmp_path / "state",
        clock=clock,
        find_platform=lambda name: fake_platform(remote),
        executor=lambda workers: InLine(),
        store_skew=timedelta(),
    )
    BUILT.append(house)
    return Stage(house, remote, clock)


class Cluster:
    """A store that says it lies on a server, as one does that several machines may use."""

    def __init__(self, store: Any, name: str = "cluster/00000001") -> None:
        self._store = store
        self.name = name

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)

    def papers(self) -> Papers:
        found: Papers = self._store.papers()
        return replace(found, cluster=self.name)


#: every house of the test at hand: closed at its end
BUILT: list[House] = []


def close_all() -> None:
    while BUILT:
        BUILT.pop().close()
