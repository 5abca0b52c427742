"""Whole pages for people: how things stand, one post with its history, the ledger, the accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from postcron.cli import installation
from postcron.cli.render import Here, deliveries, table
from postcron.cli.visible import visible
from postcron.operations.breaking import Opening
from postcron.rules import batches, pausing
from postcron.rules.spans import until
from postcron.states import State

if TYPE_CHECKING:
    from postcron.config import Config
    from postcron.model import AccountState, Attempt, Post
    from postcron.operations.accounts import Checked
    from postcron.operations.demo import Played
    from postcron.operations.init import Initialised
    from postcron.operations.listing import Entry, Known
    from postcron.operations.login import LoggedIn
    from postcron.operations.pausing import Paused, Resumed
    from postcron.operations.reading import Shown, Status, Story
    from postcron.operations.reconcile import Reconciled
    from postcron.sandbox import Sandbox


def status(one: Status, idle: Mapping[str, datetime], here: Here) -> str:
    counts = ", ".join(f"{one.counts[state]} {state}" for state in State if state in one.counts)
    counts = counts or "no posts yet"
    parts = [] if one.held is None else [visible(one.held), ""]
    parts.append(f"{counts}. Next: {here.when(one.next_due)}.")
    for pause in one.pauses:
        words = visible(here.pause(pause))
        parts += [
            "",
            f"{words[:1].upper()}{words[1:]}. Let it go: `{visible(pausing.ending(pause))}`.",
        ]
    if one.needs_you:
        parts += ["", "Needs you (`postcron show ID` says what is safe to do):"]
        parts.append(deliveries(one.needs_you, here))
    if one.stopped:
        parts += ["", *(visible(batches.stop(name, ref)) for ref, name in one.stopped.items())]
    if one.upcoming:
        parts += ["", "Upcoming:", deliveries(one.upcoming, here, one.paused)]
    openings = [opening for a in one.accounts if (opening := Opening.of(a, here.now))]
    if openings:
        parts += ["", *(visible(opening.told(here.now)) for opening in openings)]
    if one.full:
        parts += ["", *map(visible, one.full.values())]
    if one.pending:
        waits = f"{one.pending} deliver{'y waits' if one.pending == 1 else 'ies wait'}"
        parts += ["", f"{waits} for approval: `postcron list --approval pending`."]
    return "\n".join([*parts, "", _ran(one, idle, here)])


def _ran(one: Status, idle: Mapping[str, datetime], here: Here) -> str:
    """Return when each phase last ran, on whichever host; an idle minute counts."""
    last = dict(idle)
    for beat in one.beats:
        last[beat.phase] = max(beat.at, last.get(beat.phase, beat.at))
    if not last:
        return "No phase has run yet: crontab.example has the lines for cron."
    return "Last ran: " + ", ".join(f"{name} {until(at, here.now)}" for name, at in last.items())


def reconciled(one: Reconciled, here: Here) -> str:
    verb = "would be looked for" if one.dry_run else "are looked for from now on"
    unaskable = len(one.unaskable)
    asked = len(one.doubted) - unaskable
    lines = [
        f"{asked} deliveries may be out already and {verb}; none of them is sent by itself.",
        f"{unaskable} more may be, but were backed up before phase 2: nobody can ask, they need you.",
        f"{one.ahead} keep their time, still to come.",
        "What was cancelled, edited or moved since the backup has to be cancelled, edited or moved again.",
    ]
    return "\n".join([*lines, *([deliveries(one.doubted, here)] if one.doubted else [])])


def paused(one: Paused, here: Here) -> str:
    words = visible(here.pause(one.pause))
    count = f"{one.waiting} deliver{'y waits' if one.waiting == 1 else 'ies wait'}"
    lines = [f"{'It was' if one.old else 'Now'} {words}. {count}; nothing new is sent."]
    lines += map(visible, one.kept)
    if one.under_way:
        lines += ["Its call was on its way already:", deliveries(one.under_way, here)]
    return "\n".join(lines)


def resumed(one: Resumed, here: Here) -> str:
    lines = [f"No longer {visible(here.pause(one.pause))}."]
    if one.deliveries:
        lines.append(deliveries(one.deliveries, here))
    if late := one.late:
        ids = " ".join(each.ref for each in late[:20])
        lines.append(
            f"{len(late)} became late: `postcron retry {ids}` sends now, `postcron edit ID --at …` gives a "
            f"new time, `postcron cancel {ids}` drops."
        )
    return "\n".join(lines)


# --- one post ----------------------------------------------------------------------------------


def shown(one: Shown, here: Here) -> str:
    return "\n".join(
        [*_post(one.post, here), *(line for s in one.stories for line in _story(s, here))]
    )


def _post(one: Post, here: Here) -> Iterator[str]:
    facts = {
        "key": one.key,
        "campaign": one.campaign,
        "labels": ", ".join(one.labels),
        "notes": one.notes,
        "approval": _approval(one, here),
        "by": f"{one.created_by} ({one.scheduled_by}), {here.clock(one.created_at)}",
    }
    aside = "" if one.archived_at is None else ", archived"
    yield f"Post {one.id}, a {one.type}{'' if one.deleted_at is None else ', deleted'}{aside}"
    yield from (f"  {name}: {visible(value)}" for name, value in facts.items() if value)
    yield from (f"  │ {visible(line)}" for line in one.text.splitlines())
    for each in one.attachments:
        alt = f", alt: {visible(each.alt)}" if each.alt else ""
        yield f"  {each.file.kind} {visible(each.name)}, {each.file.size:,} bytes{alt}"


def _approval(one: Post, here: Here) -> str:
    if one.decided_at is None:
        return str(one.approval or "")
    return f"{one.approval} by {one.decided_by}, {here.clock(one.decided_at)}"


def _story(one: Story, here: Here) -> Iterator[str]:
    delivery = one.delivery
    yield ""
    yield f"{delivery.ref} {visible(delivery.account)} ({delivery.platform}): {delivery.state}"
    first = f", priority {delivery.priority}" if delivery.priority else ""
    yield f"  due {here.when(delivery.due_at)}, {visible(delivery.reason)}{first}"
    if delivery.text is not None:
        yield from (f"  │ {visible(line)}" for line in delivery.text.splitlines())
    if delivery.error is not None:
        yield f"  error: {visible(delivery.error)} [{delivery.error_code}]"
    if one.pause is not None:
        words = f"It is {here.pause(one.pause)}; `{pausing.ending(one.pause)}` lets it go."
        yield f"  {visible(words)}"
    yield f"  {visible(one.advice)}"
    for measure in one.measures:
        yield f"  numbers of {measure.day}: {told(dict(measure.numbers)) or 'none'}"
    yield from (f"  try {_attempt(each, here)}" for each in one.attempts)
    for event in one.events:
        yield f"  {here.clock(event.at)}  {event.kind.replace('_', ' ')}  {visible(told(event.detail))}"


def _attempt(one: Attempt, here: Here) -> str:
    sent = "not sent" if one.sent_at is None else f"sent {here.clock(one.sent_at)}"
    why = "" if one.message is None else f": {visible(one.message)}"
    return f"{one.number}, {sent}, {str(one.outcome).replace('_', ' ')}{why}"


# --- lists -------------------------------------------------------------------------------------


def ledger(entries: Iterable[Entry], here: Here) -> str:
    rows = [
        (
            here.clock(one.event.at),
            one.ref or str(one.event.post_id),
            one.event.kind.replace("_", " "),
            "" if one.event.after is None else str(one.event.after),
            one.event.actor,
            told(one.event.detail),
        )
        for one in entries
    ]
    return table(("AT", "ID", "WHAT", "THEN", "BY", "WHY"), rows, colours=3) if rows else "Nothing."


def told(detail: object) -> str:
    """Return the details of an event in a few words."""
    if not isinstance(detail, dict):
        return ""
    why = detail.get("why") or detail.get("message") or detail.get("reason")
    if why:
        return str(why)
    return ", ".join(
        f"{name}: {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in detail.items()
        if value is not None
    )


# --- accounts ----------------------------------------------------------------------------------


def accounts(some: Iterable[Known], here: Here) -> str:
    rows = [
        (
            one.account.name,
            one.account.platform,
            _standing(one, here),
            _identity(one.state),
            one.account.timezone,
        )
        for one in some
    ]
    if not rows:
        return "No account yet: add one to the configuration, like [accounts.NAME]."
    return table(("ACCOUNT", "PLATFORM", "STANDING", "THERE", "ZONE"), rows)


def checked(some: Iterable[Checked], now: datetime) -> str:
    rows = [
        (
            one.account.name,
            one.account.platform,
            "ok" if one.problem is None else str(one.problem.code),
            one.outlook.sentence(now),
            _identity(one.state) if one.problem is None else one.problem.message,
        )
        for one in some
    ]
    if not rows:
        return "No account yet."
    return table(("ACCOUNT", "PLATFORM", "ANSWER", "LOGIN", "THERE"), rows)


def logged_in(one: LoggedIn, here: Here) -> str:
    who = "" if one.identity is None else f" as {visible(one.identity.name)}"
    ends = one.state.session_dies_at
    until_then = "" if ends is None else f" Log in again {until(ends, here.now)} at the latest."
    return f"{one.account.name} is logged in{who}.{until_then}"


def _identity(state: AccountState) -> str:
    if state.remote_id is None:
        return "not asked yet"
    return f"{state.remote_name} ({state.remote_id})"


def _standing(one: Known, here: Here) -> str:
    if not one.account.enabled:
        return "switched off"
    if one.problem is not None:
        return f"not usable: {one.problem.message}"
    if (opening := Opening.of(one.state, here.now)) is None:
        return "usable" if one.pause is None else here.pause(one.pause)
    if opening.until is None:
        return f"blocked: {opening.why}"
    return f"left alone, tried again {until(opening.until, here.now)}"


# --- setting up --------------------------------------------------------------------------------


def initialised(done: Initialised) -> str:
    rows = [(part.name, "made" if part.new else "was there", part.where) for part in done.parts]
    text = table(("WHAT", "", "WHERE"), rows)
    if done.config.accounts:
        return text
    path = visible(str(done.config.path))
    return f"{text}\n\nNext: add an account to {path}, then `postcron accounts check`."


def config(one: Config) -> str:
    """Return the configuration in force, one key a line."""
    return "\n".join(_lines((), installation.config(one)))


def _lines(keys: tuple[str, ...], value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lines((*keys, name), inner)
    elif isinstance(value, list):
        yield from _lines(keys, ", ".join(map(str, value)) or None)
    elif value is not None:
        yield f"{'.'.join(map(visible, keys))} = {visible(str(value))}"


def valid(one: Config) -> str:
    count = len(one.accounts)
    return f"{visible(str(one.path))} is valid: {count} account{'' if count == 1 else 's'}."


# --- the platform on this machine --------------------------------------------------------------


def sandbox(one: Sandbox) -> str:
    first = next(account for account in one.accounts if account.provider == "mastodon")
    return f"""\
A platform runs at {one.url}/ until you press Ctrl-C. An account for it:

[accounts.sandbox]
platform = "onlysocial"
api_url = "{one.url}"
workspace = "{one.workspace}"
account_id = "{first.id}"
network = "{first.provider}"
token = {{ env = "SANDBOX_TOKEN" }}      # export SANDBOX_TOKEN={one.token}"""


def played(one: Played) -> str:
    rows = [
        (
            line.delivery.ref,
            str(line.delivery.state),
            _precise(line.delivery.due_at),
            _precise(line.attempt.sent_at),
            f"{line.lateness.total_seconds() * 1000:.1f} ms",
            f"{line.times_live} x",
            "answer lost, then found" if line.lost_answer else line.text,
        )
        for line in one.lines
    ]
    heads = ("ID", "STATE", "DUE", "SENT", "LATE BY", "LIVE", "")
    told = "each once" if one.as_promised else "which is not what was promised"
    summary = f"{one.live} posts are live, {told}. Look at them: {visible(str(one.page))}"
    return f"\n{table(heads, rows, colours=1)}\n\n{summary}"


def _precise(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%H:%M:%S.%f}"[:-3]
