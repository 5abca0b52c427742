"""One set of promises, kept by the folder and by two S3 servers alike."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from postcron.errors import Code, Evidence, Invalid, Permanent
from postcron.media.library import PIECE, key
from tests.media.files import noise
from tests.media.shelves import FolderShelf, S3Shelf, Shelf


@pytest.fixture(params=["folder", "s3_rclone", "s3_moto"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return FolderShelf(tmp_path / "library")
    return S3Shelf(request.getfixturevalue(request.param))


def test_what_is_put_can_be_read_from_any_offset(shelf: Shelf, tmp_path: Path) -> None:
    source, file = noise(tmp_path / "clip")
    content = source.read_bytes()

    kept = shelf.library.put(source, file)
    source.unlink()

    for offset in (0, 1, PIECE, PIECE + 5, len(content) - 1, len(content)):
        assert b"".join(shelf.library.read(kept, offset)) == content[offset:]


def test_a_file_is_read_in_pieces_of_640_kib(shelf: Shelf, tmp_path: Path) -> None:
    kept = shelf.library.put(*noise(tmp_path / "clip"))

    sizes = [len(piece) for piece in shelf.library.read(kept)]

    assert sizes == [640 * 1024] * 4 + [512 * 1024 + 17]


def test_reading_that_is_given_up_leaves_nothing_running(shelf: Shelf, tmp_path: Path) -> None:
    kept, before = shelf.library.put(*noise(tmp_path / "clip")), threading.active_count()

    with closing(shelf.library.read(kept)) as reading:  # type: ignore[type-var]
        next(reading)

    assert threading.active_count() == before


def test_its_name_is_ours_and_tells_nothing_but_its_type(shelf: Shelf, tmp_path: Path) -> None:
    source, file = noise(tmp_path / "..\n'; rm -rf ‮ .exe")

    kept = shelf.library.put(source, file)

    assert shelf.names() == [f"{file.sha256[:2]}/{file.sha256}.jpg"] == [key(file)]
    assert kept == replace(file, location=kept.location)
    assert kept.location.endswith(key(file))


def test_the_same_content_is_kept_once(shelf: Shelf, tmp_path: Path) -> None:
    first = shelf.library.put(*noise(tmp_path / "one"))
    again = shelf.library.put(*noise(tmp_path / "two"))

    assert first == again
    assert len(shelf.names()) == 1


def test_a_kept_file_passes_every_check(shelf: Shelf, tmp_path: Path) -> None:
    kept = shelf.library.put(*noise(tmp_path / "clip"))

    shelf.library.check(kept)
    shelf.library.check(kept, full=True)


@pytest.mark.fault("F104")
def test_a_file_that_is_gone_is_damaged(shelf: Shelf, tmp_path: Path) -> None:
    kept = shelf.library.put(*noise(tmp_path / "clip"))
    shelf.remove(kept)

    for attempt in (lambda: shelf.library.check(kept), lambda: list(shelf.library.read(kept))):
        with pytest.raises(Permanent, match="not in the library any more") as caught:
            attempt()
        assert (caught.value.code, caught.value.evidence) == (Code.MEDIA_DAMAGED, Evidence.NOT_SENT)


def test_a_file_of_another_size_is_damaged(shelf: Shelf, tmp_path: Path) -> None:
    kept = shelf.library.put(*noise(tmp_path / "clip"))
    shelf.overwrite(kept, b"short")

    with pytest.raises(Permanent, match="has 5 bytes instead of"):
        shelf.library.check(kept)


@pytest.mark.fault("F28", "F103")
def test_a_file_with_one_wrong_byte_never_arrives_whole(shelf: Shelf, tmp_path: Path) -> None:
    source, file = noise(tmp_path / "clip")
    kept = shelf.library.put(source, file)
    shelf.overwrite(kept, b"\x00" + source.read_bytes()[1:])
    arrived: list[bytes] = []

    shelf.library.check(kept)  # a glance does not see it
    with pytest.raises(Permanent, match="not the one that was scheduled"):
        shelf.library.check(kept, full=True)
    with pytest.raises(Permanent):
        arrived.extend(shelf.library.read(kept))

    assert sum(map(len, arrived)) < file.size


def test_a_damaged_file_is_mended_by_putting_it_again(shelf: Shelf, tmp_path: Path) -> None:
    source, file = noise(tmp_path / "clip")
    kept = shelf.library.put(source, file)
    shelf.overwrite(kept, b"short")

    shelf.library.put(source, file)

    shelf.library.check(kept, full=True)


@pytest.mark.fault("F28")
def test_a_source_that_changed_since_it_was_probed_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    source, file = noise(tmp_path / "clip")
    source.write_bytes(b"\x00" + source.read_bytes()[1:])

    with pytest.raises(Invalid, match="was changed while it was read"):
        shelf.library.put(source, file)

    assert shelf.names() == []
