"""Lists of posts at the command line: what is printed where, and the exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.media.files import picture

SHEET = "text,accounts,at\nHi,acme,2h\nHo,acme,3h\n"
MIXED = "text,accounts,at\nHi,acme,2h\nHo,acme,never\n"


@pytest.fixture(autouse=True)
def account(home: Home) -> None:
    """The account that the posts go to."""
    home.add_account()


def written(home: Home, text: str, name: str = "posts.csv") -> Path:
    path = home.folder / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def listed(shell: Shell) -> int:
    return len(shell("list", "--json").document["deliveries"])


def test_a_list_is_saved_and_its_size_is_said(home: Home, shell: Shell) -> None:
    written(home, SHEET)
    answer = shell("import", "posts.csv")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "Saved 2 posts with 2 deliveries.\n"
    assert listed(shell) == 2
    assert shell("import", "posts.csv").out == "Nothing is new; 2 stood there already.\n"
    assert listed(shell) == 2


def test_a_rehearsal_shows_what_each_row_would_become(home: Home, shell: Shell) -> None:
    written(home, MIXED)
    answer = shell("import", "posts.csv", "--dry-run")
    assert answer.code == 2
    head, names, row = answer.out.splitlines()
    assert head == "Would save 1 post with 1 delivery."
    assert names.split() == ["ROW", "ACCOUNT", "STATE", "WANTED", "GIVEN", "REASON"]
    assert row.split()[:3] == ["posts.csv:2", "acme", "scheduled"]
    assert answer.err.startswith("postcron: posts.csv:3: 'never' is not a time")
    assert listed(shell) == 0


def test_one_row_that_does_not_fit_refuses_all(home: Home, shell: Shell) -> None:
    written(home, MIXED)
    answer = shell("import", "posts.csv")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("postcron: posts.csv:3: ")
    assert answer.err.count("\n") == 1
    assert listed(shell) == 0


def test_with_partial_the_rows_that_fit_are_saved_and_the_exit_code_tells(
    home: Home, shell: Shell
) -> None:
    written(home, MIXED)
    answer = shell("import", "posts.csv", "--partial")
    assert (answer.code, answer.out) == (2, "Saved 1 post with 1 delivery.\n")
    assert answer.err.startswith("postcron: posts.csv:3: ")
    assert listed(shell) == 1


def test_a_program_reads_rows_and_problems(home: Home, shell: Shell) -> None:
    written(home, MIXED)
    answer = shell("import", "posts.csv", "--partial", "--json")
    assert (answer.code, answer.err) == (2, "")
    [row], [problem] = answer.document["rows"], answer.document["problems"]
    assert (row["where"], row["post"], row["there"]) == ("posts.csv:2", 1, {})
    assert row["deliveries"][0]["account"] == "acme"
    assert problem["where"] == "posts.csv:3"
    refused = shell("import", "posts.csv", "--json")
    assert (refused.code, refused.err) == (2, "")
    assert refused.document["error"]["problems"] == [problem]


def test_standard_input_needs_its_format(shell: Shell) -> None:
    answer = shell("import", "-", stdin=SHEET)
    assert (answer.code, answer.out) == (2, "")
    assert "--format csv or --format jsonl" in answer.err
    assert shell("import", "-", "--format", "csv", stdin=SHEET).code == 0
    line = '{"text": "Ha", "accounts": "acme", "at": "3h"}'
    assert shell("import", "-", "--format", "jsonl", stdin=line).code == 0
    assert listed(shell) == 3


def test_a_problem_of_standard_input_has_its_line(shell: Shell) -> None:
    answer = shell("import", "-", "--format", "csv", stdin=MIXED)
    assert answer.err.startswith("postcron: standard input:3: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.tsv", SHEET.replace(",", "\t")), ("a.CSV", SHEET), ("a.ndjson", '{"to": "acme", "text": "Hi", "at": "2h"}')],
)  # fmt: skip
def test_the_ending_of_a_file_says_what_it_is(
    home: Home, shell: Shell, name: str, text: str
) -> None:
    written(home, text, name)
    assert shell("import", name).code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.csv",), "nowhere.csv cannot be read: No such file"),
        ((".", "--format", "csv"), ". cannot be read: Is a directory"),
        (("posts.txt",), "Which format has posts.txt?"),
        (("posts.csv", "--delimiter", "::"), "--delimiter is one sign"),
        (("posts.csv", "--format", "xml"), "xml"),
        (("latin.csv",), "latin.csv:2: it is not UTF-8 (byte FC at place 3)"),
        (("/dev/zero", "--format", "csv"), "/dev/zero:1: the line is longer than 1,000,000 bytes"),
        ((), "FILE"),
    ],
)
def test_a_file_that_is_none_is_one_sentence_and_2(
    home: Home, shell: Shell, words: tuple[str, ...], says: str
) -> None:
    written(home, SHEET)
    written(home, "text,accounts\nGr\udcfc\udcdfe,acme\n", "latin.csv")
    answer = shell("import", *words)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err
    assert answer.err.count("\n") == 1


def test_no_flood_of_problems_meets_a_person(home: Home, shell: Shell) -> None:
    written(home, "text,accounts,at\n" + "Hi,acme\n" * 502)
    answer = shell("import", "posts.csv")
    assert answer.err.splitlines()[-1] == "postcron: and 2 more problems; --json has them all."
    assert answer.err.count("\n") == 501
    problems = shell("import", "posts.csv", "--json").document["error"]["problems"]
    assert len(problems) == 502


def test_media_count_from_the_list(home: Home, shell: Shell) -> None:
    folder = home.folder / "december"
    folder.mkdir()
    picture(folder / "door.png")
    (folder / "posts.csv").write_text("text,accounts,at,media\nHi,acme,2h,door.png\n")
    assert shell("import", "december/posts.csv").code == 0
    [attachment] = shell("show", "1", "--json").document["post"]["media"]
    assert attachment["name"] == "door.png"


# --- out ---------------------------------------------------------------------------------------


def test_what_is_written_to_a_file_is_said_and_read_again(home: Home, shell: Shell) -> None:
    written(home, SHEET)
    shell("import", "posts.csv")
    shell("cancel", "1")
    answer = shell("export", "out.csv")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "Wrote 1 post with 1 delivery to out.csv.\nNot in it: 1 cancelled.\n"
    out = home.folder / "out.csv"
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert out.stat().st_mode & 0o077 == 0
    assert shell("import", "out.csv").out == "Nothing is new; 1 stood there already.\n"


def test_a_list_on_standard_output_is_nothing_but_the_list(home: Home, shell: Shell) -> None:
    written(home, SHEET)
    shell("import", "posts.csv")
    shell("cancel", "1")
    answer = shell("export", "--format", "jsonl")
    assert (answer.code, answer.err) == (0, "Not in it: 1 cancelled.\n")
    assert shell("import", "-", "--format", "jsonl", stdin=answer.out).code == 0
    assert shell("export", "-", "--format", "csv").out.startswith("key,text,accounts,at")


def test_a_list_and_a_document_do_not_go_to_one_place(shell: Shell) -> None:
    answer = shell("export", "--format", "csv", "--json")
    assert (answer.code, answer.err) == (2, "")
    assert answer.document["error"]["message"].startswith("--json goes with a FILE")


def test_a_program_reads_how_much_was_written(home: Home, shell: Shell) -> None:
    written(home, SHEET)
    shell("import", "posts.csv")
    document = shell("export", "out.jsonl", "--json").document
    assert document == {"file": "out.jsonl", "posts": 2, "deliveries": 2, "left_out": {}}
    assert (home.folder / "out.jsonl").read_text(encoding="utf-8").count("\n") == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--format csv or --format jsonl"),
        (("out.txt",), "Which format has out.txt?"),
        (("no/such/out.csv",), "no/such/out.csv cannot be written: No such file or directory"),
        (("media", "--format", "csv"), "media cannot be written: Is a directory"),
        (("out.csv", "--account", "acm"), "did you mean acme?"),
        (("out.csv", "--since", "soon"), "'soon' is not a moment"),
    ],
)
def test_a_list_that_cannot_be_written_is_one_sentence_and_2(
    home: Home, shell: Shell, words: tuple[str, ...], says: str
) -> None:
    answer = shell("export", *words)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err
    assert not list(home.folder.glob("*out.csv*"))


def test_what_is_no_file_is_written_as_it_comes(home: Home, shell: Shell) -> None:
    written(home, SHEET)
    shell("import", "posts.csv")
    (home.folder / "link.csv").symlink_to("real.csv")
    assert shell("export", "link.csv").code == 0
    assert (home.folder / "link.csv").is_symlink()
    assert (home.folder / "real.csv").is_file()
    assert shell("export", "/dev/null", "--format", "csv").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_full_disk_is_told(home: Home, process: Shell) -> None:
    with Path("/dev/full").open("wb") as full:
        answer = process("export", "--format", "csv", stdout=full, stderr=subprocess.PIPE)
    assert answer.code == 3
    assert "No space left" in answer.err
