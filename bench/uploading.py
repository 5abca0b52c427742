"""P11: a file of 1 GiB from S3 to a platform, beside curl sending a local file.

YouTube takes it in one request that can be resumed, TikTok in parts. The same sink takes all of them,
and looks at nothing but how much comes. postcron's time is from its first call to its last, curl's and
aws's are whole commands. No way from S3 is shorter than what S3 itself takes, which is shown, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Self

from bench.carrier import Carried, Task
from postcron.media.s3 import Bucket, Keys
from tests import s3

SIZE, SMALL = 1024 * 1024 * 1024, 64 * 1024 * 1024
ROUNDS = 3
BUCKET = "media"
CURL, S3_ALONE, AWS = "curl", "S3 alone", "aws s3 cp, then curl"
#: against curl, for one request and for parts; against aws and curl; and how much memory it may take
GOALS = {"youtube": 2.0, "tiktok": 2.3}
FASTER, MEMORY_MB = 4.0, 8


def main() -> None:
    if shutil.which("curl") is None:
        print("P11 needs curl to compare with: not measured")
        return
    with _S3() as shelf, _sink() as url:
        large, small = shelf.file(SIZE), shelf.file(SMALL)
        print(f"P11 {_mib(large)} from S3 to a platform; medians of {ROUNDS}")
        contest = _contest(shelf, url, large)
        rounds = [{name: work() for name, work in contest.items()} for _ in range(ROUNDS)]
        for name in contest:
            seconds = statistics.median(one[name] for one in rounds)
            print(f"    {name:21}{seconds:6.2f} s{''.join(_told(name, rounds))}")
        for platform in GOALS:
            print(f"    {platform:21}memory: {_memory(shelf, url, platform, small, large)}")


def _contest(shelf: _S3, url: str, path: Path) -> dict[str, Callable[[], float]]:
    contest: dict[str, Callable[[], float]] = {
        CURL: partial(_curl, url, path),
        S3_ALONE: partial(_fetched, shelf, path),
    }
    if (aws := shutil.which("aws")) is not None:
        contest[AWS] = partial(_copied, aws, shelf, url, path)
    return contest | {name: partial(_uploaded, shelf, url, name, path) for name in GOALS}


def _told(name: str, rounds: list[dict[str, float]]) -> Iterator[str]:
    if name not in GOALS:
        return
    yield f"   {_ratio(rounds, name, CURL):.2f} x {CURL} (goal ≤ {GOALS[name]})"
    yield f", {_ratio(rounds, name, S3_ALONE):.2f} x {S3_ALONE}"
    if AWS in rounds[0]:
        yield f", {_ratio(rounds, AWS, name):.1f} x as fast as aws (goal ≥ {FASTER})"


def _ratio(rounds: list[dict[str, float]], name: str, base: str) -> float:
    return statistics.median(one[name] / one[base] for one in rounds)


def _memory(shelf: _S3, url: str, platform: str, *paths: Path) -> str:
    took = [(path, _carried(shelf, url, platform, path)) for path in paths]
    grown = [f"{one.after - one.before:.1f} MB more at {_mib(path)}" for path, one in took]
    return f"{', '.join(grown)} (goal ≤ {MEMORY_MB})"


def _mib(path: Path) -> str:
    return f"{path.stat().st_size // 2**20} MiB"


def _curl(url: str, path: Path) -> float:
    return _timed(["curl", "-sf", "-o", os.devnull, "-F", f"file=@{path}", f"{url}/sink"])


def _fetched(shelf: _S3, path: Path) -> float:
    bucket = Bucket(BUCKET, Keys(**shelf.access))
    there = bucket.signed(str(path.relative_to(shelf.folder / BUCKET)))
    return _timed(["curl", "-sf", "-o", os.devnull, there])


def _copied(aws: str, shelf: _S3, url: str, path: Path) -> float:
    copy = path.with_suffix(".copy")
    there = f"s3://{BUCKET}/{path.relative_to(shelf.folder / BUCKET)}"
    took = _timed([aws, "--endpoint-url", shelf.endpoint, "s3", "cp", "--quiet", there, str(copy)])
    try:
        return took + _curl(url, copy)
    finally:
        copy.unlink()


def _timed(command: list[str]) -> float:
    keys = {"AWS_ACCESS_KEY_ID": s3.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": s3.SECRET_KEY}
    began = time.perf_counter()
    subprocess.run(command, check=True, env={**os.environ, **keys, "AWS_REGION": "us-east-1"})
    return time.perf_counter() - began


def _uploaded(shelf: _S3, url: str, platform: str, path: Path) -> float:
    return _carried(shelf, url, platform, path).seconds


def _carried(shelf: _S3, url: str, platform: str, path: Path) -> Carried:
    library = {"location": f"s3://{BUCKET}", **shelf.access}
    task = Task(platform, url, library, path.stat().st_size, path.stem)
    command = [sys.executable, "-m", "bench.carrier", json.dumps(asdict(task))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Carried(**json.loads(done.stdout))


class _S3:
    """A real S3 server over a folder, whose objects are files of ours."""

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self._scratch.name, "data")
        (self.folder / BUCKET).mkdir(parents=True)
        self._running = s3.running("rclone", self.folder)
        server = self._running.__enter__()
        self.endpoint, self.access = server.endpoint, server.access
        return self

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)
        self._scratch.cleanup()

    def file(self, size: int) -> Path:
        """Return a file where the library would keep it."""
        piece, digest = os.urandom(1024 * 1024), hashlib.sha256()
        path = self.folder / BUCKET / "new.mp4"
        with path.open("wb") as file:
            for _ in range(size // len(piece)):
                file.write(piece)
                digest.update(piece)
        name = digest.hexdigest()
        kept = path.parent / name[:2] / f"{name}.mp4"
        kept.parent.mkdir()
        return path.rename(kept)


@contextmanager
def _sink() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
