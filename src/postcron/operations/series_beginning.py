"""Begin a series: all of its texts are checked first, then it is kept with its first posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Account, NewSeries, Problem, Series
from postcron.operations.house import House
from postcron.operations.intake import taking_in
from postcron.operations.keeping_up import by_rules
from postcron.operations.occurrences import AHEAD, make, require_room
from postcron.operations.schedule import notes_on
from postcron.operations.series import TOLD, Next, Told, show, tell
from postcron.operations.series_template import Template, texts_of
from postcron.operations.wishes import Wish, accounts_of, outings, parts_of, unfit
from postcron.rules.every import rule_of
from postcron.rules.recurrence import Bounds, Recurrence, recurring


@dataclass(frozen=True)
class Repeat:
    """How often, from when and until when, as it was typed; None: not said."""

    #: in plain words, or a rule of RFC 5545
    every: str | None = None
    rrule: str | None = None
    starting: str | None = None
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def said(self) -> str:
        return self.every or self.rrule or ""

    def rule(self) -> str:
        """Return the rule of RFC 5545; raises `Invalid` if there are two, or words that are none."""
        if self.every is not None and self.rrule is not None:
            raise Invalid("--every and --rrule give two rules: give one.", code="usage")
        return self.rrule or "" if self.every is None else rule_of(self.every)


def begin(
    house: House,
    wish: Wish,
    repeat: Repeat,
    variations: Sequence[str] = (),
    *,
    actor: str,
    dry_run: bool = False,
) -> Told:
    """Save a series and make its first posts; raises `DoesNotFit` or `Invalid` with nothing kept.

    A key that is known answers with the series it stands for, and changes nothing.
    """
    if wish.at or wish.ats or wish.exact or wish.window_end:
        message = "A rule says when a series is due: --at, --now, --exact and --window-end do not go with it."
        raise Invalid(message, code="usage")
    accounts, now = accounts_of(house, wish), house.clock.now()
    known = None if wish.key is None else house.store.series.by_key(wish.key)
    if known is not None:
        return tell(house, known, notes=_differs(known, repeat, texts_of(wish.text, variations)))
    zone = _zone(wish, accounts)
    rule = recurring(repeat.rule(), zone, repeat.bounds, now=now, starting=repeat.starting)
    with taking_in(house) as intake:
        files = intake.fetch(wish.media, wish.alts, wish.names)
        template = Template(repeat.said, _labelled(wish), texts_of(wish.text, variations), files)
        require_fit(house, template, accounts)
        require_room(house, template.turn(0), rule, accounts)
        soon = rule.between(now, now + AHEAD)
        due = [(account.name, at) for account in accounts for at in soon]
        parts = parts_of(template.turn(0))
        notes = notes_on(house, accounts, [each for one in due for each in outings(parts, *one)])
        if dry_run:
            notes += by_rules(house, rule, wish.accounts)
            return Told(None, template, rule, tuple(map(Next, rule.first(TOLD, now))), notes)
        template = replace(template, files=intake.keep(files))
    one = _saved(house, wish.key, rule, template, now, actor)
    made = make(house, house.run("schedule", actor=actor), one)
    told = show(house, str(one.id))
    return replace(told, notes=(*notes, *(told.notes or (why for _, why in made.behind))))


def _saved(
    house: House, key: str | None, rule: Recurrence, template: Template, now: datetime, actor: str
) -> Series:
    new = NewSeries(
        workspace=house.config.workspace,
        key=key,
        rule=rule.written(),
        zone=rule.zone.key,
        template=template.document(),
        made_until=now,
        wake_at=now,
        created_by=actor,
    )
    return house.store.series.add(new, [each.file for each in template.files])


def _labelled(wish: Wish) -> Wish:
    """Return the wish with a label that says where its posts come from, if it has none of its own."""
    return replace(wish, scheduled_by="series") if wish.scheduled_by == "manual" else wish


def _zone(wish: Wish, accounts: Sequence[Account]) -> str:
    """Return the one zone in which a series is due; raises `Invalid` if there are several."""
    zones = {account.timezone for account in accounts}
    if wish.zone is None and len(zones) > 1:
        message = (
            f"The accounts are in {' and '.join(sorted(zones))}: say with --tz where the rule "
            "counts, or begin a series for each."
        )
        raise Invalid(message, code="usage")
    return wish.zone or zones.pop()


def require_fit(house: House, template: Template, accounts: Sequence[Account]) -> None:
    """Raise `DoesNotFit` with every reason why one of the texts could not be published."""
    found: dict[Problem, None] = {}
    for number in range(len(template.texts)):
        parts = parts_of(template.turn(number))
        found |= dict.fromkeys(unfit(house, parts, accounts, template.files_of(parts)))
    if found:
        raise DoesNotFit(list(found))


def _differs(known: Series, repeat: Repeat, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Say it if a key stands for another rule or other texts."""
    if (known.template["said"], tuple(known.template["texts"])) == (repeat.said, texts):
        return ()
    message = f"Key {known.key} already stands for series {known.id} with another rule or text; nothing changed."
    return (message,)
