"""Templates: a name in braces is its value, and nothing else in braces is anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.errors import Invalid
from postcron.rules.variables import fill

VALUES = {"version": "2.1", "url": "https://example.com/{version}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Version {version} is out", "Version 2.1 is out"),
        ("{version}{version}", "2.12.1"),
        ("plain", "plain"),
        ("{{version}}", "{version}"),
        ("a set: {{1, 2}}", "a set: {1, 2}"),
        ("{{{version}}}", "{2.1}"),
        # What a value holds is never read again.
        ("{url}", "https://example.com/{version}"),
    ],
)
def test_a_name_in_braces_is_its_value(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{versoin}", "{versoin} has no value: give --set versoin=…; did you mean version?"),
        ("{version.__class__}", "{version.__class__} is no variable"),
        ("{version[0]}", "is no variable"),
        ("{version!r}", "is no variable"),
        ("{version:>10}", "is no variable"),
        ("{}", "{} is no variable"),
        ("{0}", "{0} is no variable"),
        ("{ version }", "is no variable"),
        ("an open { here", "a brace stands alone: write {{ for a plain one."),
        ("a closing } here", "a brace stands alone: write }} for a plain one."),
    ],
)
def test_anything_else_in_braces_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        fill(text, VALUES)
    assert said in str(refused.value)


@given(st.text())
def test_a_text_whose_braces_are_doubled_stays_what_it_is(text: str) -> None:
    assert fill(text.replace("{", "{{").replace("}", "}}"), {}) == text


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(), min_size=3))
def test_a_value_comes_out_as_it_went_in(values: dict[str, str]) -> None:
    assert fill("{a}|{b}|{c}", values) == "|".join(values[name] for name in "abc")
