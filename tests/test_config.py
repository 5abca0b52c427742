"""The configuration: what it means, and that every mistake in it is told with file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.config import Config, RunLimits, default_path, find, load, starter
from postcron.errors import ConfigInvalid
from postcron.model import Policy, SecretRef
from postcron.platforms import BUILT_IN
from postcron.rules.blackouts import blackout
from postcron.rules.nearest import nearest
from postcron.rules.placing import Timetable
from postcron.rules.slots import slot
from postcron.rules.windows import window

HOME = {"HOME": "/home/ada"}
ZONE = 'timezone = "Europe/Rome"\n'
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "postcron.toml"


def loaded(file: Path, text: str, environ: Mapping[str, str] = HOME) -> Config:
    file.write_text(text)
    return load(file, environ)


# --- what it means ---------------------------------------------------------------------------


def test_a_time_zone_is_all_a_configuration_needs(file: Path) -> None:
    config = loaded(file, ZONE)
    assert (config.workspace, config.timezone) == ("default", "Europe/Rome")
    assert config.store.url == "sqlite:////home/ada/.local/share/postcron/postcron.db"
    assert config.media.library == "/home/ada/.local/share/postcron/media"
    assert config.seal_key == SecretRef("file", str(file.parent / "postcron.key"))
    assert (config.run, config.accounts) == (RunLimits(), {})


def test_paths_are_relative_to_the_folder_of_the_file(file: Path) -> None:
    text = '[store]\nurl = "sqlite:///var/../posts.db"\n[media]\nlibrary = "media"\n'
    config = loaded(file, f'{ZONE}seal_key = {{ file = "./keys/seal" }}\n{text}')
    assert config.store.url == f"sqlite:///{file.parent}/posts.db"
    assert config.media.library == f"{file.parent}/media"
    assert config.seal_key == SecretRef("file", f"{file.parent}/keys/seal")


def test_a_tilde_is_the_home_of_the_environment_given(file: Path) -> None:
    text = '[store]\nurl = "sqlite:///~/posts.db"\n[media]\nlibrary = "~/media"\n'
    config = loaded(file, ZONE + text)
    assert config.store.url == "sqlite:////home/ada/posts.db"
    assert config.media.library == "/home/ada/media"


def test_without_a_home_in_the_environment_the_password_database_knows_it(file: Path) -> None:
    assert loaded(file, ZONE, {}).media.library.endswith("/.local/share/postcron/media")


def test_media_may_be_kept_on_anything_that_speaks_s3(file: Path) -> None:
    text = """
        [media]
        library = "s3://acme/posts"
        endpoint_url = "http://127.0.0.1:9000"
        region = "ams3"
        access_key = { env = "SPACES_KEY" }
        secret_key = { command = ["~/bin/key", "spaces"] }
    """
    media = loaded(file, ZONE + text).media
    assert (media.library, media.endpoint_url) == ("s3://acme/posts", "http://127.0.0.1:9000")
    assert media.access_key == SecretRef("env", "SPACES_KEY")
    assert media.secret_key == SecretRef("command", ("/home/ada/bin/key", "spaces"))


def test_an_account_keeps_the_keys_of_its_platform_as_text_or_as_where_a_secret_is(
    file: Path,
) -> None:
    text = """
        [accounts.acme-insta]
        platform = "instagram"
        user_id = 17841400000000000
        token = { file = "acme-token" }
        client_secret = { env = "ACME_SECRET" }
    """
    account = loaded(file, ZONE + text).accounts["acme-insta"]
    assert account.settings == {
        "user_id": "17841400000000000",
        "token": SecretRef("file", "acme-token"),
        "client_secret": SecretRef("env", "ACME_SECRET"),
    }
    assert account.where == f"{file}:3"
    assert account.enabled


def test_an_account_goes_before_its_platform_and_that_before_the_defaults(file: Path) -> None:
    text = """
        [platforms.mastodon]
        timezone = "America/New_York"
        lead = "0m"
        late = "skip"
        window = "18:00-24:00"
        min_gap = "60m"
        blackout = ["12-25", "2026-12-31..2027-01-01"]
        slots = "mon 19:00"
        [accounts.a]
        platform = "mastodon"
        [accounts.b]
        platform = "mastodon"
        timezone = "Asia/Tokyo"
        late = "publish"
        grace = "1h"
        resend = "after_proof"
        min_gap = "90m"
        blackout = []
        daily_cap = 5
        slots = ["sat,sun 20:00,21:30"]
        enabled = false
        [accounts.c]
        platform = "bluesky"
        window = ["mon-fri 18:00-24:00", "sat,sun 22:00-02:00"]
    """
    config = loaded(file, ZONE + text)
    a, b, c = (config.accounts[name] for name in "abc")
    assert a.policy == Policy(lead=timedelta(), late="skip")
    assert b.policy == Policy(timedelta(), timedelta(hours=1), "publish", "after_proof")
    assert c.policy == Policy()
    assert [account.timezone for account in (a, b, c)] == [
        *("America/New_York", "Asia/Tokyo", "Europe/Rome")
    ]
    assert [account.enabled for account in (a, b, c)] == [True, False, True]
    evenings = (window("18:00-24:00"),)
    assert config.timetables == {
        "a": Timetable(
            evenings,
            (blackout("12-25"), blackout("2026-12-31..2027-01-01")),
            timedelta(hours=1),
            slots=(slot("mon 19:00"),),
        ),
        "b": Timetable(
            evenings,
            min_gap=timedelta(minutes=90),
            daily_cap=5,
            slots=(slot("sat,sun 20:00,21:30"),),
        ),
        "c": Timetable((window("mon-fri 18:00-24:00"), window("sat,sun 22:00-02:00"))),
    }
    assert config.platforms == {"mastodon"}


def test_what_one_run_takes_on_can_be_set(file: Path) -> None:
    text = '[run]\ndue_limit = 5\nworkers = 1\nlease = "5m"\ndeadline = "2m"\n'
    text += 'confirm_every = "10s"\nconfirm_times = 6\n'
    run = loaded(file, ZONE + text).run
    assert (run.due_limit, run.stuck_limit, run.workers) == (5, 20, 1)
    assert (run.lease, run.deadline) == (timedelta(minutes=5), timedelta(minutes=2))
    assert (run.confirm_every, run.confirm_times) == (timedelta(seconds=10), 6)


def test_the_environment_goes_before_the_file(file: Path) -> None:
    environ = HOME | {
        "POSTCRON_WORKSPACE": "other",
        "POSTCRON_TIMEZONE": "Asia/Tokyo",
        "POSTCRON_STORE_URL": "sqlite:///~/other.db",
        "POSTCRON_MEDIA_LIBRARY": "s3://other/media",
    }
    config = loaded(file, f'workspace = "acme"\n{ZONE}', environ)
    assert (config.workspace, config.timezone) == ("other", "Asia/Tokyo")
    assert config.store.url == "sqlite:////home/ada/other.db"
    assert config.media.library == "s3://other/media"


def test_the_address_of_a_database_in_the_environment_is_a_secret(file: Path) -> None:
    environ = HOME | {"POSTCRON_STORE_URL": "postgresql://ada:sesame-9000@db/posts"}
    config = loaded(file, ZONE, environ)
    assert config.store.url == SecretRef("env", "POSTCRON_STORE_URL")
    assert "sesame" not in repr(config)


def test_variables_set_to_nothing_are_not_set(file: Path) -> None:
    environ = HOME | {"POSTCRON_TIMEZONE": "", "POSTCRON_STORE_URL": "", "POSTCRON_WORKSPACE": ""}
    assert loaded(file, ZONE, environ) == loaded(file, ZONE)


def test_where_a_key_stands_can_be_asked(file: Path) -> None:
    text = """
        [accounts."a.b"]
        # token = "no"
        platform = "x"
        token = { env = "T" }
        secret.env = "S"
    """
    config = loaded(file, ZONE + text)
    assert config.where("accounts", "a.b") == f"{file}:3"
    assert config.where("accounts", "a.b", "token") == f"{file}:6"
    assert config.where("accounts", "a.b", "token", "env") == f"{file}:6"
    assert config.where("accounts", "a.b", "secret") == f"{file}:7"
    assert config.where("accounts", "nobody") == f"{file}:3"
    assert config.where("media") == str(file)


# --- every mistake, with its line ------------------------------------------------------------


ACCOUNT = f'{ZONE}[accounts.a]\nplatform = "x"\n'


@pytest.mark.fault("F105")
@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        # unknown keys, with the nearest known
        (
            f'{ZONE}workspce = "a"\n',
            2,
            "workspce is not a key postcron knows; did you mean workspace?",
        ),
        (f"{ZONE}[stroe]\n", 2, "did you mean store?"),
        (
            f'{ZONE}[store]\nlurl = "x"\n',
            3,
            "store.lurl is not a key postcron knows; did you mean url?",
        ),
        (f"{ZONE}[media]\nbucket = 1\n", 3, "known: access_key, endpoint_url, library"),
        (f"{ZONE}[run]\n\ndue_limt = 1\n", 4, "did you mean due_limit?"),
        (f'{ZONE}[platforms.x]\ngrase = "1m"\n', 3, "did you mean grace?"),
        # wrong types and values
        ("workspace = 1\n" + ZONE, 1, "workspace must be text in quotes."),
        (f'{ZONE}workspace = ""\n', 2, "workspace is empty."),
        (f"{ZONE}store = 1\n", 2, "store must be a table, like [store]."),
        (f"{ZONE}accounts = 1\n", 2, "accounts must be a table"),
        (f"{ZONE}[accounts]\na = 1\n", 3, "accounts.a must be a table, like [accounts.a]."),
        (f"{ZONE}[[accounts]]\n", 2, "accounts must be a table"),
        (f'{ZONE}[run]\nworkers = "5"\n', 3, "run.workers must be a whole number."),
        (f"{ZONE}[run]\nworkers = true\n", 3, "run.workers must be a whole number."),
        (f"{ZONE}[run]\nworkers = 0\n", 3, "run.workers is 0, but must be from 1 to 1000."),
        (f"{ZONE}[run]\nahead = 60\n", 3, "run.ahead must be text in quotes."),
        (f'{ZONE}[run]\nahead = "1 minuet"\n', 3, "is not a length of time; write it like 90s"),
        (f'{ZONE}[run]\nconfirm_every = "0s"\n', 3, "must be at least 1s."),
        (f'{ZONE}[run]\nlease = "50s"\n', 3, "must be at least 30 s longer than the deadline."),
        # time zones
        (
            'workspace = "a"\n',
            None,
            'timezone is missing; add a line like timezone = "Europe/Rome".',
        ),
        ("", None, "timezone is missing"),
        ('timezone = "Rome"\n', 1, "did you mean Europe/Rome?"),
        (f'{ACCOUNT}timezone = "Roma"\n', 4, "accounts.a.timezone cannot be used"),
        # store and media
        (f'{ZONE}[store]\nurl = "mysql://x"\n', 3, "must start with sqlite:/// or postgresql://."),
        (f'{ZONE}[store]\nurl = "sqlite://"\n', 3, "names no file, so nothing would be remembered"),
        (f'{ZONE}[store]\nurl = "sqlite:///:memory:"\n', 3, "names no file"),
        (f'{ZONE}[store]\nurl = {{ environ = "X" }}\n', 3, 'store.url must be { env = "NAME" }'),
        (f'{ZONE}[media]\nlibrary = "ftp://x"\n', 3, "must be a folder or s3://BUCKET/PREFIX."),
        (f'{ZONE}[media]\nlibrary = "s3:///x"\n', 3, "must be a folder or s3://BUCKET/PREFIX."),
        (f'{ZONE}[media]\nendpoint_url = "s3.example.com"\n', 3, "like https://s3.example.com."),
        (f'{ZONE}[media]\nendpoint_url = "https://u:p@s3"\n', 3, "like https://s3.example.com."),
        # accounts
        (f'{ZONE}[accounts.a]\nuser = "x"\n', 2, "accounts.a.platform is missing"),
        (f'{ZONE}[accounts."a b"]\nplatform = "x"\n', 2, "cannot be the name of an account"),
        (
            f"{ZONE}[accounts.a]\n[accounts.a]\n",
            3,
            "is not TOML: Cannot declare ('accounts', 'a') twice",
        ),
        (f'{ACCOUNT}late = "maybe"\n', 4, "is 'maybe', but must be one of ask, publish, skip."),
        (f'{ACCOUNT}resend = "yes"\n', 4, "must be one of after_proof, ask."),
        (f'{ACCOUNT}enabled = "no"\n', 4, "accounts.a.enabled must be true or false."),
        (f'{ACCOUNT}window = "18-23"\n', 4, "'18' is not a time of day: write it like 18:00."),
        (
            f'{ACCOUNT}window = ["18:00-18:00"]\n',
            4,
            "accounts.a.window cannot be understood: '18:00-18:00' has no length",
        ),
        (
            f'{ACCOUNT}window = ["18:00-23:00", "fri 22:00-02:00"]\n',
            4,
            "overlap on fri; write one of them shorter.",
        ),
        (f"{ACCOUNT}window = []\n", 4, 'is empty; the whole day is written "00:00-24:00".'),
        (f"{ACCOUNT}window = [18]\n", 4, "must be text in quotes, or a list of such."),
        (f"{ACCOUNT}window = 18\n", 4, "accounts.a.window must be text in quotes."),
        (
            f'{ACCOUNT}blackout = ["2026-02-30"]\n',
            4,
            "accounts.a.blackout cannot be understood: There is no day 2026-02-30",
        ),
        (
            f'{ACCOUNT}blackout = ["01-01..12-31"]\n',
            4,
            "accounts.a.blackout leaves no day of the year.",
        ),
        (
            f'{ACCOUNT}min_gap = "367d"\n',
            4,
            "accounts.a.min_gap is longer than 366 d: nobody waits for it.",
        ),
        (f'{ZONE}[platforms.x]\nwindow = "9-17"\n', 3, "platforms.x.window cannot be understood"),
        (f'{ACCOUNT}slots = "mon"\n', 4, "'mon' is not a slot: write it like \"mon-fri 09:00\""),
        (f'{ACCOUNT}slots = ["mon 9am"]\n', 4, "'9am' is not a time of day"),
        (f"{ACCOUNT}slots = [9]\n", 4, "must be text in quotes, or a list of such."),
        (f"{ACCOUNT}daily_cap = 0\n", 4, "must be from 1 to 10000."),
        (f"{ACCOUNT}min_gap = 60\n", 4, "accounts.a.min_gap must be text in quotes."),
        (f"{ACCOUNT}user_id = 1.5\n", 4, "accounts.a.user_id must be text in quotes."),
        (f"{ACCOUNT}user_id = [1]\n", 4, "accounts.a.user_id must be text in quotes."),
        # secrets
        (f"{ACCOUNT}token = {{}}\n", 4, 'accounts.a.token must be { env = "NAME" }'),
        (f'{ACCOUNT}token = {{ env = "A", file = "B" }}\n', 4, 'must be { env = "NAME" }'),
        (f'{ACCOUNT}token = {{ vault = "A" }}\n', 4, 'must be { env = "NAME" }'),
        (
            f'{ACCOUNT}token = {{ env = "MY TOKEN" }}\n',
            4,
            "must be the name of an environment variable.",
        ),
        (f"{ACCOUNT}token = {{ env = 1 }}\n", 4, "accounts.a.token.env must be text in quotes."),
        (f'{ACCOUNT}token = {{ file = "" }}\n', 4, "accounts.a.token.file is empty."),
        (f'{ACCOUNT}token = {{ command = "pass show x" }}\n', 4, 'must be a list, like ["pass"'),
        (f"{ACCOUNT}token = {{ command = [] }}\n", 4, 'must be a list, like ["pass"'),
        (
            f"{ACCOUNT}[accounts.a.token]\nfile = 1\n",
            5,
            "accounts.a.token.file must be text in quotes.",
        ),
        # not TOML at all
        (f"{ZONE}workspace =\n", 2, "is not TOML: Invalid value"),
        (f"{ZONE}workspace = acme\n", 2, "is not TOML"),
        (f'{ZONE}[accounts.a]\nplatform = "mast', 3, "is not TOML"),
        (f"{ZONE}[accounts.a", 2, "is not TOML"),
        (f'{ZONE}x = """\nhalf\nwritten', 4, "is not TOML"),
        (f"{ZONE}{ZONE}", 2, "is not TOML: Cannot overwrite a value"),
        (f'{ZONE}workspace = "a\0b"\n', 2, "holds a NUL byte."),
        (f"\ufeff{ZONE}", 1, "starts with a byte order mark; save it as plain UTF-8."),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    file: Path, text: str, line: int | None, says: str
) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        loaded(file, text)
    where = str(file) if line is None else f"{file}:{line}"
    assert refused.value.message.startswith(f"{where}: ")
    assert says in refused.value.message


