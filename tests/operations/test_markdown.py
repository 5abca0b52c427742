"""Markdown posts: front matter and text, and a line for everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from postcron.errors import DoesNotFit
from postcron.operations.markdown import Sheet, read


def sheet(tmp_path: Path, content: str | bytes) -> Sheet:
    file = tmp_path / "a.md"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(file)


def wrong(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(DoesNotFit) as refused:
        sheet(tmp_path, content)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in refused.value.problems]


def test_a_file_is_its_front_matter_and_its_text(tmp_path: Path) -> None:
    found = sheet(
        tmp_path,
        "---\nto: [acme, other]\nat: 2027-03-01 09:00\nmedia: shelf.png\n"
        "options:\n  acme: {mood: happy}\ntexts:\n  other: |\n    two\n    lines\n---\n\nWe are\n\nopen.\n\n",
    )
    assert found.text == "We are\n\nopen."
    assert found.lists == {"to": ("acme", "other"), "media": ("shelf.png",)}
    assert found.options == {"acme": {"mood": "happy"}}
    assert found.texts == {"other": "two\nlines"}
    assert found.where("at") == f"{tmp_path}/a.md:3"
    assert found.where() == f"{tmp_path}/a.md:12"


@pytest.mark.parametrize(
    ("written", "means"),
    [("no", "no"), ("09:00", "09:00"), ("1_000", "1_000"), ("2027-03-01", "2027-03-01")],
)
def test_a_word_stays_as_it_is_written(tmp_path: Path, written: str, means: str) -> None:
    assert sheet(tmp_path, f"---\nnotes: {written}\n---\n").words == {"notes": means}


def test_line_ends_and_a_byte_order_mark_of_windows_do_no_harm(tmp_path: Path) -> None:
    found = sheet(tmp_path, b"\xef\xbb\xbf---\r\nto: acme\r\n---\r\nWe are\r\nopen.\r\n")
    assert (found.lists["to"], found.text) == (("acme",), "We are\nopen.")


def test_a_rule_in_the_text_is_text(tmp_path: Path) -> None:
    assert sheet(tmp_path, "---\nto: a\n---\none\n\n---\n\ntwo\n").text == "one\n\n---\n\ntwo"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("We are open.", ["a.md:1: has no front matter: begin with a line ---, then keys like"]),
        ("---\nto: a\n", ["a.md:1: has no front matter"]),
        ("---\nto: [a\n---\n", ["a.md:3: is not YAML: "]),
        ("---\n- to\n---\n", ["a.md:2: must be keys with values"]),
        ("---\nto: a\nat: [1]\n---\n", ["a.md:3: must be one word or text"]),
        ("---\noptions: calm\n---\n", ["a.md:2: must be keys with values"]),
        ("---\nto: a\n\nto: b\n---\n", ["a.md:4: to stands here a second time."]),
        ("---\ntyep: a\nwhen: b\n---\n", ["a.md:2: tyep is not a key of a post; did you mean type?", "a.md:3: when"]),
        (b"---\nto: a\n---\ncaf\xe9", ["a.md:4: is not UTF-8."]),
        ("---\nnotes: \x07\n---\n", ["a.md:1: the front matter is not YAML"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, said: list[str]
) -> None:
    found = wrong(tmp_path, content)
    assert len(found) == len(said)
    for problem, start in zip(found, said, strict=True):
        assert problem.startswith(start)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit, match="cannot be read: No such file"):
        read(tmp_path / "none.md")
    assert wrong(tmp_path, b"---\n" + b"x" * 1_000_001) == ["a.md: is larger than 1,000,000 bytes."]
