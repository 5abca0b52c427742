"""crontab.example works as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.lane import PHASES
from tests.cli.conftest import Shell

EXAMPLE = Path(__file__).parents[2] / "crontab.example"
#: five fields of time, then the command
LINE = re.compile(r"#? ?((?:[\d*/,-]+\s+){4}[\d*/,-]+)\s+(?P<command>.+)")


def commands(*, commented: bool) -> Iterator[list[str]]:
    for line in EXAMPLE.read_text().splitlines():
        match = LINE.fullmatch(line)
        if match and line.startswith("#") is commented:
            yield shlex.split(match["command"])


def test_four_lines_cover_all_phases_and_one_collects_numbers() -> None:
    words = [words[1] for words in commands(commented=False)]
    assert set(words[:4]) == set(PHASES) - {"run"}
    assert words[4:] == ["measure"]


def test_one_line_can_replace_them() -> None:
    assert [words[1:] for words in commands(commented=True)] == [["run"]]


@pytest.mark.parametrize(
    "words", [*commands(commented=False), *commands(commented=True)], ids=" ".join
)
def test_every_command_runs_in_silence_when_there_is_nothing_to_do(
    shell: Shell, words: list[str]
) -> None:
    assert words[0] == "postcron"
    answer = shell(*words[1:])
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_nothing_in_a_line_means_something_else_to_cron() -> None:
    assert not any("%" in word for words in commands(commented=False) for word in words)


def test_the_first_setting_lets_cron_find_postcron() -> None:
    settings = [line for line in EXAMPLE.read_text().splitlines() if re.match("[A-Z]", line)]
    assert settings[0].startswith("PATH=")
