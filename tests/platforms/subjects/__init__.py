"""The platforms that stand the shared contract, each with the simulator it is tried against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from tests.platforms.contract import Subject


def _found() -> Iterator[tuple[str, Callable[[datetime | None], Subject]]]:
    for module in sorted(iter_modules(__path__)):
        if module.name != "shared":
            described = import_module(f"{__name__}.{module.name}")
            yield module.name, described.SUBJECT
            for variant, subject in getattr(described, "VARIANTS", {}).items():
                yield f"{module.name}-{variant}", subject


#: every module beside this one is one platform's, and called as it is; accounts that differ much
#: are its variants
SUBJECTS: Final[dict[str, Callable[[datetime | None], Subject]]] = dict(_found())


def platform_of(name: str) -> str:
    """Return the platform a subject is an account of."""
    return name.partition("-")[0]
