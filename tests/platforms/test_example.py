"""The platform of docs/example-platform, installed as anybody's package is, and put through its phases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.server import Asked, Fault, Reply, Server

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-platform"
TOKEN = "a-t0ken-of-the-receiver"


class Receiver(Server):
    """What the example's docstring says of a receiver."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, dict[str, str]] = {}

    def perform(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": "who are you?"})
        if asked.method == "POST":
            key = asked.headers["idempotency-key"]
            number = str(len(self.shown) + 1)
            entry = {"id": number, "url": f"https://ours.example.test/{number}", **asked.json()}
            return Reply(201, self.shown.setdefault(key, entry))
        found = self.shown.get(asked.path.strip("/"))
        return Reply(404, {}) if found is None else Reply(200, found)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package beside postcron, from its source alone."""
    folder = tmp_path_factory.mktemp("site")
    words = ("install", "--no-deps", "--no-build-isolation", "--no-index", "-q", "--target")
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, folder, EXAMPLE],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def postcron(folder: Path, installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(installed),
        "POSTCRON_CONFIG": str(folder / "postcron.toml"),
        "HOOK_TOKEN": TOKEN,
    }
    return subprocess.run(
        [sys.executable, "-m", "postcron", *words], env=environ, capture_output=True, text=True
    )


def test_an_installed_platform_publishes_once_though_the_answer_was_lost(
    tmp_path: Path, installed: Path, receiver: Receiver
) -> None:
    config = tmp_path / "postcron.toml"
    config.write_text(
        f'timezone = "UTC"\n[accounts.ours]\nplatform = "webhook"\napi_url = "{receiver.url}"\n'
        'token = { env = "HOOK_TOKEN" }\n'
    )
    config.chmod(0o600)
    assert postcron(tmp_path, installed, "init").returncode == 0
    scheduled = postcron(tmp_path, installed, "schedule", "Hello", "--to", "ours", "--now")
    assert scheduled.returncode == 0, scheduled.stderr
    receiver.misbehave(Fault.ANSWER_LOST, lambda asked: asked.method == "POST")
    ran = postcron(tmp_path, installed, "run")
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = postcron(tmp_path, installed, "show", "1", "--json")
    [delivery] = json.loads(shown.stdout)["deliveries"]
    assert (delivery["state"], delivery["url"]) == ("published", "https://ours.example.test/1")
    assert [entry["text"] for entry in receiver.shown.values()] == ["Hello"]


def test_it_stands_in_the_catalogue(tmp_path: Path, installed: Path) -> None:
    listed = postcron(tmp_path, installed, "platforms", "webhook", "--json")
    [entry] = json.loads(listed.stdout)["platforms"]
    assert entry["act"] == "repeatable"
    assert [key["name"] for key in entry["keys"]] == ["api_url", "token"]


def test_its_token_is_not_taken_from_the_file(
    tmp_path: Path, installed: Path, receiver: Receiver
) -> None:
    config = tmp_path / "postcron.toml"
    config.write_text(
        f'timezone = "UTC"\n[accounts.ours]\nplatform = "webhook"\napi_url = "{receiver.url}"\n'
        f'token = "{TOKEN}"\n'
    )
    config.chmod(0o600)
    refused = postcron(tmp_path, installed, "config", "validate")
    assert refused.returncode == 2
    assert "is a secret and must not stand in the file" in refused.stderr
    assert TOKEN not in refused.stderr
