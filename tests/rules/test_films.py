"""Films without what a camera wrote into them."""

from __future__ import annotations

import random
import struct
import time
from io import BytesIO
from pathlib import Path

import av
import pytest

from postcron.rules.films import blanked, blanks
from tests.media.files import video

PLACE, DAY = "+41.8902+012.4922/", "2026-05-01T10:11:12.000000Z"
#: that day in seconds since 1904, as an MP4 writes it
DATE = (3860475072).to_bytes(4)
TRACE = b"41.8902 N 12.4922 E of Ada"


def taken(path: Path, *, ahead: bool, **more: str) -> bytes:
    """Return a film as a camera writes it: its table of contents at the end, or `ahead`."""
    flags = "use_metadata_tags+faststart" if ahead else "use_metadata_tags"
    with (
        av.open(str(video(path))) as plain,
        av.open(
            str(path.with_suffix(".new")), "w", format="mp4", options={"movflags": flags}
        ) as to,
    ):
        to.metadata.update(
            {"creation_time": DAY, "location": PLACE, "make": "Camera of Ada"} | more
        )
        stream = to.add_stream_from_template(plain.streams.video[0])
        stream.metadata["creation_time"] = DAY
        for packet in plain.demux(plain.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                to.mux(packet)
    return path.with_suffix(".new").read_bytes()


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (len(body) + 8).to_bytes(4) + kind + body


def with_trace(
    film: bytes, handler: bytes = b"meta", *, long: bool = False, each: int = 0, times: int = 1
) -> bytes:
    """Return a film with a track that says where the camera was, second by second."""
    moov = film.rindex(b"moov") - 4
    at = moov + 8
    places = [at, at + len(TRACE)] * times
    offsets = struct.pack(f">I{len(places)}{'Q' if long else 'I'}", len(places), *places)
    sizes = struct.pack(">II", each, 2)
    sizes += b"" if each else struct.pack(">2I", len(TRACE), len(TRACE))
    tables = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), box(b"gpmd", bytes(6), b"\0\1")),
        box(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1)),
        box(b"stsz", bytes(4), sizes),
        box(b"co64" if long else b"stco", bytes(4), offsets),
    )
    media = box(
        b"mdia",
        box(b"mdhd", bytes(24)),
        box(b"hdlr", bytes(8), handler, bytes(13)),
        box(b"minf", tables),
    )
    track = box(b"trak", box(b"tkhd", bytes(84)), media)
    size = int.from_bytes(film[moov : moov + 4]) + len(track)
    table = size.to_bytes(4) + film[moov + 4 :] + track
    return film[:moov] + box(b"mdat", TRACE, TRACE) + table


def bare(film: bytes, size: int = 1000) -> bytes:
    pieces = [film[at : at + size] for at in range(0, len(film), size)]
    return b"".join(blanked(pieces, blanks(pieces)))


def shown(film: bytes) -> list[bytes]:
    with av.open(BytesIO(film), "r", format="mp4") as container:
        return [bytes(frame.planes[0]) for frame in container.decode(video=0)]


def told(film: bytes) -> dict[str, str]:
    with av.open(BytesIO(film), "r", format="mp4") as container:
        return {**container.metadata, **container.streams.video[0].metadata}


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_where_when_and_by_what_a_film_was_taken_is_gone(
    tmp_path: Path, ahead: bool, size: int
) -> None:
    film = taken(tmp_path / "a.mp4", ahead=ahead)
    assert {"creation_time", "location", "make"} <= told(film).keys()
    assert film.count(DATE) >= 3
    left = bare(film, size)
    assert told(left).keys().isdisjoint({"creation_time", "location", "make", "encoder"})
    assert not any(said in left for said in (PLACE.encode(), b"Camera of Ada", DATE))
    assert (len(left), shown(left)) == (len(film), shown(film))
    assert len(shown(left)) == 30


