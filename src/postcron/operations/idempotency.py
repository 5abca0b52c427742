"""Keys: what a key stands for already is never made again, and gets only the accounts it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from postcron.errors import Invalid, Refused
from postcron.model import Account, Approval, Attachment, Taken
from postcron.operations.house import House
from postcron.operations.placing import window_end_of
from postcron.operations.selecting import found_post
from postcron.operations.wishes import Wish, accounts_of, is_pending, parts_of


@dataclass(frozen=True)
class Keyed:
    """What is new of a wish."""

    wish: Wish
    parts: Sequence[Wish]
    #: where it goes, and its key does not yet
    missing: Sequence[Account]
    #: what the keys of all its parts stand for
    known: Sequence[Taken] = ()

    def window_end(self, now: datetime) -> datetime | None:
        """Return the moment beyond which nothing may move it: that of its post, if there is one."""
        asked = window_end_of(self.wish.window_end, self.wish.zone, self.missing, now)
        return self.known[0].window_end if self.known else asked

    @property
    def notes(self) -> tuple[str, ...]:
        """Say it if its key stands for another text."""
        wish, known = self.wish, self.known[0]
        if wish.text is None or wish.text == known.text:
            return ()
        stands = f"already stands for post {known.post_id} with another text; nothing changed."
        return (f"Key {wish.key} {stands}",)


def keyed(house: House, wish: Wish, parts: Sequence[Wish], taken: Mapping[str, Taken]) -> Keyed:
    """Return what is new of a wish, by what the keys of its parts stand for.

    Raises `Invalid` for a key of something else, `Refused` for a post that has been decided on or
    deleted.
    """
    accounts = accounts_of(house, wish)
    known = [there for part in parts if (there := taken.get(part.key or ""))]
    if not known:
        return Keyed(wish, parts, accounts)
    if len(known) != len(parts):
        raise _of_other_length(wish.key, len(known), len(parts))
    missing = [account for account in accounts if account.name not in known[0].states]
    if missing and len(parts) > 1:
        raise _incomplete(wish, missing)
    if missing:
        wish = _with_its_text(_joining(house, wish, known[0]), known[0], missing)
        parts = parts_of(wish)
    return Keyed(wish, parts, missing, known)


def require_same(house: House, asked: Keyed, files: Sequence[Attachment]) -> None:
    """Raise `Invalid` if further accounts of a known post would not get what is asked for them."""
    post = found_post(house, asked.known[0].post_id)
    new, old = ([one.file.sha256 for one in some] for some in (files, post.attachments))
    if new == old and asked.wish.type is post.type:
        return
    other = "other media" if new != old else "another type"
    message = (
        f"Key {asked.wish.key} already stands for post {post.id} with {other}: take another key."
    )
    raise Invalid(message, code="key_taken")


def _of_other_length(key: str | None, known: int, asked: int) -> Invalid:
    message = (
        f"Key {key} already stands for {known} part{'' if known == 1 else 's'}, and you "
        f"gave {asked}: take another key."
    )
    return Invalid(message, code="key_taken")


def _incomplete(wish: Wish, missing: Sequence[Account]) -> Invalid:
    names = ", ".join(account.name for account in missing)
    message = f"Key {wish.key} already stands for a thread, which does not go to {names}: take another key."
    return Invalid(message, code="key_taken")


def _joining(house: House, wish: Wish, known: Taken) -> Wish:
    if known.deleted:
        raise _closed(known, "deleted")
    if known.approval is Approval.PENDING:
        return replace(wish, approval=True)
    if known.approval is not Approval.REJECTED and not is_pending(house, wish):
        return wish
    raise _closed(known, known.approval or "on its way without approval")


def _closed(known: Taken, stands: str) -> Refused:
    return Refused(
        f"Post {known.post_id} is {stands}: schedule it for its other accounts under another key."
    )


def _with_its_text(wish: Wish, known: Taken, missing: Sequence[Account]) -> Wish:
    """Let further accounts say what is asked for now; those that have the post keep its text."""
    if (wish.text or "") == known.text:
        return wish
    own = {account.name: wish.text or "" for account in missing}
    return replace(wish, texts=own | dict(wish.texts))
