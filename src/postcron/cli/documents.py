"""What `--json` answers: plain values, times in UTC as RFC 3339 with a Z."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from postcron.rules.spans import spell

if TYPE_CHECKING:
    from postcron.config import Config
    from postcron.model import (
        Account,
        AccountState,
        Attachment,
        Attempt,
        Delivery,
        LedgerEvent,
        Page,
        Post,
    )
    from postcron.operations.accounts import Checked
    from postcron.operations.demo import Played
    from postcron.operations.init import Initialised
    from postcron.operations.listing import Entry
    from postcron.operations.reading import Shown, Status, Story
    from postcron.operations.report import Report
    from postcron.operations.schedule import Planned, Scheduled
    from postcron.sandbox import Sandbox

Document = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


# --- posts and deliveries ----------------------------------------------------------------------


def post(one: Post) -> Document:
    return {
        "id": one.id,
        "key": one.key,
        "text": one.text,
        "type": str(one.type),
        "media": [attachment(each) for each in one.attachments],
        "campaign": one.campaign,
        "notes": one.notes,
        "workspace": one.workspace,
        "created_by": one.created_by,
        "scheduled_by": one.scheduled_by,
        "created_at": moment(one.created_at),
        "deleted_at": moment(one.deleted_at),
    }


def attachment(one: Attachment) -> Document:
    return {
        "name": one.name,
        "alt": one.alt,
        "sha256": one.file.sha256,
        "size": one.file.size,
        "kind": str(one.file.kind),
        "mime": one.file.mime,
        "width": one.file.width,
        "height": one.file.height,
        "duration_s": seconds(one.file.duration),
        "codec": one.file.codec,
        "location": one.file.location,
    }


def delivery(one: Delivery) -> Document:
    return {
        "id": one.ref,
        "post": one.post_id,
        "account": one.account,
        "platform": one.platform,
        "state": str(one.state),
        "text": one.text,
        "options": dict(one.options),
        "wanted_at": moment(one.wanted_at),
        "due_at": moment(one.due_at),
        "reason": one.reason,
        "ready_at": moment(one.ready_at),
        "published_at": moment(one.published_at),
        "url": one.url,
        "remote_id": one.remote_id,
        "error": _error(one),
        "tries": one.tries,
        "last_attempt_at": moment(one.last_attempt_at),
        "wake_at": moment(one.wake_at),
        "created_at": moment(one.created_at),
        "updated_at": moment(one.updated_at),
    }


def _error(one: Delivery) -> Document | None:
    if one.error_code is None and one.error is None:
        return None
    return {"code": None if one.error_code is None else str(one.error_code), "message": one.error}


def deliveries(some: Iterable[Delivery]) -> Document:
    return {"deliveries": [delivery(each) for each in some]}


def planned(one: Planned) -> Document:
    return {
        "id": None,
        "account": one.account,
        "platform": one.platform,
        "state": str(one.state),
        "wanted_at": moment(one.wanted_at),
        "due_at": moment(one.due_at),
        "reason": one.reason,
    }


def scheduled(answer: Scheduled) -> Document:
    from postcron.model import Delivery

    kept = [each for each in answer.deliveries if isinstance(each, Delivery)]
    rehearsed = [each for each in answer.deliveries if not isinstance(each, Delivery)]
    return {
        "post": None if answer.post is None else post(answer.post),
        "deliveries": [*map(delivery, kept), *map(planned, rehearsed)],
        "created": [each.ref for each in kept if each.id in answer.created],
        "notes": list(answer.notes),
    }


# --- phases ------------------------------------------------------------------------------------


def report(one: Report) -> Document:
    lists = {
        "done": one.done,
        "failed": one.failed,
        "late": one.late,
        "unknown": one.unknown,
        "waiting": one.waiting,
    }
    head = {"phase": str(one.phase), "dry_run": one.dry_run, "found": one.found}
    return head | {name: [delivery(each) for each in some] for name, some in lists.items()}


# --- looking -----------------------------------------------------------------------------------


def page(one: Page) -> Document:
    return deliveries(one.deliveries) | {"next": one.next}


def shown(one: Shown) -> Document:
    return {
        "post": post(one.post),
        "deliveries": [_story(each) for each in one.stories],
        "events": [event(each) for each in one.events],
    }


def _story(one: Story) -> Document:
    return delivery(one.delivery) | {
        "advice": one.advice,
        "attempts": [attempt(each) for each in one.attempts],
        "events": [event(each) for each in one.events],
    }


def attempt(one: Attempt) -> Document:
    return {
        "number": one.number,
        "outcome": str(one.outcome),
        "intended_at": moment(one.intended_at),
        "sent_at": moment(one.sent_at),
        "ended_at": moment(one.ended_at),
        "error": None if one.code is None else {"code": one.code, "message": one.message},
        "run": one.run,
        "host": one.host,
    }


def event(one: LedgerEvent) -> Document:
    return {
        "id": one.id,
        "at": moment(one.at),
        "kind": one.kind,
        "post": one.post_id,
        "before": None if one.before is None else str(one.before),
        "after": None if one.after is None else str(one.after),
        "actor": one.actor,
        "run": one.run,
        "detail": dict(one.detail),
    }


def ledger(some: Iterable[Entry]) -> Document:
    return {"events": [event(one.event) | {"delivery": one.ref} for one in some]}


def status(one: Status, idle: Mapping[str, datetime]) -> Document:
    return {
        "now": moment(one.now),
        "counts": {str(state): count for state, count in one.counts.items()},
        "next_due": moment(one.next_due),
        "upcoming": [delivery(each) for each in one.upcoming],
        "needs_you": [delivery(each) for each in one.needs_you],
        "accounts": [account_state(each) for each in one.accounts],
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


# --- accounts ----------------------------------------------------------------------------------


def account_state(one: AccountState) -> Document:
    return {
        "name": one.account,
        "remote_id": one.remote_id,
        "remote_name": one.remote_name,
        "checked_at": moment(one.checked_at),
        "paused": one.paused,
        "blocked_until": moment(one.blocked_until),
        "block": None
        if one.block_code is None
        else {"code": one.block_code, "message": one.block_why},
        "session_expires_at": moment(one.session_expires_at),
    }


def account(one: Account, state: AccountState) -> Document:
    return account_state(state) | {
        "name": one.name,
        "platform": one.platform,
        "timezone": one.timezone,
        "enabled": one.enabled,
        "where": one.where,
    }


def checked(one: Checked) -> Document:
    problem = one.problem
    return account(one.account, one.state) | {
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
        "accounts": {name: _account(each) for name, each in one.accounts.items()},
    }


def _account(one: Account) -> Document:
    return {
        "platform": one.platform,
        "timezone": one.timezone,
        "enabled": one.enabled,
        "where": one.where,
        "policy": {name: _plain(value) for name, value in asdict(one.policy).items()},
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
            }
            for line in one.lines
        ],
        "live": one.live,
        "page": str(one.page),
    }
