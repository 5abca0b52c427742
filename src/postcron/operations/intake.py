"""Media on its way in: fetched from where a person says it is, probed, then kept in the library."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from postcron.errors import Invalid
from postcron.model import Attachment, MediaFile
from postcron.operations.house import House


@contextmanager
def taking_in(house: House) -> Iterator[Intake]:
    """Give a place for media that are on their way in."""
    with tempfile.TemporaryDirectory(prefix="postcron-") as folder:
        yield Intake(house, Path(folder))


@dataclass
class Intake:
    """The media of posts: each fetched once, and none kept before all of them are known to fit."""

    house: House
    folder: Path
    _fetched: dict[str, tuple[MediaFile, str] | Invalid] = field(default_factory=dict)
    _paths: dict[str, Path] = field(default_factory=dict)
    _kept: dict[str, MediaFile] = field(default_factory=dict)

    def fetch(
        self, sources: Sequence[str], alts: Sequence[str], names: Sequence[str] = ()
    ) -> tuple[Attachment, ...]:
        """Fetch and probe each source; alt texts and names belong to them in order.

        Without a name it is called what its source ends in. Raises `Invalid`.
        """
        if len(alts) > len(sources):
            message = f"{len(alts)} alt texts for {len(sources)} media files: give each --alt after its --media."
            raise Invalid(message)
        some = zip_longest(sources, alts, names, fillvalue="")
        return tuple(self._attachment(*each) for each in some)

    def _attachment(self, source: str, alt: str, name: str) -> Attachment:
        file, called = self._one(source)
        if name:
            _refuse_lie(name, file)
        return Attachment(file, Path(name).name or called, alt)

    def _one(self, source: str) -> tuple[MediaFile, str]:
        if source not in self._fetched:
            try:
                self._fetched[source] = self._new(source)
            except Invalid as error:
                self._fetched[source] = error
        found = self._fetched[source]
        if isinstance(found, Invalid):
            raise found
        return found

    def _new(self, source: str) -> tuple[MediaFile, str]:
        from postcron.media import probe, sources

        folder = self.folder / str(len(self._fetched))
        folder.mkdir(mode=0o700)
        fetched = sources.fetch(source, folder, self.house.media_access())
        file = probe.probe(fetched.path, fetched.name)
        _refuse_lie(fetched.name, file)
        self._paths[file.sha256] = fetched.path
        return file, fetched.name

    def keep(self, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Copy the files into the library, durable before any row names them."""
        return tuple(replace(each, file=self._keep(each.file)) for each in attachments)

    def _keep(self, file: MediaFile) -> MediaFile:
        if file.sha256 not in self._kept:
            self._kept[file.sha256] = self.house.library.put(self._paths[file.sha256], file)
        return self._kept[file.sha256]


def _refuse_lie(name: str, file: MediaFile) -> None:
    from postcron.media import probe

    lie = probe.lies(name, file)
    if lie is not None:
        raise Invalid(lie, code="media_lies")
