"""How often, in plain words."""

from __future__ import annotations

import pytest

from postcron.errors import Invalid
from postcron.rules.every import rule_of


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("day 09:00", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        ("every day at 9am", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        ("3 days 18:30", "FREQ=DAILY;INTERVAL=3;BYHOUR=18;BYMINUTE=30"),
        ("weekday 09:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0"),
        ("weekends at 11:00", "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=11;BYMINUTE=0"),
        ("monday 18:30", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=18;BYMINUTE=30"),
        ("Mondays at 6:30 pm", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=18;BYMINUTE=30"),
        ("mon,thu 9am", "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=0"),
        ("on mon and thu at 9 am", "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=0"),
        ("fri-mon 12am", "FREQ=WEEKLY;BYDAY=MO,FR,SA,SU;BYHOUR=0;BYMINUTE=0"),
        ("week wed 09:00:30", "FREQ=WEEKLY;BYDAY=WE;BYHOUR=9;BYMINUTE=0;BYSECOND=30"),
        ("2 weeks friday 17:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=17;BYMINUTE=0"),
        ("month 1st 10:00", "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=10;BYMINUTE=0"),
        ("3 months 15 10:00", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15;BYHOUR=10;BYMINUTE=0"),
        ("month last day 10:00", "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=10;BYMINUTE=0"),
        ("month last friday 17:00", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0"),
        ("month second tuesday 9am", "FREQ=MONTHLY;BYDAY=2TU;BYHOUR=9;BYMINUTE=0"),
        (
            "month first weekday 9am",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;BYHOUR=9;BYMINUTE=0",
        ),
        ("hour", "FREQ=HOURLY"),
        ("every 2 hours", "FREQ=HOURLY;INTERVAL=2"),
    ],
)
def test_plain_words_are_a_rule(text: str, rule: str) -> None:
    assert rule_of(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        *("", "09:00", "week 09:00", "month 09:00", "sometimes 10:00", "mon-xyz 9am", "x" * 10_000),
        *("month 32nd 10:00", "month 0 10:00", "month sixth friday 10:00", "day monday 09:00"),
        *("2 monday 09:00", "1.5 days 09:00", "mo 09:00", "year 10:00", "day\x00 09:00"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_with_examples(text: str) -> None:
    with pytest.raises(
        Invalid, match="is no rule to repeat by; write it like day 09:00"
    ) as refused:
        rule_of(text)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("day", "add a time, like 09:00"),
        ("mon,thu", "add a time, like 09:00"),
        ("hour 09:00", "an hour has no time of day"),
        ("day 25:00", "There is no time 25:00"),
    ],
)
def test_a_time_that_is_missing_or_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        rule_of(text)
