"""`python -m tests.proof.faults`: writes docs/faults.md, the fault matrix with its tests and their last results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.proof import layers, marks, matrix, results

PATH = marks.ROOT / "docs" / "faults.md"

HEAD = """\
# The fault matrix

What we break on purpose, what has to come of it, and the tests that show it. `make faults` writes
this file: the results are those of the last `make test`, `make test-real` and `make sweep` on the
machine that wrote it. A test that was skipped there says so.

Common to every row: the platform shows each post as often as expected, once or not at all; nothing
is left without somebody who moves it; whoever scheduled it was told
([tests/oracle.py](../tests/oracle.py) checks that, the same way everywhere).
"""


def page(shown: Mapping[str, list[str]], last: Mapping[str, Mapping[str, str]]) -> str:
    """Return the whole document."""
    missing = [row for row in matrix.ROWS if row not in shown]
    count = f"{len(matrix.ROWS)} rows: {len(matrix.ROWS) - len(missing)} with tests"
    return "\n".join(
        [
            HEAD,
            f"{count}, {len(missing)} without; the reasons stand at the end.",
            *_tables(shown, last),
            "",
            *_sweeps(last),
            "## Not tested, and why",
            "",
            *(
                f"- {row}, {matrix.ROWS[row].injection}: {matrix.REASONS.get(row, 'no reason given')}"
                for row in missing
            ),
            "",
        ]
    )


def _tables(shown: Mapping[str, list[str]], last: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    part = ""
    for row in matrix.ROWS.values():
        if row.id not in shown:
            continue
        if row.part != part:
            part = row.part
            yield f"\n## {part}\n\n| id | we do | expected | test | last result |\n|---|---|---|---|---|"
        tests = shown[row.id]
        yield " | ".join(
            (
                f"| {row.id}",
                row.injection,
                row.expected,
                "<br>".join(map(link, tests)),
                "<br>".join(_result(last.get(test)) for test in tests) + " |",
            )
        )


def _sweeps(last: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield "## The long layers\n"
    yield "What `make sweep` found the last time; [proof.md](proof.md) has the figures of a whole one.\n"
    for name in sorted(layers.named()):
        yield f"- {name}: {_result(last.get(f'sweep {name}'))}"
    yield ""


def link(test: str) -> str:
    path, _, name = test.partition("::")
    said = (name or path.rpartition("/")[2]).removeprefix("test_").replace("_", " ")
    return f"[{said}](../{path})"


def _result(last: Mapping[str, str] | None) -> str:
    return f"{last['result']} {last['on']}" if last else "not run"


def main() -> None:
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(page(marks.shown(), results.read()), encoding="utf-8")


if __name__ == "__main__":
    main()
