"""Google's discovery documents: does a request or an answer keep to one?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.simulators.server import Asked, Reply

#: parameters of every upload, which the document leaves to the upload protocols
UPLOADS: Final = frozenset({"uploadType", "upload_id"})
_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "array": list,
}


@cache
def document(name: str) -> dict[str, Any]:
    """Return the extract of this name."""
    text = (Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def method_of(book: Mapping[str, Any], asked: Asked) -> Mapping[str, Any] | None:
    """Return the method a request is a call of; None for one the document does not have."""
    for method in book["methods"].values():
        paths = {f"/{method['path']}", *method.get("upload", ())}
        verbs = {method["httpMethod"]} | ({"PUT"} if "upload_id" in asked.query else set())
        if asked.path in paths and asked.method in verbs:
            found: Mapping[str, Any] = method
            if ("upload_id" in asked.query) <= ("upload" in method):
                return found
    return None


def complaints(book: Mapping[str, Any], asked: Asked, reply: Reply) -> Iterator[str]:
    """Yield what is wrong with one exchange."""
    method = method_of(book, asked)
    if method is None:
        yield f"no method is called by {asked.method} {asked.path}"
        return
    known = method["parameters"]
    yield from (f"unknown parameter {name}" for name in asked.query.keys() - known - UPLOADS)
    if "upload_id" not in asked.query:
        needed = {name for name, one in known.items() if one.get("required")}
        yield from (f"parameter {name} is missing" for name in needed - asked.query.keys())
        if "request" in method:
            yield from misfits(book, method["request"], asked.json(), "request")
    if reply.status in {200, 201} and reply.content():
        yield from misfits(book, method["response"], json.loads(reply.content()), "answer")


def misfits(book: Mapping[str, Any], schema: str, value: Any, where: str) -> Iterator[str]:
    """Yield where a value is not what its schema says."""
    yield from _misfits(book, {"$ref": schema}, value, where)


def _misfits(
    book: Mapping[str, Any], schema: Mapping[str, Any], value: Any, where: str
) -> Iterator[str]:
    schema = book["schemas"][schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "object")
    if not _is(kind, value):
        yield f"{where} is not of type {kind}: {value!r}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} cannot be {value!r}"
    if kind == "array":
        for number, one in enumerate(value):
            yield from _misfits(book, schema["items"], one, f"{where}[{number}]")
    if kind == "object":
        known = schema.get("properties", {})
        yield from (f"{where} has no {name}" for name in value.keys() - known.keys())
        for name in value.keys() & known.keys():
            yield from _misfits(book, known[name], value[name], f"{where}.{name}")


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _KINDS[kind]) and not (kind == "integer" and value is True)
