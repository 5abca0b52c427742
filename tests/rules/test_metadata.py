"""Pictures without what a camera wrote into them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from postcron.rules.metadata import bare

GPS, MODEL, ORIENTATION = 0x8825, 0x0110, 0x0112
KINDS = ["JPEG", "PNG", "WEBP"]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><somewhere/></x:xmpmeta>'


def taken(kind: str, *, turned: int = 1, **more: Any) -> bytes:
    """Return a picture as a camera writes it."""
    exif = Image.Exif()
    exif[MODEL], exif[ORIENTATION] = "Camera of Ada", turned
    exif.get_ifd(GPS)[1] = "N"
    image, file = Image.linear_gradient("L").convert("RGB"), BytesIO()
    image.save(file, kind, exif=exif, **more)
    return file.getvalue()


def shown(picture: bytes) -> tuple[dict[int, Any], bytes]:
    with Image.open(BytesIO(picture)) as image:
        return dict(image.getexif()), image.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [1, 3, 6])
def test_only_how_it_is_turned_is_left(kind: str, turned: int) -> None:
    picture = taken(kind, turned=turned)
    exif, pixels = shown(picture)
    assert {GPS, MODEL} <= exif.keys()
    left, same = shown(bare(picture))
    assert (left, same) == ({ORIENTATION: turned} if turned > 1 else {}, pixels)
    assert b"Camera of Ada" not in bare(picture)
    assert len(bare(picture)) < len(picture)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_what_programs_wrote_goes_too(kind: str) -> None:
    picture = taken(kind, xmp=XMP)
    assert b"somewhere" in picture
    assert b"somewhere" not in bare(picture)
    assert shown(bare(picture))[1] == shown(picture)[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_without_any_stays_as_it_is(kind: str) -> None:
    image, file = Image.linear_gradient("L").convert("RGB"), BytesIO()
    image.save(file, kind)
    assert bare(file.getvalue()) == file.getvalue()
    assert bare(bare(taken(kind, turned=6))) == bare(taken(kind, turned=6))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_broken_or_no_picture_stays_as_it_is(kind: str) -> None:
    assert bare(b"no picture at all") == b"no picture at all"
    picture = taken(kind)
    for end in range(len(picture)):
        assert len(bare(picture[:end])) <= end


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("behind", [b"\0\0\0", b"film of Ada" * 9, taken("JPEG"), taken("PNG")])
def test_nothing_stays_behind_the_picture(kind: str, behind: bytes) -> None:
    """Phones put more pictures and a film there, which say as well where they were taken."""
    assert bare(taken(kind, turned=6) + behind) == bare(taken(kind, turned=6))


def test_of_a_picture_with_a_smaller_one_behind_it_the_first_is_left() -> None:
    exif, both = Image.Exif(), BytesIO()
    exif[MODEL] = "Camera of Ada"
    first, second = (Image.linear_gradient("L").resize((side, side)) for side in (256, 64))
    first.save(both, "MPO", save_all=True, append_images=[second], exif=exif)
    assert b"MPF\0" in both.getvalue()
    left = bare(both.getvalue())
    assert (b"MPF\0" in left, b"Ada" in left) == (False, False)
    with Image.open(BytesIO(left)) as image:
        assert (image.format, image.size) == ("JPEG", (256, 256))


@pytest.mark.parametrize("more", [{"progressive": True}, {"restart_marker_blocks": 1}])
def test_all_scans_and_colours_of_a_jpeg_stay(more: dict[str, Any]) -> None:
    colours = b"colours" * 20_000
    picture = taken("JPEG", icc_profile=colours, comment="by Ada", **more)
    left = bare(picture)
    assert b"Ada" not in left
    assert shown(left)[1] == shown(picture)[1]
    with Image.open(BytesIO(left)) as image:
        assert image.info["icc_profile"] == colours


@pytest.mark.parametrize("before", [b"\xff\xe1", b"\xff\xdb", b"\xff\xda"])
def test_fill_bytes_between_segments_hide_nothing(before: bytes) -> None:
    picture = taken("JPEG")
    at = picture.index(before)
    assert bare(picture[:at] + b"\xff\xff" + picture[at:]) == bare(picture)


@pytest.mark.parametrize("kind", KINDS)
def test_exif_that_cannot_be_read_goes_all_the_same(kind: str) -> None:
    picture = taken(kind)
    assert b"Ada" not in bare(picture.replace(b"MM\0*\0\0\0\x08", b"MM\0*\0\xff\xff\xff"))
