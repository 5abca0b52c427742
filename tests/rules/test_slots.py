"""Slots: which moments of the week they are, through changes of clocks, and what is no slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from postcron.errors import Invalid
from postcron.rules.slots import coming, slot

ROME = ZoneInfo("Europe/Rome")
#: a Saturday, 11:00 in Rome
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SPRING, AUTUMN = datetime(2027, 3, 26, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("texts", "now", "expected"),
    [
        (["mon-fri 09:00"], NOW, ["Mon 23 09:00", "Tue 24 09:00", "Wed 25 09:00"]),
        (["mon 09:00", "sat 12:00"], NOW, ["Sat 21 12:00", "Mon 23 09:00", "Sat 28 12:00"]),
        (["daily 18:30, 08:00"], NOW, ["Sat 21 18:30", "Sun 22 08:00", "Sun 22 18:30"]),
        (["11:00", "10:59"], NOW, ["Sat 21 11:00", "Sun 22 10:59", "Sun 22 11:00"]),
        (["weekend 00:00 12:00"], NOW, ["Sat 21 12:00", "Sun 22 00:00", "Sun 22 12:00"]),
        (["sun 09:00", "sat,sun 09:00"], NOW, ["Sun 22 09:00", "Sat 28 09:00", "Sun 29 09:00"]),
        # 02:30 is skipped on 28 March, and comes twice on 25 October: the first one is meant.
        (["02:30"], SPRING, ["Sat 27 02:30", "Sun 28 03:30", "Mon 29 02:30"]),
        (["sun 02:30,03:00"], SPRING, ["Sun 28 03:00", "Sun 28 03:30", "Sun 04 02:30"]),
        (["02:30"], AUTUMN, ["Sat 24 02:30", "Sun 25 02:30", "Mon 26 02:30"]),
    ],
)
def test_slots_are_these_moments(texts: list[str], now: datetime, expected: list[str]) -> None:
    moments = coming([slot(text) for text in texts], ROME, since=now, until=now + timedelta(days=9))
    shown = [f"{at.astimezone(ROME):%a %d %H:%M}" for at in moments]
    assert shown[:3] == expected


def test_of_a_time_that_is_repeated_the_first_is_meant() -> None:
    [at] = coming([slot("sun 02:30")], ROME, since=AUTUMN, until=AUTUMN + timedelta(days=3))
    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 25:00", "mon 9am", "09:00 mon", "someday 09:00", "24:00", "mon 9", " "]
)
def test_what_is_no_slot_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        slot(text)
