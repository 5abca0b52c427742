"""Before anything is sent: room to remember, the store we know, one machine, a clock to believe."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postcron.errors import CannotWork
from postcron.model import Filter, Phase, Run
from postcron.operations import host
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.preflight import held, objection
from postcron.operations.publish import publish
from postcron.operations.reconcile import adopt, after_restore, believe_the_clock
from postcron.operations.report import Report
from postcron.operations.retry import retry
from postcron.operations.run import run
from postcron.operations.tick import tick
from postcron.states import State
from postcron.store import Store, migrate, open_store
from postcron.store.beats import BeatShelf
from tests.operations.stage import BUILT, START, Cluster, Stage
from tests.postgres import Server

PHASES = [tick, publish, retry, pre_upload, run]


def elsewhere(stage: Stage, state: Path) -> Stage:
    """Return the same store as another machine finds it."""
    house = replace(stage.house, state_dir=state)
    BUILT.append(house)
    return replace(stage, house=house)


def refusal(house: House, phase: Callable[[House], Report] = run) -> CannotWork:
    with pytest.raises(CannotWork) as caught:
        phase(house)
    return caught.value


# --- the store -----------------------------------------------------------------------------------


@pytest.mark.fault("F108")
@pytest.mark.parametrize("phase", PHASES)
def test_a_copy_on_another_machine_sends_nothing_in_any_phase(
    stage: Stage, tmp_path: Path, phase: Callable[[House], Report]
) -> None:
    run(stage.house)
    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    copy = elsewhere(stage, tmp_path / "staging")

    error = refusal(copy.house, phase)

    assert error.code == "store_moved"
    assert "reconcile --adopt" in error.message
    assert stage.remote.calls == []
    assert stage.remote.prepared == []


@pytest.mark.fault("F108")
def test_a_copy_that_is_adopted_sends_and_the_original_does_not_any_more(
    stage: Stage, tmp_path: Path
) -> None:
    run(stage.house)
    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    copy = elsewhere(stage, tmp_path / "staging")

    adopt(copy.house, actor="me")
    run(copy.house)

    assert stage.remote.texts() == ["hello"]
    assert refusal(stage.house).code == "store_moved"


def test_a_dry_run_and_status_look_at_a_copy_all_the_same(stage: Stage, tmp_path: Path) -> None:
    run(stage.house)
    copy = elsewhere(stage, tmp_path / "staging")
    assert publish(copy.house, dry_run=True).found == 0
    assert held(copy.house) is None, "this machine has no id yet, and looking makes none"
    host.host_id(tmp_path / "staging")
    assert "another machine" in str(held(copy.house))
    assert held(stage.house) is None


def test_the_first_host_to_meet_a_store_without_a_home_gives_it_one(
    stage: Stage, tmp_path: Path
) -> None:
    assert stage.house.store.papers().home is None
    tick(stage.house)
    assert stage.house.store.papers().home == host.host_id(tmp_path / "state")


@pytest.mark.fault("F66")
def test_several_hosts_share_one_server_each_with_a_witness_of_its_own(
    stage: Stage, tmp_path: Path
) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    other = elsewhere(stage, tmp_path / "other")
    other.house.store = stage.house.store
    for text, house in {"one": stage.house, "two": other.house, "three": stage.house}.items():
        stage.schedule(text, at="in 1h")
        stage.pass_time(hours=1)
        run(house)
    assert stage.remote.texts() == ["one", "two", "three"]


@pytest.mark.parametrize("name", ["cluster/00000002", "other/00000001"])
def test_a_promoted_standby_and_another_server_are_held(stage: Stage, name: str) -> None:
    """F66: an asynchronous standby may lack what was sent last."""
    plain = stage.house.store
    stage.house.store = Cluster(plain)  # type: ignore[assignment]
    run(stage.house)
    stage.house.store = Cluster(plain, name)  # type: ignore[assignment]
    assert "standby" in refusal(stage.house).message


def test_a_server_that_does_not_say_which_it_is_is_believed(stage: Stage) -> None:
    plain = stage.house.store
    stage.house.store = Cluster(plain)  # type: ignore[assignment]
    run(stage.house)
    stage.house.store = Cluster(plain, "")  # type: ignore[assignment]
    run(stage.house)


@pytest.mark.postgres
def test_postgresql_tells_its_cluster_and_timeline_to_a_user_without_rights(
    postgres_server: Server,
) -> None:
    url = postgres_server.fresh_url()
    migrate(url)
    name = url.rpartition("/")[2]
    postgres_server.run_sql("CREATE ROLE plain LOGIN")
    postgres_server.run_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain", name)

    told = papers_of(url.replace("postgres@", "plain@"))
    assert told.cluster is not None
    identifier, timeline = told.cluster.split("/")
    assert int(identifier) > 0
    assert timeline == "00000001"

    postgres_server.run_sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC", name)
    assert papers_of(url.replace("postgres@", "plain@")).cluster == ""


def papers_of(url: str):  # type: ignore[no-untyped-def]
    store: Store = open_store(url, now=lambda: START, skew=timedelta())
    try:
        return store.papers()
    finally:
        store.close()


# --- the witness ---------------------------------------------------------------------------------


@pytest.mark.fault("F25", "F26")
def test_the_witness_moves_before_the_call_leaves_and_belongs_to_us_alone(
    stage: Stage, tmp_path: Path
) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    witness = tmp_path / "state" / "witness" / stage.house.store.papers().uuid
    seen: list[list[str]] = []
    real = stage.remote.publish

    def watched(*args):  # type: ignore[no-untyped-def]
        seen.append(witness.read_text().split())
        return real(*args)

    stage.remote.publish = watched  # type: ignore[method-assign]
    run(stage.house)
    assert seen == [["0", "1"]]
    assert witness.stat().st_mode & 0o777 == 0o600
    assert witness.parent.stat().st_mode & 0o777 == 0o700


def test_a_damaged_witness_refuses_and_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    run(stage.house)
    witness = tmp_path / "state" / "witness" / stage.house.store.papers().uuid
    witness.write_text("\0" * 80)
    assert refusal(stage.house).code == "witness_damaged"
    after_restore(stage.house, actor="me")
    run(stage.house)


def test_a_witness_that_is_a_link_is_not_followed(stage: Stage, tmp_path: Path) -> None:
    run(stage.house)
    witness = tmp_path / "state" / "witness" / stage.house.store.papers().uuid
    witness.unlink()
    witness.symlink_to(tmp_path / "victim")
    assert str(witness) in refusal(stage.house).message
    assert not (tmp_path / "victim").exists()


def test_a_store_that_goes_back_while_a_run_is_at_work_stops_it_before_the_call(
    stage: Stage,
) -> None:
    """A server restored under a running publish: its connection comes back to an older store."""
    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    run(stage.house)
    stage.schedule("second", at="in 1h")
    stage.pass_time(minutes=59, seconds=30)
    store = stage.house.store

    class GoesBack(Cluster):
        def papers(self):  # type: ignore[no-untyped-def]
            return store.papers()

        def mark(self) -> tuple[int, int]:
            return 0, 0

    stage.house.store = GoesBack(store)  # type: ignore[assignment]
    assert refusal(stage.house, publish).code == "store_restored"
    assert stage.remote.texts() == ["hello"]


# --- the machine ---------------------------------------------------------------------------------


def beaten(stage: Stage, boot: str, at: datetime) -> None:
    run_there = replace(stage.house.run(Phase.TICK), boot=boot)
    stage.house.store.beats.leave(run_there, at=at, found=0, done=0, failed=0)


@pytest.mark.fault("F71")
def test_two_live_machines_with_one_id_are_refused_until_one_is_gone(stage: Stage) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    run(stage.house)
    stage.pass_time(minutes=30)
    beaten(stage, "another-boot/pid:[1]", stage.clock.now() - timedelta(minutes=1))
    error = refusal(stage.house)
    assert error.code == "host_cloned"
    assert str(stage.house.state_dir / "host") in error.message
    stage.pass_time(minutes=10)
    run(stage.house)


@pytest.mark.fault("F71")
@pytest.mark.parametrize("minutes", [0, 1, 4])
def test_a_reboot_never_looks_like_a_second_machine(stage: Stage, minutes: int) -> None:
    """Whatever the clock of the former start was off by, as far as it may be off."""
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    run(stage.house)
    stage.pass_time(hours=5)
    stage.clock.up = 20.0
    down_at = stage.clock.now() - timedelta(seconds=40)
    beaten(stage, "former-boot/pid:[1]", down_at + timedelta(minutes=minutes))
    for _ in range(12):
        run(stage.house)
        stage.pass_time(minutes=1)


def test_another_container_of_the_same_machine_is_no_second_machine(stage: Stage) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    stage.pass_time(minutes=30)
    boot = stage.house.run(Phase.TICK).boot.partition("/")[0]
    beaten(stage, f"{boot}/pid:[99]", stage.clock.now())
    run(stage.house)


# --- the clock -----------------------------------------------------------------------------------


@pytest.mark.fault("F77")
def test_a_clock_that_leaps_to_2098_is_held_and_goes_on_when_it_is_back(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    run(stage.house)
    stage.clock.at += timedelta(days=365 * 72)
    for phase in PHASES:
        assert refusal(stage.house, phase).code == "clock_leapt"
    [delivery] = stage.house.store.page(Filter()).deliveries
    assert delivery.state is State.READY, "it is not called late by a clock nobody believes"
    stage.clock.at = START
    stage.pass_time(hours=1)
    run(stage.house)
    assert stage.remote.texts() == ["hello"]


@pytest.mark.fault("F77")
@pytest.mark.parametrize("hours", [3, 23])
def test_a_smaller_leap_is_believed(stage: Stage, hours: int) -> None:
    run(stage.house)
    stage.clock.at += timedelta(hours=hours)
    run(stage.house)


@pytest.mark.fault("F77")
@pytest.mark.parametrize(("minutes", "asked"), [(-30, 2), (-4, 1), (4, 1), (30, 2)])
def test_after_the_clock_was_set_every_platform_is_asked_again(
    stage: Stage, minutes: int, asked: int
) -> None:
    """Its answer bears out what time it is, or holds the account."""
    stage.schedule(at="in 30m")
    run(stage.house)
    stage.clock.at += timedelta(minutes=minutes)
    stage.schedule("another", at="in 30m")
    run(stage.house)
    assert len(stage.remote.questions) == asked


def test_a_block_from_before_the_clock_was_set_back_ends_with_a_question(stage: Stage) -> None:
    run(stage.house)
    far = stage.clock.now() + timedelta(hours=9)
    stage.house.store.accounts.set("acme", blocked_until=far, block_why="That clock was wrong.")
    stage.clock.at -= timedelta(hours=1)
    stage.schedule(at="in 1m")
    run(stage.house)
    assert len(stage.remote.questions) == 1
    assert stage.remote.texts() == ["hello"]


@pytest.mark.fault("F75")
def test_a_clock_set_back_right_after_publishing_publishes_nothing_again(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    run(stage.house)
    stage.clock.at -= timedelta(hours=2)
    for _ in range(30):
        run(stage.house)
        stage.pass_time(minutes=5)
    assert stage.remote.texts() == ["hello"]


def test_a_clock_that_fell_back_and_was_put_right_holds_nobody(stage: Stage) -> None:
    tick(stage.house)
    stage.pass_time(minutes=5)
    stage.clock.at -= timedelta(days=2)
    tick(stage.house)
    stage.pass_time(minutes=5)
    stage.clock.at += timedelta(days=2)
    tick(stage.house)


def test_a_run_that_sends_while_another_begins_is_no_put_back_backup(stage: Stage) -> None:
    """The store is asked after the witness was read: it is never behind it then."""
    stage.schedule(at="in 1h")
    tick(stage.house)
    stage.pass_time(hours=1)
    papers = stage.house.store.papers()
    publish(stage.house)
    assert objection(stage.house, papers, host.host_id(stage.house.state_dir)) is None


def test_a_damaged_witness_is_told_by_status(stage: Stage) -> None:
    tick(stage.house)
    (note,) = (stage.house.state_dir / "witness").iterdir()
    note.write_text("x y z")
    assert "is damaged" in (held(stage.house) or "")


def test_a_person_may_say_that_the_clock_is_right(stage: Stage) -> None:
    run(stage.house)
    stage.clock.at += timedelta(days=40)
    refusal(stage.house)
    believe_the_clock(stage.house, actor="me")
    run(stage.house)


def test_a_server_whose_clock_agrees_is_witness_enough(stage: Stage) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    run(stage.house)
    stage.clock.at += timedelta(days=40)
    run(stage.house)


def test_a_machine_that_slept_or_was_off_for_weeks_is_no_leap(stage: Stage) -> None:
    run(stage.house)
    stage.pass_time(days=40)
    run(stage.house)
    stage.clock.at += timedelta(days=40)
    stage.clock.up = 60.0
    run(stage.house)


# --- room ----------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """Words that run a command where `tmp_path/disk` is a file system of 12 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = f'mount -t tmpfs -o size=12m tmpfs {disk} && exec "$@"'
    words = ["unshare", "-Urm", "sh", "-c", mounting, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("this machine allows no mounts of one's own")
    return words


@pytest.mark.fault("F20", "F27")
@pytest.mark.parametrize("full", ["store", "state"])
def test_a_disk_that_is_almost_full_sends_nothing(
    small_disk: list[str], tmp_path: Path, full: str
) -> None:
    places = {"store": tmp_path / "store", "state": tmp_path / "state"}
    places[full] = tmp_path / "disk" / full
    script = f"""
set -e
export POSTCRON_STATE={places["state"]}
umask 077; mkdir -p {places["store"]} {tmp_path}/config
cat > {tmp_path}/config/postcron.toml <<END
timezone = "UTC"
[store]
url = "sqlite:///{places["store"]}/postcron.db"
[media]
library = "{tmp_path}/media"
END
{sys.executable} -m postcron --config {tmp_path}/config/postcron.toml init >/dev/null
{sys.executable} -m postcron --config {tmp_path}/config/postcron.toml run -v
"""
    done = subprocess.run(
        [*small_disk, "sh", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 3
    assert f"The disk of {places[full]} is almost full" in done.stderr


def test_a_run_that_was_refused_leaves_no_sign_of_life(stage: Stage, tmp_path: Path) -> None:
    run(stage.house)
    before = stage.house.store.beats.every()
    stage.pass_time(minutes=1)
    refusal(elsewhere(stage, tmp_path / "staging").house)
    assert stage.house.store.beats.every() == before


def test_a_run_that_was_let_through_leaves_a_sign_of_life_before_it_works(stage: Stage) -> None:
    class Deaf(BeatShelf):
        def leave(self, run: Run, **told: object) -> None:
            raise CannotWork("The disk takes nothing.")

    stage.schedule(at="in 1h")
    stage.pass_time(hours=1)
    stage.house.store.beats = Deaf(stage.house.store._database)
    refusal(stage.house, publish)
    assert stage.remote.calls == []
