"""`python -m tests.proof`: runs the long layers of the proof and prints their figures.

A breach is said on stderr when it is found, with what repeats it.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console

from tests import postgres
from tests.proof import layers, marks, results, sheet

#: the table is never squeezed: in a log nobody can widen it
WIDE = 110
PATH = marks.ROOT / "docs" / "proof.md"


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if any layer found a breach, 130 if a signal ended it before."""
    known = layers.named()
    asked = _parser(sorted(known)).parse_args(words)
    chosen = {name: known[name] for name in asked.only or sorted(known)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    done: list[layers.Done] = []
    try:
        for each in _run(chosen, asked):
            _say(f"{each.figures.layer}: {each.figures.runs:,} runs, {each.figures.bad} breaches")
            done.append(each)
    except KeyboardInterrupt:
        return 130
    finally:
        done.sort(key=lambda each: each.figures.layer)
        _print(done)
    results.merge({f"sweep {each.figures.layer}": _result(each) for each in done})
    if asked.save:
        PATH.parent.mkdir(exist_ok=True)
        page = sheet.page(done, command=_command(asked), postgres=_postgres())
        PATH.write_text(page, encoding="utf-8")
    return int(any(each.figures.bad for each in done))


def _run(chosen: dict[str, layers.Sweep], asked: argparse.Namespace) -> Iterator[layers.Done]:
    return layers.run(
        chosen,
        seed=asked.seed,
        count=asked.count,
        limit=asked.limit * 60,
        say=_say,
        jobs=asked.jobs,
    )


def _parser(known: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what the chosen faults come from")
    parser.add_argument("--count", type=int, default=250, help="how many stories of each layer")
    parser.add_argument(
        "--only", action="append", choices=known, metavar="LAYER", help=", ".join(known)
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many layers at a time")
    parser.add_argument(
        "--limit",
        type=float,
        default=20,
        help="minutes that a layer may take; what it has then counts",
    )
    parser.add_argument("--save", action="store_true", help="write docs/proof.md")
    return parser


def _command(asked: argparse.Namespace) -> str:
    """Return what repeats this sweep."""
    if not asked.only:
        return f"make sweep SEED={asked.seed} COUNT={asked.count}"
    only = "".join(f" --only {name}" for name in asked.only)
    return f"python -m tests.proof --seed {asked.seed} --count {asked.count}{only}"


def _print(done: Sequence[layers.Done]) -> None:
    console = Console()
    console.width = max(console.width, WIDE)
    console.print(sheet.table(done))
    for line in sheet.counts(done):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    for each in done:
        for breach in each.figures.breaches:
            console.print(f"BREACH {breach}", style="red", soft_wrap=True, markup=False)


def _result(each: layers.Done) -> str:
    return f"{each.figures.bad} breaches in {each.figures.runs:,} runs"


def _postgres() -> str:
    with postgres.running() as server:
        return str(server.run_sql("SELECT version()")[0][0]).partition(" on ")[0]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
