"""What a spreadsheet would run: guarded on the way out, exact on the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.rules.cells import guarded, unguarded

SIGNS = "'=+-@\t\r\n a\uff1d\uff20"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+49 30", "-1", "@acme", "\tx", "\rx", " =1", "\n=1", "\uff1d1", "'=1", "''@x", "="],
)
def test_what_might_run_is_guarded_by_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "'", "'a'", "'tis", " a", "\na", "1-1", "\u2212 1"])
def test_everything_else_is_left_as_it_is(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@given(st.text(st.sampled_from(SIGNS)) | st.text())
def test_what_is_guarded_comes_back_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.text(st.sampled_from(SIGNS)))
def test_nothing_that_might_run_is_at_the_start_of_a_guarded_cell(text: str) -> None:
    assert not guarded(text).startswith(("\t", "\r"))
    assert not guarded(text).lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff20"))
