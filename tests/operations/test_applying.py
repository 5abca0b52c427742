"""Plan and apply: what is scheduled becomes what the files say, however often, and what is out stays."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from postcron.errors import ConfigInvalid, DoesNotFit, Invalid
from postcron.model import Delivery, Filter
from postcron.operations.applying import apply, plan
from postcron.operations.approving import approve, reject
from postcron.operations.cancel import cancel
from postcron.operations.differences import Do, Step
from postcron.operations.edit import Change, edit
from postcron.operations.folder import Folder, read_folder
from postcron.operations.listing import deliveries
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from tests.operations.stage import START, Stage, build
from tests.proof.death import Death, Killed, mortal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a name and two posts."""
    folder = tmp_path / "posts"
    folder.mkdir()
    (folder / "plan.toml").write_text('name = "spring"\nto = ["acme"]\n')
    write(folder, "one.md", "one", at="2026-11-22 12:00")
    write(folder, "two.md", "two", at="2026-11-23 12:00")
    return folder


def write(folder: Path, name: str, text: str, **keys: str) -> None:
    front = "".join(f"{key}: {value}\n" for key, value in keys.items())
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"---\n{front}---\n{text}\n")


def read(stage: Stage, folder: Path, **variables: str) -> Folder:
    workspace = stage.house.config.workspace
    return read_folder(folder, name=None, variables=variables, workspace=workspace)


def planned(stage: Stage, folder: Path, **variables: str) -> list[tuple[Do, str]]:
    steps = plan(stage.house, read(stage, folder, **variables))
    return [(step.do, step.source.removeprefix("spring/")) for step in steps]


def applied(stage: Stage, folder: Path, **variables: str) -> list[Step]:
    steps = plan(stage.house, read(stage, folder, **variables))
    return list(apply(stage.house, steps, actor="ci"))


def does(steps: list[Step]) -> list[Do]:
    return [step.do for step in steps]


def there(stage: Stage) -> list[Delivery]:
    found = deliveries(stage.house, Filter(), newest_first=False, order="created").deliveries
    return [one for one in found if one.state is not State.CANCELLED]


def texts(stage: Stage) -> list[str]:
    posts = stage.house.store.posts([one.post_id for one in there(stage)])
    return [one.text or posts[one.post_id].text for one in there(stage)]


def refusals(stage: Stage, folder: Path) -> list[str]:
    """Return why a folder cannot be planned; nothing is kept of it."""
    with pytest.raises(DoesNotFit) as refused:
        plan(stage.house, read(stage, folder))
    assert there(stage) == []
    return [str(each).replace(f"{folder}/", "") for each in refused.value.problems]


def test_a_plan_changes_nothing(stage: Stage, folder: Path) -> None:
    assert planned(stage, folder) == [(Do.ADD, "one.md"), (Do.ADD, "two.md")]
    assert there(stage) == []


def test_an_applied_folder_is_scheduled_and_stays_so_however_often_it_is_applied(
    stage: Stage, folder: Path
) -> None:
    assert does(applied(stage, folder)) == [Do.ADD, Do.ADD]
    first = there(stage)
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    assert there(stage) == first
    assert texts(stage) == ["one", "two"]


