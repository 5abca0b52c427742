"""The platforms that stand the shared contract, each with the simulator it is tried against."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from tests.platforms.contract import Subject

#: every module beside this one is one platform's, and called as it is
SUBJECTS: Final[dict[str, Callable[[datetime | None], Subject]]] = {
    module.name: import_module(f"{__name__}.{module.name}").SUBJECT
    for module in sorted(iter_modules(__path__))
    if module.name != "shared"
}
