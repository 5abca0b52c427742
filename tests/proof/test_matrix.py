"""Each row of the fault matrix has a test, or an honest reason why it has none; never both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof import faults, marks, matrix, results

pytest_plugins = "pytester"


def test_every_row_has_a_test_or_a_reason() -> None:
    assert set(matrix.ROWS) - set(marks.shown()) - set(matrix.REASONS) == set()


def test_no_row_has_both() -> None:
    assert set(marks.shown()) & set(matrix.REASONS) == set()


def test_nobody_names_a_row_that_is_not_there() -> None:
    assert (set(marks.shown()) | set(matrix.REASONS)) <= set(matrix.ROWS)


STORY = """
import pytest

@pytest.mark.fault("F01", "F03")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_story(number):
    if number == 3:
        pytest.skip("no strace here")
    assert number != {bad}

@pytest.fixture
def broken():
    raise RuntimeError

@pytest.mark.fault("F02")
def test_a_broken_stage(broken):
    pass

def test_no_row():
    pass
"""


@pytest.mark.parametrize(
    ("how", "runs"),
    [
        (("-p", "no:xdist"), [(2, "failed"), (9, "passed")]),
        (("-n", "2"), [(2, "failed")]),
    ],
)
def test_the_last_results_are_kept_whoever_runs_the_tests(
    pytester: pytest.Pytester, how: tuple[str, ...], runs: list[tuple[int, str]]
) -> None:
    pytester.makeini("[pytest]\nmarkers = fault(*ids): rows")
    pytester.makeconftest(
        f"import sys; sys.path.insert(0, {str(marks.ROOT)!r})\n"
        "from pathlib import Path\n"
        "from tests.proof.results import Recorder\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(Recorder(Path('kept/faults.json')))\n"
    )
    kept = pytester.path / "kept/faults.json"
    for bad, expected in runs:
        pytester.makepyfile(test_one=STORY.format(bad=bad))
        pytester.runpytest_subprocess(*how)
        found = results.read(kept)
        assert {test: seen["result"] for test, seen in found.items()} == {
            "test_one.py::test_a_story": expected,
            "test_one.py::test_a_broken_stage": "failed",
        }


def test_a_run_of_some_tests_forgets_nothing_of_the_others(tmp_path: Path) -> None:
    kept = tmp_path / "faults.json"
    results.merge({"one": "passed", "two": "failed"}, kept)
    results.merge({"two": "passed"}, kept)
    assert {test: seen["result"] for test, seen in results.read(kept).items()} == {
        "one": "passed",
        "two": "passed",
    }


def test_the_page_names_a_row_with_its_tests_and_their_last_results() -> None:
    where = "tests/test_x.py::test_one_post"
    text = faults.page(
        {row: [where] for row in matrix.ROWS}, {where: {"result": "passed", "on": "2026-11-21"}}
    )
    [line] = [line for line in text.splitlines() if line.startswith("| F110 |")]
    assert line.endswith("| [one post](../tests/test_x.py) | passed 2026-11-21 |")
