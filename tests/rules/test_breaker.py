from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.errors import Code, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import Breaker, Trouble
from postcron.rules import breaker
from postcron.rules.breaker import Meaning

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def troubled(*troubles: tuple[float, str, str], accounts: int = 1) -> Breaker:
    """Return a closed breaker after troubles: at which minute, in which delivery, of which account."""
    one = Breaker()
    for minutes, delivery, account in troubles:
        trouble = Trouble(NOW + minutes * MINUTE, delivery, account)
        one = breaker.after_trouble(one, trouble=trouble, why="503", accounts=accounts)
    return one


def test_three_deliveries_in_trouble_open_it_for_five_minutes() -> None:
    assert troubled((0, "1.1", "acme"), (1, "2.1", "acme")).open_until is None
    opened = troubled((0, "1.1", "acme"), (1, "2.1", "acme"), (2, "3.1", "acme"))
    assert (opened.open_until, opened.why) == (NOW + 7 * MINUTE, "503")


def test_the_tries_of_one_delivery_are_one_trouble() -> None:
    assert troubled(*[(n, "1.1", "acme") for n in range(14)]).open_until is None


def test_a_quarter_of_an_hour_is_remembered() -> None:
    assert troubled((0, "1.1", "a"), (10, "2.1", "a"), (15, "3.1", "a")).open_until is None
    assert troubled((0, "1.1", "a"), (10, "2.1", "a"), (14.9, "3.1", "a")).open_until is not None


def test_a_platform_opens_only_when_two_accounts_have_trouble() -> None:
    alone = [(0, "1.1", "acme"), (0, "2.1", "acme"), (0, "3.1", "acme")]
    assert troubled(*alone, accounts=2).open_until is None
    assert troubled(*alone, (1, "4.1", "other"), accounts=2).open_until == NOW + 6 * MINUTE


def test_each_further_opening_lasts_twice_as_long_up_to_an_hour() -> None:
    one, at, pauses = troubled(*[(0, f"{n}.1", "acme") for n in range(3)]), NOW, []
    for _ in range(6):
        assert one.open_until is not None
        pauses.append(round((one.open_until - at) / MINUTE))
        at = one.open_until
        one = breaker.after_trouble(one, trouble=Trouble(at, "1.1", "acme"), why="503")
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_trouble_while_it_is_open_changes_nothing() -> None:
    opened = troubled(*[(0, f"{n}.1", "acme") for n in range(3)])
    late = Trouble(NOW + 4 * MINUTE, "9.1", "acme")
    assert breaker.after_trouble(opened, trouble=late, why="502") == opened


def test_what_opened_hours_ago_says_nothing_about_today() -> None:
    opened = troubled(*[(0, f"{n}.1", "acme") for n in range(3)])
    tomorrow = Trouble(NOW + timedelta(days=1), "9.1", "acme")
    one = breaker.after_trouble(opened, trouble=tomorrow, why="502")
    assert one == Breaker(troubles=(tomorrow,))


def test_a_quota_opens_it_until_its_reset_and_the_latest_counts() -> None:
    one = breaker.after_pause(Breaker(), until=NOW + timedelta(hours=3), why="429")
    assert one.open_until == NOW + timedelta(hours=3)
    assert breaker.after_pause(one, until=NOW + MINUTE, why="429") == one


PAUSE = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (Permanent("", code=Code.TOKEN_REFUSED), Meaning.LOGIN),
        (Permanent("", code=Code.ACCOUNT_UNUSABLE), Meaning.LOGIN),
        (Temporary("", code=Code.RATE_LIMITED, retry_after=PAUSE), Meaning.PAUSE),
        (Temporary("", code=Code.CLOCKS_DISAGREE, retry_after=PAUSE), Meaning.PAUSE),
        (Temporary("", code=Code.RATE_LIMITED), Meaning.TROUBLE),
        (Temporary("", code=Code.SERVER_TROUBLE), Meaning.TROUBLE),
        (Temporary("", code=Code.NOT_REACHABLE), Meaning.TROUBLE),
        (OutcomeUnknown("", code=Code.ANSWER_LOST), Meaning.TROUBLE),
        (OutcomeUnknown("", code=Code.UNEXPECTED_ANSWER), Meaning.TROUBLE),
        (Permanent("", code=Code.UNEXPECTED_ANSWER), Meaning.NOTHING),
        (Permanent("", code=Code.CONTENT_REFUSED), Meaning.NOTHING),
        (Temporary("", code=Code.TOKEN_EXPIRED), Meaning.NOTHING),
        (Temporary("", code=Code.HANDLE_GONE), Meaning.NOTHING),
        (Temporary("", code=Code.LEFT_ALONE), Meaning.NOTHING),
    ],
)
def test_an_error_is_about_the_login_a_pause_the_way_there_or_the_post_alone(
    error: PlatformError, meaning: Meaning
) -> None:
    assert breaker.meaning(error) is meaning
