"""The README says what is so: its commands, options, keys, states and exit codes are the program's."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from postcron.cli import failures, signals
from postcron.cli.app import app
from postcron.config import RunLimits
from postcron.model import Act, Policy
from postcron.operations import calendar, checking, columns, doors, markdown, measure, preflight
from postcron.operations.catalogue import catalogue
from postcron.operations.folder import read_folder
from postcron.platforms import BUILT_IN, find
from postcron.rules import backoff, best_times, breaker, measuring
from postcron.rules.sheets import Record, csv_records, json_records
from postcron.states import State
from tests import tables
from tests.proof import faults, marks, matrix

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return README.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def rows(name: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in section(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    known: dict[str, Any] = group.commands
    return known


def typed() -> Iterator[str]:
    """Yield every command line of the README that starts with postcron."""
    joined = README.replace("\\\n", " ")
    for line in joined.splitlines():
        found = re.search(r"(?:^\$ |^[*/0-9 ]+\* +)(postcron .*)$", line.strip())
        if found:
            yield found[1].split(" #")[0].strip().removesuffix("&").strip()
    yield from (each for each in ticked(README) if each.startswith("postcron "))


def test_every_command_of_the_program_stands_in_the_readme_and_none_else() -> None:
    named = {word.split()[0] for row in rows("Commands") for word in ticked(row[0])}
    assert named == set(commands())


@pytest.mark.parametrize("line", sorted(set(typed())))
def test_every_command_line_of_the_readme_can_be_parsed(line: str) -> None:
    words = shlex.split(line.replace("…", "x").replace("ID", "12").replace("NAME", "acme"))[1:]
    command = commands()[words[0]]
    if hasattr(command, "commands") and len(words) > 1:
        command, words = command.commands[words[1]], words[1:]
    command.make_context(words[0], words[1:])


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_readme_names_the_keys_an_account_must_have(name: str) -> None:
    [row] = [row for row in rows("Accounts") if f"`{name}`" in row[0]]
    required = {key.name for key in find(name).keys if key.required}
    same_as = next((r for r in rows("Accounts") if "`onlysocial`" in r[0]), [])
    named = set(ticked(row[1])) | (set(ticked(same_as[1])) if "the same" in row[1] else set())
    assert required <= named
    assert named <= {key.name for key in find(name).keys} | {"mixpost"}


CI = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", CI, re.DOTALL))
def test_the_jobs_for_ci_are_yaml_and_their_commands_can_be_parsed(block: str) -> None:
    assert yaml.safe_load(block)
    lines = re.findall(r"(?:run: |- )(postcron .*)", block)
    assert lines
    for line in lines:
        words = shlex.split(line.replace("$DO", "apply"))[1:]
        commands()[words[0]].make_context(words[0], words[1:])


def test_the_folder_of_the_docs_is_a_plan(tmp_path: Path) -> None:
    [about] = re.findall(r"```toml\n(.*?)```", CI, re.DOTALL)
    [post] = re.findall(r"```markdown\n(.*?)```", CI, re.DOTALL)
    (tmp_path / "plan.toml").write_text(about)
    (tmp_path / "release.md").write_text(post)
    folder = read_folder(tmp_path, name=None, variables={"version": "2.1"}, workspace="acme")
    [entry] = folder.entries
    assert (entry.source, entry.wish.at) == ("releases/release.md", "2027-03-01T09:00")
    assert str(entry.wish.text).startswith("Version 2.1 is out, with")


def test_the_keys_of_a_post_file_are_those_the_docs_name() -> None:
    named = {
        key
        for line in CI.splitlines()
        if line.startswith("| `")
        for key in ticked(line.split(" | ")[0])
    }
    assert named == markdown.KEYS


def test_the_table_of_platforms_tells_how_often_each_may_be_called() -> None:
    told = {
        ticked(row[0])[0]: set(re.findall(r"[a-z]+", row[3])) & set(Act) for row in rows("Accounts")
    }
    acts: dict[str, set[str]] = defaultdict(set)
    for entry in catalogue():
        acts[entry.platform.name].add(entry.act)
    assert told == {name: acts[name] for name in BUILT_IN}


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = {int(row[0]) for row in rows("Commands") if row[0].isdigit()}
    assert told == {
        *(failures.DONE, failures.FAILED, failures.INVALID, failures.CANNOT_WORK),
        *(failures.UNKNOWN, signals.INTERRUPTED),
    }


def test_the_states_that_need_words_are_states() -> None:
    assert {ticked(row[0])[0] for row in rows("When things go wrong")} <= set(State)


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets
    assert (
        set(re.findall(r"^make ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE))
        <= targets
    )


@pytest.mark.parametrize(
    "page", ["README.md", "docs/faults.md", "docs/proof.md", "docs/platforms.md", "docs/import.md"]
)
def test_every_file_a_page_links_to_is_there(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_page_about_lists_names_every_column() -> None:
    page = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    table = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    named = {name for cell in table for name in ticked(cell)}
    of_account = {name for name in named if "ACCOUNT" in name}
    assert {name.partition(".")[0] for name in of_account} == columns.OF_ACCOUNT
    assert {
        name.removesuffix(".2") for name in named - of_account
    } == columns.SINGLE | columns.SEVERAL


def test_the_examples_of_lists_are_records() -> None:
    page = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    [sheet] = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    [line] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    rows = [
        *csv_records(sheet.splitlines(True), "a", lambda _: ()),
        *json_records([line], "b", lambda _: ()),
    ]
    assert [isinstance(row, Record) for row in rows] == [True, True, True]


def test_the_table_of_platforms_is_what_the_code_says() -> None:
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), "run `make tables`"


def test_the_fault_table_has_every_row_and_no_test_that_is_gone() -> None:
    text = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bF\d+\b", text)) >= set(matrix.ROWS)
    known = {link for tests in marks.shown().values() for link in map(faults.link, tests)}
    named = set(re.findall(r"\[[^\]]+\]\(\.\./tests/\S*test_\w+\.py\)", text))
    assert named - known == set(), "run make faults"


def test_no_file_names_where_packages_come_from() -> None:
    locks = [*(ROOT / "requirements").iterdir(), *ROOT.glob("tests/real/pds/package*.json")]
    for lock in locks:
        text = lock.read_text()
        assert not re.search(r"--(extra-)?index-url [^\"']|--find-links|\"resolved\"", text), lock


MINUTE = timedelta(minutes=1)
NUMBERS = [
    f"at most {measure.LIMIT} in a run",
    f"until it is {measuring.END.days} days old",
    f"More than {calendar.LIMIT:,} deliveries are cut",
    f"posts of the last {best_times.OLDEST.days} days say it",
    (
        f"fewer than {best_times.MIN_POSTS} measured posts over {best_times.MIN_SPAN.days} days "
        f"at {best_times.MIN_HOURS} hours of the week"
    ),
    f"no run for {checking.SILENCE // MINUTE} minutes",
    f"every {doors.KNOWN // MINUTE} minutes at the latest",
    f"Below {preflight.ROOM >> 20} MiB of free space",
    f"its grace ({Policy.grace // MINUTE} min)",
    f"within {breaker.WINDOW // MINUTE} minutes met a platform",
    f"for {breaker.FIRST // MINUTE} minutes, then {2 * breaker.FIRST // MINUTE}, up to an hour",
    "after {}, {} and {} seconds".format(*(wait.seconds for wait in backoff.IN_RUN)),
    f"every {RunLimits.confirm_every.seconds} s, {RunLimits.confirm_times} times",
]


@pytest.mark.parametrize("told", NUMBERS)
def test_the_numbers_of_the_readme_are_those_of_the_program(told: str) -> None:
    assert told in " ".join(README.split())
