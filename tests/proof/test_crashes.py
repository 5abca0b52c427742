"""A run may die at any durable write and at any call: the next runs carry on, and nothing doubles.

A bounded part of the layer: each kind of point the first time it is reached, in some worlds.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from postcron import store
from postcron.errors import Code, Temporary
from postcron.model import Act, Delivery, Mode, Receipt, Scope, Session
from postcron.operations import telling
from postcron.operations.add_batch import Order, add
from postcron.operations.approving import approve
from postcron.operations.archiving import archive, restore
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.keys import rotate
from postcron.operations.measure import measure
from postcron.operations.pausing import pause, resume
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.schedule_many import Asked, schedule_many
from postcron.operations.series_beginning import Repeat, begin
from postcron.operations.series_changes import skip
from postcron.operations.sessions import keep
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.platforms.base import Platform
from postcron.states import State
from tests.operations.stage import Stage, build
from tests.platforms.subjects import SUBJECTS
from tests.proof import crashes, marks, worlds
from tests.proof.crashes import Setting
from tests.proof.death import Death, Killed, mortal
from tests.proof.grounds import START, on_postgres, on_sqlite

ONCE = [State.PUBLISHED]


@pytest.mark.fault("F01", "F03")
@pytest.mark.parametrize(("platform", "answer"), [("handle", "ok")])
def test_dying_at_any_point_ends_with_exactly_one_post(
    tmp_path: Path, platform: str, answer: str
) -> None:
    for told in dying_once(tmp_path, Setting("sqlite", platform, answer)):
        assert (told.live, told.states) == (1, ONCE)


@pytest.mark.fault("F01", "F03")
@pytest.mark.parametrize("platform", ["readback"])
def test_where_only_a_list_tells_dying_never_leads_to_a_second_post(
    tmp_path: Path, platform: str
) -> None:
    for told in dying_once(tmp_path, Setting("sqlite", platform, "lost")):
        assert told.states == (ONCE if told.live else [State.UNKNOWN])


@pytest.mark.fault("F01", "F05")
@pytest.mark.parametrize("platform", sorted(SUBJECTS))
def test_dying_after_the_act_or_anywhere_doubles_nothing_at_any_platform(
    tmp_path: Path, platform: str
) -> None:
    """A sample of each; `make sweep` draws more, `python -m tests.proof.crashes` takes them all."""
    chance = random.Random(platform)
    shape = chance.choice(worlds.shapes(platform))
    setting = Setting("sqlite", platform, "ok", shape=shape)
    whole = crashes.play(tmp_path, on_sqlite, setting)
    assert (whole.live, whole.states, whole.breaches) == (1, ONCE, [])
    after_the_act = whole.points.index("after the act")
    for number in (after_the_act, *chance.sample(range(len(whole.points)), 2)):
        told = crashes.play(tmp_path, on_sqlite, setting, number)
        assert told.breaches == [], f"{shape}, died {whole.points[number]}"


@pytest.mark.fault("F01")
@pytest.mark.parametrize(("platform", "answer"), [("blind", "accepted"), ("readback", "dropped")])
def test_where_nothing_proves_how_it_ended_a_person_is_asked(
    tmp_path: Path, platform: str, answer: str
) -> None:
    setting = Setting("sqlite", platform, answer)
    whole = crashes.play(tmp_path, on_sqlite, setting)
    after_the_act = whole.points.index("after publish")
    told = crashes.play(tmp_path, on_sqlite, setting, after_the_act)
    assert (whole.breaches, told.breaches) == ([], [])
    assert told.states == [State.UNKNOWN]


@pytest.mark.fault("F01")
def test_a_refusal_that_a_dead_run_did_not_live_to_tell_is_told_by_the_next(
    tmp_path: Path,
) -> None:
    setting = Setting("sqlite", "handle", "refused")
    points = crashes.play(tmp_path, on_sqlite, setting).points
    recorded = points.index("after record", points.index("after publish"))
    told = crashes.play(tmp_path, on_sqlite, setting, recorded)
    assert (told.states, told.breaches) == ([State.FAILED], [])


@pytest.mark.fault("F04", "F05")
def test_dying_in_schedule_or_between_a_handle_and_its_saving_makes_one_post(
    tmp_path: Path,
) -> None:
    setting = Setting("sqlite", "onlysocial", "ok", shape="image")
    points = crashes.play(tmp_path, on_sqlite, setting).points
    early = [points.index(f"{side} add_posts") for side in ("before", "after")]
    early += [
        number for number, name in enumerate(points) if name == "before ClaimShelf.save_ticket"
    ]
    assert len(early) >= 4
    for number in early:
        told = crashes.play(tmp_path, on_sqlite, setting, number)
        assert (told.live, told.states, told.breaches) == (1, ONCE, []), points[number]


@pytest.mark.fault("F08")
@pytest.mark.parametrize("away", [False, True])
def test_dying_again_in_the_recovery_changes_nothing(tmp_path: Path, away: bool) -> None:
    setting = Setting("sqlite", "handle", "lost", away)
    points = crashes.play(tmp_path, on_sqlite, setting).points
    in_the_act = points.index("after publish")
    for again in range(in_the_act + 2, in_the_act + 14, 4):
        told = crashes.play(tmp_path, on_sqlite, setting, in_the_act, again)
        assert (told.live, told.states, told.breaches) == (1, ONCE, []), again


@pytest.mark.postgres
@pytest.mark.fault("F01", "F08")
def test_dying_is_the_same_on_postgresql(tmp_path: Path) -> None:
    with on_postgres() as ground:
        for answer in ("lost", "dropped"):
            setting = Setting("postgres", "handle", answer)
            stories = crashes.endings(tmp_path, ground, setting, 5, random.Random(1))
            for name, told in stories:
                assert (told.live, told.states, told.breaches) == (1, ONCE, []), name


CHANGES: dict[str, Callable[[Stage, Delivery], object]] = {
    "cancel": lambda stage, one: cancel(stage.house, [one.ref], actor="me"),
    "edit": lambda stage, one: edit(stage.house, one.ref, Change(text="better"), actor="me"),
    "pause": lambda stage, one: pause(stage.house, Scope.ALL, "", why=None, actor="me"),
}
#: what may be out once somebody has changed it, or died in the middle of that
OUT = {"cancel": [[], ["hello"]], "edit": [["better"], ["hello"], []], "pause": [[], ["hello"]]}


@pytest.mark.fault("F01")
@pytest.mark.parametrize("change", CHANGES)
def test_dying_anywhere_while_a_post_is_had_back_doubles_nothing_and_is_told(
    tmp_path: Path, change: str
) -> None:
    """Between any two steps of it: asked for durably, asked for, answered, written down, changed."""
    points, live = had_back(tmp_path / "whole", change)
    assert live == OUT[change][0]
    assert points.index("after withdraw") > points.index("after record")
    for number, name in enumerate(points):
        if name.startswith("before") or name == "after withdraw":
            _, live = had_back(tmp_path / str(number), change, number)
            assert live in OUT[change], f"died {name} (point {number})"


def had_back(folder: Path, change: str, *deaths: int) -> tuple[list[str], list[str]]:
    """Tell the story of a kept post and a change of mind; return its points, and what is live at the end."""
    folder.mkdir()
    stage, death = build(folder, at=START), Death(frozenset(deaths))
    stage.remote.ahead, stage.remote.act = timedelta(minutes=30), Act.READBACK
    stage.remote.withdraw = death.around("withdraw", stage.remote.withdraw)  # type: ignore[method-assign]
    [one] = stage.schedule(at="in 20m")
    stage.cron(2, minutes=1)
    assert len(stage.remote.kept) == 1
    whole, stage.house.store = stage.house.store, mortal(stage.house.store, death)
    with suppress(Killed):
        CHANGES[change](stage, stage.now(one))
    stage.house.store = whole
    reports = [*stage.cron(3, minutes=1), *stage.cron(4, minutes=12)]
    assert stage.wrong() == []
    after = stage.now(one)
    told = [d.id for report in reports for d in [*report.unknown, *report.late]]
    # Whoever typed it to its end knows, all others are told by a run.
    assert after.state in {State.PUBLISHED, State.CANCELLED} or one.id in told
    assert after.state in {State.PUBLISHED, State.CANCELLED, State.LATE, State.UNKNOWN}
    return death.points, stage.remote.texts()


def dying_once(folder: Path, setting: Setting) -> Iterator[crashes.Told]:
    """Yield the stories that die at each kind of point, the first time it is reached.

    Between the end of one thing and the beginning of the next nothing is durable: only the call is
    worth dying after.
    """
    whole = crashes.play(folder, on_sqlite, setting)
    assert whole.breaches == []
    for number, name in enumerate(whole.points):
        worth = name.startswith("before") or name in {"after publish", "after the act"}
        if worth and name not in whole.points[:number] and "BeatShelf" not in name:
            told = crashes.play(folder, on_sqlite, setting, number)
            assert told.breaches == [], f"died {name} (point {number})"
            yield told


# --- no write and no call without a point ---------------------------------------------------------


def _some(receipt: Receipt) -> dict[str, int]:
    return {"likes": 1}


def _away(receipt: Receipt) -> dict[str, int]:
    raise Temporary("503.", code=Code.SERVER_TROUBLE)


def test_every_function_of_the_store_that_writes_has_its_points(tmp_path: Path) -> None:
    """Reached by a story, or by what people do; a new one makes this fail until a story has it."""
    death = Death()
    stage = build(tmp_path, at=START)
    stage.house.store = mortal(stage.house.store, death)
    [delivery] = stage.schedule()
    edit(stage.house, delivery.ref, Change(text="another"), actor="me")
    stage.remote.prepare_script.append("processing")
    pre_upload(stage.house, lead=timedelta(hours=3))
    stage.pass_time(hours=2)
    publish(stage.house)
    for numbers in (_some, _away):
        stage.pass_time(hours=25)
        stage.remote.numbers = numbers
        measure(stage.house)
    keep(stage.house, "acme", Session({"access": "t0ken"}, START + timedelta(days=9)))
    whole = stage.house.whole_store
    stage.house.whole_store = lambda: mortal(whole(), death)  # type: ignore[method-assign]
    rotate(stage.house)
    _repeat(stage)
    schedule_many(stage.house, [Asked(Wish("hello", ["acme"], at="in 1h"), "1")], actor="me")
    add(stage.house, Order("b", Mode.NOW, Wish(None, ["acme"]), texts=["hello"]), actor="me")
    pause(stage.house, Scope.ALL, "", why=None, actor="me")
    resume(stage.house, Scope.ALL, "", actor="me")
    [asked_about] = stage.schedule(approval=True)
    approve(stage.house, [str(asked_about.post_id)], actor="me")
    [dropped] = stage.schedule()
    cancel(stage.house, [dropped.ref], actor="me")
    archive(stage.house, [str(dropped.post_id)], older=None, actor="me")
    restore(stage.house, [str(dropped.post_id)], actor="me")
    reached = set(death.points)
    for platform, answer in (("handle", "bad_token"), ("bluesky", "500")):
        setting = Setting("sqlite", platform, answer)
        reached |= set(crashes.play(tmp_path, on_sqlite, setting).points)
    writers = {name for module in _store_modules() for name in _writers(module)}
    assert {f"{side} {name}" for side in ("before", "after") for name in writers} <= reached


def _repeat(stage: Stage) -> None:
    """Begin a series, change it, let it miss moments that are told, and lose its account."""
    daily = Wish("hello", ["other"])
    begin(stage.house, daily, Repeat("day 09:00"), actor="me")
    skip(stage.house, "1", "tomorrow", actor="me")
    stage.pass_time(days=9)
    telling.told(stage.house, tick(stage.house))
    acme = {"acme": stage.house.config.accounts["acme"]}
    stage.house.config = replace(stage.house.config, accounts=acme)
    stage.pass_time(days=9)
    assert tick(stage.house).series.stalled


def test_the_store_writes_through_one_door() -> None:
    """Whoever begins a transaction elsewhere would write without a point."""
    begins = {
        path.name
        for path in Path(store.__path__[0]).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"engine.begin", "self.engine.begin", "connection.begin"}
    }
    assert begins == {"database.py", "migrating.py"}


def test_every_verb_of_a_platform_that_calls_it_has_its_points() -> None:
    """The real ones die on the wire, in every call; the fake has no wire, and dies around its verbs."""
    verbs = {
        name
        for name in vars(Platform)
        if not name.startswith("_") and name != "limits" and callable(vars(Platform)[name])
    }
    assert verbs == {"prepare", "publish", "look"}
    doors = marks.ROOT / "src/postcron/web/api.py"
    sending = {
        node.name
        for node in ast.walk(ast.parse(doors.read_text()))
        if isinstance(node, ast.FunctionDef) and "self._request(" in ast.unparse(node)
    }
    assert sending == {"call", "act"}


def _store_modules() -> list[Path]:
    return sorted(Path(store.__path__[0]).glob("*.py"))


def _writers(path: Path) -> Iterator[str]:
    module = ast.parse(path.read_text())
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    verbs = [(f"{one.name}.", node) for one in classes for node in one.body]
    for head, function in [*(("", node) for node in module.body), *verbs]:
        if isinstance(function, ast.FunctionDef) and "database.write(" in ast.unparse(function):
            yield f"{head}{function.name}"
