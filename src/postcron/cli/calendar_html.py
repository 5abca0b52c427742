"""The calendar as one page that needs nothing else: for a browser, a phone, a printer.

Everything from outside is escaped. The page may run its own script and style and show the pictures in
it; its policy forbids it everything else, so that nothing is fetched from anywhere.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from postcron.cli.calendar_text import WEEKDAYS, first_line, short_names, spoken, zone
from postcron.cli.render import MARKS
from postcron.rules.spans import until
from postcron.states import State

if TYPE_CHECKING:
    from postcron.model import Attachment
    from postcron.operations.calendar import Calendar, Entry

#: a day of the grid shows so many deliveries, or one less and how many more there are
ROOM: Final = 4
#: a longer text is folded up until somebody wants to read on
LONG: Final = 320
#: beside a text stand so many pictures, or one less and how many more there are
PICTURES: Final = 4

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LINK: Final = re.compile(r"https?://[!-~]+")
#: what no page may hold
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{title} · {workspace}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body data-room="{room}">
<a class="skip" href="#list">To the list</a>
<header>
<div>
<h1>{title}</h1>
<p><bdi>{workspace}</bdi> · {zone} · as of {as_of}</p>
</div>
{jump}</header>
{filters}
<main>
<section class="month" aria-label="{title}, day by day">
{grid}
</section>
<section class="agenda" id="list" aria-label="All deliveries, in order">
{agenda}
<p class="empty"{nothing}>Nothing here.</p>
</section>
</main>
<script>{script}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class _Sheet:
    """What the parts of the page are drawn from."""

    calendar: Calendar
    by_day: Mapping[date, Sequence[Entry]]
    #: the checksums of the files there is a picture of
    pictures: Collection[str]
    #: of accounts, where there is little room
    names: Mapping[str, str]


def page(one: Calendar, pictures: Mapping[str, bytes]) -> str:
    """Return the page; `pictures` are small ones by the checksum of the file they show."""
    assets = files("postcron.cli")
    style = assets.joinpath("calendar.css").read_text("utf-8") + _shown(pictures)
    script = assets.joinpath("calendar.js").read_text("utf-8")
    sheet = _Sheet(one, one.by_day(), pictures.keys(), short_names(one))
    return _PAGE.format(
        policy=_policy(style, script),
        style=style,
        script=script,
        room=ROOM,
        title=escape(_title(one)),
        workspace=_safe(one.workspace),
        zone=escape(zone(one)),
        as_of=_as_of(one),
        jump=_jump(sheet),
        filters=_filters(one),
        grid=_grid(sheet),
        agenda="\n".join(_date(sheet, day, some) for day, some in sheet.by_day.items() if some),
        nothing=" hidden" if one.entries else "",
    )


def _policy(style: str, script: str) -> str:
    allowed = (b64encode(sha256(part.encode()).digest()).decode() for part in (style, script))
    return (
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; "
        "base-uri 'none'; form-action 'none'"
    ).format(*allowed)


def _shown(pictures: Mapping[str, bytes]) -> str:
    """Return the pictures as style: each is in the page once, however often it is shown."""
    return "".join(
        f".{_named(checksum)}{{background-image:url(data:image/webp;base64,{b64encode(picture).decode()})}}\n"
        for checksum, picture in pictures.items()
    )


def _named(checksum: str) -> str:
    return f"p{checksum[:20]}"


def _safe(text: str) -> str:
    return escape(_CONTROLS.sub("", text))


def _title(one: Calendar) -> str:
    first, last = one.days.first, one.days.last
    if first.day == 1 and (last - first).days > 7:
        return f"{first:%B %Y}"
    return f"{spoken(first)} to {spoken(last)} {last.year}"


def _as_of(one: Calendar) -> str:
    now = one.now.astimezone(one.zone)
    return f'<time datetime="{now.isoformat()}">{now:%a} {spoken(now)}, {now:%H:%M %Z}</time>'


def _jump(sheet: _Sheet) -> str:
    """Return a link to where the list has come to, if that is not at its beginning."""
    today = sheet.calendar.today
    ahead = [day for day, some in sheet.by_day.items() if some and day >= today]
    if not ahead or today not in sheet.calendar.days:
        return ""
    where = "today" if ahead[0] == today else "what is next"
    return f'<a href="#day-{ahead[0]}">Go to {where}</a>\n'


# --- what to show ------------------------------------------------------------------------------


def _filters(one: Calendar) -> str:
    counts = Counter(entry.delivery.state for entry in one.entries)
    names = sorted({entry.delivery.account for entry in one.entries})
    options = "".join(f"<option>{_safe(name)}</option>" for name in names)
    chips = "\n".join(_chip(state, counts[state]) for state in State if counts[state])
    return f"""<form hidden role="search">
