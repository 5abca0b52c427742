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
    for end in (2, 9, 14, 30):
        bare(taken(kind)[:end])