@pytest.mark.fault("F105")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'timezone = "Europe/Rome"\nworkspace = "caf\xe9"\n', ":2: is not UTF-8."),
        (ZONE.encode("utf-16"), ":1: starts with a byte order mark"),
        (b"\0" * 512, ":1: holds a NUL byte."),
    ],
)
def test_what_is_not_utf_8_is_refused(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigInvalid, match=says):
        load(file, HOME)


def test_lines_that_end_like_on_windows_are_read(file: Path) -> None:
    file.write_bytes(b'timezone = "Europe/Rome"\r\nworkspace = "acme"\r\n')
    assert load(file, HOME).workspace == "acme"


def test_what_looks_like_a_key_inside_a_long_text_is_not_taken_for_one(file: Path) -> None:
    text = f'{ZONE}workspace = """\n[run]\nworkers = 0\n"""\n[run]\nworkers = 0\n'
    with pytest.raises(ConfigInvalid, match=f"{file}:7: run.workers is 0"):
        loaded(file, text)


@pytest.mark.parametrize(
    "key", ["token", "app_password", "client_secret", "refresh_token", "secret", "api_key"]
)
@pytest.mark.parametrize("value", ['"sesame-9000"', "9000900090009000"])
def test_a_secret_in_the_file_is_refused_and_not_shown(file: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigInvalid, match=f":4: accounts.a.{key} is a secret") as refused:
        loaded(file, f"{ACCOUNT}{key} = {value}\n")
    assert value.strip('"') not in refused.value.message
    assert '{ env = "NAME" }' in refused.value.message


