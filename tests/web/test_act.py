"""The publish call against every way a wire can fail."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.web import Answer, Api, line
from postcron.web.line import tls
from tests.wire import Manners, Server, Visit, after_reading, answer, hang, http, reset, trickle

BODY = {"text": "Grüße"}


def act(url: str, *, deadline: float = 1.0) -> Answer:
    headers = {"authorization": "Bearer canary"}
    api = Api(url, deadline=deadline)
    return api.act("POST", "/posts?draft=no", json=BODY, headers=headers)


def failing(url: str, *, deadline: float = 1.0) -> PlatformError:
    """Return the error of a call that does not end well; it is a sentence without the token."""
    with pytest.raises(PlatformError) as caught:
        act(url, deadline=deadline)
    assert "canary" not in repr(caught.value)
    assert "draft=no" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return caught.value


def assert_not_sent(error: PlatformError) -> None:
    assert isinstance(error, Temporary)
    assert (error.code, error.evidence) == (Code.NOT_REACHABLE, Evidence.NOT_SENT)


def assert_unknown(error: PlatformError) -> None:
    assert isinstance(error, OutcomeUnknown)
    assert (error.code, error.evidence) == (Code.ANSWER_LOST, Evidence.UNCLEAR)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_a_call_arrives_as_it_was_built() -> None:
    with Server(answer(b'{"id":"7"}', "201 Created", "X-Request: 1")) as server:
        result = act(server.url)

    head, _, body = server.visits[0].request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /posts?draft=no HTTP/1.1"
    assert "authorization: Bearer canary" in lines
    assert "content-type: application/json" in lines
    assert "connection: close" in lines
    assert any(line.startswith("user-agent: postcron/") for line in lines)
    assert body.decode() == '{"text":"Grüße"}'
    assert (result.status, result.headers["x-request"]) == (201, "1")
    assert result.json() == {"id": "7"}


# --- nothing was sent ---------------------------------------------------------------------------


@pytest.mark.fault("F29")
def test_a_refused_connection_sent_nothing() -> None:
    error = failing(f"http://127.0.0.1:{closed_port()}")

    assert_not_sent(error)
    assert "could not be reached: Connection refused." in str(error)


@pytest.mark.fault("F39")
def test_a_name_without_an_address_sent_nothing() -> None:
    assert_not_sent(failing("https://no-such-host.invalid"))


def test_a_server_that_never_accepts_sent_nothing() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for line in waiting:
            line.setblocking(False)
            line.connect_ex(deaf.getsockname())

        error = failing(f"http://127.0.0.1:{deaf.getsockname()[1]}", deadline=0.5)

        for line in waiting:
            line.close()
    assert_not_sent(error)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """An authority that this process trusts, named as a person would: by SSL_CERT_FILE."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    line._tls.cache_clear()
    return made


def speaks_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_a_trusted_certificate_is_good_enough(authority: trustme.CA) -> None:
    with Server(answer(), tls=speaks_tls(authority.issue_cert("127.0.0.1"))) as server:
        assert act(server.url).status == 200


def reset_in_handshake(visit: Visit) -> None:
    visit.line.recv(65536)
    visit.reset()


@pytest.mark.fault("F40")
@pytest.mark.parametrize(
    "flaw", ["unknown authority", "another host", "expired", "no tls", "reset"]
)
def test_a_handshake_that_fails_sent_nothing(authority: trustme.CA, flaw: str) -> None:
    issuer = trustme.CA() if flaw == "unknown authority" else authority
    host = "example.org" if flaw == "another host" else "127.0.0.1"
    ends = datetime.now(UTC) - timedelta(days=1) if flaw == "expired" else None
    context = speaks_tls(issuer.issue_cert(host, not_after=ends))
    manners = reset_in_handshake if flaw == "reset" else answer()
    with Server(manners, tls=None if flaw in {"no tls", "reset"} else context) as server:
        error = failing(server.url.replace("http:", "https:"))

    assert_not_sent(error)
    assert all(not visit.whole for visit in server.visits)


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert tls().minimum_version is ssl.TLSVersion.TLSv1_2
    assert tls().verify_mode is ssl.CERT_REQUIRED
    assert tls().check_hostname


