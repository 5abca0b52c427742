"""Lists of posts as files: read strictly, and told by line."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Problem
from postcron.rules.sheets import Record, csv_lines, csv_records, json_line, json_records, lines

COLUMNS = {"text", "accounts", "at"}


def unknown(names: Collection[str]) -> Iterator[str]:
    yield from (f"no column {name!r}" for name in names if name not in COLUMNS)


def sheet(text: str | bytes, delimiter: str | None = None) -> list[Record | Problem]:
    raw = text.encode() if isinstance(text, str) else text
    return [*csv_records(lines(io.BytesIO(raw), "a.csv"), "a.csv", unknown, delimiter=delimiter)]


def objects(text: str | bytes) -> list[Record | Problem]:
    raw = text.encode() if isinstance(text, str) else text
    return [*json_records(lines(io.BytesIO(raw), "a.jsonl"), "a.jsonl", unknown)]


@pytest.mark.parametrize(
    "text",
    [
        "text,accounts\nHi,acme\n",
        "text;accounts\nHi;acme\n",
        "text\taccounts\nHi\tacme\n",
        "text|accounts\r\nHi|acme\r\n",
        b"\xef\xbb\xbftext,accounts\nHi,acme",
        '"text", accounts \n"Hi",acme\n',
    ],
)
def test_a_sheet_is_read_with_whatever_separates_its_head(text: str | bytes) -> None:
    assert sheet(text) == [Record("a.csv:2", {"text": "Hi", "accounts": "acme"})]


def test_a_row_is_told_by_the_line_it_begins_on() -> None:
    text = '\ntext,accounts\n\n"one\ntwo, ""three""",acme\n,,\n , \na,b,\nfour,\n'
    first, wrong, last = sheet(text)
    assert first == Record("a.csv:4", {"text": 'one\ntwo, "three"', "accounts": "acme"})
    assert wrong == Problem("a.csv:8", "there are 3 cells for 2 columns.")
    assert last == Record("a.csv:9", {"text": "four"})


def test_a_given_delimiter_counts() -> None:
    assert sheet("text,accounts\nHi;there,acme\n", ",") == [
        Record("a.csv:2", {"text": "Hi;there", "accounts": "acme"})
    ]
    assert sheet('"text";accounts\nHi, there;acme\n', ";") == [
        Record("a.csv:2", {"text": "Hi, there", "accounts": "acme"})
    ]


def test_guarded_cells_come_back_as_they_were_meant() -> None:
    [row] = sheet("text,accounts\n'=1+1,acme\n")
    assert row == Record("a.csv:2", {"text": "=1+1", "accounts": "acme"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a.csv is empty"),
        ("\n \n", "a.csv is empty"),
        ("text,accounts;at\n", "a.csv:1: there are commas and semicolons between the columns"),
        ("text,txet\n", "a.csv:1: no column 'txet'"),
        ("text,accounts,text\n", "a.csv:1: there are 2 columns 'text'"),
        ("\n\ntext,accounts,\n", "a.csv:3: no column ''"),
        ("text,accounts\nGr\udcfc\udcdfe,acme\n", "a.csv:2: it is not UTF-8 (byte FC at place 3)"),
        ("text,accounts\n\0,acme\n", "a.csv:2: there is a NUL byte"),
        ("text,accounts\n" + "x" * 1_000_001, "a.csv:2: the line is longer than 1,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sheet(text.encode("utf-8", "surrogateescape"))
    assert str(refusal.value).startswith(says)


@pytest.mark.parametrize("raw", ["text\n".encode("utf-16"), b"PK\x03\x04\x14\x00"])
def test_a_file_that_is_no_text_is_called_what_it_is(raw: bytes) -> None:
    with pytest.raises(
        Invalid, match=r"a\.csv:1: the file is (UTF-16|a workbook): save it as text"
    ):
        sheet(raw)


def test_every_wrong_column_is_named_at_once() -> None:
    with pytest.raises(DoesNotFit) as refusal:
        sheet("one,two\n")
    assert [str(problem) for problem in refusal.value.problems] == [
        "a.csv:1: no column 'one'",
        "a.csv:1: no column 'two'",
    ]


@pytest.mark.parametrize("cell", ['"never closed\n', '"closed"badly'])
def test_after_wrong_quotes_nothing_is_read(cell: str) -> None:
    good, wrong = sheet(f"text,accounts\nHi,acme\n{cell},acme\nMore,acme\n")
    assert isinstance(good, Record)
    assert isinstance(wrong, Problem)
    assert wrong.where == "a.csv:3"
    assert "the quotes are wrong" in wrong.what


def test_each_line_of_json_is_a_record() -> None:
    text = '\ufeff{"text": "Hi", "accounts": ["a", "b"], "at": null}\n\n{"text": true, "at": 7}\n{}'
    assert objects(text) == [
        Record("a.jsonl:1", {"text": "Hi", "accounts": ["a", "b"]}),
        Record("a.jsonl:3", {"text": "yes", "at": "7"}),
        Record("a.jsonl:4", {}),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"text": "Hi"', "it is not JSON on one line"),
        ("[]", "it is not an object in braces"),
        ("[" * 100_000, "it is nested too deep"),
        ('{"text": 1.5}', "text is neither text nor a list of texts"),
        ('{"text": ["a", 1]}', "text is neither text nor a list of texts"),
        ('{"text": {"a": "b"}}', "text is neither text nor a list of texts"),
        ('{"text": "a", "text": "b"}', "a name stands in it twice"),
        ('{"text": "\\ud800"}', "text has a sign that is none in UTF-8"),
        ('{"text": "\\u0000"}', "text has a sign that is none in UTF-8"),
        ('{"txet": "a"}', "no column 'txet'"),
    ],
)
def test_a_line_that_is_no_record_is_a_problem_of_its_own(line: str, says: str) -> None:
    wrong, good = objects(f'{line}\n{{"text": "Hi"}}\n')
    assert isinstance(wrong, Problem)
    assert wrong.where == "a.jsonl:1"
    assert wrong.what.startswith(says)
    assert good == Record("a.jsonl:2", {"text": "Hi"})


CELLS = st.text(st.sampled_from("'=+-@\t\r\n ,;|\"a\u00e9\U0001f600") | st.characters(exclude_categories=["Cs"]))  # fmt: skip
ROWS = st.lists(st.dictionaries(st.sampled_from(sorted(COLUMNS)), CELLS.filter(str.strip)))


@given(ROWS)
def test_a_sheet_comes_back_as_it_was_written(rows: list[dict[str, str]]) -> None:
    text = "".join(csv_lines(["text", "accounts", "at"], rows))
    assume("\0" not in text)
    assert [one.values for one in sheet(text) if isinstance(one, Record)] == [*filter(None, rows)]


@given(ROWS)
def test_lines_of_json_come_back_as_they_were_written(rows: list[dict[str, str]]) -> None:
    assume(not any("\0" in cell for row in rows for cell in row.values()))
    text = "".join(map(json_line, rows))
    assert [one.values for one in objects(text) if isinstance(one, Record)] == rows


def test_no_cell_of_a_sheet_is_run_by_a_spreadsheet() -> None:
    [_, line] = csv_lines(["text", "at"], [{"text": "=1+1", "at": "+1"}])
    assert line == "'=1+1,'+1\r\n"