@pytest.mark.parametrize(
    "url", ["postgresql://ada:sesame-9000@db/posts", "postgresql://db/posts?password=sesame-9000"]
)
def test_a_database_password_in_the_file_is_refused_and_not_shown(file: Path, url: str) -> None:
    with pytest.raises(ConfigInvalid, match=r":3: store\.url holds a password") as refused:
        loaded(file, f'{ZONE}[store]\nurl = "{url}"\n')
    assert "sesame" not in refused.value.message
    assert "~/.pgpass" in refused.value.message


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("POSTCRON_TIMEZONE", "Rome", "did you mean Europe/Rome"),
        ("POSTCRON_STORE_URL", "mysql://ada:sesame@db", "must start with sqlite:///"),
        ("POSTCRON_STORE_URL", "sqlite://", "names no file"),
        ("POSTCRON_MEDIA_LIBRARY", "ftp://media", "must be a folder or s3://"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    file: Path, variable: str, value: str, says: str
) -> None:
    with pytest.raises(ConfigInvalid, match=f"^{variable} .*{says}") as refused:
        loaded(file, ZONE, HOME | {variable: value})
    assert "sesame" not in refused.value.message


# --- whose file it is ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o444])
def test_others_may_read_the_configuration(file: Path, mode: int) -> None:
    file.write_text(ZONE)
    file.chmod(mode)
    assert load(file, HOME)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_configuration_that_others_can_write_is_refused(file: Path, mode: int) -> None:
    file.write_text(ZONE)
    file.chmod(mode)
    with pytest.raises(ConfigInvalid, match="is not used: it can be written by others"):
        load(file, HOME)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_configuration_of_somebody_else_is_refused(file: Path) -> None:
    file.write_text(ZONE)
    os.chown(file, 65534, 65534)
    with pytest.raises(ConfigInvalid, match="is not used: it belongs to another user"):
        load(file, HOME)


