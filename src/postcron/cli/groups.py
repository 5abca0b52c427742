"""Commands that hold others, and mean one of them when they stand alone."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


def alone_means(name: str) -> type[TyperGroup]:
    """Return a group that runs its command `name` when no other is named."""

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            named = any(word in self.commands for word in args[:1])
            helping = {"-h", "--help"} & set(args)
            return super().parse_args(ctx, args if named or helping else [name, *args])

    return Group
