"""The same commands on a laptop (SQLite, a folder) and on two hosts (one PostgreSQL, one S3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.sandbox import Sandbox, sample
from tests.postgres import Server
from tests.s3 import S3Server

POSTS = 4


@dataclass(frozen=True)
class Host:
    """One machine: a folder for its state, and what it shares with the others."""

    config: Path
    environ: Mapping[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "postcron", *arguments, "--config", str(self.config), "--json"],
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Any:
        return answer(self.start(*arguments))


def answer(process: subprocess.Popen[str]) -> Any:
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    return json.loads(said)


@pytest.fixture
def laptop(tmp_path: Path) -> dict[str, str]:
    return {
        "store": f"sqlite:///{tmp_path}/postcron.db",
        "library": f"{tmp_path}/media",
        "state": f"{tmp_path}/state",  # one machine
    }


@pytest.fixture
def cloud(postgres_server: Server, s3_rclone: S3Server) -> dict[str, str]:
    keys = s3_rclone.access
    return {
        "store": postgres_server.fresh_url(),
        "library": f"s3://{s3_rclone.new_bucket()}/postcron",
        **keys,
    }


@pytest.mark.parametrize("home", ["laptop", pytest.param("cloud", marks=pytest.mark.postgres)])
def test_two_runs_at_once_bring_every_post_out_once_and_in_time(
    home: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """E6, F2, F5."""
    shared: dict[str, str] = request.getfixturevalue(home)
    with Sandbox(tmp_path / "platform") as platform:
        hosts = [_host(tmp_path / name, shared, platform) for name in ("one", "two")]
        began = datetime.now(UTC)
        hosts[0].run("init")
        _share_key(hosts)
        # What has to be done before that second takes long where other things run, too.
        due = _by_then(datetime.now(UTC) - began)
        photo = sample.photo(tmp_path / "photo.jpg")
        scheduling = [
            hosts[number % 2].start(
                "schedule", f"post {number}", "--to", "acme", "--media", str(photo),
                "--at", due.isoformat(), "--key", f"post-{number}",
            )
            for number in range(POSTS)
        ]  # fmt: skip
        assert len({answer(process)["post"]["id"] for process in scheduling}) == POSTS
        ready = hosts[1].run("pre-upload", "--lead", "1h")
        assert len(ready["done"]) == POSTS
        assert platform.live() == []

        runs = [host.start("publish") for host in hosts]
        published = [answer(run)["done"] for run in runs]

        assert sorted(each["id"] for done in published for each in done) == sorted(
            f"{number + 1}.1" for number in range(POSTS)
        )
        live = platform.live()
        assert sorted(post.text for post in live) == [f"post {number}" for number in range(POSTS)]
        late = [datetime.fromisoformat(post.at) - due for post in live]
        assert min(late) >= timedelta(), "never early"
        assert max(late) < timedelta(seconds=10)


def _by_then(one_command: timedelta) -> datetime:
    """Return a second before which a machine at this pace has scheduled and uploaded."""
    span = min(timedelta(seconds=5) + 8 * one_command, timedelta(seconds=50))
    return (datetime.now(UTC) + span).replace(microsecond=0)


def _share_key(hosts: list[Host]) -> None:
    key = hosts[0].config.with_name("postcron.key")
    for host in hosts[1:]:
        other = host.config.with_name("postcron.key")
        other.touch(mode=0o600)
        other.write_bytes(key.read_bytes())


def _host(folder: Path, shared: Mapping[str, str], platform: Sandbox) -> Host:
    folder.mkdir(mode=0o700)
    media = [f'library = "{shared["library"]}"']
    if "endpoint_url" in shared:
        media += [
            f'endpoint_url = "{shared["endpoint_url"]}"',
            'access_key = { env = "S3_KEY" }',
            'secret_key = { env = "S3_SECRET" }',
        ]
    config = folder / "postcron.toml"
    config.write_text(
        "\n".join(
            [
                'timezone = "UTC"',
                "[store]", 'url = { env = "STORE" }',
                "[media]", *media,
                "[accounts.acme]", 'platform = "onlysocial"', 'network = "instagram"',
                f'workspace = "{platform.workspace}"', "account_id = 1",
                f'api_url = "{platform.url}"', 'token = { env = "TOKEN" }',
            ]
        )
    )  # fmt: skip
    environ = {
        "PATH": os.environ["PATH"],
        "POSTCRON_STATE": shared.get("state", str(folder / "state")),
        "STORE": shared["store"],
        "TOKEN": platform.token,
        "S3_KEY": shared.get("access_key", ""),
        "S3_SECRET": shared.get("secret_key", ""),
    }
    return Host(config, environ)