<label>Search <input type="search" name="search" autocomplete="off" spellcheck="false"></label>
<label>Account <select name="account"><option value="">All accounts</option>{options}</select></label>
<output name="count"></output>
<button type="reset" name="everything" hidden>Show everything</button>
<fieldset><legend class="unseen">States</legend>
{chips}
</fieldset>
</form>"""


def _chip(state: State, count: int) -> str:
    box = f'<input type="checkbox" name="state" value="{state}" checked>'
    sign = f'<i aria-hidden="true">{MARKS[state]}</i>'
    return f'<label class="chip">{box}<span class="state {state}">{sign}{state} <b>{count}</b></span></label>'


# --- the grid ----------------------------------------------------------------------------------


def _grid(sheet: _Sheet) -> str:
    heads = "".join(
        f'<th scope="col"><abbr title="{name}">{short}</abbr></th>'
        for name, short in zip(_WEEKDAYS, WEEKDAYS, strict=True)
    )
    rows = "\n".join(
        f"<tr>{''.join(_cell(sheet, day) for day in week)}</tr>"
        for week in sheet.calendar.days.weeks()
    )
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _cell(sheet: _Sheet, day: date) -> str:
    some = sheet.by_day.get(day)
    if some is None:
        return '<td class="outside"></td>'
    today = ' class="today" aria-current="date"' if day == sheet.calendar.today else ""
    kept = len(some) if len(some) <= ROOM else ROOM - 1
    items = [_item(sheet, entry, hidden=place >= kept) for place, entry in enumerate(some)]
    if len(some) > ROOM:
        items.append(f'<li class="more"><a href="#day-{day}">+{len(some) - kept} more</a></li>')
    listed = f"<ol>{''.join(items)}</ol>" if items else ""
    return f'<td{today}><time datetime="{day}">{day.day}</time>{listed}</td>'


def _item(sheet: _Sheet, entry: Entry, *, hidden: bool) -> str:
    delivery = entry.delivery
    shown = [a.file.sha256 for a in entry.post.attachments if a.file.sha256 in sheet.pictures]
    picture = f'<span class="picture {_named(shown[0])}"></span>' if shown else ""
    told = f"{delivery.account}, {delivery.state}: {first_line(entry)}"
    name = sheet.names[delivery.account] or first_line(entry)[:80]
    return (
        f'<li{" hidden" if hidden else ""}><a class="item {delivery.state}" href="#{_id(entry)}" title="{_safe(told)}">'
        f'<i aria-hidden="true">{MARKS[delivery.state]}</i><time>{entry.at:%H:%M}</time>'
        f'<bdi>{_safe(name)}</bdi><span class="unseen">{delivery.state}</span>{picture}</a></li>'
    )


def _id(entry: Entry) -> str:
    return f"d{entry.delivery.ref.replace('.', '-')}"


# --- the list ----------------------------------------------------------------------------------


def _date(sheet: _Sheet, day: date, some: Sequence[Entry]) -> str:
    articles = "\n".join(_article(sheet, entry) for entry in some)
    note = " · today" if day == sheet.calendar.today else ""
    return (
        f'<section class="date" id="day-{day}">\n<h2><time datetime="{day}">{day:%A} <span>{spoken(day)}{note}</span></time></h2>\n'
        f"<div>\n{articles}\n</div>\n</section>"
    )


def _article(sheet: _Sheet, entry: Entry) -> str:
    delivery, one = entry.delivery, sheet.calendar
    clock = f"{entry.at:%H:%M}" + (f" {entry.at:%Z}" if one.by_account else "")
    moment = entry.at.isoformat()
    sign = f'<i aria-hidden="true">{MARKS[delivery.state]}</i>'
    kind = f"{delivery.platform} · {entry.post.type}"
    return f"""<article id="{_id(entry)}" class="{delivery.state}" data-account="{_safe(delivery.account)}" data-state="{delivery.state}">
<div class="when"><time datetime="{moment}">{clock}</time> <span data-from-now="{moment}">{until(entry.at, one.now)}</span></div>
<div>
<div class="who"><strong><bdi>{_safe(delivery.account)}</bdi></strong> <span>{_safe(kind)}</span> <span class="state">{sign}{delivery.state}</span></div>
{"".join(_said(entry))}<p class="foot">{" ".join(_foot(entry))}</p>
</div>
{_media(sheet, entry)}</article>"""


def _said(entry: Entry) -> Iterator[str]:
    text = f'<span class="text" dir="auto">{_safe(entry.text)}</span>'
    if len(entry.text) > LONG or entry.text.count("\n") > 4:
        yield f"<details><summary>{text}</summary></details>\n"
    elif entry.text:
        yield f"{text}\n"
    if entry.trouble:
        yield f'<p class="error" dir="auto">{_safe(entry.trouble)}</p>\n'


def _foot(entry: Entry) -> Iterator[str]:
    delivery, post = entry.delivery, entry.post
    yield f"<span>{delivery.ref}</span>"
    if post.approval is not None:
        yield f"<span>approval: {post.approval}</span>"
    yield from (f"<bdi>{_safe(word)}</bdi>" for word in (post.campaign, *post.labels) if word)
    if delivery.url and _LINK.fullmatch(delivery.url):
        yield f'<a href="{_safe(delivery.url)}" target="_blank" rel="noopener noreferrer">Open the post</a>'


def _media(sheet: _Sheet, entry: Entry) -> str:
    some = entry.post.attachments
    if not some:
        return ""
    kept = len(some) if len(some) <= PICTURES else PICTURES - 1
    tiles = [_tile(sheet, each) for each in some[:kept]]
    if len(some) > kept:
        tiles.append(f'<span class="picture">+{len(some) - kept}</span>')
    return f'<div class="media">{"".join(tiles)}</div>\n'


def _tile(sheet: _Sheet, one: Attachment) -> str:
    told = _safe(one.alt or one.name)
    if one.file.sha256 not in sheet.pictures:
        return f'<span class="picture" title="{told}">{one.file.kind}</span>'
    return f'<span class="picture {_named(one.file.sha256)}" role="img" aria-label="{told}" title="{told}"></span>'
