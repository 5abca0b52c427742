from __future__ import annotations

import io
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_socket import SocketConnectBlockedError

from postcron.errors import Invalid
from postcron.web import Guard, fetch
from tests.wire import Manners, Server, after_reading, answer, hang, reset, trickle

HOME = Guard(private=True)


def get(url: str, guard: Guard = HOME, *, max_bytes: int = 1000, timeout: float = 5.0) -> bytes:
    into = io.BytesIO()
    fetch(url, into, max_bytes=max_bytes, timeout=timeout, guard=guard)
    return into.getvalue()


def refused(url: str, guard: Guard = HOME, **limits: Any) -> str:
    with pytest.raises(Invalid) as caught:
        get(url, guard, **limits)
    assert "canary" not in str(caught.value)
    return str(caught.value)


def resolving(*answers: str) -> Callable[..., Any]:
    """Return a resolver that gives the first address to the first question, and so on."""
    left = list(answers)

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve


def moved(location: str, status: str = "302 Found") -> Manners:
    return answer(b"", status, f"Location: {location}")


def test_a_file_is_fetched_with_nothing_but_its_address() -> None:
    with Server(answer(b"picture")) as server:
        assert get(f"{server.url}/a.jpg?sig=1") == b"picture"

    request = server.visits[0].request.decode().lower()
    assert request.startswith("get /a.jpg?sig=1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}" in request
    assert "authorization" not in request
    assert "accept-encoding: identity" in request


# --- the form of the address ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.jpg",
        "ftp://example.org/a.jpg",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/a.jpg",
        "https://",
        "https:///a.jpg",
        "https://user:canary@example.org/a.jpg",
        "https://user@example.org/a.jpg",
        "https://example.org:8443/a.jpg",
        "https://example.org:80/a.jpg",
        "https://example.org:22/",
        "https://example.org/\r\nX: canary",
        "https://[::1/a.jpg",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_an_address_of_the_wrong_form_is_not_even_looked_up(url: str) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        pytest.fail("it was looked up")

    refused(url, Guard(resolve=resolve))


def test_plain_http_is_for_those_who_ask_for_it() -> None:
    guard = Guard(http=True, resolve=resolving("10.0.0.1"))

    assert "a private network" in refused("http://example.org/a.jpg", guard)
    assert "names port" in refused("http://example.org:8080/a.jpg", guard)


# --- where it leads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "①②⑦.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "10.1.2.3",
        "192.168.1.1",
        "100.100.100.200",
        "[fe80::1]",
        "224.0.0.1",
    ],
)
def test_a_name_of_our_own_network_is_not_connected_to(host: str) -> None:
    said = refused(f"https://{host}/latest/meta-data?canary", Guard())

    assert "is not fetched" in said or "not an address" in said


def test_one_bad_address_among_good_ones_is_enough() -> None:
    def resolve(_: str, port: int, **__: Any) -> list[Any]:
        found = ["93.184.215.14", "10.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    assert "10.0.0.1" in refused("https://example.org/", Guard(resolve=resolve))


def test_a_name_that_changes_after_the_check_gains_nothing() -> None:
    """Rebinding: public at the first question, this machine at the second."""
    with Server(answer()) as server:
        guard = Guard(http=True, private=True, resolve=resolving("93.184.215.14", "127.0.0.1"))

        # The tests' own wall stops the connection: to the very address that was checked.
        with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"93\.184\.215\.14"):
            get(f"http://example.org:{server.port}/", guard)

    assert server.visits == []


def test_a_redirect_is_followed_and_says_the_name_it_goes_to() -> None:
    with Server(answer(b"picture")) as there:
        guard = Guard(private=True, resolve=resolving("127.0.0.1"))
        with Server(moved(f"http://cdn.example.org:{there.port}/b.jpg")) as here:
            assert get(f"http://example.org:{here.port}/a.jpg", guard) == b"picture"

    assert f"host: cdn.example.org:{there.port}" in there.visits[0].request.decode().lower()


def test_a_redirect_may_be_relative() -> None:
    with Server(moved("../b.jpg"), answer(b"picture")) as server:
        assert get(f"{server.url}/deep/a.jpg") == b"picture"

    assert server.visits[1].request.startswith(b"GET /b.jpg ")


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://169.254.169.254/latest/meta-data", "a link-local address"),
        ("http://[::ffff:169.254.169.254]/", "a link-local address"),
        ("http://0.0.0.0/", "no machine at all"),
        ("http://100.100.100.200/", "a cloud's own service"),
        ("file:///etc/passwd", "https://"),
        ("http://user:canary@127.0.0.1/", "a user name"),
        ("", "redirects more than"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
def test_each_redirect_is_checked_like_the_first_address(
    status: str, location: str, said: str
) -> None:
    with Server(moved(location, status)) as server:
        assert said in refused(f"{server.url}/a.jpg")


def test_redirects_end() -> None:
    with Server(*[moved(f"/{n}") for n in range(3)], answer(b"picture")) as server:
        assert get(server.url) == b"picture"
    with Server(moved("/again")) as server:
        assert "redirects more than 3 times" in refused(server.url)
    assert len(server.visits) == 4


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [(), ("Content-Type: image/jpeg",)])
def test_a_file_may_have_just_so_many_bytes(headers: tuple[str, ...]) -> None:
    with Server(answer(b"x" * 1000, "200 OK", *headers)) as server:
        assert len(get(server.url)) == 1000
        assert "larger than 999 bytes" in refused(server.url, max_bytes=999)


def test_a_body_without_an_end_is_given_up_at_the_limit() -> None:
    endless = after_reading(b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(1000)] * 50)
    with Server(endless) as server:
        assert "larger than 1000 bytes" in refused(server.url)


@pytest.mark.parametrize("end", [hang, trickle])
def test_a_slow_one_is_given_up_in_time(end: Any) -> None:
    with Server(
        after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", then=end)
    ) as server:
        started = time.monotonic()
        assert "took too long" in refused(server.url, timeout=0.5)

    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        (answer(b"", "404 Not Found"), "answered 404"),
        (answer(b"", "206 Partial"), "answered 206"),
        (answer(b"x", "200 OK", "Content-Encoding: gzip"), "is sent compressed"),
        (after_reading(then=reset), "could not be fetched"),
        (
            after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            "could not be fetched",
        ),
        (after_reading(b"garbage\r\n\r\n"), "could not be fetched"),
    ],
)
def test_anything_but_a_whole_file_is_refused(manners: Manners, said: str) -> None:
    with Server(manners) as server:
        assert said in refused(f"{server.url}/a.jpg?signature=canary")


def test_a_name_without_an_address_is_one_sentence() -> None:
    assert "could not be fetched" in refused("https://no-such-host.invalid/a.jpg", Guard())


def test_no_log_shows_the_signature_of_an_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(answer(b"picture")) as server:
        get(f"{server.url}/a.jpg?signature=canary")

    assert "canary" not in caplog.text
