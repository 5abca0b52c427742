"""Every command and every phase of cron meets every state: the documented effect, or one refusing sentence.

And nothing half-written: who refuses has changed nothing, and each change has its row of history.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Invalid
from postcron.model import Delivery, Filter, Scope
from postcron.operations.approving import approve, reject
from postcron.operations.archiving import archive
from postcron.operations.cancel import cancel, delete
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pausing import pause, resume
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.resolve import drop, landed, resend
from postcron.operations.retry import retry, retry_now
from postcron.operations.tick import tick
from postcron.states import STEPS, State, Step
from tests.builders import NOW, every_delivery
from tests.operations.stage import Live, Stage, build
from tests.proof.bystander import brought_here

S = State


def paused_and_resumed(house: House) -> None:
    pause(house, Scope.ALL, "", why=None, actor="me")
    resume(house, Scope.ALL, "", actor="me")


Command = Callable[[House, str], Any]

PEOPLE: dict[str, Command] = {
    "edit the text": lambda house, ref: edit(house, ref, Change(text="new"), actor="me"),
    "edit the time": lambda house, ref: edit(house, ref, Change(at="in 5h"), actor="me"),
    "edit both": lambda house, ref: edit(house, ref, Change(text="new", at="in 5h"), actor="me"),
    "cancel": lambda house, ref: cancel(house, [ref], actor="me"),
    "delete": lambda house, ref: delete(house, [ref.partition(".")[0]], actor="me"),
    "retry": lambda house, ref: retry_now(house, [ref], actor="me"),
    "pause": lambda house, ref: pause(house, Scope.ALL, "", why=None, actor="me"),
    "pause, resume": lambda house, ref: paused_and_resumed(house),
    "approve": lambda house, ref: approve(house, [ref.partition(".")[0]], actor="me"),
    "reject": lambda house, ref: reject(house, [ref.partition(".")[0]], why=None, actor="me"),
    "archive": lambda house, ref: archive(house, [ref.partition(".")[0]], older=None, actor="me"),
    "resolve --landed": lambda house, ref: landed(house, ref, "remote-9", actor="me"),
    "resolve --resend": lambda house, ref: resend(house, ref, confirmed=ref, actor="me"),
    "resolve --drop": lambda house, ref: drop(house, ref, actor="me"),
}
#: where each command leads from each state; what is not here is refused
EFFECTS: dict[str, dict[State, State]] = {
    "edit the text": {
        S.DRAFT: S.DRAFT,
        S.SCHEDULED: S.SCHEDULED,
        S.READY: S.SCHEDULED,
        S.QUEUED: S.SCHEDULED,
        S.FAILED: S.FAILED,
        S.LATE: S.LATE,
    },
    "edit the time": dict.fromkeys((S.DRAFT, S.SCHEDULED, S.QUEUED, S.FAILED, S.LATE), S.SCHEDULED)
    | {S.READY: S.READY},
    "edit both": dict.fromkeys(
        (S.DRAFT, S.SCHEDULED, S.READY, S.QUEUED, S.FAILED, S.LATE), S.SCHEDULED
    ),
    "cancel": dict.fromkeys(
        (S.DRAFT, S.SCHEDULED, S.READY, S.QUEUED, S.FAILED, S.LATE, S.CANCELLED), S.CANCELLED
    ),
    "delete": dict.fromkeys(
        (S.DRAFT, S.SCHEDULED, S.READY, S.QUEUED, S.FAILED, S.LATE, S.CANCELLED), S.CANCELLED
    ),
    # What is on its way is left alone, without a word: asking ten times sends once.
    "retry": {
        S.FAILED: S.QUEUED,
        S.LATE: S.QUEUED,
        S.QUEUED: S.QUEUED,
        S.PUBLISHING: S.PUBLISHING,
        S.CONFIRMING: S.CONFIRMING,
        S.PUBLISHED: S.PUBLISHED,
    },
    "pause": {state: state for state in S},
    "pause, resume": {state: state for state in S},
    "approve": {},  # of a post that needs none
    "reject": {},
    "archive": {S.PUBLISHED: S.PUBLISHED, S.CANCELLED: S.CANCELLED},
    "resolve --landed": {S.UNKNOWN: S.PUBLISHED, S.CONFIRMING: S.PUBLISHED},
    "resolve --resend": {S.UNKNOWN: S.QUEUED, S.CONFIRMING: S.QUEUED},
    "resolve --drop": {
        S.UNKNOWN: S.CANCELLED,
        S.CONFIRMING: S.CANCELLED,
        S.CANCELLED: S.CANCELLED,
    },
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW)


def traces(stage: Stage) -> tuple[list[Delivery], int, int]:
    deliveries = every_delivery(stage.house.store)
    attempts = sum(len(stage.house.store.attempts(one.id)) for one in deliveries)
    return deliveries, attempts, len(stage.house.store.events(Filter(), limit=1000))


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("state", State)
def test_a_command_has_its_effect_or_refuses_in_a_sentence(
    stage: Stage, state: State, name: str
) -> None:
    delivery = brought_here(stage, state, wakes=False)
    stage.remote.live.append(Live("remote-9", "acme", "old", NOW, delivery.key))
    before = traces(stage)
    expected = EFFECTS[name].get(state)
    if expected is None:
        with pytest.raises(Invalid) as refused:
            PEOPLE[name](stage.house, delivery.ref)
        assert refused.value.message.endswith((".", "!"))
        assert traces(stage) == before, "who refuses changes nothing"
        return
    PEOPLE[name](stage.house, delivery.ref)
    assert stage.now(delivery).state is expected
    assert_history_ends_here(stage, delivery)
    assert stage.remote.calls == [], "a command sends nothing itself"


@pytest.mark.parametrize("phase", [tick, pre_upload, publish, retry])
@pytest.mark.parametrize("state", State)
def test_a_phase_of_cron_leaves_no_half_written_step(
    stage: Stage, state: State, phase: Callable[[House], Any]
) -> None:
    delivery = brought_here(stage, state, wakes=True)
    stage.pass_time(minutes=5)
    phase(stage.house)
    phase(stage.house)
    after = stage.now(delivery)
    assert_history_ends_here(stage, delivery)
    if phase is not retry:  # that one only queues what failed
        assert after.owner is None, "nothing is held when the phase is over"
    assert len(stage.remote.live) <= 1
    if state in {S.PUBLISHED, S.CANCELLED, S.DRAFT}:
        assert after.state is state


def assert_history_ends_here(stage: Stage, delivery: Delivery) -> None:
    events = stage.house.store.events(Filter(), limit=1000, newest_first=False)
    own = [one for one in events if one.delivery_id == delivery.id and one.after is not None]
    assert own[-1].after is stage.now(delivery).state
    assert [one.after for one in own[:-1]] == [one.before for one in own[1:]]


# --- the table of the protocol -------------------------------------------------------------------

#: each row of the protocol's state table, as the (state, step) pairs that are it here
ROWS: dict[str, set[tuple[State, Step]]] = {
    "2": {(S.SCHEDULED, Step.UPLOAD_STARTED)},
    "4": {(S.UPLOADING, Step.UPLOADED), (S.QUEUED, Step.UPLOADED)},
    "5": {(S.UPLOADING, Step.UPLOAD_POSTPONED), (S.QUEUED, Step.UPLOAD_POSTPONED)},
    "6": {(S.UPLOADING, Step.UPLOAD_REFUSED), (S.QUEUED, Step.UPLOAD_REFUSED)},
    "7": {(S.READY, Step.UPLOAD_EXPIRED), (S.READY, Step.EDITED)},
    "8": {
        *((S.SCHEDULED, Step.ENQUEUED), (S.READY, Step.ENQUEUED)),
        *((S.QUEUED, Step.CLAIMED), (S.FAILED, Step.RETRIED)),
    },
    "9": {
        *((S.SCHEDULED, Step.MISSED), (S.READY, Step.MISSED), (S.QUEUED, Step.MISSED)),
        (S.DRAFT, Step.MISSED),  # one that nobody has approved in its time
    },
    "10": {(S.QUEUED, Step.RELEASED), (S.QUEUED, Step.UPLOAD_EXPIRED)},
    "11": {(S.QUEUED, Step.RELEASED)},
    "12": {(S.QUEUED, Step.INTENDED)},
    "13": {(S.PUBLISHING, Step.NOT_SENT)},
    "14": {(S.PUBLISHING, Step.REFUSED)},
    "15": {(S.PUBLISHING, Step.REFUSED)},
    "16": {(S.PUBLISHING, Step.LANDED)},
    "16b": {
        *((S.PUBLISHED, Step.LOOKED), (S.PUBLISHED, Step.SEEN)),
        (S.PUBLISHED, Step.VANISHED),
    },
    "17": {(S.PUBLISHING, Step.ACCEPTED)},
    "18": {(S.PUBLISHING, Step.LOST)},
    "20": {(S.CONFIRMING, Step.FOUND)},
    "21": {(S.CONFIRMING, Step.DENIED)},
    "22": {(S.CONFIRMING, Step.LOOKED)},
    "23": {(S.UNKNOWN, Step.FOUND)},
    "24": {(S.UNKNOWN, Step.LOOKED), (S.UNKNOWN, Step.ACCEPTED)},
    "25": {(S.UNKNOWN, Step.LOOKED)},
    "26": {(S.UNKNOWN, Step.REPEATED)},
    "27": {(S.UNKNOWN, Step.REPEATED)},
    "28": {(S.UNKNOWN, Step.REPEATED)},
    "30": {(S.LATE, Step.ALLOWED), (S.LATE, Step.GAVE_UP), (S.LATE, Step.CANCELLED)},
    "31": {
        *((S.UNKNOWN, Step.RESENT), (S.UNKNOWN, Step.CANCELLED), (S.UNKNOWN, Step.FOUND)),
        *((S.CONFIRMING, Step.RESENT), (S.CONFIRMING, Step.CANCELLED)),
        (S.UNKNOWN, Step.DENIED),
    },
    "32": {
        (state, step)
        for state in (S.DRAFT, S.SCHEDULED, S.READY, S.QUEUED, S.FAILED, S.LATE)
        for step in (Step.EDITED, Step.CANCELLED, Step.RESCHEDULED)
    },
}
#: rows that are no step here, each with what stands in their place
NO_STEP = {
    "1": "a delivery begins in a state: schedule writes it with its first row of history",
    "3": "saving the handle is a write of its own (save_ticket), no change of state",
    "19": "the journal's line is imported as the step it tells of (rows 13 to 18)",
    "29": "failed with no next moment is the end of tries: the step before says so",
    "33": "a sequence of parts is not there yet: each post stands alone",
    "34": "a sequence of parts is not there yet: each post stands alone",
    "35": "the state stays: the claims leave an account out that cannot be used",
}
#: steps of ours that the table does not have: a store that was put back, a pause, an approval, and
#: what a platform keeps until its moment
OUR_OWN = {
    *(Step.DOUBTED, Step.HELD, Step.RESUMED, Step.SUBMITTED, Step.APPROVED),
    *(Step.TAKING_BACK, Step.TAKEN_BACK),
}


def test_every_row_of_the_protocol_is_a_step_or_has_a_reason() -> None:
    rows = {*map(str, range(1, 36)), "16b"}
    assert ROWS.keys() | NO_STEP.keys() == rows
    assert not ROWS.keys() & NO_STEP.keys()
    named = set().union(*ROWS.values())
    assert named <= STEPS.keys(), "the protocol names a step that does not exist"
    left = {pair for pair in STEPS.keys() - named if pair[1] not in OUR_OWN}
    assert left == set(), "a step that no row of the protocol speaks of"
