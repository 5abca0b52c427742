"""What is live, as a page for people: complete in itself, and everything from outside escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from postcron.sandbox.live import Live, Shown

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #f6f5f1; --card: #fff; --ink: #1c1b19;
        --soft: #6d6a63; --line: #e3e0d8; --mark: #2f6f6d; }
@media (prefers-color-scheme: dark) { :root { --paper: #161615; --card: #1f1f1d; --ink: #eceae4;
        --soft: #9b978d; --line: #33322e; --mark: #7fc4bf; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
main, header { max-width: 68rem; margin: 0 auto; }
header { margin-bottom: 2rem; }
h1 { margin: 0; font-size: 1.5rem; font-weight: 650; letter-spacing: -.01em; }
header p, .empty { margin: .25rem 0 0; color: var(--soft); }
main { display: grid; gap: 1.5rem; align-items: start;
       grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
          overflow: hidden; }
.media { display: grid; gap: 2px; background: var(--line); }
.media.several { grid-template-columns: 1fr 1fr; }
img, video { display: block; width: 100%; aspect-ratio: 4 / 5; object-fit: cover; }
.several img, .several video { aspect-ratio: 1; }
.about { padding: .9rem 1.1rem 1.1rem; }
.who { display: flex; flex-wrap: wrap; gap: .15rem .6rem; align-items: baseline; }
.who strong { overflow-wrap: anywhere; }
.kind { color: var(--mark); font-size: .8rem; }
.text { margin: .5rem 0 .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
time { color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>
<h1>The sandbox</h1>
<p>{count}</p>
</header>
<main>
{articles}
</main>
</body>
</html>
"""


def page(live: Sequence[Live], media: Callable[[str], str]) -> str:
    """Return the page with the newest post first; `media` gives the address of a file."""
    newest_first = sorted(live, key=lambda post: (post.at, post.id), reverse=True)
    articles = "\n".join(_article(post, media) for post in newest_first)
    return _PAGE.format(
        title=f"The sandbox: {_count(live)}",
        style=_STYLE,
        count=f"{_count(live)}, on a platform that runs on this machine.",
        articles=articles or '<p class="empty">Nothing is live yet.</p>',
    )


def _count(live: Sequence[Live]) -> str:
    return f"{len(live)} post{'' if len(live) == 1 else 's'} live"


def _article(post: Live, media: Callable[[str], str]) -> str:
    kind = f"{post.network.replace('_', ' ')} · {post.type}"
    text = f'<p class="text">{escape(post.text)}</p>' if post.text else ""
    return f"""<article id="post-{post.id}">
{_media(post.media, media)}<div class="about">
<div class="who"><strong>{escape(post.account)}</strong> <span class="kind">{escape(kind)}</span></div>
{text}
<time datetime="{escape(post.at)}">{_moment(post.at)}</time>
</div>
</article>"""


def _moment(at: str) -> str:
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return f"{moment:%d %b %Y, %H:%M:%S}.{moment:%f}"[:-3] + " UTC"


def _media(shown: Sequence[Shown], address: Callable[[str], str]) -> str:
    if not shown:
        return ""
    several = " several" if len(shown) > 1 else ""
    return (
        f'<div class="media{several}">{"".join(_medium(each, address) for each in shown)}</div>\n'
    )


def _medium(shown: Shown, address: Callable[[str], str]) -> str:
    source, alt = escape(address(shown.file)), escape(shown.alt)
    if shown.mime.startswith("video/"):
        # Asked for its first moment, a player shows a picture before anybody presses play.
        return f'<video src="{source}#t=0.01" aria-label="{alt}" controls playsinline preload="metadata"></video>'
    return f'<img src="{source}" alt="{alt}" loading="lazy">'
