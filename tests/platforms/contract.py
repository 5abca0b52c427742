"""What every platform is tried with: its subject, drafts with real files, and a notebook for tickets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from postcron.errors import Evidence, PlatformError
from postcron.media.library import public
from postcron.media.probe import probe
from postcron.model import (
    Accepted,
    Act,
    Attachment,
    Draft,
    MediaFile,
    PostType,
    Proposal,
    Receipt,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Checks, Platform, Starts, Visits, act_of
from postcron.rules.limits import problems
from tests.media.files import picture, video
from tests.simulators.server import Asked, Fault, Live, Reply, Server

#: where a web server would show the library
PUBLIC_URL = "https://media.example.test"

DUE = datetime(2026, 11, 21, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Refusal:
    """An answer that proves that nothing was published, and what is to be made of it."""

    reply: Reply
    code: str
    temporary: bool = False


class Opens(Protocol):
    """An account that can be opened again and again, as each new process does."""

    def platform(self) -> Platform:
        """Return the platform as a new process would have it."""
        ...


class Subject:
    """One platform, the simulator it talks to, and what is peculiar to both."""

    #: what a post may be made of here: the simplest first, the one with most parts last
    shapes: tuple[str, ...] = ("text", "image", "video", "images")
    #: what else may be made, each with what its post wishes for: not every word of the contract fits
    special: Mapping[str, Mapping[str, Any]] = {}
    #: shapes of which nothing is promised, whatever the account's act promises of others
    unsure: frozenset[str] = frozenset()
    #: what every post has to set
    options: Mapping[str, str] = {}
    #: sourced answers to the publish call
    refusals: tuple[Refusal, ...]
    #: answers to the publish call that look like refusals, and prove nothing here
    proves_nothing: tuple[Reply, ...]
    #: "slow down for a minute", in each form this platform has
    busy: tuple[Reply, ...]
    #: do files go up in phase 2, each noted as soon as it is there? Else they go with the call
    carries_early: bool = True
    #: does the platform give a post an id? Else the receipt has the delivery's own key
    names_posts: bool = True
    #: the address of a post of this account that is not there any more; empty: nobody can look
    nowhere: str = ""
    #: does a listing without the post prove that it was not made?
    proves_absence: bool = True
    #: calls of phase 2 that may be turned away and go on: others of them would not
    unheeded: int = 0
    #: an answer to phase 2 that says that the login is no good any more
    turned_away: Reply
    #: posts that were there before
    older: int = 0
    #: the other side, where the wire can be made to misbehave
    server: Server

    @property
    def settings(self) -> Mapping[str, str]:
        """The account's plain keys; every address is the simulator's."""
        raise NotImplementedError

    @property
    def act(self) -> Act:
        """How often this account's publish call may be made."""
        return act_of(type(self.platform()), lambda: self.settings)

    @property
    def secrets(self) -> Mapping[str, str]:
        """The account's secret keys."""
        raise NotImplementedError

    def platform(self) -> Platform:
        """Return the platform as a new process would have it."""
        raise NotImplementedError

    def live(self) -> list[Live]:
        """Return the ledger: what the public can see, and was not there before."""
        return self.server.live[self.older :]

    def receipt_id(self, one: Live, asked: Draft) -> str:
        """Return what the receipt of a live post is called."""
        return one.remote_id if self.names_posts else asked.key

    def is_publish(self, asked: Asked) -> bool:
        """Say whether a request is the publish call."""
        raise NotImplementedError

    def files(self, album: Album, shape: str) -> list[Attachment]:
        """Return the files of a post of one shape."""
        if shape == "text":
            return []
        if shape == "video":
            return [album.video()]
        return [album.image(), album.image("cat", alt="")][: 1 if shape == "image" else 2]

    def wish(self, album: Album, shape: str) -> dict[str, Any]:
        """Return what `acme` wishes for: a post of one shape, special or not."""
        media = [str(album.paths[one.file]) for one in self.files(album, shape)]
        wished = {"text": "hello", "media": media, "options": {"acme": self.options}}
        return {**wished, **self.special.get(shape, {})}

    def running(self) -> AbstractContextManager[object]:
        """Start the other side."""
        return self.server

    def put_away(self) -> None:
        """Give back what a simulator holds that was never started."""
        self.server.put_away()


