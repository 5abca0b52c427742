"""What `--json` answers: plain values, times in UTC as RFC 3339 with a Z."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postcron.model import (
        Attachment,
        Attempt,
        Delivery,
        LedgerEvent,
        Measure,
        NewDelivery,
        Page,
        Pause,
        Post,
    )
    from postcron.operations.approving import Decided
    from postcron.operations.edit import Edited
    from postcron.operations.listing import Entry
    from postcron.operations.measure import Collected
    from postcron.operations.pausing import Paused, Resumed
    from postcron.operations.reading import Shown, Story
    from postcron.operations.reconcile import Reconciled
    from postcron.operations.report import Making, Report
    from postcron.operations.resolve import Resolved
    from postcron.operations.schedule import Scheduled
    from postcron.operations.wishes import Planned

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
        "labels": list(one.labels),
        "approval": approval(one),
        "workspace": one.workspace,
        "created_by": one.created_by,
        "scheduled_by": one.scheduled_by,
        "window_end": moment(one.window_end),
        "series": one.series_id,
        "occurrence": moment(one.occurrence),
        "created_at": moment(one.created_at),
        "deleted_at": moment(one.deleted_at),
        "archived_at": moment(one.archived_at),
    }


def approval(one: Post) -> Document | None:
    if one.approval is None:
        return None
    return {"state": str(one.approval), "by": one.decided_by, "at": moment(one.decided_at)}


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
        "fps": one.file.fps,
        "frames": one.file.frames,
        "pages": one.file.pages,
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
        "priority": one.priority,
        "ready_at": moment(one.ready_at),
        "published_at": moment(one.published_at),
        "seen_at": moment(one.seen_at),
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


def resolved(one: Resolved) -> Document:
    return {"delivery": delivery(one.delivery), "not_checked": one.not_checked}


def edited(one: Edited) -> Document:
    head = {"post": post(one.post), "notes": list(one.notes)}
    return head | deliveries(one.deliveries)


def decided(one: Decided) -> Document:
    head = {"posts": [post(each) for each in one.posts], "notes": list(one.notes)}
    return head | deliveries(one.deliveries)


def planned(one: Planned | NewDelivery) -> Document:
    return {
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
        "deliveries": [*map(delivery, kept), *({"id": None} | planned(one) for one in rehearsed)],
        "created": [each.ref for each in kept if each.id in answer.created],
        "notes": list(answer.notes),
    }


# --- phases ------------------------------------------------------------------------------------


def report(one: Report) -> Document:
    head = {"phase": str(one.phase), "dry_run": one.dry_run, "found": one.found}
    lists = {name: [delivery(each) for each in some] for name, some in one.lists().items()}
    return head | lists | {"series": _making(one.series)}


def _making(one: Making) -> Document:
    return {
        "made": [
            {"series": each.series_id, "at": moment(each.at), "post": each.post_id}
            for each in one.made
        ],
        "left_out": [{"series": each.id, "moments": each.left_out} for each in one.left_out],
        "stalled": [{"series": each.id, "why": why} for each, why in one.stalled],
        "behind": [{"series": each.id, "why": why} for each, why in one.behind],
    }


def collected(one: Collected) -> Document:
    return {
        "dry_run": one.dry_run,
        "due": [each.ref for each in one.due],
        "measured": [
            {"id": of.ref, "account": of.account, "url": of.url} | measure(each)
            for of, each in one.measured
        ],
        "failed": [
            {
                "id": each.delivery.ref,
                "account": each.delivery.account,
                "error": {"code": each.code, "message": each.why},
                "again_at": moment(each.again_at),
            }
            for each in one.failed
        ],
    }


def reconciled(one: Reconciled) -> Document:
    doubted = [delivery(each) for each in one.doubted]
    return {"dry_run": one.dry_run, "doubted": doubted, "ahead": one.ahead}


# --- looking -----------------------------------------------------------------------------------


def page(one: Page) -> Document:
    rows = [delivery(each) | {"paused": pause(one.paused.get(each.id))} for each in one.deliveries]
    return {"deliveries": rows, "next": one.next}


def pause(one: Pause | None) -> Document | None:
    if one is None:
        return None
    return {
        "scope": str(one.scope),
        "name": one.name,
        "since": moment(one.since),
        "by": one.by,
        "why": one.why,
    }


def paused(one: Paused) -> Document:
    return {
        "pause": pause(one.pause),
        "waiting": one.waiting,
        "under_way": [delivery(each) for each in one.under_way],
        "kept": list(one.kept),
    }


def resumed(one: Resumed) -> Document:
    return {"pause": pause(one.pause)} | deliveries(one.deliveries)


def shown(one: Shown) -> Document:
    return {
        "post": post(one.post),
        "deliveries": [_story(each) for each in one.stories],
        "events": [event(each) for each in one.events],
    }


def _story(one: Story) -> Document:
    return delivery(one.delivery) | {
        "advice": one.advice,
        "paused": pause(one.pause),
        "measures": [measure(each) for each in one.measures],
        "attempts": [attempt(each) for each in one.attempts],
        "events": [event(each) for each in one.events],
    }


def measure(one: Measure) -> Document:
    return {
        "day": one.day.isoformat(),
        "taken_at": moment(one.taken_at),
        "numbers": dict(one.numbers),
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
