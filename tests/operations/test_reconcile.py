"""A store that was put back has forgotten what is out: nothing of it is sent before it was looked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from postcron.errors import CannotWork
from postcron.model import RESTORED, Act, Delivery, Outcome
from postcron.operations.approving import approve
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.preflight import held
from postcron.operations.reconcile import adopt, after_restore
from postcron.operations.resolve import landed
from postcron.operations.run import run
from postcron.states import State, Step
from postcron.store import migrate
from tests.operations.stage import START, Stage, build
from tests.oracle import Evidence, Shown, breaches
from tests.postgres import Server

#: keeps a backup of a stage's store; what it returns puts it back
Backup = Callable[[Stage], Callable[[], None]]


def file_backup(stage: Stage) -> Callable[[], None]:
    """Copy the file, as `cp` in a crontab does: the store is at rest."""
    stage.house.close()
    path = stage.house.state_dir.with_name("postcron.db")
    kept = path.with_name("backup")
    shutil.copy(path, kept)
    reopened(stage)

    def restore() -> None:
        stage.house.close()
        shutil.copy(kept, path)
        reopened(stage)

    return restore


def back_by_an_hour(stage: Stage) -> None:
    """Make a backup, let an hour pass and a run publish, and put the backup back."""
    restore = file_backup(stage)
    stage.pass_time(hours=1)
    run(stage.house)
    restore()


def reopened(stage: Stage) -> None:
    """Do as the next process does: open everything anew."""
    for name in ("store", "witness"):
        stage.house.__dict__.pop(name, None)


def refused(house: House) -> CannotWork:
    with pytest.raises(CannotWork) as caught:
        run(house)
    return caught.value


def copies(stage: Stage, delivery: Delivery) -> int:
    return sum(post.key == delivery.key for post in stage.remote.live)


def judged(stage: Stage) -> list[str]:
    live = [Shown(post.account, post.text, post.at, post.remote_id) for post in stage.remote.live]
    return breaches(Evidence(stage.house.store, live, stage.clock.now()))


# --- a backup is put back ----------------------------------------------------------------------


@pytest.mark.fault("F25", "F26")
@pytest.mark.parametrize("act", Act)
def test_a_backup_from_before_a_publish_sends_nothing_until_a_person_reconciled_it(
    tmp_path: Path, act: Act
) -> None:
    stage = build(tmp_path, at=START, act=act)
    [delivery] = stage.schedule(at="in 1h")
    pre_upload(stage.house)
    back_by_an_hour(stage)

    error = refused(stage.house)

    assert error.code == "store_restored"
    assert "--after-restore" in error.message
    assert held(stage.house) == error.message
    assert len(stage.remote.calls) == 1
    done = after_restore(stage.house, actor="me")
    assert [one.ref for one in done.doubted] == ["1.1"]
    stage.cron(4, minutes=1)
    assert copies(stage, delivery) == 1
    assert len(stage.remote.calls) == 1
    after = stage.now(delivery)
    assert (after.state, after.remote_id) == (State.PUBLISHED, "remote-1")
    assert judged(stage) == []
    assert held(stage.house) is None


@pytest.mark.fault("F25")
def test_what_was_approved_since_the_backup_is_not_sent_when_it_is_approved_again(
    stage: Stage,
) -> None:
    """The store has forgotten who approved it and that it is out: a person has to look."""
    [delivery] = stage.schedule(at="in 5m", approval=True)
    restore = file_backup(stage)
    approve(stage.house, ["1"], actor="bob")
    stage.pass_time(minutes=5)
    run(stage.house)
    restore()

    done = after_restore(stage.house, actor="me")

    assert [one.ref for one in done.unaskable] == ["1.1"]
    approve(stage.house, ["1"], actor="bob")
    stage.cron(4, minutes=1)
    assert (copies(stage, delivery), stage.now(delivery).state) == (1, State.UNKNOWN)
    landed(stage.house, "1.1", "remote-1", actor="me")
    assert judged(stage) == []


@pytest.mark.fault("F25")
def test_without_the_witness_the_same_story_ends_with_two(tmp_path: Path) -> None:
    """The test above can fail: this is what the witness is for."""
    stage = build(tmp_path, at=START, act=Act.READBACK)
    [delivery] = stage.schedule(at="in 1h")
    pre_upload(stage.house)
    back_by_an_hour(stage)
    shutil.rmtree(stage.house.state_dir / "witness")
    run(stage.house)
    assert copies(stage, delivery) == 2
    assert judged(stage) != []


@pytest.mark.parametrize("act", Act)
def test_what_is_not_found_waits_for_a_person_and_is_never_sent_by_itself(
    tmp_path: Path, act: Act
) -> None:
    """It may have been withdrawn, or gone out under another moment and so under another key."""
    stage = build(tmp_path, at=START, act=act, account='resend = "after_proof"')
    [delivery] = stage.schedule(at="in 1h")
    [first] = stage.schedule("first", at="in 30m")
    pre_upload(stage.house)
    restore = file_backup(stage)
    edit(stage.house, delivery.ref, Change(at="in 3h"), actor="me")
    stage.pass_time(minutes=30)
    run(stage.house)
    stage.pass_time(minutes=31)
    restore()
    after_restore(stage.house, actor="me")
    stage.cron(16, minutes=120)
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.UNKNOWN, None)
    assert stage.now(first).state is State.PUBLISHED
    assert len(stage.remote.calls) == 1


@pytest.mark.parametrize("half_way", [False, True])
def test_what_was_not_ready_at_the_platform_when_the_backup_was_made_cannot_be_asked_for(
    stage: Stage, *, half_way: bool
) -> None:
    [delivery] = stage.schedule(at="in 1h")
    if half_way:
        stage.remote.prepare_script.extend(["processing"] * 30)
        pre_upload(stage.house)
        stage.remote.prepare_script.clear()
    back_by_an_hour(stage)
    done = after_restore(stage.house, actor="me")
    assert [one.ref for one in done.unaskable] == ["1.1"]
    stage.cron(16, minutes=120)
    after = stage.now(delivery)
    assert (after.state, after.wake_at) == (State.UNKNOWN, None)
    assert "not in the backup" in str(after.error)
    assert Step.LOOKED not in stage.kinds(delivery), "a person is asked at once"
    assert copies(stage, delivery) == 1


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


def killed(*args: object) -> None:
    raise Killed


def unknown(stage: Stage, delivery: Delivery) -> None:
    stage.remote.script.append("dropped")
    stage.remote.unreadable = True
    run(stage.house)


def confirming(stage: Stage, delivery: Delivery) -> None:
    stage.remote.script.append("accepted")
    stage.remote.working.add(delivery.key)
    run(stage.house)


def publishing(stage: Stage, delivery: Delivery) -> None:
    stage.remote.publish = killed  # type: ignore[assignment, method-assign]
    with suppress(Killed):
        run(stage.house)
    del stage.remote.publish


@pytest.mark.parametrize("under_way", [unknown, confirming, publishing])
def test_what_was_under_way_when_the_backup_was_made_is_not_sent_again_either(
    tmp_path: Path, under_way: Callable[[Stage, Delivery], None]
) -> None:
    """Its handle in the backup may be an old one: that it is not there proves nothing."""
    stage = build(tmp_path, at=START, act=Act.HANDLE)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    under_way(stage, delivery)
    assert stage.now(delivery).state == under_way.__name__
    restore = file_backup(stage)
    stage.remote.unreadable = False
    stage.remote.working.clear()
    stage.schedule("second", at="in 5m")
    stage.cron(7, minutes=1)
    assert sorted(stage.remote.texts()) == ["hello", "second"]
    calls = len(stage.remote.calls)
    stage.remote.live.clear()  # out under a handle that the backup does not know
    restore()
    after_restore(stage.house, actor="me")
    stage.cron(12, minutes=10)
    assert len(stage.remote.calls) == calls
    assert stage.now(delivery).state in {State.UNKNOWN, State.CONFIRMING}


def test_what_is_still_ahead_keeps_its_time_and_goes_out(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    [later] = stage.schedule("later", at="in 3h")
    back_by_an_hour(stage)
    done = after_restore(stage.house, actor="me")
    assert (len(done.doubted), done.ahead) == (1, 1)
    stage.pass_time(hours=2)
    stage.cron(2, minutes=1)
    assert copies(stage, later) == 1


def test_each_doubt_stands_in_the_ledger_and_a_dry_run_changes_nothing(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    back_by_an_hour(stage)
    seen = after_restore(stage.house, actor="me", dry_run=True)
    assert [one.ref for one in seen.doubted] == ["1.1"]
    assert stage.now(delivery).state is State.SCHEDULED
    assert refused(stage.house).code == "store_restored"
    after_restore(stage.house, actor="me")
    assert stage.kinds(delivery)[-1] == Step.DOUBTED
    [attempt] = stage.house.store.attempts(delivery.id)
    assert (attempt.outcome, attempt.code) == (Outcome.UNKNOWN, RESTORED)
    assert attempt.intended_at == delivery.due_at
    assert after_restore(stage.house, actor="me").doubted == (), "saying it twice does no harm"


def test_a_claim_in_the_backup_is_dead_and_what_it_held_is_doubted_too(stage: Stage) -> None:
    queued, uploading = stage.schedule(at="in 1h", accounts=["acme", "other"])
    stage.pass_time(minutes=59, seconds=50)
    store, former = stage.house.store, stage.house.run("publish")
    lease = stage.house.config.run.lease
    due = queued.due_at
    assert due is not None
    store.claims.take_uploads(former, until=due, lease=lease, limit=1, skip=["acme"])
    store.claims.enqueue(former, until=due, limit=1, skip=["other"])
    store.claims.take_queued(former, until=due, lease=lease, limit=1)
    restore = file_backup(stage)
    stage.pass_time(minutes=5)
    stage.cron(3, minutes=1)
    assert len(stage.remote.live) == 2
    restore()
    done = after_restore(stage.house, actor="me")
    assert {one.id for one in done.doubted} == {queued.id, uploading.id}
    stage.cron(4, minutes=1)
    assert len(stage.remote.live) == 2


def test_adopting_a_store_that_has_forgotten_something_is_refused(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    back_by_an_hour(stage)
    with pytest.raises(CannotWork, match="--after-restore"):
        adopt(stage.house, actor="me")
    assert refused(stage.house).code == "store_restored"


def test_a_second_backup_is_noticed_as_the_first_was(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    restore = file_backup(stage)
    stage.pass_time(hours=1)
    run(stage.house)
    restore()
    after_restore(stage.house, actor="me")
    stage.cron(3, minutes=1)
    restore()
    assert refused(stage.house).code == "store_restored"


# --- a server is put back ------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.fault("F66")
def test_a_database_put_back_holds_every_host_and_one_word_frees_them_all(
    postgres_server: Server, tmp_path: Path
) -> None:
    url = postgres_server.fresh_url()
    migrate(url)
    hosts = [on_server(tmp_path / name, url) for name in ("one", "two")]
    hosts[1].remote.live = hosts[0].remote.live
    [delivery] = hosts[0].schedule(at="in 1h")
    pre_upload(hosts[0].house)
    for stage in hosts:
        stage.house.close()
        reopened(stage)
    kept = dumped(postgres_server, url)
    for stage in hosts:
        stage.pass_time(hours=1)
        run(stage.house)
    assert copies(hosts[0], delivery) == 1

    for stage in hosts:
        stage.house.close()
        reopened(stage)
    put_back(postgres_server, url, kept)

    assert [refused(stage.house).code for stage in hosts] == ["store_restored"] * 2
    after_restore(hosts[0].house, actor="me")
    for stage in hosts:
        stage.cron(3, minutes=1)
    assert copies(hosts[0], delivery) == 1
    assert hosts[1].now(delivery).state is State.PUBLISHED


def on_server(folder: Path, url: str) -> Stage:
    folder.mkdir()
    return build(folder, at=START, store=url)


def dumped(server: Server, url: str) -> str:
    name = url.rpartition("/")[2]
    server.run_sql(f"CREATE DATABASE {name}_kept TEMPLATE {name}")
    return f"{name}_kept"


def put_back(server: Server, url: str, kept: str) -> None:
    name = url.rpartition("/")[2]
    server.run_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.run_sql(f"CREATE DATABASE {name} TEMPLATE {kept}")
