"""What an OpenAPI document says of a request and of its answer: as much of JSON Schema as one needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

_TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


class Contract:
    """One document of this folder."""

    def __init__(self, name: str) -> None:
        self._document = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))

    def asked(self, method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
        """Return what is wrong with a request; `body` is what its JSON or its form stands for."""
        found = self._operation(method, path)
        if found is None:
            return [f"there is no {method} {path}"]
        operation, in_path = found
        return [*self._parameters(operation, in_path, query), *self._body(operation, body)]

    def answered(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with a good answer."""
        found = self._operation(method, path)
        said = found[0]["responses"].get(str(status)) if found else None
        if said is None:
            return [f"{method} {path} never answers {status}"]
        return list(self.objections(said["content"]["application/json"]["schema"], body, "answer"))

    def _operation(self, method: str, path: str) -> tuple[Schema, Mapping[str, str]] | None:
        for template, methods in self._document["paths"].items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            match = re.fullmatch(pattern, path)
            if match and method.lower() in methods:
                return methods[method.lower()], match.groupdict()
        return None

    def _parameters(
        self, operation: Schema, in_path: Mapping[str, str], query: Mapping[str, str]
    ) -> Iterator[str]:
        known = {one["name"]: one for one in operation.get("parameters", ())}
        yield from (f"there is no parameter {name}" for name in query.keys() - known.keys())
        for name, one in known.items():
            given = (in_path if one["in"] == "path" else query).get(name)
            if given is not None:
                yield from self.objections(one["schema"], _read(one["schema"], given), name)
            elif one.get("required"):
                yield f"{name} is missing"

    def _body(self, operation: Schema, body: Any) -> Iterator[str]:
        content = operation.get("requestBody", {}).get("content")
        if content is not None:
            yield from self.objections(content["application/json"]["schema"], body, "body")
        elif body not in (None, {}):
            yield "there is no body"

    def objections(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        """Yield where a value is not what a schema asks for."""
        if "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            tried = [list(self.objections(one, value, where)) for one in schema["anyOf"]]
            yield from min(tried, key=len)
            return
        wanted = _TYPES.get(schema.get("type", ""))
        if wanted and (not isinstance(value, wanted) or (wanted is int and value is bool(value))):
            yield f"{where} is no {schema['type']}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where} is {value!r}"
        if isinstance(value, str):
            yield from _text(schema, value, where)
        elif isinstance(value, dict):
            yield from self._object(schema, value, where)
        elif isinstance(value, list):
            yield from self._array(schema, value, where)
        elif value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{where} is {value}"

    def _object(self, schema: Schema, value: Mapping[str, Any], where: str) -> Iterator[str]:
        known = schema.get("properties", {})
        yield from (
            f"{where} lacks {name}" for name in schema.get("required", ()) if name not in value
        )
        for name, each in value.items():
            if name in known:
                yield from self.objections(known[name], each, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{where} knows no {name}"

    def _array(self, schema: Schema, value: list[Any], where: str) -> Iterator[str]:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where} has {len(value)} items"
        for number, each in enumerate(value):
            yield from self.objections(schema["items"], each, f"{where}[{number}]")


def _text(schema: Schema, value: str, where: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where} is {value!r}"
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{where} has {len(value)} characters"


def _read(schema: Schema, given: str) -> Any:
    if schema.get("type") == "array":
        return given.split(",")
    return int(given) if schema.get("type") == "integer" and given.isdecimal() else given
