"""Meta's errors and rate headers, as Facebook, Instagram and Threads have them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from postcron.errors import Code, Evidence, Permanent, PlatformError, Temporary
from postcron.platforms import graph
from postcron.platforms.base import refusal_list
from postcron.web import Answer

LIST = (
    *graph.LOGIN_REFUSALS,
    *refusal_list(
        (400, "9007/2207027", Code.NOT_READY, "a page"),
        (400, "9/2207042", Code.RATE_LIMITED, "a page"),
        (400, "*/4279013", Code.ACCOUNT_UNUSABLE, "a page"),
        seen="2026-11-20",
    ),
)


def answer(status: int, body: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body).encode())


def failing(status: int, code: Any, subcode: Any = None, **more: Any) -> Answer:
    error = {"message": "No", "type": "OAuthException", "code": code, "fbtrace_id": "X", **more}
    return answer(status, {"error": error | ({"error_subcode": subcode} if subcode else {})})


def usage(minutes: Any) -> str:
    case = {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": minutes}
    return json.dumps({"178": [{**case, "estimated_time_to_regain_access": 0}, case]})


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (failing(400, 190), Code.TOKEN_REFUSED),
        (failing(401, 190, 463), Code.TOKEN_REFUSED),
        (failing(403, 200), Code.ACCOUNT_UNUSABLE),
        (failing(400, 299, 12), Code.ACCOUNT_UNUSABLE),
        (failing(400, 10), Code.ACCOUNT_UNUSABLE),
        (failing(400, 9007, 2207027), Code.NOT_READY),
        (failing(400, 17, 4279013), Code.ACCOUNT_UNUSABLE),
    ],
)
def test_a_listed_code_or_subcode_is_a_refusal(refused: Answer, code: Code) -> None:
    error = graph.judge(refused, LIST)
    assert (error.evidence, error.code) == (Evidence.REFUSED, code)


@pytest.mark.parametrize(
    "vague",
    [
        failing(400, 9007),
        failing(400, 9007, 1),
        failing(500, 190),
        failing(200, 190),
        failing(400, 300),
        failing(400, 4, 2207051),
        failing(400, 2, is_transient=True),
        failing(400, "190"),
        failing(400, None),
        answer(400, {"error": "No"}),
        answer(400, {"debug_info": {"type": "NotAuthorizedError"}}),
        answer(400, [190]),
    ],
)
def test_everything_else_proves_nothing(vague: Answer) -> None:
    assert graph.judge(vague, LIST).evidence is Evidence.UNCLEAR


def test_a_quota_that_names_no_time_is_left_alone_for_a_while() -> None:
    assert graph.judge(failing(400, 9, 2207042), LIST).retry_after == graph.LEFT_ALONE


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80_001, 80_002, 80_014])
def test_too_many_calls_are_told_by_a_code_not_by_the_status(code: int) -> None:
    error = graph.trouble(failing(400, code), LIST)
    assert isinstance(error, Temporary)
    assert (error.code, error.retry_after) == (Code.RATE_LIMITED, None)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (usage(5), timedelta(minutes=5)),
        (usage(100_000), timedelta(days=1)),
        (usage(0), None),
        (usage("soon"), None),
        ("nonsense", None),
        ("[]", None),
        ('{"178": 3}', None),
        ('{"178": [3]}', None),
    ],
)
def test_the_business_usage_says_in_minutes_when_to_come_back(
    header: str, wait: timedelta | None
) -> None:
    told = failing(400, 80_002)
    told = Answer(400, {"X-Business-Use-Case-Usage": header}, told.body)
    assert graph.trouble(told, LIST).retry_after == wait


@pytest.mark.parametrize(
    ("troubled", "code"),
    [
        (failing(400, 1), Code.SERVER_TROUBLE),
        (failing(500, 2, is_transient=True), Code.SERVER_TROUBLE),
        (failing(400, 100, 33), Code.SERVER_TROUBLE),
        (failing(400, 5, is_transient=True), Code.SERVER_TROUBLE),
        (answer(429, {}, Retry_After="60"), Code.RATE_LIMITED),
        (answer(503, {}), Code.SERVER_TROUBLE),
    ],
)
def test_trouble_of_metas_own_passes(troubled: Answer, code: Code) -> None:
    error = graph.trouble(troubled, LIST)
    assert isinstance(error, Temporary)
    assert error.code == code


def test_a_wrong_parameter_does_not_pass() -> None:
    assert isinstance(graph.trouble(failing(400, 100), LIST), Permanent)


def test_a_good_answer_has_what_was_asked_for() -> None:
    assert graph.fetched(answer(200, {"id": "1"}), LIST, "id")["id"] == "1"


@pytest.mark.parametrize(
    "bad", [failing(200, 2), answer(200, {}), answer(200, {"id": "1", "error": {}})]
)
def test_an_error_with_a_good_status_is_an_error(bad: Answer) -> None:
    with pytest.raises(PlatformError):
        graph.fetched(bad, LIST, "id")
