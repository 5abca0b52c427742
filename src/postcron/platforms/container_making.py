"""Phase 2 where posts are containers: each is made, filled and waited for, a step at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, Protocol

from postcron.errors import Code, Permanent, PlatformError, Temporary
from postcron.model import Draft, MediaFile, SaveTicket, Ticket

#: the entry of the container that is published; the parts of a carousel are numbered
TOP: Final = "top"
#: what the upload of a file is called when nothing of it is missing
_SENT: Final = frozenset({"complete", "completed"})


@dataclass(frozen=True)
class Part:
    """One container to make: its fields, and the file that has to be sent to it, if any."""

    form: Mapping[str, str]
    file: MediaFile | None = None


@dataclass(frozen=True)
class State:
    """What a container is, in the words of its platform."""

    status: str
    why: str = ""
    #: how far the upload of its file is
    uploading: Mapping[str, Any] | None = None


class Makes(Protocol):
    """What a platform does with single containers; each raises `Temporary` or `Permanent`."""

    #: why a container failed that would fail again
    hopeless: ClassVar[re.Pattern[str]]

    def made(self, part: Part) -> str:
        """Make a container nobody sees; a repeat leaves one that dies within a day."""
        ...

    def state(self, id: str) -> State:
        """Read a container."""
        ...

    def sent(self, draft: Draft, id: str, file: MediaFile, offset: int) -> None:
        """Send a file to its container, from `offset` on."""
        ...


def is_for(ticket: Ticket, draft: Draft) -> bool:
    """Say whether a ticket belongs to this draft: what a container says and answers is frozen."""
    answered = draft.parent and draft.parent.remote_id
    return (ticket.data.get("revision"), ticket.data.get("parent")) == (draft.revision, answered)


@dataclass
class Making:
    """The containers of one draft; every id is saved right after the answer that gave it."""

    by: Makes
    draft: Draft
    ticket: Ticket
    save: SaveTicket

    def __post_init__(self) -> None:
        if not is_for(self.ticket, self.draft):
            answered = self.draft.parent and self.draft.parent.remote_id
            self.ticket = Ticket(
                {"revision": self.draft.revision, "parent": answered, "containers": {}}
            )
        self.containers: dict[str, dict[str, Any]] = dict(self.ticket.data["containers"])

    def carried(self, name: str, part: Part) -> bool:
        """Carry one container a step further; return whether it is finished."""
        known = self.containers.get(name)
        if known is None:
            self._keep(name, id=self.by.made(part))
            if part.file is not None:
                self._send(name, part.file, 0)
            return False
        # The one that is published is read once more whenever somebody asks: it may have expired.
        if known.get("done") and name != TOP:
            return True
        return self._asked(name, part.file)

    def ids(self, count: int) -> list[str]:
        """Return the ids of the first parts."""
        return [self.containers[str(number)]["id"] for number in range(count)]

    def end(self, *, ready: bool, pause: timedelta) -> Ticket:
        """Return the ticket as it is now."""
        data = {**self.ticket.data, "containers": self.containers}
        ticket = Ticket(data, ready, None if ready else pause)
        self.save(ticket)
        return ticket

    def _asked(self, name: str, file: MediaFile | None) -> bool:
        state = self.by.state(self.containers[name]["id"])
        # Published: by an earlier call that was taken for refused. It is for phase 3 to say so.
        if state.status in {"FINISHED", "PUBLISHED"}:
            self._keep(name, done=True)
            return True
        if state.status == "EXPIRED":
            # The others are as old.
            self.containers.clear()
        elif state.status == "ERROR":
            raise self._failed(name, state.why)
        elif file is not None and not self.containers[name].get("sent"):
            self._resume(name, file, state.uploading or {})
        return False

    def _resume(self, name: str, file: MediaFile, uploading: Mapping[str, Any]) -> None:
        there = int(uploading.get("bytes_transferred") or 0)
        if uploading.get("status") in _SENT or there >= file.size:
            self._keep(name, sent=True)
        else:
            self._send(name, file, there)

    def _send(self, name: str, file: MediaFile, offset: int) -> None:
        self.by.sent(self.draft, self.containers[name]["id"], file, offset)
        self._keep(name, sent=True)

    def _failed(self, name: str, why: str) -> PlatformError:
        del self.containers[name]
        self._save()
        if self.by.hopeless.search(why):
            return Permanent(f"The platform cannot use a file: {why}.", code=Code.MEDIA_REFUSED)
        return Temporary(f"A file is given once more, after: {why}.", code=Code.NOT_READY)

    def _keep(self, name: str, **more: Any) -> None:
        self.containers[name] = {**self.containers.get(name, {}), **more}
        self._save()

    def _save(self) -> None:
        self.save(Ticket({**self.ticket.data, "containers": dict(self.containers)}))
