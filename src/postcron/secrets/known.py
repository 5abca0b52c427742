"""The secrets of one process: fetched once, and from then on known so as to be hidden."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from postcron.model import SecretRef
from postcron.rules.redaction import encodings, pieces, redact
from postcron.secrets.sources import content, output, unavailable


class Secrets:
    """Where secrets are had from and hidden again."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._resolved: dict[SecretRef, str] = {}
        self._forms: frozenset[str] = frozenset()
        self._lock = threading.RLock()

    def resolve(self, ref: SecretRef) -> str:
        """Return the secret, without the line break at its end; raises `Invalid`."""
        with self._lock:
            if ref not in self._resolved:
                self._resolved[ref] = self._fetch(ref)
                self.remember(self._resolved[ref])
            return self._resolved[ref]

    def remember(self, value: str) -> None:
        """Hide this value from now on: a session unsealed, a token renewed."""
        with self._lock:
            self._forms |= {form for piece in pieces(value) for form in encodings(piece)}

    def redact(self, text: str) -> str:
        """Return the text with every known secret masked, encoded or cut short as it may be."""
        return redact(text, self._forms)

    def _fetch(self, ref: SecretRef) -> str:
        fetch = {"env": self._from_env, "file": self._from_file, "command": self._from_command}
        value = fetch[ref.source](ref).removesuffix("\n").removesuffix("\r")
        kept_in = f"{ref.source} {ref.value if isinstance(ref.value, str) else ref.value[0]}"
        if not value.strip():
            raise unavailable(f"The secret kept in {kept_in} is empty or not set; put it there.")
        # Bytes that are no text arrive as surrogates, and would break whatever encodes them.
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise unavailable(f"The secret kept in {kept_in} is not UTF-8 text.")
        return value

    def _from_env(self, ref: SecretRef) -> str:
        return self._environ.get(str(ref.value), "")

    def _from_command(self, ref: SecretRef) -> str:
        return output(tuple(ref.value), self._environ)

    def _from_file(self, ref: SecretRef) -> str:
        name = str(ref.value)
        if "/" in name:
            return content(Path(name), private=True)
        folder = self._environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise unavailable(
                f"The credential {name} is looked for in $CREDENTIALS_DIRECTORY, which is not set; "
                "let systemd load it, or name a file with its folder."
            )
        # systemd made it for this service alone; it belongs to root, with an extra rule for us.
        return content(Path(folder) / name, private=False)