def test_workers_that_begin_together_read_the_authorities_once() -> None:
    """Each reading takes 50 ms of CPU: fifty of them made a burst of posts late."""
    code = """
import threading
from postcron.web.line import tls
found, together = [], threading.Barrier(20)
def work():
    together.wait()
    found.append(tls())
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len(set(map(id, found))))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["20", "1"]


# --- it may have happened -----------------------------------------------------------------------

HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id":"12'


@pytest.mark.fault("F29", "F38")
@pytest.mark.parametrize(
    "manners",
    [
        pytest.param(after_reading(then=reset), id="reads all, resets"),
        pytest.param(after_reading(), id="reads all, closes"),
        pytest.param(after_reading(then=hang), id="reads all, hangs"),
        pytest.param(after_reading(b"HTTP/1.1 20"), id="half a status line"),
        pytest.param(after_reading(b"HTTP/1.1 200 OK\r\nContent-Le"), id="half a header"),
        pytest.param(after_reading(HALF), id="half a body"),
        pytest.param(after_reading(HALF, then=hang), id="half a body, hangs"),
        pytest.param(after_reading(HALF, then=reset), id="half a body, resets"),
        pytest.param(after_reading(HALF, then=trickle), id="half a body, trickles"),
        pytest.param(after_reading(b"\x15\x03\x01garbage\r\n\r\n"), id="garbage"),
        pytest.param(after_reading(b"HTTP/1.1 100 Continue\r\n\r\n"), id="a 100 and nothing more"),
        pytest.param(after_reading(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), id="a 101"),
        pytest.param(answer(b"abcd", "200 OK", "Content-Encoding: gzip"), id="broken gzip"),
        pytest.param(
            answer(gzip.compress(b'{"id":"1"}' * 99)[:-9], "200 OK", "Content-Encoding: gzip"),
            id="half a gzip",
        ),
        pytest.param(
            answer(gzip.compress(bytes(50_000_000)), "200 OK", "Content-Encoding: gzip"),
            id="a gzip bomb",
        ),
        pytest.param(answer(b"abcd", "200 OK", "Content-Encoding: br"), id="unknown encoding"),
        pytest.param(answer(bytes(5_000_000)), id="an endless body"),
        pytest.param(
            after_reading(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            id="half a chunk",
        ),
    ],
)
def test_an_answer_that_does_not_come_whole_proves_nothing(manners: Manners) -> None:
    with Server(manners) as server:
        error = failing(server.url)

    assert_unknown(error)
    assert server.visits[0].whole
    assert len(server.visits) == 1


@pytest.mark.fault("F31")
@pytest.mark.parametrize("count", [1, 20, 100, 200, 300])
def test_a_request_cut_off_on_its_way_proves_nothing(count: int) -> None:
    def half_deaf(visit: Visit) -> None:
        visit.line.recv(count)
        visit.reset()

    with Server(half_deaf) as server:
        assert_unknown(failing(server.url))
        with pytest.raises(OutcomeUnknown):
            Api(server.url, deadline=1.0).act("POST", "/", json={"text": "x" * 20_000_000})


@pytest.mark.fault("F29")
def test_a_server_that_stops_reading_is_given_up_at_the_deadline() -> None:
    with Server(hang) as server:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            Api(server.url, deadline=0.5).act("POST", "/", json={"text": "x" * 20_000_000})

    assert time.monotonic() - started < 1.5


def test_a_line_cut_before_anything_was_read_is_never_taken_for_a_success() -> None:
    # Whether a byte had left by then is a race; both verdicts are true of what the client knows.
    for end in (reset, lambda _: None):
        with Server(end) as server:
            assert isinstance(failing(server.url), (Temporary, OutcomeUnknown))


WHOLE = http("201 Created", b'{"id":"12345"}', "Content-Type: application/json")


@pytest.mark.fault("F30")
@pytest.mark.parametrize("count", range(len(WHOLE) + 1))
def test_an_answer_cut_after_any_byte_is_whole_or_unknown(count: int) -> None:
    with Server(after_reading(WHOLE[:count])) as server:
        if count == len(WHOLE):
            assert act(server.url).json() == {"id": "12345"}
        else:
            assert_unknown(failing(server.url))


def test_the_deadline_holds_against_a_trickle() -> None:
    # Each byte comes long before any time-out of a single operation.
    with Server(after_reading(b"HTTP/1.1 200 OK\r\nX: ", then=trickle)) as server:
        started = time.monotonic()
        error = failing(server.url, deadline=0.6)

    assert 0.5 < time.monotonic() - started < 1.5
    assert_unknown(error)
    assert "within 0.6 s" in str(error)


# --- a whole answer is an answer ----------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [200, 201, 202, 301, 307, 308, 400, 401, 403, 404, 409, 422, 429]
)
def test_any_whole_answer_is_returned(status: int) -> None:
    with Server(answer(b"{}", f"{status} Something")) as server:
        assert act(server.url).status == status


@pytest.mark.fault("F37")
@pytest.mark.parametrize("early", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\n\r\n"])
def test_the_answer_after_an_early_one_counts(early: bytes) -> None:
    with Server(after_reading(early, WHOLE)) as server:
        assert act(server.url).status == 201


def test_a_compressed_answer_is_unpacked() -> None:
    packed = answer(gzip.compress(b'{"id":"1"}'), "200 OK", "Content-Encoding: gzip")
    with Server(packed) as server:
        assert act(server.url).json() == {"id": "1"}


@pytest.mark.fault("F38")
@pytest.mark.parametrize("body", [b"", b"<html>sign in to this network</html>", b"\xff\xfe"])
def test_an_answer_that_is_no_json_has_none(body: bytes) -> None:
    with Server(answer(body)) as server:
        assert act(server.url).json() is None


# --- what it must never do ----------------------------------------------------------------------


@pytest.mark.fault("F35")
def test_every_call_has_a_connection_of_its_own() -> None:
    with Server(answer()) as server:
        api = Api(server.url)
        api.call("GET", "/warm")
        for _ in range(3):
            api.act("POST", "/")

    assert len(server.visits) == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with Server(answer()) as elsewhere:
        there = answer(b"", f"{status} Moved", f"Location: {elsewhere.url}/posts")
        with Server(there) as server:
            assert act(server.url).status == status

    assert elsewhere.visits == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer()) as trap, Server(answer()) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, trap.url)
        act(server.url)

    assert trap.visits == []
    assert len(server.visits) == 1


@pytest.mark.fault("F34")
def test_a_dead_senders_bytes_die_with_it() -> None:
    """With linger 0 a server that reads late finds a reset, not the rest of the request."""
    arrived: list[int | str] = []

    def late_reader(visit: Visit) -> None:
        visit.server.sleep(0.8)
        try:
            while piece := visit.line.recv(65536):
                arrived.append(len(piece))
        except ConnectionResetError:
            arrived.append("reset")

    with Server(late_reader) as server:
        with pytest.raises(OutcomeUnknown):
            Api(server.url, deadline=0.3).act("POST", "/", json={"text": "x" * 1_000_000})
        time.sleep(1.0)

    assert arrived[-1] == "reset"


def test_a_token_with_a_line_break_is_found_before_it_is_sent() -> None:
    broken = {"authorization": "Bearer canary\nX: y"}
    with (
        Server(answer()) as server,
        pytest.raises(Permanent, match="header authorization") as caught,
    ):
        Api(server.url).act("POST", "/", headers=broken)

    assert caught.value.evidence is Evidence.NOT_SENT
    assert "canary" not in str(caught.value)
    assert server.visits == []
