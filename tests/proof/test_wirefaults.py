"""The quick part of the wire's faults: each on the publish call of one platform, and every 97th byte."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from postcron.model import Act
from postcron.states import State
from tests.platforms.subjects import SUBJECTS
from tests.proof.badwire import FAULTS, WELL, Fault, reply_cut, request_cut
from tests.proof.figures import Figures
from tests.proof.wirefaults import Story, count_story, false_verdict, play, stories

#: into so many parts the faults are divided; each platform meets one of them
SHARES: Final = 16


@pytest.mark.fault("F29", "F30", "F31", "F37", "F38")
@pytest.mark.parametrize("platform", sorted(SUBJECTS))
def test_no_fault_of_the_wire_doubles_or_silences_a_post(platform: str, tmp_path: Path) -> None:
    """Each platform meets its share of them here; a long sweep meets all of them with each."""
    figures = Figures("wire")
    share = sorted(SUBJECTS).index(platform) % SHARES
    every = list(stories(tmp_path, platform, step=97, everywhere=False))
    for story, on_act in every[share::SHARES]:
        count_story(figures, tmp_path, story, on_act)
    assert figures.breaches == []
    assert figures.runs >= len(every) // SHARES > 1
    assert figures.counted["lost"]


@pytest.mark.fault("F34")
@pytest.mark.parametrize("platform", sorted(SUBJECTS))
def test_a_request_read_long_after_its_sender_gave_up_does_not_become_a_second_post(
    platform: str, tmp_path: Path
) -> None:
    late = next(fault for fault in FAULTS if "after the sender" in fault.name)
    act = play(tmp_path / "well", Story(platform, {})).act
    ended = play(tmp_path / "late", Story(platform, {act: late}))
    state = State.UNKNOWN if ended.promise is Act.BLIND else State.PUBLISHED
    assert (ended.verdict, ended.state, ended.breaches) == ("lost", state, [])


@pytest.mark.fault("F29", "F37", "F41")
@pytest.mark.parametrize("platform", sorted(SUBJECTS))
def test_an_answer_that_comes_whole_is_landed_at_once_however_it_comes(
    platform: str, tmp_path: Path
) -> None:
    """Each platform is answered in one of the three ways."""
    whole = [fault for fault in FAULTS if fault.whole]
    assert len(whole) == 3
    fault = whole[sorted(SUBJECTS).index(platform) % len(whole)]
    act = play(tmp_path / "well", Story(platform, {})).act
    ended = play(tmp_path / "whole", Story(platform, {act: fault}))
    assert (ended.verdict, ended.breaches) in [("landed", []), ("accepted", [])]


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (reply_cut(9, 10), "landed"),
        (reply_cut(9, 10), "accepted"),
        (request_cut(1), "not_sent"),
        (WELL, "refused"),
    ],
)
def test_a_verdict_that_believes_too_much_is_a_breach(fault: Fault, verdict: str) -> None:
    assert false_verdict(fault, verdict)
    assert not false_verdict(fault, "lost")