def test_a_changed_file_changes_its_post_and_no_other(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    write(folder, "one.md", "one, better", at="2026-11-22 13:00")
    [step, other] = applied(stage, folder)
    assert (step.do, step.why, step.by_hand) == (Do.CHANGE, ("text (acme)", "time (acme)"), False)
    assert other.do is Do.KEEP
    assert texts(stage) == ["one, better", "two"]
    assert there(stage)[0].due_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # 13:00 in Rome
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_a_file_that_is_gone_withdraws_its_post_and_may_come_back(
    stage: Stage, folder: Path
) -> None:
    applied(stage, folder)
    (folder / "one.md").rename(folder / "_one.md")
    assert does(applied(stage, folder)) == [Do.CANCEL, Do.KEEP]
    assert texts(stage) == ["two"]
    assert does(applied(stage, folder)) == [Do.KEEP]
    (folder / "_one.md").rename(folder / "one.md")
    assert does(applied(stage, folder)) == [Do.ADD, Do.KEEP]
    assert sorted(texts(stage)) == ["one", "two"]


def test_what_is_out_is_never_touched(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    stage.pass_time(hours=25)
    publish(stage.house)
    assert stage.remote.texts() == ["one"]
    write(folder, "one.md", "another one", at="2026-11-25 12:00")
    step, _ = applied(stage, folder)
    assert (step.do, step.why) == (Do.LEAVE, ("1.1 is published: what is out is not touched.",))
    (folder / "one.md").unlink()
    assert does(applied(stage, folder)) == [Do.KEEP]
    write(folder, "one.md", "one", at="2026-11-22 12:00")
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    assert texts(stage) == ["one", "two"]


def test_an_account_that_is_out_stays_and_the_other_is_changed(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", to="[acme, other]", at="2026-11-22 12:00")
    applied(stage, folder)
    [acme, other, _] = there(stage)
    edit(stage.house, other.ref, Change(at="2026-11-24 12:00"), actor="me")
    stage.pass_time(hours=25)
    publish(stage.house)
    write(folder, "one.md", "one!", to="[acme, other]", at="2026-11-24 12:00")
    step, _ = applied(stage, folder)
    assert step.do is Do.CHANGE
    assert "text (other)" in step.why
    assert f"{acme.ref} is published: what is out is not touched." in step.why
    assert (stage.now(acme).text, stage.now(other).text) == (None, "one!")
    step, _ = plan(stage.house, read(stage, folder))
    assert (step.do, step.by_hand) == (Do.LEAVE, False)


def test_what_a_person_changed_is_told_and_put_back(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    [one, _] = there(stage)
    edit(stage.house, str(one.post_id), Change(text="by hand"), actor="me")
    step, _ = applied(stage, folder)
    assert (step.do, step.by_hand) == (Do.CHANGE, True)
    assert texts(stage) == ["one", "two"]


def test_what_a_person_withdrew_stays_so_until_its_file_changes(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    cancel(stage.house, ["1"], actor="me")
    step, _ = applied(stage, folder)
    assert (step.do, step.by_hand) == (Do.LEAVE, True)
    assert "post 1 was withdrawn by hand" in step.why[0]
    assert texts(stage) == ["two"]
    write(folder, "one.md", "one, again", at="2026-11-22 12:00")
    assert does(applied(stage, folder)) == [Do.ADD, Do.KEEP]
    assert sorted(texts(stage)) == ["one, again", "two"]


def test_accounts_come_and_go(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    write(folder, "one.md", "one", to="[acme, other]", at="2026-11-22 12:00")
    assert applied(stage, folder)[0].why == ("also to other",)
    write(folder, "one.md", "one", to="other", at="2026-11-22 12:00")
    assert applied(stage, folder)[0].why == ("no longer to acme",)
    assert {(d.ref, d.account) for d in there(stage)} == {("1.2", "other"), ("2.1", "acme")}
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_a_post_that_goes_to_none_of_its_accounts_any_more_is_scheduled_anew(
    stage: Stage, folder: Path
) -> None:
    applied(stage, folder)
    Image.new("RGB", (4, 4), "red").save(folder / "shelf.png")
    new = {"at": "2026-11-22 12:00", "media": "shelf.png", "then": "[and more]"}
    write(folder, "one.md", "one, better", to="other", **new)
    step, _ = applied(stage, folder)
    assert set(step.why) == {"media", "also to other", "no longer to acme"}
    assert sorted(texts(stage)) == ["and more", "one, better", "two"]
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_an_account_that_joins_a_post_that_is_out_gets_what_the_file_says_now(
    stage: Stage, folder: Path
) -> None:
    write(folder, "one.md", "old", at="now")
    applied(stage, folder)
    run(stage.house)
    write(folder, "one.md", "new", to="[acme, other]", at="now")
    step, _ = applied(stage, folder)
    assert step.why == ("also to other", "1.1 is published: what is out is not touched.")
    run(stage.house)
    assert stage.remote.texts() == ["old", "new"]
    assert does(applied(stage, folder)) == [Do.LEAVE, Do.KEEP]


def test_nothing_joins_a_thread_or_a_post_that_is_out_with_other_media(
    stage: Stage, folder: Path
) -> None:
    write(folder, "one.md", "one", at="now")
    write(folder, "two.md", "two", at="2026-11-23 12:00", then="[more]")
    applied(stage, folder)
    run(stage.house)
    Image.new("RGB", (4, 4), "red").save(folder / "shelf.png")
    write(folder, "one.md", "one", at="now", media="shelf.png", to="[acme, other]")
    write(folder, "two.md", "two", at="2026-11-23 12:00", then="[more]", to="[acme, other]")
    for step in applied(stage, folder):
        assert step.do is Do.LEAVE
        told = f"other cannot join post {step.post_id} any more: use a new file for it"
        assert told in step.why


def test_who_cannot_join_a_post_holds_up_neither_its_changes_nor_other_files(
    stage: Stage, folder: Path
) -> None:
    """In the middle of a folder it would be left half applied, for ever."""
    write(folder, "one.md", "one", at="2026-11-22 12:00", then="[more]")
    write(folder, "out.md", "out", at="now")
    applied(stage, folder)
    run(stage.house)
    Image.new("RGB", (4, 4), "red").save(folder / "shelf.png")
    to = "[acme, other]"
    write(folder, "one.md", "one, better", at="2026-11-22 12:00", then="[more]", to=to)
    write(folder, "out.md", "out", at="now", media="shelf.png", labels="[late]", to=to)
    write(folder, "two.md", "two, better", at="2026-11-23 12:00")
    steps = applied(stage, folder)
    assert does(steps) == [Do.CHANGE] * 3
    for step in steps[:2]:
        told = f"other cannot join post {step.post_id} any more: use a new file for it"
        assert told in step.why
    assert sorted(texts(stage)) == ["more", "one, better", "out", "two, better"]
    assert does(applied(stage, folder)) == [Do.LEAVE, Do.LEAVE, Do.KEEP]


@pytest.mark.parametrize("decided", ["", "approved", "rejected"])
def test_nobody_joins_a_post_that_is_decided_on(stage: Stage, folder: Path, decided: str) -> None:
    more = {"approval": "true"} if decided else {}
    write(folder, "one.md", "one", at="2026-11-22 12:00", **more)
    applied(stage, folder)
    if decided == "approved":
        approve(stage.house, ["1"], actor="you")
    if decided == "rejected":
        reject(stage.house, ["1"], why=None, actor="you")
    joined = {"at": "2026-11-22 12:00", "approval": "true", "to": "[acme, other]"}
    write(folder, "one.md", "one", **joined)
    write(folder, "two.md", "two, better", at="2026-11-23 12:00")
    step, other = applied(stage, folder)
    assert (step.do, other.do) == (Do.LEAVE, Do.CHANGE)
    assert step.why == ("other cannot join post 1 any more: use a new file for it",)
    assert [one.account for one in there(stage)] == ["acme", "acme"]


@pytest.mark.parametrize("decided", ["approved", "rejected"])
def test_a_post_that_needs_approval_again_may_be_joined(
    stage: Stage, folder: Path, decided: str
) -> None:
    asked = {"at": "2026-11-22 12:00", "approval": "true"}
    write(folder, "one.md", "one", **asked)
    applied(stage, folder)
    if decided == "approved":
        approve(stage.house, ["1"], actor="you")
    else:
        reject(stage.house, ["1"], why=None, actor="you")
    write(folder, "one.md", "one, better", **asked, to="[acme, other]")
    assert does(applied(stage, folder)) == [Do.CHANGE, Do.KEEP]
    found = [(one.account, one.state) for one in there(stage) if one.post_id == 1]
    assert found == [("acme", State.DRAFT), ("other", State.DRAFT)]


def test_options_that_left_the_file_are_taken_away(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", at="2026-11-22 12:00", options="{acme: {mood: happy}}")
    applied(stage, folder)
    assert there(stage)[0].options == {"mood": "happy"}
    write(folder, "one.md", "one", at="2026-11-22 12:00")
    applied(stage, folder)
    assert there(stage)[0].options == {}


def test_media_lie_beside_the_file_and_are_known_by_what_they_hold(
    stage: Stage, folder: Path
) -> None:
    picture = folder / "shelf.png"
    Image.new("RGB", (4, 4), "red").save(picture)
    write(folder, "one.md", "one", at="2026-11-22 12:00", media="shelf.png", alt="A shelf")
    applied(stage, folder)
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    Image.new("RGB", (4, 4), "blue").save(picture)
    step, _ = applied(stage, folder)
    assert (step.do, step.why) == (Do.CHANGE, ("media",))
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_texts_are_templates(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "{version} is out", at="2026-11-22 12:00")
    applied(stage, folder, version="2.1")
    assert texts(stage) == ["2.1 is out", "two"]
    assert does(applied(stage, folder, version="2.2")) == [Do.CHANGE, Do.KEEP]


def test_a_thread_is_applied_changed_and_shortened(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", at="2026-11-22 12:00", then="[a, b]")
    applied(stage, folder)
    assert sorted(texts(stage)) == ["a", "b", "one", "two"]
    write(folder, "one.md", "one", at="2026-11-22 12:00", then="[a!]")
    assert does(applied(stage, folder)) == [Do.CANCEL, Do.CHANGE, Do.KEEP]
    assert sorted(texts(stage)) == ["a!", "one", "two"]
    for then in ("[a!, b]", "[a!, b, c]"):
        write(folder, "one.md", "one", at="2026-11-22 12:00", then=then)
        assert "cannot grow" in applied(stage, folder)[0].why[0]


def test_labels_and_priority_are_compared_too(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    write(folder, "one.md", "one", at="2026-11-22 12:00", labels="[a, b]", priority="2")
    step, _ = applied(stage, folder)
    assert (step.do, step.why) == (Do.CHANGE, ("labels", "priority (acme)"))
    post = stage.house.store.post(1)
    assert post is not None
    assert (post.labels, there(stage)[0].priority) == (("a", "b"), 2)
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_a_post_that_waits_for_approval_is_as_its_file_says(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", at="2026-11-22 12:00", approval="true")
    applied(stage, folder)
    assert there(stage)[0].state is State.DRAFT
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    approve(stage.house, ["1"], actor="you")
    assert there(stage)[0].state is State.SCHEDULED
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    write(folder, "one.md", "one, worse", at="2026-11-22 12:00", approval="true")
    assert does(applied(stage, folder)) == [Do.CHANGE, Do.KEEP]
    assert there(stage)[0].state is State.DRAFT


def test_a_file_may_refuse_to_be_moved(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", at="now", exact="perhaps")
    assert refusals(stage, folder) == ["one.md:3: exact must be true or false."]


def test_a_part_that_is_out_is_told_and_holds_up_no_other_file(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", at="now", then="[more]")
    applied(stage, folder)
    for _ in range(3):
        run(stage.house)
        stage.pass_time(minutes=1)
    assert stage.remote.texts() == ["one", "more"]
    write(folder, "one.md", "one", at="now", then="[much more]")
    write(folder, "two.md", "two!", at="2026-11-23 12:00")
    step, other = applied(stage, folder)
    assert (step.do, step.why) == (Do.LEAVE, ("2.1 is published: what is out is not touched.",))
    assert other.do is Do.CHANGE


def test_a_part_that_is_out_for_one_account_is_changed_for_the_other_once(
    stage: Stage, folder: Path
) -> None:
    write(folder, "two.md", "two", at="2026-11-22 12:00", to="[acme, other]", then="[more]")
    applied(stage, folder)
    edit(stage.house, "2.2", Change(at="2026-11-28 12:00"), actor="me")
    stage.pass_time(hours=25)
    for _ in range(3):
        run(stage.house)
        stage.pass_time(minutes=1)
    assert stage.remote.texts() == ["one", "two", "more"]
    new = {"at": "2026-11-28 12:00", "to": "[acme, other]"}
    for part in ("much more", "most"):
        write(folder, "two.md", "two", then=f"[{part}]", **new)
        step = applied(stage, folder)[1]
        assert "part 2" in step.why
        assert "3.1 is published: what is out is not touched." in step.why
        assert part in texts(stage)
        assert planned(stage, folder)[1] == (Do.LEAVE, "two.md")


def test_a_post_for_now_goes_out_once(stage: Stage, folder: Path) -> None:
    write(folder, "two.md", "two", at="now")
    applied(stage, folder)
    for _ in range(3):
        run(stage.house)
        stage.pass_time(minutes=1)
        assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]
    assert stage.remote.texts() == ["two"]


def test_a_draft_gets_its_time_when_its_file_is_none_any_more(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "one", draft="true")
    applied(stage, folder)
    assert there(stage)[0].state is State.DRAFT
    write(folder, "one.md", "one", at="2026-11-22 12:00")
    applied(stage, folder)
    assert there(stage)[0].state is State.SCHEDULED
    assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


@pytest.mark.parametrize("at", [{"at": "2026-11-22 12:00"}, {"at": "2026-11-24 12:00"}, {}])
def test_a_file_that_becomes_a_draft_lets_nothing_go_out(
    stage: Stage, folder: Path, at: dict[str, str]
) -> None:
    applied(stage, folder)
    for keys in (at, {"at": "2026-11-25 12:00"}):
        write(folder, "one.md", "one", draft="true", **keys)
        assert does(applied(stage, folder)) == [Do.CHANGE, Do.KEEP]
        assert [one.state for one in there(stage)] == [State.SCHEDULED, State.DRAFT]
        assert does(applied(stage, folder)) == [Do.KEEP, Do.KEEP]


def test_a_file_with_another_name_keeps_its_moment(tmp_path: Path, folder: Path) -> None:
    stage = build(tmp_path, at=START, account='min_gap = "60m"')
    applied(stage, folder)
    (folder / "one.md").rename(folder / "uno.md")
    assert does(applied(stage, folder)) == [Do.CANCEL, Do.KEEP, Do.ADD]
    assert {one.due_at for one in there(stage)} == {
        datetime(2026, 11, day, 11, 0, tzinfo=UTC) for day in (22, 23)
    }


def test_an_exact_moment_is_free_for_the_post_that_has_it_or_whose_file_has_another_name(
    tmp_path: Path, folder: Path
) -> None:
    stage = build(tmp_path, at=START, account='min_gap = "60m"')
    for at in ("2026-11-22 12:00", "2026-11-22 12:30"):
        write(folder, "one.md", "one", at=at, exact="true")
        applied(stage, folder)
    (folder / "one.md").rename(folder / "uno.md")
    assert does(applied(stage, folder)) == [Do.CANCEL, Do.KEEP, Do.ADD]
    [one] = [one for one in there(stage) if one.post_id == 3]
    assert one.due_at == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_two_files_that_want_one_moment_are_refused_together(tmp_path: Path, folder: Path) -> None:
    stage = build(tmp_path, at=START, account='min_gap = "60m"')
    for name in ("one.md", "two.md"):
        write(folder, name, name, at="2026-11-22 12:00", exact="true")
    with pytest.raises(DoesNotFit, match=r"two\.md:2: acme cannot take it then"):
        applied(stage, folder)
    assert there(stage) == []


def test_an_apply_that_was_cut_short_is_carried_on(stage: Stage, folder: Path) -> None:
    steps = apply(stage.house, plan(stage.house, read(stage, folder)), actor="ci")
    next(steps)
    assert texts(stage) == ["one"]
    assert does(applied(stage, folder)) == [Do.KEEP, Do.ADD]


def test_a_job_killed_while_it_makes_a_post_anew_leaves_it_to_the_next(tmp_path: Path) -> None:
    def story(place: Path, death: Death) -> list[str]:
        place.mkdir()
        stage, folder = build(place, at=START), place / "posts"
        write(folder, "one.md", "one", draft="true")
        (folder / "plan.toml").write_text('name = "spring"\nto = ["acme"]\n')
        applied(stage, folder)
        edit(stage.house, "1", Change(at="2026-11-22 12:00"), actor="me")
        store = stage.house.store
        stage.house.__dict__["store"] = mortal(store, death)
        with suppress(Killed):
            applied(stage, folder)
        stage.house.__dict__["store"] = store
        applied(stage, folder)
        found = [
            f"{one.state} {text}" for one, text in zip(there(stage), texts(stage), strict=True)
        ]
        stage.house.close()
        return found

    counting = Death()
    assert story(tmp_path / "whole", counting) == ["draft one"]
    for point in range(len(counting.points)):
        assert story(tmp_path / str(point), Death(frozenset({point}))) == ["draft one"], point


def test_two_jobs_that_planned_the_same_add_it_once(stage: Stage, folder: Path) -> None:
    first, second = (plan(stage.house, read(stage, folder)) for _ in range(2))
    list(apply(stage.house, first, actor="ci"))
    list(apply(stage.house, second, actor="ci"))
    assert texts(stage) == ["one", "two"]


def test_plans_of_other_names_do_not_meet(stage: Stage, folder: Path) -> None:
    applied(stage, folder)
    (folder / "plan.toml").write_text('name = "spring2"\nto = ["acme"]\n')
    assert does(applied(stage, folder)) == [Do.ADD, Do.ADD]
    assert len(there(stage)) == 4


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"at": "tomorrow 9am"}, "one.md:2: 'tomorrow 9am' would mean another moment every day"),
        ({"at": "2026-11-20 12:00"}, "one.md:2: '2026-11-20 12:00' is 23 h ago"),
        ({"at": "2027-03-28 02:30"}, "one.md:2: 2027-03-28 02:30:00 does not exist in Europe/Rome"),
        ({"at": "2026-11-22 12:00", "tz": "Rom"}, "one.md:3: There is no time zone 'Rom'"),
        ({"at": "2026-11-22 12:00", "to": "acmee"}, "one.md:3: There is no account 'acmee'"),
        ({}, "one.md:3: has no time: write `at: 2027-03-01T18:00`"),
        ({"at": "now", "type": "poem"}, "one.md:3: 'poem' is no type"),
        ({"at": "now", "draft": "perhaps"}, "one.md:3: draft must be true or false."),
        ({"at": "now", "media": "none.png"}, "one.md:3: "),
        ({"at": "now", "media": "../secret.png"}, "one.md:3: ../secret.png is not in the folder"),
        ({"at": "now", "media": "/etc/passwd"}, "one.md:3: /etc/passwd is not in the folder"),
        ({"at": "now", "media": r'"a\0b"'}, "one.md:3: must not hold a NUL character"),
        ({"at": "now", "notes": "a\0b"}, "one.md:3: holds a NUL character"),
        ({"at": "now", "notes": "[" * 5000}, "one.md:1: the front matter is nested too deeply."),
        ({"at": "now", "alt": "A shelf"}, "one.md:3: 1 alt texts for 0 media files"),
        ({"at": "now", "texts": "{nobody: x}"}, "one.md:3: the post does not go to nobody"),
    ],
)
def test_one_file_that_cannot_be_refuses_the_whole_folder_with_its_line(
    stage: Stage, folder: Path, keys: dict[str, str], said: str
) -> None:
    write(folder, "one.md", "one", **keys)
    [problem] = refusals(stage, folder)
    assert problem.startswith(said)


def test_everything_that_is_wrong_is_said_at_once(stage: Stage, folder: Path) -> None:
    write(folder, "one.md", "much too long for this platform, which takes forty", at="now")
    write(folder, "two.md", "{version}", at="now", to="nobody")
    write(folder, "sub/three.md", "three", at="never")
    assert [each.partition(": ")[0] for each in refusals(stage, folder)] == [
        "sub/three.md:2",
        "two.md:5",
    ]
    write(folder, "sub/three.md", "three", at="now")
    write(folder, "two.md", "two", at="now", to="nobody")
    assert [each.partition(": ")[0] for each in refusals(stage, folder)] == ["one.md:4", "two.md:3"]


def test_a_folder_must_have_a_name_because_two_would_withdraw_each_others_posts(
    stage: Stage, folder: Path
) -> None:
    (folder / "plan.toml").unlink()
    with pytest.raises(Invalid, match="has no name"):
        read(stage, folder)
    with pytest.raises(Invalid, match="cannot be the name of a plan"):
        read_folder(folder, name="a/b", variables={}, workspace="acme")


@pytest.mark.parametrize("place", ["nowhere", "posts/one.md"])
def test_a_folder_that_is_not_there_is_said_to_be_so(
    stage: Stage, folder: Path, place: str
) -> None:
    with pytest.raises(Invalid, match=f"There is no folder .*{place}"):
        read(stage, folder.parent / place)


def test_a_folder_of_another_workspace_is_refused(stage: Stage, folder: Path) -> None:
    (folder / "plan.toml").write_text('name = "spring"\nworkspace = "other"\n')
    with pytest.raises(ConfigInvalid, match=r"plan\.toml:2: workspace is 'other'"):
        read(stage, folder)


def test_hidden_files_drafts_readmes_and_links_are_no_posts(stage: Stage, folder: Path) -> None:
    for name in (".hidden.md", "_draft.md", "README.md", "notes.txt"):
        (folder / name).write_text("no post")
    (folder / "link.md").symlink_to(folder / "one.md")
    assert planned(stage, folder) == [(Do.ADD, "one.md"), (Do.ADD, "two.md")]


# --- what platforms keep until its moment --------------------------------------------------------


@pytest.mark.parametrize("gone", [False, True])
def test_what_a_platform_keeps_becomes_what_its_file_says(
    tmp_path: Path, folder: Path, gone: bool
) -> None:
    stage = build(tmp_path, at=START)
    stage.remote.ahead = timedelta(hours=1)
    write(folder, "two.md", "two", at="2026-11-21 14:00")
    applied(stage, folder)
    stage.pass_time(hours=2, minutes=1)
    stage.cron(3, minutes=1)
    assert len(stage.remote.kept) == 1
    if gone:
        (folder / "two.md").unlink()
    else:
        write(folder, "two.md", "better", at="2026-11-21 14:00")
    applied(stage, folder)
    assert stage.remote.withdrawn == ["two"]
    stage.cron(20, minutes=5)
    assert stage.remote.texts() == ([] if gone else ["better"])
