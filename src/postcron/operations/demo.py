"""The demo: the main job from an empty folder, against a platform that runs on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from postcron.config import load
from postcron.errors import Invalid
from postcron.model import Attempt, Delivery, Filter, PostType
from postcron.operations.breaking import went_well
from postcron.operations.bulk import cancel
from postcron.operations.house import House, opened
from postcron.operations.init import init
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.sandbox import Sandbox, sample
from postcron.sandbox.live import Live
from postcron.states import Step

CONFIG = """
# Made by `postcron demo`: everything lives in this folder, and the platform is the sandbox.
workspace = "demo"
timezone = "UTC"

[store]
url = "sqlite:///{folder}/postcron.db"

[media]
library = "{folder}/media"

[accounts.demo]
platform = "onlysocial"
workspace = "{workspace}"
account_id = "{account}"
network = "{network}"
api_url = "{url}"
token = {{ file = "{folder}/token" }}
"""


@dataclass(frozen=True)
class Line:
    """One post of the demo: when it was due, when its call left, and what became of it."""

    delivery: Delivery
    text: str
    attempt: Attempt
    #: its first call's answer was thrown away, and it was found again by looking
    lost_answer: bool
    #: how often the platform shows it, by its own ledger
    times_live: int

    @property
    def lateness(self) -> timedelta:
        sent_at = self.attempt.sent_at or self.attempt.intended_at
        return sent_at - (self.delivery.due_at or sent_at)


@dataclass(frozen=True)
class Played:
    """What the demo did, and where it can be looked at."""

    lines: tuple[Line, ...]
    #: how many posts the platform shows since it began, by its own ledger
    live: int
    page: Path

    @property
    def as_promised(self) -> bool:
        """Say whether every post is live exactly once, and nothing else is."""
        return self.live == len(self.lines) and all(line.times_live == 1 for line in self.lines)


def demo(folder: Path, tell: Callable[[str], object], environ: Mapping[str, str]) -> Played:
    """Play the main job in a new folder; `tell` gets a line for each thing that happens.

    Raises `Invalid` if the folder holds something else already.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()) and not (folder / "postcron.toml").exists():
        raise Invalid(f"{folder} is not empty: name a new folder with --folder.")
    with (
        Sandbox(folder / "platform") as platform,
        opened(_house(folder, platform, environ)) as house,
    ):
        tell(f"a platform runs on this machine: {platform.url}/")
        earlier = len(platform.live())
        _forget(house)
        ours = _write(house, folder, tell)
        tell("$ postcron pre-upload")
        for delivery in pre_upload(house).done:
            tell(
                f"  {delivery.ref} is ready: media and draft are at the platform, nothing is public"
            )
        platform.misbehave(on="schedule", kind="answer_lost", times=1)
        tell("$ postcron publish          # the platform throws away its answer to the first call")
        publish(house)
        ended = house.store.reload(ours)
        for delivery in ended:
            tell(f"  {delivery.ref} is {delivery.state}")
        page = platform.snapshot(folder / "page.html")
        live = platform.live()[earlier:]
        return Played(_lines(house, ended, live), len(live), page)


def _house(folder: Path, platform: Sandbox, environ: Mapping[str, str]) -> House:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(platform.token)
    path = folder / "postcron.toml"
    account = platform.accounts[0]
    path.touch(mode=0o600)
    path.write_text(
        CONFIG.format(
            folder=folder,
            url=platform.url,
            workspace=platform.workspace,
            account=account.id,
            network=account.provider,
        )
    )
    init(path, environ)
    return House(load(path, environ), environ=environ, state_dir=folder / "state")


def _forget(house: House) -> None:
    """Leave behind what earlier plays did not finish, and the answers that were thrown away in them."""
    cancel(house, Filter(account="demo"), actor="demo", preview=False)
    went_well(house, "demo")


def _write(house: House, folder: Path, tell: Callable[[str], object]) -> list[int]:
    """Schedule the posts of this play; return the ids of their deliveries."""
    photo, film = sample.photo(folder / "harbour.jpg"), sample.film(folder / "tide.mp4")
    wishes = [
        Wish("The harbour at six.", ["demo"], at="in 6s", media=[str(photo)], alts=["A harbour"]),
        Wish(
            "High tide, in two seconds.",
            ["demo"],
            at="in 8s",
            media=[str(film)],
            type=PostType.REEL,
        ),
        Wish("And once more, as a photo.", ["demo"], at="in 10s", media=[str(photo)]),
    ]
    ours = []
    for wish in wishes:
        media = " ".join(f"--media {Path(name).name}" for name in wish.media)
        tell(
            f"$ postcron schedule {wish.text!r} --to demo --at {wish.at!r} --type {wish.type} {media}"
        )
        for delivery in schedule(house, wish, actor="demo").deliveries:
            if isinstance(delivery, Delivery):
                tell(f"  {delivery.ref} is {delivery.state}, due {_clock(delivery.due_at)}")
                ours.append(delivery.id)
    return ours


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M:%S.%f}"[:-3] + " UTC"


def _lines(house: House, deliveries: list[Delivery], live: list[Live]) -> tuple[Line, ...]:
    shown = Counter(one.text for one in live)
    return tuple(_story(house, each, shown) for each in deliveries)


def _story(house: House, delivery: Delivery, shown: Counter[str]) -> Line:
    events = house.store.events(Filter(post_id=delivery.post_id), limit=1000)
    post = house.store.post(delivery.post_id)
    text = post.text if post else ""
    lost = any(event.kind == Step.LOST for event in events)
    return Line(delivery, text, house.store.attempts(delivery.id)[0], lost, shown[text])
