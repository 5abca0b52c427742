"""A scratch copy of the project: there a defect may be put in, and tests are run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.mutants.defect import Defect

ROOT = Path(__file__).parents[2]
#: what the tests read
PARTS = (
    *("src", "tests", "docs", "bench", "requirements", "pyproject.toml", "Makefile", "README.md"),
    *("config.example.toml", "crontab.example"),
)
#: a failure of these kinds shows that the defect is badly made, not that a test has seen it
BAD_PATCH = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "UnboundLocalError")
#: for the tests of one run
LIMIT_S = 300


@dataclass(frozen=True)
class Result:
    """How the cases of one test ended."""

    passed: int = 0
    failed: int = 0
    #: cases that showed nothing: skipped, broken before they began, or by the patch itself
    void: int = 0

    @property
    def green(self) -> bool:
        return self.passed > 0 and not self.failed and not self.void

    @property
    def red(self) -> bool:
        return self.failed > 0 and not self.void

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.void} showed nothing"


class Scratch:
    """One copy with an environment of its own, in which `postcron` is the copy's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            _copy(ROOT / part, folder / part)
        self.python = _environment(folder)

    @contextmanager
    def having(self, defect: Defect) -> Iterator[None]:
        """Put a defect in, and take it out again."""
        changed = defect.files(self.folder)
        kept = {path: path.read_text(encoding="utf-8") for path in changed}
        try:
            _write(changed)
            yield
        finally:
            _write(kept)

    def results(self, *tests: str, options: Sequence[str] = ("-x",)) -> dict[str, Result]:
        """Run these tests and return how each ended; one that did not even begin is not there."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        given = ["-q", "-p", "no:cacheprovider", *options, f"--junitxml={report}"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [self.python, "-m", "pytest", *given, *(f"tests/{test}" for test in tests)],
                cwd=self.folder,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                check=False,
                timeout=LIMIT_S,
            )
        found = _read(report) if report.exists() else []
        return {test: _of(test, found) for test in tests}


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(
            source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    elif source.exists():
        shutil.copy(source, target)


def _environment(folder: Path) -> Path:
    """Return the interpreter of an environment that has our libraries and the copy's sources.

    An environment and not PYTHONPATH: some tests start postcron as cron does, with nothing set.
    """
    venv.EnvBuilder(symlinks=True).create(folder / ".venv")
    [packages] = (folder / ".venv/lib").glob("python*/site-packages")
    libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "scratch.pth").write_text("\n".join([str(folder / "src"), *libraries]))
    return folder / ".venv/bin/python"


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def _read(report: Path) -> list[tuple[str, ET.Element]]:
    cases = ET.parse(report).iter("testcase")
    return [(f"{_path(case)}::{case.get('name')}", case) for case in cases]


def _path(case: ET.Element) -> str:
    return case.get("classname", "").removeprefix("tests.").replace(".", "/") + ".py"


def _of(test: str, found: Sequence[tuple[str, ET.Element]]) -> Result:
    cases = [case for name, case in found if test in {name, name.partition("[")[0]}]
    kinds = [_kind(case) for case in cases]
    return Result(kinds.count("passed"), kinds.count("failed"), kinds.count("void"))


def _kind(case: ET.Element) -> str:
    failure = case.find("failure")
    if failure is not None and not failure.get("message", "").startswith(BAD_PATCH):
        return "failed"
    nothing = case.find("error") is None and case.find("skipped") is None
    return "passed" if failure is None and nothing else "void"
