"""Being asked to stop: finish what is in hand, give back the rest, and say 130."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.simulators.mastodon import Mastodon
from tests.simulators.server import Asked, Fault

#: what a terminal, an init system or a closing session sends to have us stop
ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, bytes]:
    """Send it a signal; return how it exits, soon, and what it complains of."""
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    return process.returncode, err


@pytest.mark.parametrize("number", ASKING)
def test_a_signal_ends_the_watch_with_130(home: Home, number: signal.Signals) -> None:
    watching = home.started("status", "--watch", "--every", "60s")
    assert watching.stdout is not None
    watching.stdout.readline()
    assert ended(watching, number) == (130, b"")


#: waits for a signal and is asked to stop just then, a hundred times
WAITING = """
import os, signal, threading
from postcron.cli.signals import finish_when_asked
for _ in range(100):
    stop = finish_when_asked()
    threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGTERM)).start()
    while not stop.is_set():
        stop.wait(0)
"""


def test_a_signal_may_come_at_any_instruction_of_a_wait() -> None:
    subprocess.run([sys.executable, "-c", WAITING], check=True, timeout=30)


#: is asked to stop when there is no memory for another thread
WITHOUT_ROOM = """
import mmap, os, resource, signal
from postcron.cli.signals import finish_when_asked
finish_when_asked()
used = int(open("/proc/self/statm").read().split()[0]) * mmap.PAGESIZE
resource.setrlimit(resource.RLIMIT_AS, (used, used))
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_signal_when_memory_is_out_ends_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_ROOM], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


MORE_THAN_A_PIPE_HOLDS = 2 * 64 * 1024

#: is asked to stop in the middle of an import that makes a dataclass
IMPORTING = """
import sys
import typer
from postcron.cli.failures import Asked, guarded

app = typer.Typer()

@app.command()
def struck() -> None:
    exec("raise KeyboardInterrupt")

sys.exit(guarded(lambda: app([], standalone_mode=False), Asked.by([])))
"""


def test_a_signal_in_the_middle_of_an_import_ends_with_130(tmp_path: Path) -> None:
    (tmp_path / "importing.py").write_text(IMPORTING)
    run = [sys.executable, "-m", "importing"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_a_signal_while_the_text_is_read_ends_at_once(home: Home) -> None:
    reading = home.started("schedule", "-", "--to", "acme", "--now")
    assert reading.stdin is not None
    reading.stdin.write(bytes(MORE_THAN_A_PIPE_HOLDS))  # it is reading once this returns
    reading.stdin.flush()
    assert ended(reading, signal.SIGTERM) == (130, b"")


@pytest.fixture
def mastodon(home: Home) -> Iterator[Mastodon]:
    """A server for the account acme."""
    with Mastodon() as server:
        home.add_account(server.url)
        yield server


def publishing_until(
    home: Home, shell: Shell, server: Mastodon, *, at: str, meets: Callable[[Asked], bool]
) -> subprocess.Popen[bytes]:
    """Publish a post that is due then; return the process as it waits for this slow answer."""
    shell("schedule", "Hello", "--to", "acme", "--at", at)
    server.slowness = 1
    server.misbehave(Fault.SLOW, meets)
    publishing = home.started("publish")
    wait_until(lambda: any(map(meets, server.asked)))
    return publishing


@pytest.mark.fault("F87")
@pytest.mark.parametrize("number", ASKING)
def test_a_signal_during_the_call_lets_it_finish(
    home: Home, shell: Shell, mastodon: Mastodon, number: signal.Signals
) -> None:
    publishing = publishing_until(home, shell, mastodon, at="now", meets=is_publish)
    assert ended(publishing, number) == (130, b"")
    assert (home.states(), len(mastodon.live)) == (["published"], 1)


@pytest.mark.fault("F87")
def test_a_reader_that_went_away_is_no_reason_to_stop(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    publishing = publishing_until(home, shell, mastodon, at="now", meets=is_publish)
    assert ended(publishing, signal.SIGPIPE) == (0, b"")
    assert (home.states(), len(mastodon.live)) == (["published"], 1)


@pytest.mark.fault("F87")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_signal_in_phase_2_gives_back_what_has_not_begun(
    home: Home, shell: Shell, mastodon: Mastodon, number: signal.Signals
) -> None:
    publishing = publishing_until(home, shell, mastodon, at="40s", meets=is_question)
    assert ended(publishing, number) == (130, b"")
    assert (home.kinds()[-1], home.states(), len(mastodon.live)) == ("released", ["queued"], 0)


@pytest.mark.fault("F87")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_waiting_for_the_second_gives_everything_back(
    home: Home, shell: Shell, mastodon: Mastodon, number: signal.Signals
) -> None:
    shell("schedule", "Hello", "--to", "acme", "--at", "40s")
    publishing = home.started("publish")
    wait_until(lambda: home.states() == ["queued"] and "uploaded" in home.kinds())
    assert ended(publishing, number) == (130, b"")
    assert (home.kinds()[-1], len(mastodon.live)) == ("released", 0)


@pytest.mark.fault("F89")
def test_a_second_signal_ends_at_once_and_the_outcome_is_looked_up(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    publishing = publishing_until(home, shell, mastodon, at="now", meets=is_publish)
    publishing.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    publishing.send_signal(signal.SIGTERM)
    publishing.communicate(timeout=0.5)
    assert publishing.returncode == 130
    assert home.states() == ["publishing"]


def test_the_sandbox_runs_until_it_is_asked_to_stop(home: Home) -> None:
    running = home.started("sandbox", "--port", "0", "--json")
    assert running.stdout is not None
    told = json.loads("".join(iter_document(running.stdout)))
    with urllib.request.urlopen(told["url"]) as page:
        assert page.status == 200
    assert ended(running, signal.SIGTERM) == (130, b"")


def iter_document(stream: IO[bytes]) -> Iterator[str]:
    for line in stream:
        yield line.decode()
        if line == b"}\n":
            return


def is_publish(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == "/api/v1/statuses"


def is_question(asked: Asked) -> bool:
    return asked.path == "/api/v1/accounts/verify_credentials"


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
