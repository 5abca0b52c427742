"""What the platform accepts as a post: strictly what its documents show, so that a slip is seen.

The errors of a body are its fields' names with their sentences, as Laravel words them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

#: one refusal: the field, and what is wrong with it
Fault: TypeAlias = tuple[str, str]

BODY_MAX: Final = 5000

_POST: Final = frozenset(
    {"versions", "accounts", "tags", "date", "time", "timezone", "schedule", "schedule_now"}
    | {"queue", "until_date", "until_time", "repeat_frequency"}
    | {"short_link_provider", "short_link_provider_id"}
)
_VERSION: Final = frozenset({"account_id", "is_original", "content", "options"})
_CONTENT: Final = frozenset({"body", "media", "url", "video_thumbs"})
#: with any of these set, a create would already publish, now or again and again
_PUBLISHING: Final = ("schedule", "schedule_now", "queue", "repeat_frequency")

_TYPES: Final = frozenset({"post", "reel", "story"})
_OPTIONS: Final = frozenset(
    {"facebook_page", "instagram", "instagram_direct", "linkedin", "mastodon", "blue_sky"}
    | {"threads", "youtube", "pinterest", "tiktok"}
)


def post_errors(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return why a body makes no draft, by field."""
    return _gathered(_post(body))


def schedule_errors(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return why a body makes no call to publish, by field."""
    if "postNow" not in body:
        return {"postNow": ["The post now field is required."]}
    if not isinstance(body["postNow"], bool):
        return {"postNow": ["The post now field must be true or false."]}
    return {}


def _gathered(faults: Iterator[Fault]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for field, sentence in faults:
        errors.setdefault(field, []).append(sentence)
    return errors


def _post(body: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _unknown("", body, _POST)
    for flag in _PUBLISHING:
        if body.get(flag):
            yield flag, "This sandbox refuses to publish when a post is created."
    yield from _integers("accounts", body.get("accounts", []))
    yield from _integers("tags", body.get("tags", []))
    versions = body.get("versions")
    if not versions:
        yield "versions", "The versions field is required."
    elif not isinstance(versions, list):
        yield "versions", "The versions field must be an array."
    else:
        for number, version in enumerate(versions):
            yield from _version(f"versions.{number}", version)
        if isinstance(versions[0], dict) and versions[0].get("is_original") is False:
            yield "versions.0.is_original", "The first version must be the original."


def _version(where: str, version: Any) -> Iterator[Fault]:
    if not isinstance(version, dict):
        yield where, "A version must be an object."
        return
    yield from _unknown(f"{where}.", version, _VERSION)
    if type(version.get("account_id")) is not int:
        yield f"{where}.account_id", "The account id field must be an integer."
    if not isinstance(version.get("is_original"), bool):
        yield f"{where}.is_original", "The is original field must be true or false."
    yield from _options(f"{where}.options", version.get("options", {}))
    content = version.get("content")
    if not isinstance(content, list):
        yield f"{where}.content", "The content field must be an array."
    elif len(content) != 1:
        yield f"{where}.content", "Only the first content is published; send exactly one."
    else:
        yield from _content(f"{where}.content.0", content[0])


def _content(where: str, content: Any) -> Iterator[Fault]:
    if not isinstance(content, dict):
        yield where, "A content must be an object."
        return
    yield from _unknown(f"{where}.", content, _CONTENT)
    for field in ("body", "url"):
        if not isinstance(content.get(field), str | None):
            yield f"{where}.{field}", f"The {field} field must be a string."
    body = content.get("body")
    if isinstance(body, str) and len(body) > BODY_MAX:
        yield f"{where}.body", f"The body must not be greater than {BODY_MAX} characters."
    yield from _integers(f"{where}.media", content.get("media", []))


def _options(where: str, options: Any) -> Iterator[Fault]:
    if not isinstance(options, dict):
        yield where, "The options field must be an object."
        return
    yield from _unknown(f"{where}.", options, _OPTIONS)
    for provider, chosen in options.items():
        if not isinstance(chosen, dict):
            yield f"{where}.{provider}", "Options must be an object."
        elif chosen.get("type", "post") not in _TYPES:
            yield f"{where}.{provider}.type", "The selected type is invalid."


def _integers(where: str, values: Any) -> Iterator[Fault]:
    if not isinstance(values, list):
        yield where, "The field must be an array."
    elif any(type(value) is not int for value in values):
        yield where, "Every element must be an integer."


def _unknown(where: str, given: Mapping[str, Any], known: frozenset[str]) -> Iterator[Fault]:
    for name in sorted(given.keys() - known):
        yield f"{where}{name}", "No document of this platform names this field."
