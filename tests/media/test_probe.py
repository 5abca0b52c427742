from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from postcron.errors import Invalid
from postcron.media.probe import lies, probe
from postcron.model import Kind
from tests.media.files import (
    animation,
    bloated_pdf,
    changed_pdf,
    compound,
    office,
    packed_pdf,
    pdf,
    picture,
    sound,
    video,
)


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.gif", "image/gif"),
    ],
)
def test_a_picture_is_known_by_its_content(tmp_path: Path, name: str, mime: str) -> None:
    file = probe(picture(tmp_path / name))

    assert (file.kind, file.mime, file.width, file.height) == (Kind.IMAGE, mime, 64, 48)
    assert file.size == (tmp_path / name).stat().st_size
    assert len(file.sha256) == 64


@pytest.mark.parametrize(("name", "mime"), [("a.gif", "image/gif"), ("a.webp", "image/webp")])
def test_a_picture_that_moves_is_a_gif(tmp_path: Path, name: str, mime: str) -> None:
    file = probe(animation(tmp_path / name))

    assert (file.kind, file.mime) == (Kind.GIF, mime)


def test_a_picture_taken_upright_is_measured_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    file = probe(picture(tmp_path / "a.jpg", exif=exif))

    assert (file.width, file.height) == (48, 64)


@pytest.mark.parametrize(
    ("make", "mime", "codec"),
    [
        (lambda path: video(path), "video/mp4", "h264"),
        (lambda path: video(path, container="mov"), "video/quicktime", "h264"),
        (lambda path: video(path, container="matroska"), "video/x-matroska", "h264"),
        (lambda path: video(path, codec="libvpx-vp9", container="webm"), "video/webm", "vp9"),
        (lambda path: video(path, codec="mpeg4", container="avi"), "video/x-msvideo", "mpeg4"),
    ],
)
def test_a_video_is_known_by_its_content(
    tmp_path: Path, make: Callable[[Path], Path], mime: str, codec: str
) -> None:
    file = probe(make(tmp_path / "without-ending"))

    assert (file.kind, file.mime, file.codec) == (Kind.VIDEO, mime, codec)
    assert (file.width, file.height) == (64, 48)
    assert file.duration == timedelta(seconds=1)


@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("libvpx-vp9", "webm")])
@pytest.mark.parametrize("rate", [10, 30, 60])
def test_how_fast_a_video_runs_is_known(
    tmp_path: Path, codec: str, container: str, rate: int
) -> None:
    file = probe(video(tmp_path / "a", codec=codec, container=container, rate=rate))

    assert file.fps == pytest.approx(rate)


def test_the_pictures_of_a_gif_are_counted(tmp_path: Path) -> None:
    assert probe(animation(tmp_path / "a.gif")).frames == 3
    assert probe(picture(tmp_path / "b.gif")).frames == 1


def test_a_gif_with_more_blocks_than_anybody_takes_is_not_counted_to_its_end(
    tmp_path: Path,
) -> None:
    path = picture(tmp_path / "a.gif", size=(2, 2))
    path.write_bytes(path.read_bytes()[:-1] + b"!\xfe" + b"\1x" * 5_000_000 + b"\0;")

    assert probe(path).frames is None


@pytest.mark.parametrize(
    ("make", "pages"),
    [
        (lambda path: pdf(path, 300), 300),
        (lambda path: changed_pdf(pdf(path, 300), 299), 299),
        (lambda path: packed_pdf(path, 301), 301),
        (lambda path: office(path, "ppt/presentation.xml", slides=12), 12),
        (office, None),
        (compound, None),
    ],
)
def test_the_pages_of_a_document_are_counted_where_it_tells_them(
    tmp_path: Path, make: Callable[[Path], Path], pages: int | None
) -> None:
    assert probe(make(tmp_path / "plan")).pages == pages


@pytest.mark.parametrize("make", [pdf, packed_pdf])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"startxref", b"nowhere"),
        (b"startxref\n", b"startxref\n" + b"9" * 30),
        (b"/Root 1 0 R", b"/Root 7 0 R"),
        (b"obj", b"job"),
        (b"/FlateDecode", b"/LZWDecode"),
        (b"/Columns 4", b"/Columns 99999999999999"),
        (b"/First", b"/Frist"),
        (b"trailer\n<<", b"trailer\n<</XRefStm 3"),
    ],
)
def test_a_pdf_that_is_not_as_it_should_be_is_taken_with_its_pages_unknown(
    tmp_path: Path, make: Callable[[Path, int], Path], old: bytes, new: bytes
) -> None:
    path = make(tmp_path / "plan.pdf", 7)
    content = path.read_bytes()
    path.write_bytes(content.replace(old, new))

    assert probe(path).pages == (None if old in content else 7)


def test_a_pdf_takes_no_more_memory_than_its_tables_should(tmp_path: Path) -> None:
    path = bloated_pdf(tmp_path / "plan.pdf", changes=6)
    tracemalloc.start()
    try:
        assert probe(path).pages is None
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_more_pages_than_anybody_writes_are_not_known(tmp_path: Path) -> None:
    path = pdf(tmp_path / "plan.pdf")
    content = path.read_bytes()
    told = content.replace(b"/Kids [3 0 R] /Count 1", b"/Count 999999999999999")
    assert len(told) == len(content)
    assert told != content
    path.write_bytes(told)
    assert probe(path).pages is None


