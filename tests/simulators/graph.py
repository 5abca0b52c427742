"""What the strict simulators of Meta's platforms share: errors, forms, tokens, fields, pages.

Sources: developers.facebook.com/docs/graph-api (errors, paging), and the pages each platform names.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.simulators.graph_login import APP, HOUR, SECRET, Window
from tests.simulators.server import Asked, Reply, Server

VERSION: Final = "v26.0"
DAY: Final = 24 * 3600.0
TOKEN_LIFE: Final = 60 * DAY


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    code: int
    subcode: int | None = None
    message: str = "An error occurred"
    status: int = 400
    type: str = "OAuthException"
    title: str | None = None

    def reply(self) -> Reply:
        return failing(
            self.code,
            self.subcode,
            self.message,
            status=self.status,
            type=self.type,
            error_user_title=self.title,
        )


def failing(
    code: int,
    subcode: int | None = None,
    message: str = "An error occurred",
    *,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Reply:
    """Return an answer in Meta's error envelope; optional keys may be absent."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "X"}
    given = {"error_subcode": subcode, **more}
    whole = {**error, **{name: value for name, value in given.items() if value is not None}}
    return Reply(status, {"error": whole}, headers or {})


NOT_THERE: Final = Refused(
    100,
    33,
    "Unsupported get request. Object with this ID does not exist, cannot be loaded due to missing "
    "permissions, or does not support this operation.",
    type="GraphMethodException",
)

Work = Callable[..., Any]


class Graph(Server):
    """One app, its tokens, and what it may be asked for at `/{version}/…`."""

    def __init__(self, token: str) -> None:
        super().__init__()
        #: by token: when it was given out, in the simulator's time
        self.tokens: dict[str, float] = {token: self.now() - 2 * DAY}
        #: the same for tokens of an hour, which a code stands for
        self.brief: dict[str, float] = {}
        self._last_id = 17_889_455_560_051_000

    def new_id(self) -> str:
        self._last_id += 444
        return str(self._last_id)

    # --- the way of a request ----------------------------------------------------------------

    def routes(self) -> Iterable[tuple[str, str, Work]]:
        """Return method, path below the version, and what is done; the first that fits is taken."""
        raise NotImplementedError

    def unversioned(self) -> Iterable[tuple[str, str, Work]]:
        """Return the same for paths without a version, which authorize themselves."""
        return ()

    def perform(self, asked: Asked) -> Reply:
        try:
            answer = self._routed(asked)
        except Refused as refused:
            return refused.reply()
        return answer if isinstance(answer, Reply) else Reply(200, answer)

    def _routed(self, asked: Asked) -> Any:
        for method, path, work in self.unversioned():
            if method == asked.method and (match := re.fullmatch(path, asked.path)):
                return work(asked, *match.groups())
        for method, path, work in self.routes():
            match = re.fullmatch(f"/{self.version}/{path}", asked.path)
            if method == asked.method and match:
                self._authorize(asked)
                return work(asked, *match.groups())
        raise Refused(2500, None, "Unknown path components: " + asked.path)

    version = VERSION

    def _authorize(self, asked: Asked) -> None:
        if "access_token" in asked.query or b"access_token" in asked.body:
            raise Refused(1, None, "A token stands where it will be logged", 500)
        word, _, token = asked.headers.get("authorization", "").partition(" ")
        if word != "Bearer":
            raise Refused(190, None, "Invalid OAuth access token", 401)
        self.require_token(token)

    def require_token(self, token: str) -> None:
        given = self.tokens.get(token, self.brief.get(token))
        if given is None:
            message = f"Invalid OAuth access token - Cannot parse access token {token}"
            raise Refused(190, None, message, 401)
        if given + (TOKEN_LIFE if token in self.tokens else HOUR) < self.now():
            raise Refused(190, 463, "Error validating access token: Session has expired")

    def let_in(self) -> str:
        """Return a new token of an hour."""
        token = f"brief-token-{len(self.brief) + 1}"
        self.brief[token] = self.now()
        return token

    def long_lived(self, token: str) -> dict[str, Any]:
        """Return the answer to who asks for a token of 60 days by one of an hour."""
        self.require_token(token)
        if token not in self.brief:
            raise Refused(452, None, "Session key invalid")
        new = f"long-token-{len(self.tokens) + 1}"
        self.tokens[new] = self.now()
        return {"access_token": new, "token_type": "bearer", "expires_in": int(TOKEN_LIFE) - 56}

    def another_life(self, token: str) -> dict[str, Any]:
        """Return the answer to who asks for a new token by an old one."""
        self.require_token(token)
        if self.now() - self.tokens.get(token, self.now()) < DAY:
            raise Refused(100, None, "The token is too young to be refreshed")
        new = f"{token.partition('+')[0]}+{len(self.tokens)}"
        self.tokens[new] = self.now()
        return {"access_token": new, "token_type": "bearer", "expires_in": int(TOKEN_LIFE)}

    def of_facebook(self, asked: Asked, window: Window) -> dict[str, Any]:
        """Return what a code of Facebook's window stands for, or a longer life for a token."""
        query = dict(asked.query)
        if "grant_type" not in query:
            if (wrong := window.redeemed(query)) is not None:
                raise Refused(100, 36009, wrong)
            return {"access_token": self.let_in(), "token_type": "bearer", "expires_in": 5000}
        token = query.pop("fb_exchange_token", "")
        if query.pop("grant_type") != "fb_exchange_token":
            raise Refused(100, None, "Unsupported grant")
        if query != {"client_id": APP, "client_secret": SECRET}:
            raise Refused(1, None, "Error validating client secret.")
        return self.long_lived(token) if token in self.brief else self.another_life(token)

    # --- reading and writing -----------------------------------------------------------------

    def form(self, asked: Asked, known: Iterable[str]) -> dict[str, str]:
        """Return the fields of a form; raises `Refused` for anything a form cannot have."""
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refused(100, None, "Optional parameters may be ignored as JSON")
        pairs = parse_qsl(asked.body.decode(), keep_blank_values=True, strict_parsing=True)
        form = dict(pairs)
        if len(form) != len(pairs):
            raise Refused(100, None, "A parameter is given twice")
        if unknown := form.keys() - set(known):
            raise Refused(100, None, f"Unknown parameters: {sorted(unknown)}")
        return form

    def chosen(
        self, asked: Asked, entity: Mapping[str, Any], *, type: str = "OAuthException"
    ) -> dict[str, Any]:
        """Return the fields that were asked for, and the id."""
        wanted = [name for name in asked.query.get("fields", "id").split(",") if name]
        for name in wanted:
            if name not in entity:
                message = f"(#100) Tried accessing nonexisting field ({name})"
                raise Refused(100, None, message, type=type)
        names = [*wanted, "id"] if "id" in entity else wanted
        return {name: entity[name] for name in names if entity[name] is not None}

    def page(self, asked: Asked, entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return one page of a list, newest first, and its cursors."""
        if unknown := asked.query.keys() - {"fields", "limit", "after", "since", "until"}:
            raise Refused(100, None, f"Unknown parameters: {sorted(unknown)}")
        start = int(base64.b64decode(asked.query["after"])) if "after" in asked.query else 0
        chosen = entities[start : start + int(asked.query.get("limit", "25"))]
        if not chosen:
            return {"data": []}
        cursors = {"before": _cursor(start), "after": _cursor(start + len(chosen))}
        data = [self.chosen(asked, entity) for entity in chosen]
        return {"data": data, "paging": {"cursors": cursors}}

    def timestamp(self, at: float) -> str:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _cursor(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()
