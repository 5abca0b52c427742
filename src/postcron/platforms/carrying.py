"""Files that go up in phase 2 in several calls: each has an entry in the ticket, saved at each answer.

An entry has a `state`; `done` ends it. In every other the platform is at work on the file, and `wait`
says for how many seconds at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from postcron.errors import Code, Temporary
from postcron.model import Attachment, Draft, SaveTicket, Ticket

Entry = Mapping[str, Any]
#: takes a file as far as it goes now, from what is known of it, and yields its entry each time
Steps = Callable[[Attachment, Entry | None], Iterator[Entry]]


def carried(draft: Draft, ticket: Ticket, save: SaveTicket, steps: Steps) -> Ticket:
    """Return the ticket with every file as far as it is; raises what the steps raise.

    It begins anew for another revision, and when it comes back complete: its media may be gone by
    then. A file that the platform knows no more (`HANDLE_GONE`) begins anew at the next try.
    """
    if ticket.data.get("revision") != draft.revision or ticket.ready:
        ticket = Ticket({"revision": draft.revision, "media": []})
    for number, attachment in enumerate(draft.attachments):
        before, known = ticket.data["media"][:number], ticket.data["media"][number:]
        try:
            for entry in steps(attachment, known[0] if known else None):
                ticket = ticket.having(media=[*before, entry, *known[1:]])
                save(ticket)
        except Temporary as error:
            if error.code == Code.HANDLE_GONE:
                save(ticket.having(media=before))
            raise
    waits = [entry["wait"] for entry in ticket.data["media"] if entry["state"] != "done"]
    wait = timedelta(seconds=max(waits)) if waits else None
    ticket = Ticket(ticket.data, ready=wait is None, check_after=wait)
    save(ticket)
    return ticket
