"""Time zones: known by their name, never guessed."""

from __future__ import annotations

import pytest

from postcron.errors import Invalid
from postcron.rules.zones import zone_of


def test_a_zone_is_known_by_its_iana_name() -> None:
    assert zone_of("America/Argentina/Ushuaia").key == "America/Argentina/Ushuaia"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Rome", "Europe/Rome"),
        ("new york", "America/New_York"),
        ("europe/rome", "Europe/Rome"),
        ("Europ/Rome", "Europe/Rome"),
        ("Amercia/New_York", "America/New_York"),
        ("CEST", "CET"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(Invalid, match=f"There is no time zone '{name}': did you mean .*{nearest}"):
        zone_of(name)


@pytest.mark.parametrize(
    "name", ["", "qqqqqq", "/etc/passwd", "../../../", "a\0b", "é" * 9, "x" * 999]
)
def test_a_name_like_nothing_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(Invalid, match="write it like Europe/Rome") as refused:
        zone_of(name)
    assert len(refused.value.message) < 400


def test_a_folder_of_zones_is_no_zone() -> None:
    with pytest.raises(Invalid, match="no time zone 'Europe'"):
        zone_of("Europe")
