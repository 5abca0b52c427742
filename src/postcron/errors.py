"""Every error postcron raises on purpose, and the evidence a failed call leaves behind.

PostcronError                 a sentence that says what to do next, and a stable code
├── Invalid                   what was asked does not fit               (exit 2)
│   ├── ConfigInvalid         the configuration, with file and line
│   ├── NotFound              no such post, delivery or account
│   ├── Refused               a step this state does not allow
│   │   └── PlanChanged       another run was first to plan for an account: plan anew
│   └── DoesNotFit            a post with one or more problems
├── CannotWork                postcron itself cannot go on              (exit 3)
│   ├── StoreUnavailable      away, locked, read-only, newer than this program
│   ├── LibraryUnavailable    the media library cannot be read or written
│   └── DiskFull              no room to remember, so nothing may be sent
└── PlatformError             a platform call that did not end well
    ├── Temporary             worth another try, later
    ├── Permanent             a person has to change something first
    └── OutcomeUnknown        it may have happened: look, never guess
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from postcron.model import Problem


class Evidence(StrEnum):
    """What is known about one request that did not succeed."""

    #: no byte of the request left this machine
    NOT_SENT = "not_sent"
    #: the answer stands on the platform's sourced refusal list
    REFUSED = "refused"
    #: everything else: it may have been carried out
    UNCLEAR = "unclear"


class Code(StrEnum):
    """Why a platform call failed: stable, for programs and for `list --json`."""

    #: the platform could not be reached (address, connection, TLS)
    NOT_REACHABLE = "not_reachable"
    #: it answered that it is busy or broken
    SERVER_TROUBLE = "server_trouble"
    #: too many requests; `retry_after` says when to come back
    RATE_LIMITED = "rate_limited"
    #: the token is wrong, revoked or lacks a permission
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, not a token
    #: the session is over and has to be refreshed first
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a code, not a token
    #: the account is missing, locked, or not the one it was
    ACCOUNT_UNUSABLE = "account_unusable"
    #: this host lacks what the account needs (a secret, a key of the configuration)
    NOT_CONFIGURED = "not_configured"
    #: its account or platform is in trouble and left alone for now: no call was made
    LEFT_ALONE = "left_alone"
    #: this machine's clock and the platform's are too far apart: no post would be on time
    CLOCKS_DISAGREE = "clocks_disagree"
    #: its moment passed before the call could leave
    TOO_LATE = "too_late"
    #: the platform does not want this text or these options
    CONTENT_REFUSED = "content_refused"
    #: the platform does not want this file
    MEDIA_REFUSED = "media_refused"
    #: the file in the library is not the one that was scheduled
    MEDIA_DAMAGED = "media_damaged"
    #: the library could not be read for now
    LIBRARY_TROUBLE = "library_trouble"
    #: something phase 2 left at the platform is not there any more
    HANDLE_GONE = "handle_gone"
    #: the platform is still working on what phase 2 gave it
    NOT_READY = "not_ready"
    #: the answer is not what this platform documents
    UNEXPECTED_ANSWER = "unexpected_answer"
    #: the answer to the publish call was lost
    ANSWER_LOST = "answer_lost"


class PostcronError(Exception):
    """A sentence for a person, and a code for a program."""

    code: str = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Invalid(PostcronError):
    """What was asked does not fit; nothing was saved."""

    code = "invalid"


class ConfigInvalid(Invalid):
    """The configuration cannot be used; the message names file and line."""

    code = "config_invalid"


class NotFound(Invalid):
    """No such post, delivery or account."""

    code = "not_found"


class Refused(Invalid):
    """The state of a delivery does not allow this step."""

    code = "not_allowed"


class PlanChanged(Refused):
    """Another run has given a time of the same account since its plan was read: plan anew."""

    code = "plan_changed"


class DoesNotFit(Invalid):
    """A post that cannot be scheduled, with every reason found."""

    code = "does_not_fit"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class CannotWork(PostcronError):
    """postcron itself cannot go on; nothing was sent."""

    code = "cannot_work"


class StoreUnavailable(CannotWork):
    """The store is away, locked, read-only or newer than this program."""

    code = "store_unavailable"


class LibraryUnavailable(CannotWork):
    """The media library cannot be read or written."""

    code = "library_unavailable"


class DiskFull(CannotWork):
    """No room to remember what is about to happen."""

    code = "disk_full"


class PlatformError(PostcronError):
    """A platform call that did not end well.

    `evidence` decides what may happen next: only `NOT_SENT` and `REFUSED` prove that nothing is
    live. It starts as `UNCLEAR`, so that a careless platform is looked at, never sent again.
    `retry_after` is how long the platform asked us to wait.
    """

    family: ClassVar[str] = "unknown"

    def __init__(
        self,
        message: str,
        *,
        code: Code = Code.UNEXPECTED_ANSWER,
        evidence: Evidence = Evidence.UNCLEAR,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.evidence = evidence
        self.retry_after = retry_after


class Temporary(PlatformError):
    """Worth another try, later."""

    family = "temporary"


class Permanent(PlatformError):
    """A person has to change something first."""

    family = "permanent"


class OutcomeUnknown(PlatformError):
    """It may have happened: look at the platform before anything else."""

    family = "unknown"
