from __future__ import annotations

import gc
import logging
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from postcron.errors import Evidence, Invalid, LibraryUnavailable, Temporary
from postcron.web import Answer, Api, Upload
from tests.wire import Server, Visit, after_reading, answer, hang, trickle

PIECE = 1024 * 1024


def sent(server: Server, number: int = 0) -> tuple[str, bytes]:
    head, _, body = server.visits[number].request.partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(answer(b"{}")) as running:
        yield running


def test_parameters_join_those_the_path_has(server: Server) -> None:
    Api(f"{server.url}/base/").call("GET", "/list?a=1", params={"q": "ä b&c"})

    assert sent(server)[0].startswith("GET /base/list?a=1&q=%C3%A4+b%26c HTTP/1.1\r\n")


def test_an_address_given_whole_is_used_as_it_is(server: Server) -> None:
    Api(f"{server.url}/upload?ticket=1").call("PUT", "", content=b"x")

    assert sent(server)[0].startswith("PUT /upload?ticket=1 HTTP/1.1\r\n")


def test_what_an_address_cannot_hold_is_encoded(server: Server) -> None:
    Api(server.url).call("GET", "/größe 1/%20?q=a|b")

    head = sent(server)[0]
    assert head.startswith("GET /gr%C3%B6%C3%9Fe%201/%20?q=a%7Cb HTTP/1.1\r\n")
    assert f"host: {server.url.removeprefix('http://')}" in head


def test_a_header_that_comes_twice_is_read_as_one() -> None:
    with Server(answer(b"{}", "200 OK", "X-Two: one", "x-two: zwei")) as server:
        assert Api(server.url).call("GET", "/").headers["x-two"] == "one, zwei"


def test_a_form_is_encoded(server: Server) -> None:
    Api(server.url).call("POST", "/", form={"a": "1", "b": "ä &"})

    head, body = sent(server)
    assert "content-type: application/x-www-form-urlencoded" in head
    assert body == b"a=1&b=%C3%A4+%26"


def test_every_answer_is_heard(server: Server) -> None:
    heard: list[Answer] = []
    api = Api(server.url, heard=heard.append)
    assert [api.call("GET", "/"), api.call("POST", "/", json={})] == heard


def test_headers_of_the_call_win_over_what_every_call_says(server: Server) -> None:
    Api(server.url).call("GET", "/", headers={"Accept": "text/html", "Authorization": "one"})

    head = sent(server)[0].lower()
    assert "authorization: one" in head
    assert "accept: text/html" in head
    assert "application/json" not in head
    assert "user-agent: postcron/" in head


def test_a_stream_has_a_length_and_is_not_chunked(server: Server) -> None:
    Api(server.url).call("PUT", "/", content=iter([b"abc", b"de"]), size=5)

    head, body = sent(server)
    assert "content-length: 5" in head
    assert "transfer-encoding" not in head.lower()
    assert body == b"abcde"


def test_a_file_in_a_form_is_framed_as_browsers_do(server: Server) -> None:
    upload = Upload("file", 'ä"\r\n.png', "image/png", 5, iter([b"\x00\xff", b"abc"]))

    Api(server.url).call("POST", "/", form={"alt": "ein\r\nBild"}, upload=upload)

    head, body = sent(server)
    boundary = head.partition("boundary=")[2].split("\r\n")[0].encode()
    assert f"content-length: {len(body)}" in head
    assert body == (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="alt"\r\n\r\nein\r\nBild\r\n'
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; '
        b'filename="\xc3\xa4%22%0D%0A.png"\r\nContent-Type: image/png\r\n\r\n'
        b"\x00\xffabc\r\n--" + boundary + b"--\r\n"
    )


def test_a_large_upload_needs_little_memory() -> None:
    def swallow(visit: Visit) -> None:
        left = 64 * PIECE
        while left > 0:
            left -= len(visit.line.recv(PIECE))
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with Server(swallow) as server:
        api = Api(server.url)
        tracemalloc.start()
        api.call("PUT", "/", content=(bytes(PIECE) for _ in range(64)), size=64 * PIECE)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 8 * PIECE


def test_connections_are_reused_and_not_shared_between_threads() -> None:
    with Server(answer()) as server:
        api = Api(server.url)
        for _ in range(3):
            api.call("GET", "/")
        other = threading.Thread(target=api.call, args=("GET", "/"))
        other.start()
        other.join()
        assert len(server.visits) == 2

        # Nobody closes an Api: its connections end with it, without a warning.
        del api, other
        gc.collect()


def test_a_connection_the_server_has_closed_is_not_used_again() -> None:
    with Server(after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        api = Api(server.url)
        for _ in range(3):
            assert api.call("GET", "/").status == 200
            time.sleep(0.05)


def test_cookies_are_not_kept() -> None:
    with Server(answer(b"{}", "200 OK", "Set-Cookie: session=1; Path=/")) as server:
        api = Api(server.url)
        api.call("GET", "/")
        api.call("GET", "/")

    assert b"ookie" not in server.visits[0].request


def test_a_call_that_was_not_sent_says_so() -> None:
    with Server(answer()) as server:
        url = server.url

    with pytest.raises(Temporary) as caught:
        Api(url).call("GET", "/?token=canary")

    assert caught.value.evidence is Evidence.NOT_SENT
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("end", [hang, trickle])
def test_a_call_without_an_answer_ends_in_time_and_is_unclear(end: object) -> None:
    assert callable(end)
    with Server(after_reading(b"HTTP/1.1 200 OK\r\nX: ", then=end)) as server:
        started = time.monotonic()
        with pytest.raises(Temporary) as caught:
            Api(server.url).call("GET", "/", timeout=0.5)

    assert time.monotonic() - started < 1.5
    assert caught.value.evidence is Evidence.UNCLEAR


def test_trouble_with_the_media_keeps_its_name(server: Server) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise LibraryUnavailable("The disk is gone.")

    with pytest.raises(LibraryUnavailable, match="disk is gone"):
        Api(server.url).call("PUT", "/", content=broken(), size=10)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org", "plain http"),
        ("http://127.0.0.1.example.org", "plain http"),
        ("https://user:canary@example.org", "holds a user name"),
        ("ftp://example.org", "begins with https://"),
        ("example.org", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://[::1", "is no address"),
        ("https://example.org:99999", "is no address"),
        (f"https://{'a' * 64}.org", "is no address"),
    ],
)
def test_an_address_that_must_not_carry_a_token_is_refused_at_once(url: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        Api(url)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    Api(f"http://{host}:8080/api")
    with pytest.raises(Invalid, match="plain http"):
        Api("http://10.0.0.1:8080/api")


def test_no_log_shows_an_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with Server(answer(b"{}", "201 Created", "Location: /?access_token=canary")) as server:
        Api(server.url).call("GET", "/", params={"access_token": "canary"})
        Api(server.url).act("POST", "/?access_token=canary")

    assert "canary" not in caplog.text