@dataclass
class Notebook:
    """Keeps tickets as the store does: as JSON. May die at a save."""

    tickets: list[str] = field(default_factory=list)
    dies_at: int | None = None

    def save(self, ticket: Ticket) -> None:
        if len(self.tickets) + 1 == self.dies_at:
            raise Killed
        self.tickets.append(json.dumps(ticket.data))

    def last(self) -> Ticket:
        """Return the ticket as the next process reads it."""
        return Ticket(json.loads(self.tickets[-1])) if self.tickets else Ticket()


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Album:
    """Real files, read the way the library reads them."""

    folder: Path
    paths: dict[MediaFile, Path] = field(default_factory=dict)

    def image(self, name: str = "dog", alt: str = "A dog on a beach") -> Attachment:
        return self._kept(picture(self.folder / f"{name}.png", (40, 30)), alt)

    def video(self, name: str = "clip", alt: str = "Waves") -> Attachment:
        return self._kept(video(self.folder / f"{name}.mp4"), alt)

    def gif(self, *, moves: bool) -> Attachment:
        path = self.folder / f"gif-{moves}.gif"
        first, second = (Image.new("RGB", (40, 30), color) for color in ("red", "blue"))
        first.save(path, save_all=moves, append_images=[second] * moves, duration=100)
        return self._kept(path, "Red and blue")

    def _kept(self, path: Path, alt: str) -> Attachment:
        file = probe(path)
        self.paths[file] = path
        return Attachment(file, path.name, alt)

    def read(self, file: MediaFile, offset: int) -> Iterator[bytes]:
        content = self.paths[file].read_bytes()[offset:]
        piece = max(1000, len(content) // 100)  # several, however large it is
        yield from (content[at : at + piece] for at in range(0, len(content), piece))

    def address(self, file: MediaFile) -> str:
        """Return where anybody could fetch it."""
        return public(PUBLIC_URL, file)


def draft(album: Album, text: str = "Hello", *attachments: Attachment, **more: Any) -> Draft:
    """Return a draft as postcron freezes it."""
    given: dict[str, Any] = {
        "type": PostType.POST,
        "options": {},
        "due_at": DUE,
        "key": "5d1f7a9e-5d57-4f3f-8b3e-0d3c5c1f0a11",
        "revision": 1,
        "read": album.read,
        "address": album.address,
    }
    return Draft(text=text, attachments=attachments, **(given | more))


def post(
    subject: Subject, album: Album, shape: str = "", text: str = "Hello", **more: Any
) -> Draft:
    """Return a draft that fits this platform: of a shape it has, the simplest without one."""
    files = subject.files(album, shape or subject.shapes[0])
    return draft(album, text, *files, options=subject.options, **more)


def fits(subject: Subject, asked: Draft) -> bool:
    """Say whether this may be scheduled at all."""
    platform, settings = type(subject.platform()), subject.settings
    limits = platform.limits(settings)
    proposal = Proposal(asked.text, asked.type, asked.attachments, asked.options, settings)
    objections = platform.objections(proposal) if issubclass(platform, Checks) else ()
    return not [*problems(asked.text, asked.type, asked.attachments, limits, ""), *objections]


def prepared(
    subject: Opens, asked: Draft, ticket: Ticket | None = None, notebook: Notebook | None = None
) -> Ticket:
    """Do phase 2 to its end, each step in a new process."""
    notebook = notebook or Notebook()
    ticket = ticket or Ticket()
    for _ in range(10):
        ticket = subject.platform().prepare(asked, ticket, notebook.save)
        if ticket.ready:
            return Ticket(json.loads(json.dumps(ticket.data)), ready=True)
    raise AssertionError("phase 2 never ends")


def started(subject: Opens, asked: Draft, ticket: Ticket) -> Ticket:
    """Return the ticket as it is saved with the intent."""
    platform = subject.platform()
    if isinstance(platform, Starts):
        ticket = platform.before_publish(asked, ticket)
    return Ticket(json.loads(json.dumps(ticket.data)), ready=True)


def published(subject: Opens, asked: Draft, ticket: Ticket) -> Receipt:
    """Do phase 3 to its end, polling if the platform wants that."""
    answer = subject.platform().publish(asked, ticket)
    if isinstance(answer, Receipt):
        return answer
    return awaited(subject, asked, ticket.having(handle=answer.handle))


def went_out(subject: Opens, asked: Draft) -> Receipt:
    """Do all three phases."""
    return published(subject, asked, started(subject, asked, prepared(subject, asked)))


def lost(subject: Subject, asked: Draft, how: Fault = Fault.ANSWER_LOST) -> Ticket:
    """Do all three phases, and lose the answer to the publish call; return the ticket."""
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(how, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    return ticket


def awaited(subject: Opens, asked: Draft, ticket: Ticket) -> Receipt:
    """Look until it is live."""
    sighting = looked(subject, asked, ticket)
    assert sighting.receipt is not None, sighting.why
    return sighting.receipt


def looked(subject: Opens, asked: Draft, ticket: Ticket) -> Sighting:
    """Look until the platform has made up its mind."""
    for _ in range(50):
        since = datetime.now(UTC) - timedelta(minutes=5)
        sighting = subject.platform().look(asked, ticket, since)
        if sighting.sight is not Sight.WORKING:
            return sighting
        time.sleep(0.02)
    raise AssertionError("it is worked on for ever")


def shown(subject: Opens, receipt: Receipt) -> Receipt:
    """Return a receipt with the address, which some platforms give only to who asks for the post."""
    platform = subject.platform()
    if receipt.url is not None or not isinstance(platform, Visits):
        return receipt
    sighting = platform.visit(receipt.remote_id)
    assert sighting.receipt is not None, sighting.why
    return sighting.receipt


def failure(subject: Opens, asked: Draft, ticket: Ticket) -> PlatformError:
    """Make the publish call that is going to fail, and return how."""
    try:
        answer: Receipt | Accepted = subject.platform().publish(asked, ticket)
    except PlatformError as error:
        return error
    raise AssertionError(f"it did not fail: {answer}")
