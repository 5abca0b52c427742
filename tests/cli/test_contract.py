"""The contract with the shell: for each command and outcome what is printed where, and the exit code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from postcron.lane import PHASES
from postcron.model import Ticket
from postcron.states import State, Step
from tests.builders import NOW, a_run
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.media.files import picture
from tests.simulators.mastodon import TOKEN, Mastodon
from tests.simulators.server import Asked, Fault, Reply
from tests.store.journeys import a_move, brought_to

TWO_PICTURES = (("one.png", (8, 8)), ("two.png", (9, 9)))
LISTS = ("done", "failed", "late", "unknown", "skipped", "waiting")


@pytest.fixture
def mastodon(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mastodon]:
    """A server for the account acme."""
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    with Mastodon() as server:
        home.add_account(server.url)
        yield server


@pytest.fixture
def due(mastodon: Mastodon, shell: Shell) -> Mastodon:
    """The same, and a post that is due now."""
    assert shell("schedule", "Hello", "--to", "acme", "--now").code == 0
    return mastodon


def is_publish(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == "/api/v1/statuses"


# --- phases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("option", [(), ("--limit", "1"), ("--config", "config/postcron.toml")])
def test_nothing_to_do_is_silent(shell: Shell, phase: str, option: tuple[str, ...]) -> None:
    answer = shell(phase, *option)
    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_answers_in_json(shell: Shell, phase: str) -> None:
    answer = shell(phase, "--json")
    expected = {"phase": phase, "dry_run": False, "found": 0} | {name: [] for name in LISTS}
    expected |= {"series": {"made": [], "left_out": [], "stalled": [], "behind": []}}
    assert (answer.code, answer.document, answer.err) == (0, expected, "")


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("phase", ["publish", "run"])
def test_success_is_silent(shell: Shell, phase: str) -> None:
    answer = shell(phase)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert listed(shell) == ["published"]


@pytest.mark.usefixtures("due")
def test_an_account_that_cannot_be_used_is_told_and_stops_nobody_else(
    home: Home, shell: Shell
) -> None:
    home.add('\n[accounts.typo]\nplatform = "mastodon"\napi_ulr = "https://example.org"\n')
    answer = shell("publish")
    assert (answer.code, answer.out) == (2, "")
    assert "api_ulr" in answer.err
    assert answer.err.count("\n") == 1
    assert listed(shell) == ["published"]


@pytest.mark.usefixtures("due")
def test_success_is_told_if_asked(shell: Shell) -> None:
    answer = shell("publish", "-v")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("publish found 1 (1 done).")


@pytest.mark.usefixtures("due")
def test_success_in_json(shell: Shell) -> None:
    (done,) = shell("publish", "--json").document["done"]
    assert (done["id"], done["state"], done["error"]) == ("1.1", "published", None)
    assert done["published_at"].endswith("Z")
    assert done["remote_id"]
    assert done["url"]


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("phase", PHASES)
def test_a_rehearsal_changes_nothing(shell: Shell, phase: str) -> None:
    answer = shell(phase, "--dry-run", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert answer.document["dry_run"]
    assert listed(shell) == ["scheduled"]


def test_a_refusal_is_one_line_and_1(due: Mastodon, shell: Shell) -> None:
    due.misbehave(Reply(422, {"error": "Validation failed: Text is rude"}), is_publish)
    answer = shell("publish")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("1.1 acme failed: ")
    assert "Needs you: `postcron show 1.1`" in answer.err
    assert answer.err.count("\n") == 1


def test_what_a_dead_run_did_not_live_to_say_the_next_one_says_once(
    home: Home, shell: Shell
) -> None:
    """F3: it recorded the refusal, and died before its line was printed."""
    shell("tick")
    home.holding(State.FAILED)
    first, second = shell("tick"), shell("tick")
    assert (first.code, first.err.count("\n"), second.code, second.err) == (1, 1, 0, "")
    assert "1.1" in first.err


def test_a_failure_in_json_is_one_document_and_one_line(due: Mastodon, shell: Shell) -> None:
    due.misbehave(Reply(422, {"error": "Validation failed: Text is rude"}), is_publish)
    answer = shell("publish", "--json")
    (failed,) = answer.document["failed"]
    assert (answer.code, failed["state"], answer.err.count("\n")) == (1, "failed", 1)
    assert failed["error"]["code"] == "content_refused"


@pytest.mark.parametrize("phase", ["tick", "publish", "run"])
def test_what_is_late_is_one_line_and_1(home: Home, shell: Shell, phase: str) -> None:
    home.holding(State.SCHEDULED)
    answer = shell(phase)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("1.1 acme late: It was due")
    assert answer.err.count("\n") == 1


def test_a_lost_answer_that_is_found_again_is_silent(due: Mastodon, shell: Shell) -> None:
    due.misbehave(Fault.ANSWER_LOST, is_publish)
    answer = shell("publish")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert (listed(shell), len(due.live)) == (["published"], 1)


def test_an_outcome_that_will_be_looked_up_is_one_line_and_0(home: Home, shell: Shell) -> None:
    home.add_account()
    home.holding(State.PUBLISHING)
    answer = shell("tick")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("1.1 acme unknown: ")
    assert "postcron looks at the platform again in" in answer.err
    assert answer.err.count("\n") == 1


def test_an_outcome_that_only_a_person_can_find_out_is_4(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    home.add_account()
    with home.long_ago() as store:
        sent = brought_to(store, State.PUBLISHING)
        known = {"ticket": Ticket({"account": "1"})}
        (lost,) = store.record([a_move(sent, Step.LOST, set=known)], run=a_run())
        assert lost is not None
        store.record([a_move(lost, Step.LOOKED, wake_at=NOW)], run=a_run())
        brought_to(store, State.SCHEDULED)
    answer = shell("publish")
    assert answer.code == 4
    assert "1.1 acme unknown: " in answer.err
    assert "Needs you: `postcron show 1.1`" in answer.err


@pytest.mark.parametrize("phase", PHASES)
def test_a_store_that_is_away_is_3(home: Home, shell: Shell, phase: str) -> None:
    home.store.unlink()
    answer = shell(phase)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err == (
        f"postcron: There is no store at sqlite:///{home.store}: run `postcron init`.\n"
    )


@pytest.mark.fault("F110")
def test_asking_ten_times_sends_once(due: Mastodon, shell: Shell) -> None:
    due.misbehave(Reply(422, {"error": "Validation failed: Text is rude"}), is_publish)
    shell("publish")
    assert [shell("retry", "1").code for _ in range(10)] == [0] * 10
    assert shell("publish").code == 0
    assert len(due.live) == 1


# --- the other commands ------------------------------------------------------------------------


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("status",), {"now", "counts", "next_due", "upcoming", "needs_you", "full", "accounts", "runs", "idle", "held", "pauses", "pending", "stopped"}),
        (("list",), {"deliveries", "next"}),
        (("show", "1"), {"post", "deliveries", "events"}),
        (("log",), {"events"}),
        (("calendar",), {"first", "last", "timezone", "complete", "coming", "days"}),
        (("calendar", "--week", "--tz", "account"), {"first", "last", "timezone", "complete", "coming", "days"}),
        (("stats",), {"since", "before", "total", "accounts", "punctuality"}),
        (("accounts",), {"accounts"}),
        (("accounts", "list"), {"accounts"}),
        (("accounts", "check"), {"accounts"}),
        (("config",), {"config"}),
        (("config", "validate"), {"valid", "path", "accounts"}),
        (("init",), {"config", "parts"}),
        (("edit", "1", "--text", "Bye"), {"post", "deliveries", "notes"}),
        (("schedule", "Hi", "--to", "acme", "--at", "2h"), {"post", "deliveries", "created", "notes"}),
        (("cancel", "1.1"), {"deliveries"}),
        (("delete", "1"), {"deliveries"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_each_command_answers_with_one_document(
    shell: Shell, words: tuple[str, ...], keys: set[str]
) -> None:
    answer = shell(*words, "--json")
    assert (answer.code, answer.err, set(answer.document)) == (0, "", keys)
    spoken = shell(*words)
    assert (spoken.code, spoken.err) == (0, "")
    assert spoken.out.strip()


@pytest.mark.usefixtures("mastodon")
def test_the_same_key_answers_the_same_for_ever(shell: Shell) -> None:
    words = ("schedule", "Hello", "--to", "acme", "--at", "2h", "--key", "k", "--json")
    first, second = shell(*words).document, shell(*words).document
    assert first["deliveries"] == second["deliveries"]
    assert (first["created"], second["created"]) == (["1.1"], [])
    assert listed(shell) == ["scheduled"]


@pytest.mark.usefixtures("mastodon")
def test_a_rehearsed_schedule_saves_nothing(shell: Shell) -> None:
    answer = shell("schedule", "Hello", "--to", "acme", "--now", "--dry-run", "--json").document
    assert (answer["post"], [each["id"] for each in answer["deliveries"]]) == (None, [None])
    assert listed(shell) == []


@pytest.mark.usefixtures("mastodon")
def test_the_text_may_come_from_standard_input_or_a_file(home: Home, shell: Shell) -> None:
    (home.folder / "text").write_text("From a file\n")
    shell("schedule", "-", "--to", "acme", "--now", stdin="Grüße\nüber zwei Zeilen\n")
    shell("schedule", "--text-file", "text", "--to", "acme", "--now")
    texts = [shell("show", id, "--json").document["post"]["text"] for id in ("1", "2")]
    assert texts == ["Grüße\nüber zwei Zeilen", "From a file"]


@pytest.mark.usefixtures("mastodon")
def test_an_account_may_have_its_own_text_and_options(shell: Shell) -> None:
    words = ("--text-for", "acme=Own = text", "--option", "acme.visibility=unlisted")
    (delivery,) = shell(
        "schedule", "Hello", "--to", "acme", "--now", *words, "--json"
    ).document["deliveries"]  # fmt: skip
    assert (delivery["text"], delivery["options"]["visibility"]) == ("Own = text", "unlisted")


@pytest.mark.usefixtures("mastodon")
def test_a_list_goes_on_where_it_ended(shell: Shell) -> None:
    for hours in range(1, 6):
        shell("schedule", "Hello", "--to", "acme", "--at", f"{hours}h")
    ids: list[str] = []
    words: tuple[str, ...] = ()
    while True:
        page = shell("list", "--limit", "2", "--oldest-first", "--json", *words).document
        ids += [each["id"] for each in page["deliveries"]]
        if page["next"] is None:
            break
        words = ("--after", page["next"])
    assert ids == ["1.1", "2.1", "3.1", "4.1", "5.1"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--state", "late"), 1),
        (("--state", "late", "--state", "failed"), 2),
        (("--account", "acme"), 2),
        (("--platform", "bluesky"), 0),
        (("--campaign", "spring"), 0),
        (("--since", "2026-11-01"), 2),
        (("--since", "2026-11-21T11:30"), 0),
        (("--until", "2026-11-21T10:30+01:00"), 0),
        (("--until", "1s"), 2),
        (("--order", "created"), 2),
    ],
)
def test_a_list_can_be_narrowed(
    home: Home, shell: Shell, words: tuple[str, ...], found: int
) -> None:
    home.add_account()
    home.holding(State.LATE, State.FAILED)
    assert len(shell("list", "--json", *words).document["deliveries"]) == found


@pytest.mark.usefixtures("mastodon")
def test_everything_made_from_one_file_can_be_listed(home: Home, shell: Shell) -> None:
    """C5: by the file itself, wherever it lies now, or by its checksum."""
    one, two = (picture(home.folder / name, size=size) for name, size in TWO_PICTURES)
    for media in ((one,), (two,), (one, two), ()):
        words = [word for path in media for word in ("--media", str(path))]
        assert shell("schedule", "Hello", "--to", "acme", "--at", "2h", *words).code == 0
    moved = one.rename(home.folder / "elsewhere")
    checksum = hashlib.sha256(moved.read_bytes()).hexdigest()
    for named in (str(moved), "elsewhere", checksum, checksum[:8], checksum[:6].upper()):
        found = shell("list", "--media", named, "--json").document["deliveries"]
        assert {each["id"] for each in found} == {"1.1", "3.1"}, named
    (home.folder / "never used").write_text("x")
    assert shell("list", "--media", "never used").out == "Nothing.\n"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("gone.jpg", "There is no file 'gone.jpg', and it is no SHA-256 either"),
        ("abcde", "There is no file 'abcde', and it is no SHA-256 either"),
        ("abcdef", "No file in the library has a SHA-256 that begins with abcdef."),
        ("", "cannot be read: Is a directory."),
        ("config", "'config' cannot be read: Is a directory."),
        ("x" * 300, "cannot be read: File name too long."),
    ],
)
def test_media_that_nobody_knows_is_one_sentence(shell: Shell, named: str, told: str) -> None:
    answer = shell("list", "--media", named)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert told in answer.err


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ((), ["created", "missed", "created", "cancelled"]),
        (("--post", "2"), ["created", "cancelled"]),
        (("--kind", "missed"), ["missed"]),
        (("--day", "2026-10-22"), ["created", "missed", "created", "cancelled"]),
        (("--day", "2026-10-23"), []),
        (("--day", "9999-12-31"), []),
        (("--since", "1d"), []),
        (("--limit", "1"), ["cancelled"]),
    ],
)
def test_the_ledger_can_be_narrowed(
    home: Home, shell: Shell, words: tuple[str, ...], kinds: list[str]
) -> None:
    home.holding(State.LATE, State.CANCELLED)
    events = shell("log", "--json", *words).document["events"]
    assert [event["kind"] for event in events] == kinds


@pytest.mark.usefixtures("mastodon")
def test_an_account_whose_platform_refuses_us_is_1(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "another-token")
    answer = shell("accounts", "check", "--json")
    (account,) = answer.document["accounts"]
    assert (answer.code, account["ok"]) == (1, False)


@pytest.mark.usefixtures("due")
def test_the_secret_is_shown_nowhere(shell: Shell) -> None:
    for words in (("config",), ("accounts", "check"), ("show", "1"), ("publish", "-v"), ("log",)):
        for option in ((), ("--json",)):
            answer = shell(*words, *option)
            assert TOKEN not in answer.out + answer.err


def listed(shell: Shell) -> list[str]:
    return [each["state"] for each in shell("list", "--json").document["deliveries"]]
