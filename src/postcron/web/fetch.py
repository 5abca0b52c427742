"""Fetching an address that somebody gave us, without becoming their way into our network."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urljoin

from postcron.errors import Invalid
from postcron.rules.addresses import denied
from postcron.web.request import user_agent

if TYPE_CHECKING:
    import httpx

    from postcron.web.line import Line

HOPS: Final = 3
LONGEST: Final = 4096
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: seconds without a byte
SILENCE: Final = 30.0


@dataclass(frozen=True)
class Guard:
    """Where a fetch may go. As it stands: the public web, by https."""

    #: plain http too, on port 80
    http: bool = False
    #: machines and networks of one's own too, on any port, for a self-hosted set-up and for tests
    private: bool = False
    resolve: Callable[..., Any] = socket.getaddrinfo

    def check_address(self, address: str) -> None:
        """Raise `Invalid` for an address that must not be connected to."""
        reason = denied(address, private=self.private)
        if reason is not None:
            raise Invalid(
                f"The media address leads to {address}, which is {reason}; it is not fetched."
            )

    def check_url(self, url: httpx.URL) -> None:
        """Raise `Invalid` for a URL whose form alone says no."""
        schemes = {"https": 443, "http": 80} if self.http or self.private else {"https": 443}
        if url.scheme not in schemes or not url.host:
            raise Invalid("A media address has to begin with https:// and a host name.")
        if url.userinfo:
            raise Invalid(f"The media address on {url.host} holds a user name; it is not fetched.")
        if not self.private and url.port not in {None, *schemes.values()}:
            raise Invalid(
                f"The media address on {url.host} names port {url.port}; only 443 is used."
            )


PUBLIC: Final = Guard()


def fetch(
    url: str, into: BinaryIO, *, max_bytes: int, timeout: float, guard: Guard = PUBLIC
) -> None:
    """Write what a URL holds into a file.

    Every address of a name is checked before the first is connected to, and that very one is
    connected to; each redirect is checked the same way. Raises `Invalid`, with one sentence that
    never shows the query, because a signed address is a secret.
    """
    from postcron.web.line import Line

    line = Line(resolve=guard.resolve, check=guard.check_address)
    line.give(timeout)
    with _client(line) as http:
        for _ in range(HOPS + 1):
            target = _parsed(url, guard)
            with _answer(http, target) as response:
                if response.status_code not in REDIRECTS:
                    _copy(response, into, max_bytes)
                    return
                url = urljoin(str(target), response.headers.get("location", ""))
        raise Invalid(f"{_shown(target)} redirects more than {HOPS} times; it is not fetched.")


def _client(line: Line) -> httpx.Client:
    """Return a client on this line that follows nothing, remembers no cookie, reads no environment."""
    import httpcore
    import httpx

    from postcron.web.line import tls

    transport = httpx.HTTPTransport(verify=tls(), trust_env=False)
    # httpx has no parameter for the network under its pool; a test fails if this name goes.
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - see above
        ssl_context=tls(), max_keepalive_connections=0, network_backend=line
    )
    return httpx.Client(
        transport=transport,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
        timeout=None,  # noqa: S113 - every request says its own
    )


def _parsed(url: str, guard: Guard) -> httpx.URL:
    import httpx

    if len(url) > LONGEST:
        raise Invalid(f"The media address is longer than {LONGEST} characters.")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid("The media address is not an address that can be fetched.") from error
    guard.check_url(parsed)
    return parsed


@contextlib.contextmanager
def _answer(http: httpx.Client, url: httpx.URL) -> Iterator[httpx.Response]:
    import httpx

    headers = {"user-agent": user_agent(), "accept": "*/*", "accept-encoding": "identity"}
    try:
        with http.stream("GET", url, headers=headers, timeout=SILENCE) as response:
            yield response
    except httpx.TimeoutException as error:
        raise Invalid(
            f"{_shown(url)} took too long to fetch; try again, or save it to a file."
        ) from error
    except httpx.TransportError as error:
        raise Invalid(f"{_shown(url)} could not be fetched; look at the address.") from error


def _copy(response: httpx.Response, into: BinaryIO, max_bytes: int) -> None:
    shown = _shown(response.request.url)
    if response.status_code != 200:
        raise Invalid(f"{shown} answered {response.status_code}; there is nothing to fetch.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Invalid(f"{shown} is sent compressed, which was not asked for; save it to a file.")
    count = 0
    for piece in response.iter_raw():
        count += len(piece)
        if count > max_bytes:
            raise Invalid(f"{shown} is larger than {max_bytes} bytes; it is not fetched.")
        into.write(piece)


def _shown(url: httpx.URL) -> str:
    return str(url.copy_with(query=None, fragment=None, userinfo=b""))
