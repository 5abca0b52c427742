"""The wire to one host of one account, light until its first call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from postcron.errors import Invalid
from postcron.web.answer import Answer
from postcron.web.request import (
    Body,
    Request,
    Upload,
    build,
    form_body,
    json_body,
    multipart,
    user_agent,
    whole,
)

if TYPE_CHECKING:
    from postcron.web.wire import Wire


def _deaf(_: Answer) -> None:
    pass


class Api:
    """The wire to one host of one account.

    `deadline` is all the time the publish call may take; `heard` gets every answer to a repeatable
    call as it comes. May be used by several threads; each has its own connections.
    """

    def __init__(
        self,
        base_url: str,
        *,
        deadline: float = 45.0,
        heard: Callable[[Answer], object] = _deaf,
    ) -> None:
        """Raise `Invalid` for an address that must not carry a token; connect to nothing yet."""
        self._base = _checked(base_url)
        self._deadline = deadline
        self._heard = heard
        self._of_thread = threading.local()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Iterator[bytes] | bytes | None = None,
        size: int | None = None,
        upload: Upload | None = None,
        timeout: float = 30.0,
    ) -> Answer:
        """Make a call that is safe to repeat. Returns any complete answer; raises `Temporary`.

        The body is one of `json`, `form`, `content` (an iterator needs its `size`) and `upload`
        (with `form` beside it). `timeout` is for all of it; a large body gets more by its size.
        """
        body = _body(json, form, content, size, () if upload is None else (upload,))
        answer = self._wire().call(self._request(method, path, body, headers, params), timeout)
        self._heard(answer)
        return answer

    def act(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        uploads: Sequence[Upload] = (),
    ) -> Answer:
        """Make the publish call: a fresh connection, no redirects, no retries, one overall deadline.

        The body is one of `json`, `form`, `content` and `uploads` (with `form` beside them); all of
        it is in memory before anything is connected. Returns any complete answer. Raises
        `Temporary(evidence=NOT_SENT)` when no byte of the request left, and `OutcomeUnknown` for
        everything else.
        """
        body = whole(_body(json, form, content, None, uploads))
        return self._acted(self._request(method, path, body, headers, params))

    def _request(
        self,
        method: str,
        path: str,
        body: Body,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None = None,
    ) -> Request:
        url = f"{self._base.rstrip('/')}/{path.lstrip('/')}" if path else self._base
        ours = {"user-agent": user_agent(), "accept": "application/json"}
        merged = ours | {name.lower(): value for name, value in (headers or {}).items()}
        return build(method, url, params=params, headers=merged, body=body)

    def _acted(self, request: Request) -> Answer:
        from postcron.web.wire import act

        return act(request, self._deadline)

    def _wire(self) -> Wire:
        if not hasattr(self._of_thread, "wire"):
            from postcron.web.wire import Wire

            self._of_thread.wire = Wire()
        wire: Wire = self._of_thread.wire
        return wire


def _body(
    json: Any,
    form: Mapping[str, str] | None,
    content: Iterator[bytes] | bytes | None,
    size: int | None,
    uploads: Sequence[Upload],
) -> Body:
    if uploads:
        return multipart(form or {}, uploads)
    if isinstance(content, bytes):
        return Body.of(content)
    if content is not None:
        if size is None:
            raise TypeError("content that is an iterator needs its size")
        return Body(content, size)
    if form is not None:
        return form_body(form)
    return Body() if json is None else json_body(json)


def _checked(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError as error:
        raise Invalid(
            "The address of a platform is no address; write it like https://example.org."
        ) from error
    shown = host if port is None else f"{host}:{port}"
    if not host or parts.scheme not in {"http", "https"}:
        raise Invalid("The address of a platform begins with https:// and a host name.")
    if parts.username is not None or parts.password is not None:
        raise Invalid(f"The address of {shown} holds a user name; a secret has a key of its own.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise Invalid(f"The address of {shown} is plain http, which shows the token; use https.")
    return base_url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
