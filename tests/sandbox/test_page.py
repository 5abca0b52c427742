"""The page of what is live: for people, complete in itself, and safe to look at."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from postcron.sandbox import Sandbox
from postcron.sandbox.live import Live, Shown
from postcron.sandbox.page import page
from tests.builders import StoppedClock
from tests.sandbox.raw import JPEG, MP4, Caller

EVIL = """<script>alert(1)</script> "'><img src=x onerror=alert(2)> </p> & &lt;b&gt;"""


class Seen(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def a_live(text: str = "hi", *media: Shown, at: str = "10:00:00.000", id: int = 1) -> Live:
    moment = f"2026-11-21T{at}+00:00"
    return Live(moment, id, "u", "demo-instagram", "instagram", "post", text, media)


def published(call: Caller, clock: StoppedClock, body: str, *media: int) -> None:
    call.schedule(call.draft(body, media))
    clock.forward(minutes=5)


def test_everything_from_outside_is_escaped() -> None:
    live = Live("2026-11-21T10:00:00+00:00", 1, "u", EVIL, EVIL, EVIL, EVIL, (Shown("1.jpg", "image/jpeg", EVIL),))  # fmt: skip
    seen = Seen(page([live], str))
    assert seen.all("script") == []
    assert [image["src"] for image in seen.all("img")] == ["1.jpg"]
    assert [image["alt"] for image in seen.all("img")] == [EVIL]
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert seen.words.count(EVIL) == 2


def test_the_newest_comes_first() -> None:
    posts = [a_live("old", at="09:00:00.000", id=1), a_live("new", at="11:00:00.000", id=2)]
    words = "".join(Seen(page(posts, str)).words)
    assert words.index("new") < words.index("old")


def test_a_post_shows_account_network_type_text_and_moment() -> None:
    seen = Seen(page([a_live("one\ntwo", at="18:30:00.250")], str))
    words = " ".join(seen.words)
    for expected in ("demo-instagram", "instagram · post", "one\ntwo"):
        assert expected in words
    assert "21 Nov 2026, 18:30:00.250 UTC" in words
    assert seen.all("time") == [{"datetime": "2026-11-21T18:30:00.250+00:00"}]


def test_pictures_are_shown_and_films_can_be_played() -> None:
    media = (Shown("1.jpg", "image/jpeg", "A dog"), Shown("2.mp4", "video/mp4", "Waves"))
    seen = Seen(page([a_live("hi", *media)], "/media/{}".format))
    (image,) = seen.all("img")
    (video,) = seen.all("video")
    assert (image["src"], image["alt"]) == ("/media/1.jpg", "A dog")
    assert (video["src"], video["aria-label"]) == ("/media/2.mp4#t=0.01", "Waves")
    assert {"controls", "playsinline"} <= set(video)


def test_it_loads_nothing_from_elsewhere_and_fits_any_screen(call: Caller) -> None:
    said = call.at("GET", "/", accept="text/html")
    html = said.body.decode()
    assert said.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in said.headers["content-security-policy"]
    assert not re.search(r"https?://|@import|url\(", html)
    assert 'name="viewport"' in html
    assert "Nothing is live yet." in html


def test_the_page_at_the_root_shows_what_is_live(call: Caller, clock: StoppedClock) -> None:
    media = call.upload(alt="A dog").json()["id"]
    published(call, clock, "Hello &amp; welcome", media)
    seen = Seen(call.at("GET", "/").body.decode())
    assert "Hello & welcome" in seen.words
    (image,) = seen.all("img")
    assert call.at("GET", image["src"] or "").body == JPEG


def test_a_snapshot_is_a_file_that_finds_its_media(
    call: Caller, clock: StoppedClock, tmp_path: Path
) -> None:
    published(call, clock, "Hello", call.upload(MP4).json()["id"])
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = call.sandbox.snapshot(folder / "page.html")
    (video,) = Seen(path.read_text(encoding="utf-8")).all("video")
    source = (video["src"] or "").partition("#")[0]
    assert not source.startswith("/")
    assert (folder / unquote(source)).read_bytes() == MP4


def test_a_player_may_ask_for_a_piece_of_a_film(call: Caller) -> None:
    address = call.upload(MP4).json()["url"].removeprefix(call.sandbox.url)
    piece = call.at("GET", address, range="bytes=4-7")
    assert (piece.status, piece.body) == (206, b"ftyp")
    assert piece.headers["content-range"] == f"bytes 4-7/{len(MP4)}"
    assert call.at("GET", address, range=f"bytes={len(MP4)}-").status == 416
    assert call.at("GET", address, range="bytes=64-").body == MP4[64:]


def test_nothing_but_media_can_be_fetched(call: Caller, sandbox: Sandbox) -> None:
    call.upload()
    for path in ("/media/../access.json", "/media/%2e%2e/access.json", "/media/1.json", "/x"):
        assert call.at("GET", path).status == 404
    assert call.at("GET", "/live/77").status == 404
    assert call.at("POST", "/", {}).status == 405
