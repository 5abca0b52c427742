"""JSON as the store writes it: compact, and readable for people of any script."""

from __future__ import annotations

import json
from typing import Any, Final

# Made once: json.dumps would make one for each document.
_encoder: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    return _encoder.encode(value)