def test_a_folder_or_a_pipe_is_no_configuration(file: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"is not a file|Is a directory"):
        load(file.parent, HOME)
    os.mkfifo(file)
    with pytest.raises(ConfigInvalid, match="is not a file"):
        load(file, HOME)


# --- where it is -----------------------------------------------------------------------------


def test_the_first_configuration_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    monkeypatch.chdir(here)
    environ = {"HOME": str(home)}
    at_home = home / ".config" / "postcron" / "config.toml"
    assert default_path(environ) == at_home
    with pytest.raises(ConfigInvalid, match=f"looked for {here}/postcron.toml and {at_home}. Run"):
        find(None, environ)
    at_home.parent.mkdir(parents=True)
    at_home.touch()
    assert find(None, environ) == at_home
    (here / "postcron.toml").touch()
    assert find(None, environ) == here / "postcron.toml"
    assert find(None, environ | {"POSTCRON_CONFIG": "~/p.toml"}) == home / "p.toml"
    assert find("q.toml", environ | {"POSTCRON_CONFIG": "p.toml"}) == here / "q.toml"


def test_the_xdg_folder_is_used_if_it_is_a_whole_path() -> None:
    assert default_path(HOME | {"XDG_CONFIG_HOME": "/etc/ada"}) == Path(
        "/etc/ada/postcron/config.toml"
    )
    assert default_path(HOME | {"XDG_CONFIG_HOME": "ada"}) == default_path(HOME)


