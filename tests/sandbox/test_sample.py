"""The demo's media are real, and small."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from postcron.media.probe import probe
from postcron.model import Kind
from postcron.sandbox import sample


@pytest.mark.parametrize("name", ["harbour.jpg", "harbour.png"])
def test_the_photo_is_what_its_name_says(tmp_path: Path, name: str) -> None:
    file = probe(sample.photo(tmp_path / name))
    assert (file.kind, file.width, file.height) == (Kind.IMAGE, 1080, 1350)
    assert file.mime == ("image/png" if name.endswith("png") else "image/jpeg")
    assert file.size < 200_000


def test_the_film_is_two_seconds_of_h264(tmp_path: Path) -> None:
    file = probe(sample.film(tmp_path / "tide.mp4"))
    assert (file.kind, file.mime, file.codec) == (Kind.VIDEO, "video/mp4", "h264")
    assert file.duration == timedelta(seconds=2)
    assert file.size < 200_000


def test_the_photo_is_more_than_one_colour(tmp_path: Path) -> None:
    with Image.open(sample.photo(tmp_path / "harbour.png")) as picture:
        assert len(picture.getcolors(1_000_000) or ()) > 100
