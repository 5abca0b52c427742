"""A folder of Markdown posts: what it would change, and making it so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postcron.cli import failures, github, printing, words
from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.cli.saying import Variables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postcron.operations.differences import Step
    from postcron.operations.folder import Folder
    from postcron.operations.house import House

FolderPath = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Markdown posts (*.md) with media beside them.")
]
Name = Annotated[
    str | None,
    typer.Option("--plan", metavar="NAME", help="The plan's name, if no plan.toml says it."),
]


def register(app: typer.Typer) -> None:
    """Add `plan` and `apply`."""
    command(app, plan)
    command(app, apply)


def plan(
    how: How,
    *,
    folder: FolderPath,
    name: Name = None,
    variables: Variables = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if what is scheduled is not what the files say.")
    ] = False,
) -> int:
    """Say what `apply` would do; change nothing."""
    with how.home() as house:
        read = _read(house, folder, name, variables)
        from postcron.operations.applying import plan as operation

        steps = operation(house, read)
    _answer(how, read, steps, done=False)
    return failures.FAILED if check and _differs(steps) else failures.DONE


def apply(
    how: How,
    *,
    folder: FolderPath,
    name: Name = None,
    variables: Variables = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Withdraw everything, if the folder holds no post.")
    ] = False,
) -> int:
    """Make what is scheduled what the files say; what is out stays."""
    with how.home() as house:
        read = _read(house, folder, name, variables)
        from postcron.operations import applying

        steps = applying.plan(house, read, empty=empty)
        done = list(applying.apply(house, steps, actor=who()))
    _answer(how, read, done, done=True)
    return failures.DONE


def _read(house: House, folder: Path, name: str | None, variables: list[str] | None) -> Folder:
    from postcron.operations.folder import read_folder

    return read_folder(
        folder,
        name=name,
        variables=words.variables_of(variables),
        workspace=house.config.workspace,
    )


def _differs(steps: Iterable[Step]) -> bool:
    return any(step.do not in {"keep", "leave"} or step.by_hand for step in steps)


def _answer(how: How, folder: Folder, steps: list[Step], *, done: bool) -> None:
    from postcron.cli import render

    rows = [row for step in steps if (row := _row(step, done=done))[0] != "keep"]
    heads = ("", "FILE", "POST", "WHAT")
    github.summary(f"postcron: {folder.name}", ("do", "file", "post", "what"), rows)
    for step in steps:
        if github.is_here() and step.do == "leave":
            printing.ask(github.annotation(f"{step.place}:1", "; ".join(step.why), level="warning"))
    how.answer(
        {"plan": folder.name, "applied": done, "steps": [_document(step) for step in steps]},
        lambda: "\n".join([*([render.table(heads, rows)] if rows else []), _sum(steps, done=done)]),
    )


def _row(step: Step, *, done: bool) -> tuple[str, str, str, str]:
    why = "; ".join(step.why) + (" (was changed by hand)" if step.by_hand and step.post_id else "")
    post = "" if step.post_id is None else str(step.post_id)
    return (_PAST.get(step.do, step.do) if done else str(step.do), step.source, post, why)


_PAST = {"add": "added", "change": "changed", "cancel": "cancelled", "leave": "left"}


def _sum(steps: list[Step], *, done: bool) -> str:
    counts = {do: sum(step.do == do for step in steps) for do in ("add", "change", "cancel")}
    kept = sum(step.do in {"keep", "leave"} for step in steps)
    told = [f"{count} {_PAST[do] if done else f'to {do}'}" for do, count in counts.items()]
    return f"{', '.join(told)}, {kept} left as they are."


def _document(step: Step) -> dict[str, Any]:
    return {
        "do": str(step.do),
        "source": step.source,
        "file": None if step.entry is None else str(step.entry.sheet.path),
        "post": step.post_id,
        "why": list(step.why),
        "by_hand": step.by_hand,
    }
