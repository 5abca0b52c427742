"""Odd zones and languages of the machine: the right moment or a sentence, never a guess."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import Home

SURROUNDINGS = [
    {"TZ": "Nowhere/Land"},
    {"TZ": ":/etc/passwd"},
    {"TZ": "XXX-25:99"},
    {"LANG": "C", "LC_ALL": "C"},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
    {"LC_ALL": "xx_NOT.REAL"},
    {"PYTHONTZPATH": ""},
]


@pytest.mark.fault("F82")
@pytest.mark.parametrize("environ", SURROUNDINGS, ids=str)
def test_the_moment_of_a_post_does_not_depend_on_the_machines_zone_or_language(
    home: Home, process: Shell, environ: dict[str, str]
) -> None:
    home.add_account()
    words = ("schedule", "İstanbul'da ıssız", "--to", "acme", "--at", "2037-07-01 18:30", "--json")
    answer = process(*words, environ=environ)
    assert (answer.code, answer.err) == (0, "")
    assert "2037-07-01T16:30:00" in answer.out


@pytest.mark.fault("F82")
def test_a_zone_nobody_knows_is_refused_and_not_replaced_by_another(
    home: Home, process: Shell
) -> None:
    home.add_account()
    words = ("schedule", "hello", "--to", "acme", "--at", "2037-07-01 18:30", "--tz", "Mars/Base")
    answer = process(*words)
    assert answer.code == 2
    assert "There is no time zone 'Mars/Base'" in answer.err
    assert home.states() == []
