"""A headless Chromium, driven through a pipe as its own tools do: no driver and no port in between.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

PROGRAM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
NO_BROWSER: Final = "There is no Chromium here, so the calendar page is not tried in a browser."

_FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # root has none; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


@dataclass
class Tab:
    """One page in the browser, and all that it said and asked for."""

    commands: IO[bytes]
    answers: IO[bytes]
    session: str | None = None
    number: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return what it answers."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session is not None:
            command["sessionId"] = self.session
        self.commands.write(json.dumps(command).encode() + b"\0")
        self.commands.flush()
        while True:
            message = self._read()
            if message.get("id") != self.number:
                self.events.append(message)
            elif "error" in message:
                raise AssertionError(f"{method}: {message['error']}")
            else:
                result: dict[str, Any] = message["result"]
                return result

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (sign := self.answers.read(1)) != b"\0":
            assert sign, "the browser is gone"
            text += sign
        message: dict[str, Any] = json.loads(text)
        return message

    def open(self, page: Path, width: int = 1280, height: int = 900) -> None:
        """Show a page in a window of that size, from the beginning."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 640,
        )
        self.call("Page.navigate", url=page.as_uri())
        while not self.happened("Page.loadEventFired"):
            self.events.append(self._read())

    def js(self, expression: str) -> Any:
        """Return what an expression is in the page; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Go on when the expression has become true."""
        patience = time.monotonic() + 10
        while not self.js(expression):
            assert time.monotonic() < patience, f"it never came true: {expression}"
            time.sleep(0.01)

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of the first such element."""
        place = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const r = e.getBoundingClientRect();"
            " return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()"
        )
        for type in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=type, button="left", clickCount=1, **place)

    def key(self, key: str, text: str = "") -> None:
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        more = {"key": key, "windowsVirtualKeyCode": codes[key], "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """Keep what is to be seen, to be looked at."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def happened(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]


@contextmanager
def running(home: Path) -> Iterator[Tab]:
    """Start a browser whose profile lies in `home`; give its one tab."""
    assert PROGRAM is not None
    to_browser, commands = _pipe()
    answers, from_browser = _pipe()
    nowhere = (os.POSIX_SPAWN_OPEN, "/dev/null", os.O_RDWR, 0)
    pid = os.posix_spawn(
        PROGRAM,
        [PROGRAM, *_FLAGS, f"--user-data-dir={home}", "about:blank"],
        {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
        file_actions=[
            *((nowhere[0], stream, *nowhere[1:]) for stream in range(3)),
            (os.POSIX_SPAWN_DUP2, to_browser, 3),
            (os.POSIX_SPAWN_DUP2, from_browser, 4),
        ],
        setpgroup=0,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        with os.fdopen(commands, "wb") as into, os.fdopen(answers, "rb") as out:
            tab = Tab(into, out)
            made = tab.call("Target.createTarget", url="about:blank")
            attached = tab.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
            tab.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                tab.call(f"{domain}.enable")
            yield tab
    finally:
        os.killpg(pid, signal.SIGKILL)  # it is the leader of a group of its own
        os.waitpid(pid, 0)


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe, above the two numbers the browser expects its own at."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
