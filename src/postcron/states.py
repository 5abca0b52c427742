"""The states of a delivery, and the only table of steps between them."""

from __future__ import annotations

from enum import StrEnum

from postcron.errors import Refused


class State(StrEnum):
    """Where a delivery stands. The comment says who moves it next."""

    #: no time yet; a person
    DRAFT = "draft"
    #: saved here, nothing at the platform; pre-upload at due − lead, publish if it comes to that
    SCHEDULED = "scheduled"
    #: phase 2 at work under a lease; that run, and after the lease any run
    UPLOADING = "uploading"
    #: all that is left is the publish call; tick
    READY = "ready"
    #: due within the horizon and allowed; publish
    QUEUED = "queued"
    #: the call may be on the wire; that run, and after the lease it is unknown
    PUBLISHING = "publishing"
    #: accepted, the platform is still working; publish polls, read-only
    CONFIRMING = "confirming"
    #: the outcome is not known; publish looks, and never sends before it knows
    UNKNOWN = "unknown"
    #: live, receipt kept; nobody
    PUBLISHED = "published"
    #: certainly not live; retry while the error is temporary, else a person
    FAILED = "failed"
    #: its grace is over; a person, or the account's policy
    LATE = "late"
    #: withdrawn; nobody
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What happened to a delivery: the word the ledger keeps."""

    #: a time was given to a draft, or a new one to what did not go out
    RESCHEDULED = "rescheduled"
    #: a run took it for phase 2
    UPLOAD_STARTED = "upload_started"
    #: phase 2 is complete
    UPLOADED = "uploaded"
    #: phase 2 has to go on later (trouble, or the platform is still processing)
    UPLOAD_POSTPONED = "upload_postponed"
    #: the platform certainly refuses this media or content
    UPLOAD_REFUSED = "upload_refused"
    #: what phase 2 left at the platform is too old or no longer fits
    UPLOAD_EXPIRED = "upload_expired"
    #: due and allowed
    ENQUEUED = "enqueued"
    #: a run took it for publishing
    CLAIMED = "claimed"
    #: the run gave it back untouched
    RELEASED = "released"
    #: its grace is over
    MISSED = "missed"
    #: its time has come, and a person has paused it: it waits
    HELD = "held"
    #: that pause is over
    RESUMED = "resumed"
    #: written down before the publish call
    INTENDED = "intended"
    #: no byte of the call left
    NOT_SENT = "not_sent"
    #: the platform certainly refused
    REFUSED = "refused"
    #: the platform answered with the id
    LANDED = "landed"
    #: the platform took it and works on it
    ACCEPTED = "accepted"
    #: nobody knows how the call ended
    LOST = "lost"
    #: a platform that keeps it until its moment is about to be asked to give it back
    TAKING_BACK = "taking_back"
    #: the platform gave it back: it will not appear
    TAKEN_BACK = "taken_back"
    #: looked at the platform; no news
    LOOKED = "looked"
    #: found live at the platform
    FOUND = "found"
    #: the platform was asked for what it had said is live, and shows it
    SEEN = "seen"
    #: the platform said it is live, and does not show it
    VANISHED = "vanished"
    #: the store is older than what was sent: it may be out already
    DOUBTED = "doubted"
    #: the platform says it certainly will not appear
    DENIED = "denied"
    #: certainly absent, or safe to send once more
    REPEATED = "repeated"
    #: another try after a failure
    RETRIED = "retried"
    #: no tries left: only a person can move it now
    GAVE_UP = "gave_up"
    #: a person looked, and wants it sent once more
    RESENT = "resent"
    #: allowed to go out although late
    ALLOWED = "allowed"
    #: the text, media or options changed
    EDITED = "edited"
    #: somebody has to approve it first, or once more
    SUBMITTED = "submitted"
    #: somebody has
    APPROVED = "approved"
    #: withdrawn
    CANCELLED = "cancelled"


S, E = State, Step

#: (where it stands, what happens) -> where it stands then. What is not here is refused.
STEPS: dict[tuple[State, Step], State] = {
    (S.DRAFT, E.RESCHEDULED): S.SCHEDULED,
    (S.SCHEDULED, E.RESCHEDULED): S.SCHEDULED,
    (S.READY, E.RESCHEDULED): S.READY,
    (S.QUEUED, E.RESCHEDULED): S.SCHEDULED,
    (S.FAILED, E.RESCHEDULED): S.SCHEDULED,
    (S.LATE, E.RESCHEDULED): S.SCHEDULED,
    # phase 2
    (S.SCHEDULED, E.UPLOAD_STARTED): S.UPLOADING,
    (S.UPLOADING, E.UPLOADED): S.READY,
    (S.UPLOADING, E.UPLOAD_POSTPONED): S.SCHEDULED,
    (S.UPLOADING, E.UPLOAD_REFUSED): S.FAILED,
    (S.READY, E.UPLOAD_EXPIRED): S.SCHEDULED,
    # phase 3: what is due
    (S.SCHEDULED, E.ENQUEUED): S.QUEUED,
    (S.READY, E.ENQUEUED): S.QUEUED,
    (S.QUEUED, E.CLAIMED): S.QUEUED,
    (S.QUEUED, E.RELEASED): S.QUEUED,
    (S.QUEUED, E.UPLOADED): S.QUEUED,
    (S.QUEUED, E.UPLOAD_POSTPONED): S.QUEUED,
    (S.QUEUED, E.UPLOAD_EXPIRED): S.QUEUED,
    (S.QUEUED, E.UPLOAD_REFUSED): S.FAILED,
    (S.SCHEDULED, E.MISSED): S.LATE,
    (S.READY, E.MISSED): S.LATE,
    (S.QUEUED, E.MISSED): S.LATE,
    # a pause, and its end
    (S.SCHEDULED, E.HELD): S.SCHEDULED,
    (S.READY, E.HELD): S.READY,
    (S.QUEUED, E.HELD): S.QUEUED,
    (S.LATE, E.HELD): S.LATE,
    (S.SCHEDULED, E.RESUMED): S.SCHEDULED,
    (S.READY, E.RESUMED): S.READY,
    (S.QUEUED, E.RESUMED): S.QUEUED,
    (S.LATE, E.RESUMED): S.LATE,
    # phase 3: the one call
    (S.QUEUED, E.INTENDED): S.PUBLISHING,
    (S.PUBLISHING, E.NOT_SENT): S.FAILED,
    (S.PUBLISHING, E.REFUSED): S.FAILED,
    (S.PUBLISHING, E.LANDED): S.PUBLISHED,
    (S.PUBLISHING, E.ACCEPTED): S.CONFIRMING,
    (S.PUBLISHING, E.LOST): S.UNKNOWN,
    # after the call: only reading
    (S.CONFIRMING, E.LOOKED): S.CONFIRMING,
    (S.CONFIRMING, E.FOUND): S.PUBLISHED,
    (S.CONFIRMING, E.DENIED): S.FAILED,
    (S.CONFIRMING, E.TAKING_BACK): S.UNKNOWN,
    (S.CONFIRMING, E.TAKEN_BACK): S.SCHEDULED,
    (S.UNKNOWN, E.LOOKED): S.UNKNOWN,
    (S.UNKNOWN, E.ACCEPTED): S.CONFIRMING,
    (S.UNKNOWN, E.FOUND): S.PUBLISHED,
    (S.UNKNOWN, E.DENIED): S.FAILED,
    (S.UNKNOWN, E.REPEATED): S.QUEUED,
    (S.UNKNOWN, E.TAKEN_BACK): S.SCHEDULED,
    (S.PUBLISHED, E.LOOKED): S.PUBLISHED,
    (S.PUBLISHED, E.SEEN): S.PUBLISHED,
    (S.PUBLISHED, E.VANISHED): S.UNKNOWN,
    # a store that was put back; a draft may have been approved since
    (S.DRAFT, E.DOUBTED): S.UNKNOWN,
    (S.SCHEDULED, E.DOUBTED): S.UNKNOWN,
    (S.READY, E.DOUBTED): S.UNKNOWN,
    (S.QUEUED, E.DOUBTED): S.UNKNOWN,
    (S.FAILED, E.DOUBTED): S.UNKNOWN,
    (S.LATE, E.DOUBTED): S.UNKNOWN,
    # another chance
    (S.FAILED, E.RETRIED): S.QUEUED,
    (S.LATE, E.ALLOWED): S.QUEUED,
    (S.LATE, E.GAVE_UP): S.LATE,
    # a person
    (S.DRAFT, E.EDITED): S.DRAFT,
    (S.SCHEDULED, E.EDITED): S.SCHEDULED,
    (S.READY, E.EDITED): S.SCHEDULED,
    (S.QUEUED, E.EDITED): S.SCHEDULED,
    (S.FAILED, E.EDITED): S.FAILED,
    (S.LATE, E.EDITED): S.LATE,
    (S.DRAFT, E.SUBMITTED): S.DRAFT,
    (S.SCHEDULED, E.SUBMITTED): S.DRAFT,
    (S.READY, E.SUBMITTED): S.DRAFT,
    (S.QUEUED, E.SUBMITTED): S.DRAFT,
    (S.FAILED, E.SUBMITTED): S.DRAFT,
    (S.LATE, E.SUBMITTED): S.DRAFT,
    (S.DRAFT, E.APPROVED): S.SCHEDULED,
    (S.DRAFT, E.MISSED): S.LATE,
    (S.DRAFT, E.CANCELLED): S.CANCELLED,
    (S.SCHEDULED, E.CANCELLED): S.CANCELLED,
    (S.READY, E.CANCELLED): S.CANCELLED,
    (S.QUEUED, E.CANCELLED): S.CANCELLED,
    (S.FAILED, E.CANCELLED): S.CANCELLED,
    (S.LATE, E.CANCELLED): S.CANCELLED,
    (S.CONFIRMING, E.RESENT): S.QUEUED,
    (S.CONFIRMING, E.CANCELLED): S.CANCELLED,
    (S.UNKNOWN, E.RESENT): S.QUEUED,
    (S.UNKNOWN, E.CANCELLED): S.CANCELLED,
}

#: nothing is sent for these any more
FINAL = frozenset({State.PUBLISHED, State.CANCELLED})
#: on their way to the publish call
AHEAD = frozenset({State.SCHEDULED, State.UPLOADING, State.READY, State.QUEUED})
#: the call was made, and nobody knows whether it is live
UNCERTAIN = frozenset({State.CONFIRMING, State.UNKNOWN})
#: a person has to move these when they have no `wake_at`
STUCK = UNCERTAIN | {State.FAILED, State.LATE}


def after(state: State, step: Step) -> State:
    """Return the state that follows; raise `Refused` for a step that is not in the table."""
    try:
        return STEPS[state, step]
    except KeyError:
        message = f"A delivery that is {state} cannot become {step.replace('_', ' ')}."
        raise Refused(message) from None
