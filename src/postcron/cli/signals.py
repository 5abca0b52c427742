"""Being asked to stop: the first time finish what is in hand, the second time end at once."""

from __future__ import annotations

import _thread
import os
import signal
import threading
from types import FrameType

INTERRUPTED = 130

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def end_when_asked() -> None:
    """Undo and end when asked to stop: right for a command that holds nothing at a platform."""
    _listen(signal.default_int_handler)


def finish_when_asked() -> threading.Event:
    """Return a flag that is set when we are asked to stop; asked again, the process ends at once.

    That is safe at any instruction: what was on the wire is found again by the next run.
    """
    stop = threading.Event()

    def asked(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        try:
            # Not by this thread: it may be just inside `stop.wait`, and hold the lock that `set` takes.
            _thread.start_new_thread(stop.set, ())
        except RuntimeError:  # no room for one: raised here, it would strike whatever is in hand
            os._exit(INTERRUPTED)

    _listen(asked)
    return stop


def _listen(handler: object) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _ASKING:
        # What a shell told us to ignore (nohup, a job in the background) stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]
