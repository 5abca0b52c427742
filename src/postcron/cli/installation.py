"""What `--json` answers about this installation: accounts, configuration, the platform of the demo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from postcron.cli.documents import Document, delivery, moment, pause, seconds
from postcron.rules.spans import spell

if TYPE_CHECKING:
    from postcron.config import Config
    from postcron.model import Account, AccountState
    from postcron.operations.accounts import Checked
    from postcron.operations.checking import Finding
    from postcron.operations.demo import Played
    from postcron.operations.init import Initialised
    from postcron.operations.listing import Known
    from postcron.operations.login import LoggedIn
    from postcron.operations.reading import Status
    from postcron.rules.placing import Timetable
    from postcron.sandbox import Sandbox


# --- how things stand ------------------------------------------------------------------------


def status(one: Status, idle: Mapping[str, datetime]) -> Document:
    return {
        "now": moment(one.now),
        "held": one.held,
        "counts": {str(state): count for state, count in one.counts.items()},
        "next_due": moment(one.next_due),
        "upcoming": [delivery(each) for each in one.upcoming],
        "needs_you": [delivery(each) for each in one.needs_you],
        "accounts": [account_state(each) for each in one.accounts],
        "full": dict(one.full),
        "pending": one.pending,
        "pauses": [pause(each) for each in one.pauses],
        "stopped": [{"batch": name, "at": ref} for ref, name in one.stopped.items()],
        "runs": [
            {
                "phase": beat.phase,
                "host": beat.host,
                "at": moment(beat.at),
                "found": beat.found,
                "done": beat.done,
                "failed": beat.failed,
            }
            for beat in one.beats
        ],
        "idle": {phase: moment(at) for phase, at in idle.items()},
    }


def findings(some: Sequence[Finding]) -> Document:
    return {"ok": not some, "findings": [asdict(one) for one in some]}


# --- accounts ----------------------------------------------------------------------------------


def account_state(one: AccountState) -> Document:
    return {
        "name": one.account,
        "remote_id": one.remote_id,
        "remote_name": one.remote_name,
        "checked_at": moment(one.checked_at),
        "blocked_until": moment(one.blocked_until),
        "blocked_why": None if one.blocked_until is None else one.block_why,
        "block": None
        if one.block_code is None
        else {"code": one.block_code, "message": one.block_why},
        "session_expires_at": moment(one.session_expires_at),
        "allowance": None
        if one.allowance_left is None
        else {
            "left": one.allowance_left,
            "answers_left": one.allowance_answers,
            "resets_at": moment(one.allowance_resets_at),
        },
    }


def account(one: Account, state: AccountState) -> Document:
    return account_state(state) | {
        "name": one.name,
        "platform": one.platform,
        "timezone": one.timezone,
        "enabled": one.enabled,
        "where": one.where,
    }


def accounts(some: Iterable[Known]) -> Document:
    return {"accounts": [account(one.account, one.state) | _held(one) for one in some]}


def _held(one: Known) -> Document:
    problem = None if one.problem is None else one.problem.message
    return {"paused": pause(one.pause), "problem": problem}


def logged_in(one: LoggedIn) -> Document:
    return account(one.account, one.state)


def checked(one: Checked) -> Document:
    problem = one.problem
    return account(one.account, one.state) | {
        "login_ends_at": moment(one.outlook.ends_at),
        "posts_after_login_ends": one.outlook.posts_after,
        "ok": problem is None,
        "error": None
        if problem is None
        else {"code": str(problem.code), "message": problem.message},
    }


# --- setting up --------------------------------------------------------------------------------


def initialised(done: Initialised) -> Document:
    parts = [{"name": part.name, "where": part.where, "new": part.new} for part in done.parts]
    return {"config": str(done.config.path), "parts": parts}


def config(one: Config) -> Document:
    """Return what is in force; a secret is shown as where it is kept."""
    media = asdict(one.media) | {
        name: secret(getattr(one.media, name)) for name in ("access_key", "secret_key")
    }
    return {
        "path": str(one.path),
        "workspace": one.workspace,
        "timezone": one.timezone,
        "store": {"url": secret(one.store.url)},
        "media": media,
        "seal_key": secret(one.seal_key),
        "run": {name: _plain(value) for name, value in asdict(one.run).items()},
        "accounts": {
            name: _account(each, one.timetables[name]) for name, each in one.accounts.items()
        },
    }


def _account(one: Account, timetable: Timetable) -> Document:
    return {
        "platform": one.platform,
        "timezone": one.timezone,
        "enabled": one.enabled,
        "where": one.where,
        "policy": {name: _plain(value) for name, value in asdict(one.policy).items()},
        "timetable": {
            "window": [each.written for each in timetable.windows],
            "blackout": [each.written for each in timetable.blackouts],
            "min_gap": _plain(timetable.min_gap),
            "daily_cap": timetable.daily_cap,
            "slots": [each.written for each in timetable.slots],
        },
        "settings": {name: secret(value) for name, value in one.settings.items()},
    }


def secret(value: Any) -> Any:
    """Return a setting, or for a secret the form in which the configuration names it."""
    source = getattr(value, "source", None)
    if source is None:
        return value
    return {source: list(value.value) if source == "command" else value.value}


def _plain(value: Any) -> Any:
    return spell(value) if isinstance(value, timedelta) else value


# --- the platform on this machine --------------------------------------------------------------


def sandbox(one: Sandbox) -> Document:
    return {
        "url": one.url,
        "token": one.token,
        "workspace": one.workspace,
        "accounts": [{"id": each.id, "network": each.provider} for each in one.accounts],
    }


def played(one: Played) -> Document:
    return {
        "posts": [
            delivery(line.delivery)
            | {
                "sent_at": moment(line.attempt.sent_at),
                "lateness_s": seconds(line.lateness),
                "lost_answer": line.lost_answer,
                "times_live": line.times_live,
            }
            for line in one.lines
        ],
        "live": one.live,
        "page": str(one.page),
    }
