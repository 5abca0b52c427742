"""Whole stories, told with the clock moved: what is written goes out at its second, once, or somebody is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.model import Act, Filter, Outcome, Phase
from postcron.operations.accounts import check
from postcron.operations.edit import Change, edit
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.retry import retry, retry_now
from postcron.operations.run import run
from postcron.operations.tick import tick
from postcron.states import State
from postcron.store.claims import ClaimShelf
from tests.operations.stage import START, Stage, build


def test_the_three_phases_bring_a_post_out_at_its_second(stage: Stage) -> None:
    [delivery] = stage.schedule("hello", at="in 2h")
    assert pre_upload(stage.house).found == 0, "two hours ahead is too early"

    stage.pass_time(hours=1)
    assert [d.state for d in pre_upload(stage.house).done] == [State.READY]
    assert stage.remote.live == [], "phase 2 publishes nothing"

    stage.pass_time(minutes=59, seconds=30)
    assert [d.state for d in tick(stage.house).done] == [State.QUEUED]
    report = publish(stage.house)

    assert [d.state for d in report.done] == [State.PUBLISHED]
    assert stage.remote.calls == [START + timedelta(hours=2)]
    published = stage.now(delivery)
    assert (published.remote_id, published.published_at) == ("remote-1", START + timedelta(hours=2))
    assert stage.kinds(delivery) == [
        "created", "upload_started", "uploaded", "enqueued", "claimed", "intended", "landed",
    ]  # fmt: skip


def test_what_pre_upload_never_saw_is_uploaded_by_publish_itself(stage: Stage) -> None:
    """A4: scheduled ten minutes ahead while the pre-upload line runs hourly."""
    [delivery] = stage.schedule(at="in 10m")
    stage.pass_time(minutes=9, seconds=1)

    report = publish(stage.house)

    assert [d.state for d in report.done] == [State.PUBLISHED]
    assert stage.remote.calls == [START + timedelta(minutes=10)], "not a moment early"
    assert stage.now(delivery).ready_at is not None


def test_publish_alone_leaves_alone_what_is_not_due_within_the_minute(stage: Stage) -> None:
    stage.schedule(at="in 10m")
    assert publish(stage.house).found == 0
    assert stage.remote.calls == []


@pytest.mark.fault("F79")
def test_after_three_days_of_downtime_a_post_is_late_and_not_fired_blindly(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(days=3)

    report = run(stage.house)

    assert [d.state for d in report.late] == [State.LATE]
    assert stage.remote.live == []
    assert "grace" in (stage.now(delivery).error or "")
    assert run(stage.house).found == 0, "said once, not every minute"


def test_a_late_post_goes_out_when_a_person_says_so(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(days=3)
    tick(stage.house)

    retry_now(stage.house, [delivery.ref], actor="me")
    publish(stage.house)

    assert stage.now(delivery).state is State.PUBLISHED


@pytest.mark.parametrize(
    ("policy", "state", "live"), [("publish", State.PUBLISHED, 1), ("skip", State.CANCELLED, 0)]
)
def test_an_account_may_decide_beforehand_about_late_posts(
    tmp_path: Path, policy: str, state: State, live: int
) -> None:
    stage = build(tmp_path, at=START, account=f'late = "{policy}"')
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(days=3)
    run(stage.house)
    run(stage.house)
    assert (stage.now(delivery).state, len(stage.remote.live)) == (state, live)


@pytest.mark.fault("F43")
@pytest.mark.parametrize("act", [Act.REPEATABLE, Act.HANDLE, Act.READBACK])
@pytest.mark.parametrize("what", ["lost", "error_though_published", "bug"])
def test_a_lost_answer_is_looked_up_and_found(tmp_path: Path, act: Act, what: str) -> None:
    stage = build(tmp_path, at=START, act=act)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.extend(["lost" if what == "bug" else what])

    report = publish(stage.house)

    assert [d.state for d in report.done] == [State.PUBLISHED]
    assert len(stage.remote.live) == len(stage.remote.calls) == 1
    assert [a.outcome for a in stage.house.store.attempts(delivery.id)] == [Outcome.LANDED]
    assert stage.kinds(delivery)[-2:] == ["lost", "found"]


@pytest.mark.parametrize("act", [Act.REPEATABLE, Act.HANDLE])
@pytest.mark.parametrize("what", ["dropped", "bug"])
def test_a_lost_answer_that_is_certainly_not_there_is_sent_once_more(
    tmp_path: Path, act: Act, what: str
) -> None:
    stage = build(tmp_path, at=START, act=act)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append(what)

    publish(stage.house)

    assert stage.now(delivery).state is State.PUBLISHED
    assert (len(stage.remote.live), len(stage.remote.calls)) == (1, 2)
    outcomes = [attempt.outcome for attempt in stage.house.store.attempts(delivery.id)]
    assert outcomes == [Outcome.SUPERSEDED, Outcome.LANDED]


def test_where_only_a_list_tells_absence_leads_to_a_person_not_to_a_second_call(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=START, act=Act.READBACK)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("dropped")
    for _ in range(45):
        publish(stage.house)
        stage.pass_time(minutes=1)

    assert stage.now(delivery).state is State.UNKNOWN
    assert stage.now(delivery).wake_at is None, "only a person moves it now"
    assert len(stage.remote.calls) == 1


def test_where_only_a_list_tells_the_account_may_allow_one_more_call_after_proof(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=START, act=Act.READBACK, account='resend = "after_proof"')
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("dropped")
    for _ in range(10):
        publish(stage.house)
        stage.pass_time(minutes=1)

    assert stage.now(delivery).state is State.PUBLISHED
    outcomes = [attempt.outcome for attempt in stage.house.store.attempts(delivery.id)]
    assert outcomes == [Outcome.PROVED_ABSENT, Outcome.LANDED]
    assert len(stage.remote.live) == 1


def test_a_call_that_never_left_is_tried_after_5_10_and_20_seconds(stage: Stage) -> None:
    """B5."""
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.extend(["not_sent", "busy", "not_sent"])

    publish(stage.house)

    due = START + timedelta(hours=1)
    assert [round((at - due).total_seconds()) for at in stage.remote.calls] == [0, 5, 15, 35]
    assert stage.now(delivery).state is State.PUBLISHED


def test_tries_end_and_then_a_person_is_told(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.extend(["not_sent"] * 50)
    for _ in range(40):
        run(stage.house)
        stage.pass_time(minutes=1)

    failed = stage.now(delivery)
    assert (failed.state, failed.wake_at, failed.error_code) == (
        State.FAILED,
        None,
        "not_reachable",
    )
    assert max(stage.remote.calls) <= START + timedelta(hours=1, minutes=15), "within its grace"


@pytest.mark.parametrize("what", ["refused", "bad_token"])
def test_a_refusal_is_never_tried_again_by_itself(stage: Stage, what: str) -> None:
    """B5: never for a bad token or a refusal of the content."""
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append(what)
    for _ in range(3):
        run(stage.house)
        stage.pass_time(minutes=1)

    assert len(stage.remote.calls) == 1
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.FAILED, None)


def test_a_dead_token_holds_the_account_back_until_it_is_checked(stage: Stage) -> None:
    [first] = stage.schedule("first", at="in 1h")
    [second] = stage.schedule("second", at="in 65m")
    [elsewhere] = stage.schedule("elsewhere", at="in 65m", accounts=["other"])
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("bad_token")
    publish(stage.house)
    stage.pass_time(minutes=5)
    publish(stage.house)

    assert stage.now(first).state is State.FAILED
    assert stage.now(second).state is State.SCHEDULED, "not even tried with a dead token"
    assert stage.now(elsewhere).state is State.PUBLISHED, "other accounts live on"

    assert check(stage.house, ["acme"])[0].problem is None
    publish(stage.house)
    assert stage.now(second).state is State.PUBLISHED


@pytest.mark.fault("F52")
def test_a_handle_that_is_gone_is_made_anew_before_the_next_call(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("handle_gone")
    publish(stage.house)
    assert (len(stage.remote.prepared), len(stage.remote.live)) == (2, 1)


def test_what_the_platform_accepted_is_polled_until_it_is_live(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("accepted")
    publish(stage.house)
    assert stage.kinds(delivery)[-2:] == ["accepted", "found"]
    assert len(stage.remote.calls) == 1


def test_media_still_being_processed_is_asked_about_again(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.remote.prepare_script.extend(["processing", "processing"])
    assert [d.state for d in pre_upload(stage.house).done] == [State.READY]
    assert stage.clock.now() == START + timedelta(seconds=60)
    assert stage.now(delivery).ready_at is not None


def test_a_refused_upload_is_told_before_the_post_is_due(stage: Stage) -> None:
    """A6."""
    [delivery] = stage.schedule(at="in 1h")
    stage.remote.prepare_script.append("refused")
    report = pre_upload(stage.house)
    assert [d.state for d in report.failed] == [State.FAILED]
    assert stage.clock.now() < (delivery.due_at or START)


TEXT = {"changed": ["text"]}


def test_the_ledger_says_of_a_delivery_only_what_is_its_own(stage: Stage) -> None:
    acme, _ = stage.schedule("old", accounts=["acme", "other"])
    edit(stage.house, "1", Change(text="new"), actor="me")
    edit(stage.house, acme.ref, Change(text="mine"), actor="me")
    events = stage.house.store.events(Filter(), limit=100, newest_first=False)
    told = [(e.delivery_id, e.detail) for e in events if e.kind in {"edited", "revised"}]
    assert told == [(1, {}), (2, {}), (None, TEXT), (1, TEXT)]


def test_an_edit_after_phase_2_makes_it_anew(stage: Stage) -> None:
    [delivery] = stage.schedule("old", at="in 1h")
    pre_upload(stage.house)
    edit(stage.house, delivery.ref, Change(text="new"), actor="me")
    stage.pass_time(minutes=59, seconds=30)
    publish(stage.house)
    assert stage.remote.prepared == ["old", "new"]
    assert stage.remote.texts() == ["new"]


def test_what_the_platform_gave_up_is_made_anew_when_a_person_asks(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("dropped")
    stage.remote.gone.add(delivery.key)
    publish(stage.house)
    assert stage.now(delivery).state is State.UNKNOWN, "one look may be behind"
    for _ in range(3):
        stage.pass_time(minutes=1)
        publish(stage.house)
    assert (stage.now(delivery).state, stage.now(delivery).error_code) == (State.FAILED, "denied")
    assert publish(stage.house).found == 0, "never by itself"

    stage.remote.gone.clear()
    retry_now(stage.house, [delivery.ref], actor="me")
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.prepared) == 2


@pytest.mark.fault("F110")
def test_asking_ten_times_for_a_retry_sends_once(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    stage.remote.script.append("refused")
    publish(stage.house)
    for _ in range(10):
        retry_now(stage.house, [delivery.ref], actor="me")
    for _ in range(3):
        publish(stage.house)
        retry_now(stage.house, [delivery.ref], actor="me")
    assert len(stage.remote.live) == 1


def test_a_swapped_token_stops_before_the_call(stage: Stage) -> None:
    [first] = stage.schedule("first", at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    publish(stage.house)
    [second] = stage.schedule("second", at="in 3h")
    stage.remote.identity = "somebody-else"
    stage.pass_time(hours=2, minutes=59, seconds=59)
    report = publish(stage.house)
    assert [d.error_code for d in report.failed] == ["account_unusable"]
    assert stage.remote.texts() == ["first"]
    assert stage.now(first).state is State.PUBLISHED
    assert stage.now(second).state is State.FAILED


def test_a_retry_line_of_cron_gives_failed_ones_another_chance(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=59, seconds=59)
    stage.remote.script.extend(["not_sent"] * 5)
    publish(stage.house)
    failed = stage.now(delivery)
    assert failed.state is State.FAILED
    assert failed.wake_at is not None

    stage.clock.advance(failed.wake_at - stage.clock.now())
    assert [d.state for d in retry(stage.house).done] == [State.QUEUED]
    publish(stage.house)
    publish(stage.house)
    assert len(stage.remote.live) == 1


@pytest.mark.parametrize("phase", [pre_upload, tick, publish, retry, run])
def test_a_rehearsal_changes_nothing(stage: Stage, phase: object) -> None:
    """A8."""
    [delivery] = stage.schedule(at="in 1m")
    before = stage.now(delivery)
    report = phase(stage.house, dry_run=True)  # type: ignore[operator]
    assert report.dry_run
    assert stage.now(delivery) == before
    assert stage.remote.calls == []


def test_a_wider_lead_looks_further_ahead(stage: Stage) -> None:
    """A8: --lead 3h."""
    stage.schedule(at="in 2h")
    assert pre_upload(stage.house).found == 0
    assert len(pre_upload(stage.house, lead=timedelta(hours=3)).done) == 1


def test_the_limit_of_a_run_holds_and_the_next_run_takes_the_rest(stage: Stage) -> None:
    """B6."""
    for number in range(5):
        stage.schedule(f"post {number}", at="in 1h")
    stage.pass_time(hours=1)
    assert publish(stage.house, limit=3).found == 3
    assert publish(stage.house, limit=3).found == 2
    assert len(stage.remote.live) == 5


def test_one_post_to_two_accounts_lives_and_fails_alone(stage: Stage) -> None:
    """E2."""
    one, two = stage.schedule(at="in 1h", accounts=["acme", "other"], texts={"other": "bonjour"})
    stage.pass_time(minutes=59, seconds=59)
    stage.remote.script.append("refused")
    report = publish(stage.house)
    assert {stage.now(one).state, stage.now(two).state} == {State.FAILED, State.PUBLISHED}
    assert (len(report.done), len(report.failed)) == (1, 1)
    assert report.phase is Phase.PUBLISH


def test_a_burst_costs_no_commit_of_its_own_for_each_post(stage: Stage) -> None:
    """P5: a claim that is fresh is not prolonged."""
    for number in range(5):
        stage.schedule(f"post {number}", at="in 1h")
    stage.pass_time(hours=1)
    stage.house.store.claims = watched = Renewals(stage.house.store._database)
    run(stage.house)
    assert len(stage.remote.live) == 5
    assert watched.renewals == 0


class Renewals(ClaimShelf):
    """The claims of a store, counting how often one is prolonged."""

    renewals = 0

    def renew(self, *args: Any, **kwargs: Any) -> Any:
        self.renewals += 1
        return super().renew(*args, **kwargs)


def test_of_two_posts_due_at_one_second_the_higher_priority_goes_first(stage: Stage) -> None:
    for text, priority in (("low", 0), ("high", 5)):
        stage.schedule(text, at="in 30s", priority=priority)
    publish(stage.house)
    assert stage.remote.texts() == ["high", "low"]