@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid", b"free", b"skip", b"wxyz"])
def test_what_stands_beside_the_film_is_gone(tmp_path: Path, kind: bytes) -> None:
    film = taken(tmp_path / "a.mp4", ahead=False)
    for said in (
        film + box(kind, b"film of Ada"),
        film + b"\0\0\0\1" + kind + (27).to_bytes(8) + b"film of Ada",
        film + b"\0\0\0\0" + kind + b"film of Ada",
    ):
        assert b"film of Ada" not in bare(said)
        assert shown(bare(said)) == shown(film)


@pytest.mark.parametrize("before", [b"", box(b"ftyp", b"isom"), box(b"free") + box(b"ftyp")])
@pytest.mark.parametrize("long", [False, True])
def test_what_a_table_of_contents_said_that_is_among_the_data_by_now_is_gone(
    tmp_path: Path, long: bool, before: bytes
) -> None:
    film = taken(tmp_path / "a.mp4", ahead=False)
    old = before + film[film.rindex(b"moov") - 4 :]
    whole = b"\0\0\0\1mdat" + (len(old) + 16).to_bytes(8) + old if long else box(b"mdat", old)
    left = bare(film + whole)
    assert not any(said in left for said in (PLACE.encode(), b"Camera of Ada", DATE))
    assert (len(left), shown(left)) == (len(film + whole), shown(film))


@pytest.mark.parametrize("behind", [b"no box: film of Ada", b"Ada", b"\0\0\0\2free film of Ada"])
def test_nothing_stays_behind_the_film(tmp_path: Path, behind: bytes) -> None:
    film = taken(tmp_path / "a.mp4", ahead=False)
    left = bare(film + behind)
    assert (left[: len(film)], len(left)) == (bare(film), len(film + behind))
    assert b"Ada" not in left


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("each", [0, len(TRACE)])
@pytest.mark.parametrize("handler", [b"meta", b"tmcd", b"sbtl"])
def test_a_track_that_says_where_the_camera_was_is_gone_with_its_data(
    tmp_path: Path, handler: bytes, long: bool, each: int
) -> None:
    film = taken(tmp_path / "a.mp4", ahead=False)
    traced = with_trace(film, handler, long=long, each=each)
    assert traced.count(TRACE) == 2
    left = bare(traced, 7)
    assert TRACE not in left
    assert handler not in left[len(film) - 2000 :]
    assert shown(left) == shown(film)


def test_a_film_without_any_stays_as_it_is(tmp_path: Path) -> None:
    left = bare(taken(tmp_path / "a.mp4", ahead=True))
    assert bare(left) == left
    assert blanks([]) == []


def test_sound_stays_to_be_heard(tmp_path: Path) -> None:
    film = with_trace(taken(tmp_path / "a.mp4", ahead=False), b"soun")
    assert bare(film).count(TRACE) == 2


def test_a_table_of_contents_of_nothing_but_boxes_is_read_at_once() -> None:
    film = box(b"ftyp", b"isom") + box(b"moov", box(b"iods") * 400_000)
    began = time.monotonic()
    assert blanks([film]) == []
    assert time.monotonic() - began < 10


def test_a_place_that_a_film_names_for_ever_is_blanked_once(tmp_path: Path) -> None:
    film = with_trace(taken(tmp_path / "a.mp4", ahead=False), each=len(TRACE), times=20_000)
    assert len(blanks([film])) < 20
    assert TRACE not in bare(film)


def test_of_a_broken_film_nothing_moves_and_nothing_stops(tmp_path: Path) -> None:
    film, dice = with_trace(taken(tmp_path / "a.mp4", ahead=False)), random.Random(3)
    moov = film.rindex(b"moov") - 4
    for _ in range(400):
        broken = bytearray(film)
        for _ in range(3):
            broken[dice.randrange(moov, len(film))] = dice.choice((0, 1, 8, 127, 255))
        broken = broken[: dice.choice((len(film), dice.randrange(len(film))))]
        assert len(bare(bytes(broken))) == len(broken)
