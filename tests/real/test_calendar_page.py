"""The calendar page in a real browser: clicked, typed into, looked at on a phone, printed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.cli.calendar_html import ROOM, page
from postcron.config import load
from postcron.media.probe import probe
from postcron.model import Attachment
from postcron.operations.calendar import Choice, calendar, pictures
from postcron.operations.house import House
from postcron.operations.init import init
from postcron.rules.days import month_of
from postcron.rules.spans import until
from postcron.states import State
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added
from tests.cli.home import Home
from tests.fakes import FakeClock
from tests.media.files import picture
from tests.real import browser
from tests.real.browser import Tab
from tests.store.journeys import brought_to

pytestmark = pytest.mark.real

HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
PHONE = {"width": 390, "height": 844}

VISIBLE = "[...document.querySelectorAll('{}')].filter(one => one.checkVisibility())"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if browser.PROGRAM is None:
        pytest.skip(browser.NO_BROWSER)
    with browser.running(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all states on the 21st, three of another account a day later, and pictures."""
    folder = tmp_path_factory.mktemp("home")
    home = Home(folder)
    home.begin()
    init(home.config, os.environ, state_dir=home.state)
    with home.long_ago() as store:
        for state in State:
            brought_to(store, state)
        for number in range(3):
            new = a_new_delivery("sky", due=NOW + timedelta(days=1, hours=number))
            added(store, a_new_post(new, text=f"Evening {number} {HOSTILE}"), run=a_run())
    house = House(load(home.config, {}), {}, home.state, clock=FakeClock(NOW))
    _add_pictures(house, folder)
    found = calendar(house, month_of(NOW.date()), Choice(states=frozenset(State)))
    path = folder / "page.html"
    path.write_text(page(found, pictures(house, found.entries)))
    house.close()
    return path


def _add_pictures(house: House, folder: Path) -> None:
    one = picture(folder / "one.jpg", (400, 300))
    file = house.library.put(one, probe(one))
    new = a_new_delivery("sky", due=NOW + timedelta(days=2))
    some = (Attachment(file, "one.jpg", "Noise"),)
    long = "A long story. " * 60
    added(house.store, a_new_post(new, text=long, attachments=some), run=a_run())


def articles(tab: Tab) -> list[str]:
    """Return state and account of those that are to be seen."""
    chosen = VISIBLE.format("article")
    found: list[str] = tab.js(
        f"{chosen}.map(one => `${{one.dataset.state}} ${{one.dataset.account}}`)"
    )
    return found


def in_the_grid(tab: Tab) -> int:
    found: int = tab.js(f"{VISIBLE.format('.item')}.length")
    return found


def more(tab: Tab) -> list[str]:
    found: list[str] = tab.js(f"{VISIBLE.format('.more')}.map(one => one.textContent)")
    return found


