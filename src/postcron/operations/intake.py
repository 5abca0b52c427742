"""Media on its way in: fetched from where a person says it is, probed, then kept in the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from postcron.errors import Invalid
from postcron.model import Attachment
from postcron.operations.house import House


@dataclass
class Intake:
    """The media of one post: nothing of it is kept before all of it is known to fit."""

    house: House
    folder: Path
    _paths: dict[str, Path] = field(default_factory=dict)

    def fetch(self, sources: Sequence[str], alts: Sequence[str]) -> tuple[Attachment, ...]:
        """Fetch and probe each source; alt texts belong to them in order. Raises `Invalid`."""
        if len(alts) > len(sources):
            message = f"{len(alts)} alt texts for {len(sources)} media files: give each --alt after its --media."
            raise Invalid(message)
        padded = [*alts, *[""] * (len(sources) - len(alts))]
        return tuple(
            self._one(number, source, alt)
            for number, (source, alt) in enumerate(zip(sources, padded, strict=True))
        )

    def _one(self, number: int, source: str, alt: str) -> Attachment:
        from postcron.media import probe, sources

        folder = self.folder / str(number)
        folder.mkdir(mode=0o700)
        fetched = sources.fetch(source, folder, self.house.media_access())
        file = probe.probe(fetched.path, fetched.name)
        lie = probe.lies(fetched.name, file)
        if lie is not None:
            raise Invalid(lie, code="media_lies")
        self._paths[file.sha256] = fetched.path
        return Attachment(file, fetched.name, alt)

    def keep(self, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Copy the files into the library, durable before any row names them."""
        return tuple(
            replace(each, file=self.house.library.put(self._paths[each.file.sha256], each.file))
            for each in attachments
        )
