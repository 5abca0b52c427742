"""A home of its own for each test, and a shell to call postcron from: in this process or as one."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postcron.cli.app import main
from postcron.operations.init import init
from tests.cli.home import POSTCRON, Home
from tests.operations.stage import fresh_store

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


Shell = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home with a configuration and an empty store; the accounts are the test's to add."""
    for name in [name for name in os.environ if name.startswith(("POSTCRON_", "XDG_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = Home(tmp_path)
    made.begin()
    made.store.parent.mkdir(mode=0o700)
    fresh_store(made.store)
    init(made.config, os.environ, state_dir=made.state)
    monkeypatch.setenv("POSTCRON_CONFIG", str(made.config))
    return made


@pytest.fixture
def shell(home: Home, capfd: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """Call the command line in this process, which is quick; what it changes of it is put back."""
    before = [signal.getsignal(number) for number in SIGNALS], os.umask(0o077)
    factory, handlers = logging.getLogRecordFactory(), logging.getLogger().handlers

    def call(*words: str, stdin: str | bytes = "") -> Answer:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        kept, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given))
        try:
            code = main(words)
        finally:
            sys.stdin = kept
        return Answer(code, *capfd.readouterr())

    yield call
    for number, handler in zip(SIGNALS, before[0], strict=True):
        signal.signal(number, handler)
    os.umask(before[1])
    logging.setLogRecordFactory(factory)
    logging.getLogger().handlers = handlers


@pytest.fixture
def process(home: Home) -> Shell:
    """Run postcron as cron does: a process with an almost empty environment."""

    def call(*words: str, environ: dict[str, str] | None = None, **more: Any) -> Answer:
        given = home.environment() | (environ or {})
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "timeout": 60, "check": False}
        if not more.keys() & {"stdout", "stderr"}:
            options["capture_output"] = True
        done = subprocess.run([*POSTCRON, *words], env=given, cwd=home.folder, **(options | more))
        out, err = ((stream or b"").decode() for stream in (done.stdout, done.stderr))
        return Answer(done.returncode, out, err)

    return call