def test_it_asks_for_nothing_and_breaks_no_rule_of_its_own(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    assert tab.js("document.title") == "November 2026 · acme"
    asked = [each["request"]["url"] for each in tab.happened("Network.requestWillBeSent")]
    assert asked[0] == shown.as_uri()
    assert all(url.startswith("data:image/webp") for url in asked[1:])
    assert len(asked) == 2
    assert tab.happened("Log.entryAdded") == []
    assert tab.happened("Runtime.exceptionThrown") == []
    assert tab.js("document.querySelectorAll('main img, main script').length") == 0


def test_its_policy_stops_what_somebody_puts_into_it(tab: Tab, shown: Path, tmp_path: Path) -> None:
    injected = (
        "<script>document.title = 'run'</script><img src='https://example.test/x.png'></main>"
    )
    changed = tmp_path / "changed.html"
    changed.write_text(shown.read_text().replace("</main>", injected))
    tab.open(changed)
    assert tab.js("document.title") == "November 2026 · acme"
    refused = [each["entry"]["text"] for each in tab.happened("Log.entryAdded")]
    assert len(refused) == 2
    assert all("Content Security Policy" in text for text in refused)


def test_the_pictures_are_pictures(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    size = tab.js(
        "(async () => { const tile = document.querySelector('article .picture[role=img]');"
        " const image = new Image(); image.src = getComputedStyle(tile).backgroundImage.slice(5, -2);"
        " await image.decode(); return [image.naturalWidth, tile.getAttribute('aria-label')]; })()"
    )
    assert size == [192, "Noise"]


def test_a_state_can_be_left_out_with_a_click(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    everything = articles(tab)
    assert (len(everything), in_the_grid(tab), more(tab)) == (16, ROOM - 1 + 4, ["+9 more"])
    assert tab.js("document.forms[0].elements.count.value") == "16 deliveries"
    for state in (State.FAILED, State.CANCELLED):
        tab.click(f".chip:has([value={state}])")
    assert set(everything) - set(articles(tab)) == {"failed acme", "cancelled acme"}
    assert more(tab) == ["+7 more"]
    assert tab.js("document.forms[0].elements.count.value") == "14 of 16 deliveries"
    tab.click("button[name=everything]")
    tab.wait("document.forms[0].elements.count.value === '16 deliveries'")
    assert articles(tab) == everything


def test_an_account_can_be_chosen_and_a_word_looked_for(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    tab.js(
        "(select => { select.value = 'sky'; select.dispatchEvent(new Event('input', {bubbles: true})); })"
        "(document.forms[0].elements.account)"
    )
    assert articles(tab) == ["scheduled sky"] * 4
    assert (in_the_grid(tab), more(tab)) == (4, [])
    assert tab.js(f"{VISIBLE.format('.date')}.length") == 2
    tab.click("input[type=search]")
    tab.write("EVENING 2")
    assert (len(articles(tab)), in_the_grid(tab)) == (1, 1)
    tab.write(" nowhere")
    assert articles(tab) == []
    assert tab.js(f"{VISIBLE.format('.empty')}.length") == 1


def test_it_can_be_used_by_keyboard_alone(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    active = "document.activeElement"
    reached: list[str] = []
    for _ in range(40):
        tab.key("Tab")
        reached.append(tab.js(f"`${{{active}.className}} ${{{active}.name ?? ''}}`.trim()"))
        if reached[-1].startswith("item"):
            break
    assert reached[0] == "skip"
    assert reached[2:4] == ["search", "account"]
    assert reached.count("state") == len(State)
    outline = tab.js(f"getComputedStyle({active}).outlineStyle")
    assert outline == "solid"
    tab.key("Enter", "\r")
    tab.wait("document.querySelector('article:target') !== null")
    tab.open(shown)
    tab.js("document.querySelector('[value=late]').focus()")
    tab.key(" ", " ")
    assert "late acme" not in articles(tab)


def test_a_long_text_is_folded_up_until_somebody_reads_on(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    height = "document.querySelector('details .text').clientHeight"
    folded = tab.js(height)
    tab.click("details summary")
    tab.wait(f"{height} > {folded} * 2")


def test_on_a_phone_there_is_the_list_alone_and_nothing_beyond_the_edge(
    tab: Tab, shown: Path
) -> None:
    tab.open(shown, **PHONE)
    assert in_the_grid(tab) == 0
    assert len(articles(tab)) == 16
    assert tab.js("document.documentElement.scrollWidth") == PHONE["width"]
    small = tab.js(
        f"{VISIBLE.format('form .state, form select, form input[type=search]')}.filter(one => one.offsetHeight < 30).length"
    )
    assert small == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everything_can_be_read_in_the_light_and_in_the_dark(
    tab: Tab, shown: Path, scheme: str, width: int
) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    tab.call("Emulation.setEmulatedMedia", features=[feature])
    tab.open(shown, width=width)
    pale = tab.js(_PALE)
    tab.call("Emulation.setEmulatedMedia", features=[])
    assert pale == []


#: the visible elements whose own words have too little contrast
_PALE = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const worded = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((one) => worded(one) && one.checkVisibility() && !["SCRIPT", "STYLE", "OPTION"].includes(one.tagName))
    .map((one) => {
      const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.outerHTML.slice(0, 120)];
    })
    .filter(([contrast]) => contrast < 4.5);
})()"""


def test_without_its_script_it_is_all_there_but_the_filters(tab: Tab, shown: Path) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(shown)
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.js("document.forms[0].checkVisibility()") is False
    assert (len(articles(tab)), more(tab)) == (16, ["+9 more"])


def test_on_paper_there_are_no_controls_and_whole_texts(tab: Tab, shown: Path) -> None:
    tab.open(shown)
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.js("document.forms[0].checkVisibility()") is False
    assert tab.js("document.querySelector('details .text').clientHeight") > 150
    tab.call("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize(
    "later",
    [
        timedelta(0),
        timedelta(seconds=59),
        timedelta(minutes=-1),
        timedelta(minutes=59, seconds=59),
        timedelta(hours=-2, minutes=-10),
        timedelta(hours=3),
        timedelta(days=-1, hours=-1, minutes=-5),
        timedelta(days=40),
    ],
)
def test_an_old_page_tells_how_far_things_are_by_now_in_the_words_of_postcron(
    tab: Tab, shown: Path, later: timedelta
) -> None:
    now = NOW + later
    clock = f"Date.now = () => {int(now.timestamp() * 1000)}"
    early = tab.call("Page.addScriptToEvaluateOnNewDocument", source=clock)
    tab.open(shown)
    tab.call("Page.removeScriptToEvaluateOnNewDocument", **early)
    assert tab.js("document.querySelector('article [data-from-now]').textContent") == until(
        NOW, now
    )
