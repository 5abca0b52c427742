"""The accounts of a configuration: their platform's table first, their own over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from postcron.config.finding import Place
from postcron.config.tables import Table
from postcron.errors import Invalid
from postcron.model import Account, Policy, SecretRef
from postcron.rules.zones import zone_of

#: keys of [platforms.NAME]; an account may have its own
PLATFORM_KEYS: Final = frozenset(
    {
        "timezone",
        "lead",
        "grace",
        "late",
        "resend",
        "approval",
        "window",
        "blackout",
        "min_gap",
        "daily_cap",
        "slots",
    }
)
#: keys any account may have; the others belong to its platform
ACCOUNT_KEYS: Final = PLATFORM_KEYS | {"platform", "enabled"}

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SECRET: Final = re.compile(r"(.*_)?(token|password|secret|secret_key|private_key|api_key)")


def account(
    name: str,
    table: Table,
    platforms: Mapping[str, Table],
    timezone: str,
    base: Policy,
    place: Place,
) -> Account:
    if not _NAME.fullmatch(name):
        raise table.invalid(
            "", "cannot be the name of an account: use letters, digits and . _ @ - only."
        )
    platform = table.text("platform")
    if platform is None:
        raise table.invalid("platform", 'is missing; add a line like platform = "mastodon".')
    general = platforms.get(platform)
    zones = (zone(table), general and zone(general), timezone)
    return Account(
        name=name,
        platform=platform,
        timezone=next(name for name in zones if name),
        settings={
            key: _setting(table, key, place) for key in table.values if key not in ACCOUNT_KEYS
        },
        policy=_policy(table, _policy(general, base) if general else base),
        enabled=table.truth("enabled") is not False,
        where=table.where(),
    )


def _setting(table: Table, key: str, place: Place) -> str | SecretRef:
    value = table.values[key]
    if isinstance(value, dict) or _SECRET.fullmatch(key):
        ref = place.secret(table, key)
        if ref is not None:
            return ref
    # Ids are numbers to their platforms; to us they are text.
    if type(value) is int:
        return str(value)
    return table.text(key) or ""


def _policy(table: Table, general: Policy) -> Policy:
    given: dict[str, Any] = {
        "lead": table.span("lead"),
        "grace": table.span("grace"),
        "late": table.choice("late", {"ask", "publish", "skip"}),
        "resend": table.choice("resend", {"ask", "after_proof"}),
        "approval": table.truth("approval"),
    }
    return replace(general, **{key: value for key, value in given.items() if value is not None})


def zone(table: Table) -> str | None:
    name = table.text("timezone")
    try:
        return None if name is None else zone_of(name).key
    except Invalid as error:
        raise table.invalid("timezone", f"cannot be used: {error}") from error
