"""Open the house a command works in: find its configuration, listen to logs, leave the memo."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from postcron import lane
from postcron.cli import printing
from postcron.errors import CannotWork

if TYPE_CHECKING:
    from postcron.operations.house import House


@contextmanager
def home(
    config: str | None, *, verbose: bool = False, stop: threading.Event | None = None
) -> Iterator[House]:
    """Give a house with that configuration; `stop` is the flag that a signal sets."""
    from postcron.cli.logs import listen
    from postcron.clock import SystemClock
    from postcron.config import find, load
    from postcron.operations.house import House, opened
    from postcron.secrets import quiet_loggers

    stop = stop or threading.Event()
    path = find(config, os.environ)
    seen = _seen(path)
    loaded = load(path, os.environ)
    clock = SystemClock(interrupted=stop.is_set)
    with opened(House(loaded, os.environ, state_folder(), clock=clock, stop=stop)) as house:
        listen(verbose=verbose)
        quiet_loggers(house.secrets)
        printing.hide_with(house.secrets.redact)
        yield house
        _remember(house, seen)


def state_folder() -> Path:
    """Return where this installation keeps what it knows about itself; raises `CannotWork`."""
    folder = Path(lane.state_dir(os.environ))
    with suppress(FileNotFoundError):
        if stat.S_ISLNK(folder.lstat().st_mode):
            message = (
                f"The state folder {folder} is a link: name the folder itself in POSTCRON_STATE."
            )
            raise CannotWork(message)
    return folder


def _seen(config: Path) -> str | None:
    """Return which file is about to be read: by the end of the run it may be another."""
    with suppress(OSError):
        return lane.identity(str(config.absolute()), os.environ)
    return None


def _remember(house: House, seen: str | None) -> None:
    """Leave the memo for the idle minute; without it the full path is taken, which is only slower."""
    from postcron.config import RunLimits

    url, looks = house.config.store.url, house.config.run
    if seen is None or looks.ahead > RunLimits.ahead or looks.horizon > RunLimits.horizon:
        return  # the idle minute looks ahead as far as it is by default
    if "store" in house.__dict__ and isinstance(url, str) and url.startswith("sqlite:///"):
        with suppress(OSError):
            store = url.removeprefix("sqlite:///")
            lane.remember(str(house.config.path), seen, store, house.environ)