def test_an_office_file_for_programs_to_come_is_told_to_be_damaged(tmp_path: Path) -> None:
    path = office(tmp_path / "plan.docx")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\1\2") + 6] = 0xFF  # the version that is needed to read it
    path.write_bytes(content)
    with pytest.raises(Invalid, match="cut off or damaged"):
        probe(path)


def test_a_gif_of_nothing_but_empty_blocks_is_not_counted_to_its_end(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.gif", size=(2, 2))
    path.write_bytes(path.read_bytes()[:-1] + b"!\xfe\0" * 2_000_001 + b";")

    assert probe(path).frames is None


def test_a_video_taken_upright_is_measured_upright(tmp_path: Path) -> None:
    file = probe(video(tmp_path / "a.mp4", turned=90))

    assert (file.width, file.height) == (48, 64)


@pytest.mark.parametrize(
    ("codec", "container", "mime"),
    [
        ("libmp3lame", "mp3", "audio/mpeg"),
        ("aac", "ipod", "audio/mp4"),
        ("pcm_s16le", "wav", "audio/wav"),
        ("flac", "flac", "audio/flac"),
        ("libopus", "ogg", "audio/ogg"),
        ("libopus", "webm", "audio/webm"),
    ],
)
def test_a_sound_is_known_by_its_content(
    tmp_path: Path, codec: str, container: str, mime: str
) -> None:
    file = probe(sound(tmp_path / "without-ending", codec=codec, container=container))

    assert (file.kind, file.mime, file.width) == (Kind.AUDIO, mime, None)
    assert file.duration is not None
    assert file.duration > timedelta(seconds=0.9)


@pytest.mark.parametrize(
    ("make", "mime"),
    [
        (pdf, "application/pdf"),
        (office, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (
            lambda path: office(path, "ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        (
            lambda path: office(path, "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (compound, "application/msword"),
        (lambda path: compound(path, "PowerPoint Document"), "application/vnd.ms-powerpoint"),
        (lambda path: compound(path, "Workbook", before=2**20 - 12), "application/vnd.ms-excel"),
    ],
)
def test_a_document_is_known_by_its_content(
    tmp_path: Path, make: Callable[[Path], Path], mime: str
) -> None:
    file = probe(make(tmp_path / "without-ending"))

    assert (file.kind, file.mime, file.width, file.duration) == (Kind.DOCUMENT, mime, None, None)


@pytest.mark.parametrize("make", [pdf, office])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_document_that_is_cut_off_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], share: float
) -> None:
    path = make(tmp_path / "plan.pdf")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(Invalid, match=r"plan\.pdf is cut off or damaged"):
        probe(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: office(path, "something/else.xml"),
        lambda path: compound(path, "AnInstaller"),
    ],
)
def test_what_only_looks_like_a_document_is_refused(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with pytest.raises(Invalid, match="no picture, video, sound or document"):
        probe(make(tmp_path / "plan.docx"))


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1/x\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAYLIST,
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        b"%PDF-1.7\n",
        b"#!/bin/sh\n",
        b"\x00" * 500,
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x1a\x45\xdf\xa3" + b"\x00" * 60,
        b"\x00\x00\x00\x18ftypmp42" + PLAYLIST,
        b"ID3" + PLAYLIST,
        b"OggS",
    ],
)
@pytest.mark.parametrize("name", ["clip.mp4", "photo.jpg", "list.m3u8"])
def test_what_is_no_media_is_refused_whatever_it_is_called(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Invalid, match=name):
        probe(path)


def test_a_heic_photo_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100)

    with pytest.raises(Invalid, match="save it as JPEG"):
        probe(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()

    with pytest.raises(Invalid, match=r"a\.jpg is empty"):
        probe(path)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif"])
def test_a_picture_that_is_cut_off_is_refused(tmp_path: Path, name: str, share: float) -> None:
    path = picture(tmp_path / name, (200, 200))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(Invalid, match=name):
        probe(path)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_video_that_is_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = video(tmp_path / "a.mp4", tenths=50)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(Invalid, match=r"a\.mp4 is cut off"):
        probe(path)


@pytest.mark.parametrize("side", [10_001, 30_000])
def test_a_picture_with_too_many_pixels_is_refused_unopened(tmp_path: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b""))

    with pytest.raises(Invalid, match=r"bomb\.png"):
        probe(path)


def test_a_name_that_promises_something_else_is_a_lie(tmp_path: Path) -> None:
    file = probe(picture(tmp_path / "a.png"))

    assert lies("a.png", file) is None
    assert lies("A.PNG", file) is None
    assert lies("without-ending", file) is None
    assert lies(".png", file) is None
    assert lies("a.unheard-of", file) is None
    assert lies("a.jpg", file) == (
        "a.jpg is not what its name says: it is image/png. Give it its right ending."
    )


def test_messages_use_the_name_that_a_person_knows(tmp_path: Path) -> None:
    path = tmp_path / "fetched"
    path.write_bytes(b"nothing")

    with pytest.raises(Invalid, match=r"^holiday\.jpg is no picture"):
        probe(path, "holiday.jpg")