def test_a_file_that_is_named_but_missing_is_told(file: Path) -> None:
    with pytest.raises(ConfigInvalid, match=f"There is no configuration {file}; `postcron init`"):
        load(find(str(file), HOME), HOME)


# --- what we write ourselves -----------------------------------------------------------------


def test_the_example_works_as_it_stands() -> None:
    config = load(EXAMPLE, HOME)
    shown = {account.platform for account in config.accounts.values()}
    assert shown == BUILT_IN.keys() - {"mixpost"}, "an account of each; Mixpost's is OnlySocial's"
    assert config.run == RunLimits()


def left_out(start: str, end: str) -> list[str]:
    """Return the keys that a part of the example shows behind a "#", without it."""
    part = EXAMPLE.read_text().partition(f"\n{start}")[2].partition(f"\n{end}")[0]
    lines = [line.removeprefix("# ") for line in part.splitlines() if line.startswith("# ")]
    return [line for line in lines if re.match(r"[a-z_]+ = ", line)]


def test_the_lines_the_example_leaves_out_work_as_well(file: Path) -> None:
    top, store = left_out("workspace", "[store]"), left_out("[store]", "[media]")[:1]
    media, run = left_out("[media]", "[run]"), left_out("[run]", "[platforms")
    assert [len(some) for some in (top, store, media, run)] == [2, 1, 6, 9]
    text = [ZONE, *top, "[store]", *store, "[media]", *media, "[run]", *run]
    config = loaded(file, "\n".join(text))
    assert config.run == RunLimits()
    assert config.media.library == "s3://acme-media/postcron"


