"""A post in a Markdown file: front matter in YAML, then its text. Strict, and every key has a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from postcron.errors import DoesNotFit
from postcron.model import Problem
from postcron.rules.nearest import nearest

if TYPE_CHECKING:
    from yaml.nodes import Node

#: no platform takes a text this long: what is longer was not meant
LARGEST: Final = 1_000_000

_FENCE: Final = re.compile(
    r"---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)

_NUL: Final = "a NUL character, which no store, path or platform takes"

#: the keys of a file's front matter, by the shape of what they hold
WORDS: Final = frozenset(
    {
        "at",
        "tz",
        "type",
        "campaign",
        "notes",
        "draft",
        "priority",
        "exact",
        "approval",
        "window_end",
    }
)
LISTS: Final = frozenset({"to", "media", "alt", "then", "labels"})
KEYS: Final = WORDS | LISTS | {"texts", "options"}


@dataclass(frozen=True)
class Sheet:
    """What a file says, as it is written; every value is still text."""

    path: Path
    text: str
    #: on which line the text begins
    text_line: int = 1
    words: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def where(self, key: str = "") -> str:
        """Return `file:line` of a key, or of the text."""
        return f"{self.path}:{self.lines.get(key, self.text_line)}"


def read(path: Path) -> Sheet:
    """Return what a file says; raises `DoesNotFit` naming each line that is wrong."""
    document = _decoded(path)
    match = _FENCE.match(document)
    if match is None:
        what = "has no front matter: begin with a line ---, then keys like `to: [acme]`, then ---."
        raise DoesNotFit([Problem(f"{path}:1", what)])
    text_line = document.count("\n", 0, match.end()) + 1
    return _sheet(path, match["front"], document[match.end() :].strip("\n"), text_line)


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DoesNotFit([Problem(str(path), f"cannot be read: {error.strerror}.")]) from error
    if len(content) > LARGEST:
        raise DoesNotFit([Problem(str(path), f"is larger than {LARGEST:,} bytes.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DoesNotFit([Problem(f"{path}:{line}", "is not UTF-8.")]) from error
    text = text.replace("\r\n", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DoesNotFit([Problem(f"{path}:{line}", f"holds {_NUL}.")])
    return text


class _Wrong(Exception):
    """One value that cannot be used."""

    def __init__(self, node: Node, what: str) -> None:
        super().__init__(what)
        self.line: int = node.start_mark.line + 2  # after the first fence, and counted from one


def _sheet(path: Path, front: str, text: str, text_line: int) -> Sheet:
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name, key, value in _keys(path, front):
        lines.setdefault(name, key.start_mark.line + 2)
        try:
            found[name] = _value(name, key, value, known=found)
        except _Wrong as wrong:
            problems.append(Problem(f"{path}:{wrong.line}", str(wrong)))
    if problems:
        raise DoesNotFit(problems)
    return Sheet(
        path,
        text,
        text_line,
        words={name: found[name] for name in found.keys() & WORDS},
        lists={name: found[name] for name in found.keys() & LISTS},
        texts=found.get("texts", {}),
        options=found.get("options", {}),
        lines=lines,
    )


def _keys(path: Path, front: str) -> list[tuple[str, Node, Node]]:
    # YAML guesses types (no is false, 09:00 is 540): the base loader leaves every word as it is.
    import yaml

    try:
        top = yaml.compose(front, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = 2 if error.problem_mark is None else error.problem_mark.line + 2
        raise DoesNotFit([Problem(f"{path}:{line}", f"is not YAML: {error.problem}.")]) from error
    except RecursionError as error:
        raise DoesNotFit(
            [Problem(f"{path}:1", "the front matter is nested too deeply.")]
        ) from error
    except yaml.YAMLError as error:
        what = "the front matter is not YAML: it holds a character that cannot stand there."
        raise DoesNotFit([Problem(f"{path}:1", what)]) from error
    if top is None:
        return []
    try:
        return [(_word(key), key, value) for key, value in _pairs(top)]
    except _Wrong as wrong:
        raise DoesNotFit([Problem(f"{path}:{wrong.line}", str(wrong))]) from wrong


def _value(name: str, key: Node, value: Node, *, known: Collection[str]) -> Any:
    if name in known:
        raise _Wrong(key, f"{name} stands here a second time.")
    if name in WORDS:
        return _word(value)
    if name in LISTS:
        return _items(value)
    if name == "texts":
        return _words(value)
    if name == "options":
        return {_word(account): _words(options) for account, options in _pairs(value)}
    raise _Wrong(key, f"{name} is not a key of a post; {nearest(name, KEYS)}")


def _word(node: Node) -> str:
    if _is_list(node) or _is_table(node):
        raise _Wrong(node, "must be one word or text here, not a list or a table.")
    if "\0" in node.value:
        raise _Wrong(node, f"must not hold {_NUL}.")
    return str(node.value).strip()


def _items(node: Node) -> tuple[str, ...]:
    """Return the items of a list; a single word is a list of one."""
    if _is_list(node):
        return tuple(_word(each) for each in node.value)
    return (_word(node),)


def _words(node: Node) -> dict[str, str]:
    return {_word(key): _word(value) for key, value in _pairs(node)}


def _pairs(node: Node) -> list[tuple[Node, Node]]:
    if not _is_table(node):
        raise _Wrong(node, "must be keys with values, like `acme: words`.")
    return list(node.value)


def _is_list(node: Node) -> bool:
    import yaml

    return isinstance(node, yaml.SequenceNode)


def _is_table(node: Node) -> bool:
    import yaml

    return isinstance(node, yaml.MappingNode)
