"""Install the real servers that are no Python packages, once, into a folder git ignores.

`python -m tests.real.install`. Without Node, or where npm cannot have it (its native module is
fetched from GitHub, or compiled), it says so and ends well: the tests
that need it are skipped with the same sentence.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "pds"
INSTALLED: Final = Path(__file__).parents[2] / ".cache" / "pds"
_FILES: Final = ("package.json", "package-lock.json")
_DONE: Final = INSTALLED / "installed"

NO_NODE: Final = "There is no Node.js (node and npm) here, so the real Bluesky PDS is left out."
NOT_HERE: Final = (
    "npm could not install the real Bluesky PDS (`make test-real` tries it), so it is left out."
)


def has_node() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


def is_installed() -> bool:
    return _DONE.exists() and _DONE.read_text() == _wanted()


def _wanted() -> str:
    content = b"".join((HERE / name).read_bytes() for name in _FILES)
    return hashlib.sha256(content).hexdigest()


def install() -> None:
    """Install it, or say why not."""
    if not has_node():
        print(NO_NODE)
        return
    if is_installed():
        return
    print("Installing the Bluesky PDS from npm: about two minutes, once.", flush=True)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(HERE / name, INSTALLED / name)
    # The PDS keeps its records in SQLite through a native module: that one script has to run.
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=INSTALLED, env=_environment(), check=False).returncode:
        print(NOT_HERE)
        return
    _DONE.write_text(_wanted())


def _environment() -> dict[str, str]:
    """Return an environment in which what must be compiled finds the headers that came with Node."""
    prefix = Path(str(shutil.which("node"))).resolve().parents[1]
    headers = (
        {"npm_config_nodedir": str(prefix)} if (prefix / "include/node/node.h").exists() else {}
    )
    return headers | dict(os.environ)


if __name__ == "__main__":
    install()
