"""The sandbox misbehaves when it is told to, as often as it is told to."""

from __future__ import annotations

import socket
import time
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from postcron.errors import Invalid
from postcron.sandbox import Sandbox
from postcron.sandbox.faults import Fault, Kind
from tests.builders import StoppedClock
from tests.sandbox.raw import Caller


def test_13a_an_answer_is_lost_and_the_post_is_scheduled(call: Caller) -> None:
    uuid = call.draft()
    call.sandbox.misbehave(on="schedule", kind="answer_lost")
    with pytest.raises(RemoteDisconnected):
        call.schedule(uuid)
    assert call.status(uuid) == "scheduled"


def test_half_a_request_is_none(call: Caller) -> None:
    uuid = call.draft()
    host, _, port = call.sandbox.url.removeprefix("http://").partition(":")
    head = (
        f"POST /os/api/{call.sandbox.workspace}/posts/schedule/{uuid} HTTP/1.1\r\n"
        f"Authorization: Bearer {call.sandbox.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f'{head}{{"postNow":true}}'.encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert call.status(uuid) == "draft"


def test_13b_a_call_is_dropped_and_the_post_is_a_draft(call: Caller) -> None:
    uuid = call.draft()
    call.sandbox.misbehave(on="schedule", kind="drop_before")
    with pytest.raises(RemoteDisconnected):
        call.schedule(uuid)
    assert call.status(uuid) == "draft"


def test_13c_a_post_is_published_and_nothing_says_where(call: Caller, clock: StoppedClock) -> None:
    uuid = call.draft()
    call.sandbox.misbehave(on="schedule", kind="no_address")
    assert call.schedule(uuid).status == 200
    clock.forward(minutes=5)
    document = call("GET", f"/posts/{uuid}").json()
    assert (document["status"], document["accounts"][0]["external_url"]) == ("published", None)
    assert len(call.sandbox.live()) == 1


def test_an_error_is_answered_although_it_is_published(call: Caller, clock: StoppedClock) -> None:
    uuid = call.draft()
    call.sandbox.misbehave(on="schedule", kind="error_though_published")
    assert call.schedule(uuid).status == 500
    clock.forward(minutes=5)
    assert call.status(uuid) == "published"


def test_the_network_may_refuse_what_the_platform_took(call: Caller, clock: StoppedClock) -> None:
    uuid = call.draft()
    call.sandbox.misbehave(on="schedule", kind="network_refuses")
    assert call.schedule(uuid).status == 200
    clock.forward(minutes=5)
    assert call.status(uuid) == "failed"
    assert call.sandbox.live() == []


def test_an_answer_may_be_slow(call: Caller) -> None:
    call.sandbox.misbehave(on="accounts", kind="slow", seconds=0.2)
    began = time.monotonic()
    assert call("GET", "/accounts").status == 200
    assert time.monotonic() - began >= 0.2


def test_a_fault_hits_its_own_calls_and_ends(call: Caller) -> None:
    call.sandbox.misbehave(on="media", kind="error_though_published", times=2)
    assert call("GET", "/accounts").status == 200
    assert [call.upload().status for _ in range(3)] == [500, 500, 201]


def test_faults_can_be_asked_for_over_the_wire(call: Caller) -> None:
    fault = {"on": "create", "times": 2, "kind": "slow", "seconds": 0.01}
    assert call.at("POST", "/sandbox/faults", fault).json() == {"data": [fault]}
    call.draft()
    assert call.at("GET", "/sandbox/faults").json() == {"data": [fault | {"times": 1}]}
    assert call.at("DELETE", "/sandbox/faults").json() == {"data": []}


def test_faults_can_be_there_from_the_start(tmp_path: Path) -> None:
    with Sandbox(tmp_path, faults=[Fault("accounts", Kind.DROP_BEFORE)]) as sandbox:
        with pytest.raises(RemoteDisconnected):
            Caller(sandbox)("GET", "/accounts")
        assert Caller(sandbox)("GET", "/accounts").status == 200


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"on": "schedule"},
        {"on": "schedule", "kind": "explode"},
        {"on": "everything", "kind": "slow"},
        {"on": "schedule", "kind": "slow", "times": 0},
        {"on": "schedule", "kind": "slow", "times": True},
        {"on": "schedule", "kind": "slow", "seconds": -1},
        {"on": "schedule", "kind": "slow", "seconds": "long"},
        {"on": ["schedule"], "kind": "slow"},
        {"on": "schedule", "kind": "slow", "what": "else"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(call: Caller, fault: dict[str, object]) -> None:
    said = call.at("POST", "/sandbox/faults", fault)
    assert (said.status, list(said.json()["errors"])) == (422, ["fault"])


def test_a_fault_on_an_unknown_call_names_the_known_ones(call: Caller) -> None:
    with pytest.raises(Invalid, match="no call 'publish'; known are accounts, create, "):
        call.sandbox.misbehave(on="publish", kind="slow")
