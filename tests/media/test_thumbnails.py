"""Small pictures of what is in the library."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image

from postcron.errors import LibraryUnavailable
from postcron.media.disk import DiskLibrary
from postcron.media.probe import probe
from postcron.media.thumbnails import KEPT, LARGEST, SIDE, Thumbnails
from postcron.model import MediaFile
from tests.media.files import animation, pdf, picture, sound, video


@pytest.fixture
def library(tmp_path: Path) -> DiskLibrary:
    return DiskLibrary(tmp_path / "media")


@pytest.fixture
def thumbnails(library: DiskLibrary, tmp_path: Path) -> Thumbnails:
    return Thumbnails(library, tmp_path / "thumbnails")


def kept(library: DiskLibrary, path: Path) -> MediaFile:
    return library.put(path, probe(path))


def seen(content: bytes | None) -> Image.Image:
    assert content is not None
    return Image.open(io.BytesIO(content), formats=["WEBP"])


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda path: picture(path.with_suffix(".jpg"), (800, 400)), (SIDE, SIDE // 2)),
        (lambda path: picture(path.with_suffix(".png"), (40, 80)), (40, 80)),
        (lambda path: animation(path.with_suffix(".gif")), (20, 10)),
        (lambda path: video(path.with_suffix(".mp4"), size=(384, 192)), (SIDE, SIDE // 2)),
        (lambda path: video(path.with_suffix(".mp4"), size=(384, 192), turned=90), (SIDE // 2, SIDE)),
        (lambda path: video(path.with_suffix(".mp4"), tenths=1), (64, 48)),
        (lambda path: video(path.with_suffix(".webm"), codec="libvpx", container="webm"), (64, 48)),
    ],
)  # fmt: skip
def test_pictures_and_videos_have_a_small_picture(
    library: DiskLibrary,
    thumbnails: Thumbnails,
    tmp_path: Path,
    make: Callable[[Path], Path],
    size: tuple[int, int],
) -> None:
    shown = seen(thumbnails.of(kept(library, make(tmp_path / "one"))))
    assert shown.size == size


def test_it_stands_as_a_camera_meant_it_and_tells_nothing_about_the_camera(
    library: DiskLibrary, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    path = tmp_path / "one.jpg"
    image = Image.new("RGB", (400, 200), "white")
    image.paste("red", (0, 0, 200, 200))  # the left half, shown above once it is turned
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Leica of Ada"
    image.save(path, exif=exif)
    content = thumbnails.of(kept(library, path))
    shown = seen(content).convert("RGB")
    assert shown.size == (SIDE // 2, SIDE)
    assert is_red(shown, SIDE // 4, SIDE // 4)
    assert not is_red(shown, SIDE // 4, 3 * SIDE // 4)
    assert b"Ada" not in (content or b"")
    assert not seen(content).getexif()


def test_a_video_that_was_held_upright_stands_upright(
    library: DiskLibrary, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    path = tmp_path / "one.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.set_display_rotation(90)  # counterclockwise: what was right is above
        image = Image.new("RGB", (128, 64), "white")
        image.paste("red", (64, 0, 128, 64))
        frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    shown = seen(thumbnails.of(kept(library, path))).convert("RGB")
    assert shown.size == (64, 128)
    assert is_red(shown, 32, 20)
    assert not is_red(shown, 32, 108)


def is_red(image: Image.Image, x: int, y: int) -> bool:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return red > 150 and green < 90 and blue < 90


def test_a_later_page_does_not_read_the_library_again(
    library: DiskLibrary, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    file = kept(library, picture(tmp_path / "one.jpg"))
    first = thumbnails.of(file)
    Path(file.location).unlink()
    assert thumbnails.of(file) == first


def test_only_so_much_is_read_for_one_page_and_the_next_one_has_more(
    library: DiskLibrary, tmp_path: Path
) -> None:
    some = [kept(library, picture(tmp_path / f"{n}.png")) for n in range(3)]

    def made() -> int:
        page = Thumbnails(library, tmp_path / "thumbnails", room=max(file.size for file in some))
        return sum(page.of(file) is not None for file in some)

    assert [made() for _ in range(3)] == [1, 2, 3]


def test_what_no_page_has_shown_for_long_is_thrown_away(
    library: DiskLibrary, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    old, new = (kept(library, picture(tmp_path / name)) for name in ("old.jpg", "new.jpg"))
    for file in (old, new):
        thumbnails.of(file)
    long_ago = time.time() - KEPT - 60
    for file in (old, new):
        os.utime(tmp_path / "thumbnails" / f"{file.sha256}.webp", (long_ago, long_ago))
    thumbnails.of(new)
    thumbnails.tidy()
    assert [one.stem for one in (tmp_path / "thumbnails").iterdir()] == [new.sha256]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: pdf(path.with_suffix(".pdf")),
        lambda path: sound(path.with_suffix(".mp3")),
    ],
)
def test_a_document_or_a_sound_has_none(
    library: DiskLibrary,
    thumbnails: Thumbnails,
    tmp_path: Path,
    make: Callable[[Path], Path],
) -> None:
    assert thumbnails.of(kept(library, make(tmp_path / "one"))) is None


def test_what_is_damaged_gone_or_too_large_has_none_and_stops_nobody(
    library: DiskLibrary, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    damaged = kept(library, picture(tmp_path / "one.jpg"))
    Path(damaged.location).write_bytes(b"\xff\xd8\xff" + bytes(damaged.size - 3))
    gone = kept(library, video(tmp_path / "two.mp4"))
    Path(gone.location).unlink()
    large = replace(kept(library, picture(tmp_path / "three.jpg")), size=LARGEST + 1)
    vast = replace(kept(library, picture(tmp_path / "four.png")), width=10_000, height=9_000)
    assert [thumbnails.of(file) for file in (damaged, gone, large, vast)] == [None] * 4


def test_a_library_that_is_away_says_so(tmp_path: Path) -> None:
    away = DiskLibrary(tmp_path / "a file")
    file = kept(DiskLibrary(tmp_path / "media"), picture(tmp_path / "one.jpg"))
    (tmp_path / "a file").write_text("")
    with pytest.raises(LibraryUnavailable):
        Thumbnails(away, tmp_path / "thumbnails").of(file)


def test_a_folder_that_cannot_be_written_only_costs_time(
    library: DiskLibrary, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    file = kept(library, picture(tmp_path / "one.jpg"))
    assert Thumbnails(library, tmp_path / "taken").of(file) is not None
