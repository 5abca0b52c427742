"""Install the real servers that are no Python packages, once, into a folder git ignores.

`python -m tests.real.install`. Without Node it says so and ends well: the tests that need it are
skipped with the same sentence.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "pds"
INSTALLED: Final = Path(__file__).parents[2] / ".cache" / "pds"
_FILES: Final = ("package.json", "package-lock.json")
_DONE: Final = INSTALLED / "installed"

NO_NODE: Final = "There is no Node.js (node and npm) here, so the real Bluesky PDS is left out."


def has_node() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


def is_installed() -> bool:
    return _DONE.exists() and _DONE.read_text() == _wanted()


def _wanted() -> str:
    content = b"".join((HERE / name).read_bytes() for name in _FILES)
    return hashlib.sha256(content).hexdigest()


def install() -> int:
    """Return the exit code: 0 when it is there, or cannot be for want of Node."""
    if not has_node():
        print(NO_NODE)
        return 0
    if is_installed():
        return 0
    print("Installing the Bluesky PDS from npm: about two minutes, once.", flush=True)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(HERE / name, INSTALLED / name)
    # The PDS keeps its records in SQLite through a native module: that one script has to run.
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    code = subprocess.run(command, cwd=INSTALLED, check=False).returncode
    if code == 0:
        _DONE.write_text(_wanted())
    return code


if __name__ == "__main__":
    sys.exit(install())
