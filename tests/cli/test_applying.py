"""`plan` and `apply` at the command line, and in a job of GitHub Actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import Home

POST = "---\nto: acme\nat: 2027-03-01T09:00+01:00\n---\nVersion {version} is out.\n"


@pytest.fixture
def posts(home: Home) -> Path:
    home.add_account()
    folder = home.folder / "posts"
    folder.mkdir()
    (folder / "plan.toml").write_text('name = "releases"\n')
    (folder / "a.md").write_text(POST)
    return folder


def test_a_plan_is_shown_then_applied_then_there_is_nothing_left(shell: Shell, posts: Path) -> None:
    planned = shell("plan", "posts", "--set", "version=2.1")
    assert planned.code == 0
    assert "add  releases/a.md" in planned.out
    assert shell("plan", "posts", "--set", "version=2.1", "--check").code == 1
    applied = shell("apply", "posts", "--set", "version=2.1")
    assert (applied.code, applied.err) == (0, "")
    assert "1 added, 0 changed, 0 cancelled, 0 left as they are." in applied.out
    again = shell("plan", "posts", "--set", "version=2.1", "--check")
    assert (again.code, again.out) == (
        0,
        "0 to add, 0 to change, 0 to cancel, 1 left as they are.\n",
    )


def test_the_answer_for_programs_names_every_file(shell: Shell, posts: Path) -> None:
    document = shell("apply", "posts", "--set", "version=2.1", "--json").document
    [step] = document["steps"]
    assert document["applied"] is True
    assert (step["do"], step["source"], step["file"]) == ("add", "releases/a.md", "posts/a.md")


def test_an_empty_folder_withdraws_nothing_unless_told_so(shell: Shell, posts: Path) -> None:
    shell("apply", "posts", "--set", "version=2.1")
    (posts / "a.md").unlink()
    refused = shell("apply", "posts")
    assert refused.code == 2
    assert "posts holds no post, so 1 would be withdrawn: --empty does that." in refused.err
    assert "1 cancelled" in shell("apply", "posts", "--empty").out


def test_a_variable_without_a_value_is_an_annotation_in_github(
    shell: Shell, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(posts.parent))
    refused = shell("apply", "posts")
    assert refused.code == 2
    assert refused.err.startswith("::error file=posts/a.md,line=5::{version} has no value")
    assert "postcron: posts/a.md:5: {version} has no value" in refused.err


def test_the_page_of_a_github_step_gets_a_table_and_standard_output_stays_json(
    shell: Shell, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = posts.parent / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    (posts / "b|c.md").write_text(POST)
    assert shell("apply", "posts", "--set", "version=2.1", "--json").document["applied"]
    assert page.read_text().splitlines() == [
        "before",
        "### postcron: releases",
        "",
        "| do | file | post | what |",
        "| --- | --- | --- | --- |",
        "| added | releases/a.md |  |  |",
        "| added | releases/b\\|c.md |  |  |",
        "",
    ]


def test_outside_of_github_nothing_is_annotated(
    shell: Shell, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(posts.parent / "summary.md"))
    assert "::error" not in shell("plan", "posts").err
    shell("plan", "posts", "--set", "version=2.1")
    assert not (posts.parent / "summary.md").exists()


@pytest.mark.parametrize("given", ["version", "=2", "ver-sion=2", "a.b=2"])
def test_a_variable_must_have_a_name_and_a_value(shell: Shell, posts: Path, given: str) -> None:
    refused = shell("plan", "posts", "--set", given)
    assert refused.code == 2
    assert f"--set '{given}' must be written NAME=VALUE" in refused.err


def test_a_scheduled_text_is_a_template_only_if_variables_are_given(
    shell: Shell, posts: Path
) -> None:
    def text(*words: str) -> str:
        answer = shell("schedule", *words, "--to", "acme", "--at", "in 2h", "--json")
        found: str = answer.document["post"]["text"]
        return found

    assert text("{version}!", "--set", "version=2.1") == "2.1!"
    assert text("{version}!") == "{version}!"
    refused = shell("schedule", "{x}", "--set", "y=1", "--to", "acme", "--at", "in 2h")
    assert (refused.code, "{x} has no value" in refused.err) == (2, True)
