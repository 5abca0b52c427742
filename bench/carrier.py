"""One file from S3 to a platform, as runs carry it: `python -m bench.carrier TASK` prints what it took.

TASK is JSON: the platform, where it is, and where the file is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from postcron.media.library import Library, open_library
from postcron.model import Attachment, Draft, Kind, MediaFile, PostType, Session, Ticket
from postcron.platforms import find
from postcron.platforms.base import Login, Starts
from postcron.web import Api, warm

#: what the simulators let in first
TOKENS = {"youtube": "ya29.access-token-1", "tiktok": "act.access-token-1"}
OPTIONS = {"youtube": {"title": "Waves"}, "tiktok": {"privacy": "public"}}


@dataclass(frozen=True)
class Task:
    """What is to be carried, and where."""

    platform: str
    url: str
    #: how the library is opened
    library: Mapping[str, str]
    size: int
    sha256: str


@dataclass(frozen=True)
class Carried:
    """What that took, by the clock and of the CPU, and the largest memory in MiB.

    Before the first byte and after the last.
    """

    seconds: float
    cpu: float
    before: float
    after: float


def carry(task: Task) -> Carried:
    library = open_library(**task.library)
    file = MediaFile(
        task.sha256, task.size, Kind.VIDEO, "video/mp4", 1080, 1920, timedelta(minutes=1), "h264"
    )
    draft = _draft(task, library, file)
    library.check(file)
    warm()
    platform = find(task.platform)(_login(task), Api)
    before, began, cpu = _peak(), time.perf_counter(), time.process_time()
    ticket = platform.prepare(draft, Ticket(), lambda ticket: None)
    assert ticket.ready
    if isinstance(platform, Starts):
        ticket = platform.before_publish(draft, ticket)
    platform.publish(draft, ticket)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Carried(seconds, cpu, before, _peak())


def _draft(task: Task, library: Library, file: MediaFile) -> Draft:
    return Draft(
        text="Waves",
        type=PostType.POST,
        attachments=(Attachment(file, "waves.mp4"),),
        options=OPTIONS[task.platform],
        due_at=datetime.now(UTC) + timedelta(minutes=40),
        key="bench",
        revision=1,
        read=library.read,
        address=lambda file: "",
    )


def _login(task: Task) -> Login:
    platform = find(task.platform)
    defaults = {key.name: key.default or "x" for key in platform.keys}
    urls = {name: task.url for name in defaults if name.endswith("_url")}
    session = Session(
        {"access": TOKENS[task.platform], "open_id": "x"}, datetime.now(UTC) + timedelta(hours=1)
    )
    return Login("bench", defaults | urls, lambda name: "", session)


def _peak() -> float:
    # Not getrusage: its figure begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    given: dict[str, Any] = json.loads(sys.argv[1])
    print(json.dumps(asdict(carry(Task(**given)))))


if __name__ == "__main__":
    main()