def test_the_rules_the_example_shows_are_the_defaults_or_work(file: Path) -> None:
    start = "[platforms.mastodon]"
    usual = load(EXAMPLE, HOME)
    assert usual.accounts["acme-mastodon"].policy == Policy()
    assert usual.timetables["acme-mastodon"] == Timetable()
    rules = left_out(start, "# Known good values")
    assert len(rules) == 7
    account = '[accounts.a]\nplatform = "mastodon"\napi_url = "https://a.example"\n'
    config = loaded(file, "\n".join([ZONE, start, *rules, account, 'token = { env = "A" }']))
    assert (config.accounts["a"].policy.approval, config.accounts["a"].timezone) == (
        True,
        "America/New_York",
    )


def test_a_starter_can_be_loaded_and_says_what_it_was_told(file: Path) -> None:
    text = starter(timezone="Asia/Tokyo", workspace='a "b" \\ ü')
    config = loaded(file, text)
    assert (config.timezone, config.workspace) == ("Asia/Tokyo", 'a "b" \\ ü')
    assert loaded(file, text.replace("\n# [", "\n[").replace("\n# ", "\n")).accounts


def test_the_nearest_known_word_is_offered_or_all_of_them() -> None:
    assert nearest("tokn", ["token", "api_url"]) == "did you mean token?"
    assert nearest("zzz", ["token", "api_url"]) == "known: api_url, token."
