"""Sealing: what the store keeps of a session cannot be read from the store alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from postcron.errors import Invalid
from postcron.secrets.files import write_new


class Sealer:
    """Keeps sessions in the store so that the store alone does not give them away.

    The first key seals; all of them open, so that a new key can be put in front of an old one.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            message = "The seal key is not one that `postcron init` made; put that one back."
            raise Invalid(message, code="wrong_key") from error

    def seal(self, data: Mapping[str, Any]) -> bytes:
        return self._fernet.encrypt(json.dumps(dict(data)).encode())

    def reseal(self, sealed: bytes) -> bytes:
        """Return what was sealed with any of the keys, sealed with the first; raises `Invalid`."""
        return self.seal(self.unseal(sealed))

    def unseal(self, sealed: bytes) -> dict[str, Any]:
        """Return what was sealed; raises `Invalid` when none of the keys opens it."""
        from cryptography.fernet import InvalidToken

        try:
            data: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            message = (
                "The kept session was sealed with another key: put that key back, or log in again."
            )
            raise Invalid(message, code="wrong_key") from error
        return data


def new_key() -> str:
    """Return a fresh seal key."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def write_key(path: Path) -> bool:
    """Write a fresh seal key that only we can read; leave an existing one alone and return False."""
    return write_new(path, f"{new_key()}\n")
