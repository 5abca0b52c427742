"""Write the lock files anew: exact versions with hashes, and no index address in any of them."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = [
    "--quiet", "--no-header", "--generate-hashes", "--allow-unsafe", "--strip-extras",
    "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host",
]  # fmt: skip


def compile_lock(*arguments: str, into: str) -> None:
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *sys.argv[1:]]
    subprocess.run([*command, *arguments, "-o", into], cwd=HERE, check=True)


compile_lock("--extra", "postgres", "../pyproject.toml", into="run.txt")
compile_lock("dev.in", into="dev.txt")
compile_lock("build.in", into="build.txt")
compile_lock("peers.in", into="peers.txt")
