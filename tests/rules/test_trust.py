"""Whose files are believed."""

from __future__ import annotations

import re
import stat

import pytest

from postcron.rules.trust import objection

ME, ROOT, OTHER = 1000, 0, 1001


@pytest.mark.parametrize(
    ("mode", "owner", "private", "says"),
    [
        (0o600, ME, True, None),
        (0o400, ME, True, None),
        (0o644, ME, False, None),
        (0o644, ROOT, False, None),
        (0o1777, ROOT, False, None),
        (0o600, OTHER, False, "belongs to another user"),
        (0o664, ME, False, r"can be written by others \(mode 664; chmod go-w\)"),
        (0o606, ME, False, "can be written by others"),
        (0o777, ROOT, False, "can be written by others"),
        (0o640, ME, True, r"can be read by others \(mode 640; chmod 600\)"),
        (0o604, ME, True, "can be read by others"),
        (0o600, ROOT, True, "belongs to root"),
    ],
)
def test_others_may_never_write_nor_read_what_is_private(
    mode: int, owner: int, private: bool, says: str | None
) -> None:
    why = objection(mode=stat.S_IFREG | mode, owner=owner, me=ME, private=private)
    assert (why is None) if says is None else re.match(says, str(why))
