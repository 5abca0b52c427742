"""A strict Threads of one profile, after the sheet.

Sources: developers.facebook.com/docs/threads (posts, reply-management, long-lived-tokens,
troubleshooting), fbsamples/threads_api, and what others have met (gitroomhq/postiz-app).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.simulators.containers import Container, ContainerServer, Published, Repeats
from tests.simulators.graph import DAY, NOT_THERE, Refused, Work
from tests.simulators.graph_login import SECRET, Window
from tests.simulators.server import Asked, Live

TOKEN: Final = "THAAtoken-of-acme"
USER: Final = "24000000000000001"
#: seconds an answer with a file has to lie before it finds its place
NO_SOONER: Final = 30.0
#: within any 24 hours, apart from other posts
ANSWERS_A_DAY: Final = 1000

SCOPES: Final = frozenset(
    {"threads_basic", "threads_content_publish", "threads_read_replies"}
    | {"threads_manage_replies", "threads_manage_insights"}
)
_FIELDS: Final = frozenset(
    {"media_type", "text", "image_url", "video_url", "is_carousel_item", "children", "alt_text"}
    | {"reply_to_id", "reply_control", "link_attachment", "topic_tag", "auto_publish_text"}
)
_CONTROLS: Final = {"everyone", "accounts_you_follow", "mentioned_only", "followers_only"}
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")


class Threads(ContainerServer):
    """One profile."""

    version = "v1.0"
    text_field = "text"
    metrics = frozenset({"views", "likes", "replies", "reposts", "quotes", "shares"})
    missing = Refused(24, 4279009, "The requested resource does not exist", title="Media Not Found")
    unripe = missing
    #: what a quota that is used up is answered with is not known
    no_quota = Refused(10_000, None, "You reached the maximum number of posts")

    def __init__(self, *, quota: int = 250, repeats: Repeats = Repeats.SAME) -> None:
        super().__init__(TOKEN, quota=quota, repeats=repeats)
        #: by container: when it was first seen finished
        self._finished: dict[str, float] = {}
        self.unfetchable: set[str] = set()
        #: has the token threads_manage_replies?
        self.may_answer = True
        self.window = Window("/oauth/authorize", SCOPES, self.now)

    def _live(self, post: Published) -> Live:
        return replace(super()._live(post), parent=self._parent(post))

    def _parent(self, post: Published) -> str | None:
        one = post.container
        lay = post.at - self._finished.get(one.id, post.at)
        # an answer with a file that came too soon stands by itself
        return None if self.has_media(one) and lay < NO_SOONER else one.form.get("reply_to_id")

    def routes(self) -> Iterable[tuple[str, str, Work]]:
        who = f"(?:me|{USER})"
        return (
            ("GET", "me", self._me),
            ("GET", f"{who}/threads_publishing_limit", self._limit),
            ("POST", f"{who}/threads", self._make),
            ("POST", f"{who}/threads_publish", self.publish),
            ("GET", f"{who}/threads", self._posts),
            ("GET", f"{who}/replies", self._replies),
            ("GET", r"(\d+)", self._read),
            ("GET", r"(\d+)/insights", self.insights),
        )

    def unversioned(self) -> Iterable[tuple[str, str, Work]]:
        return (
            ("POST", "/oauth/access_token", self._redeem),
            ("GET", "/access_token", self._exchange),
            ("GET", "/refresh_access_token", self._refresh),
        )

    def _me(self, asked: Asked) -> dict[str, Any]:
        return self.chosen(asked, {"id": USER, "username": "acme"})

    def _limit(self, asked: Asked) -> dict[str, Any]:
        def quota(total: int) -> dict[str, int]:
            return {"quota_total": total, "quota_duration": 86400}

        if "reply_" in asked.query.get("fields", "") and not self.may_answer:
            raise Refused(10, None, "Application does not have permission for this action")
        shown = {"quota_usage": self.used(), "config": quota(self.quota)}
        more = {"reply_quota_usage": self.answered(), "reply_config": quota(ANSWERS_A_DAY)}
        return {"data": [self.chosen(asked, shown | more)]}

    def require_room(self, container: Container) -> None:
        answers = "reply_to_id" in container.form
        used, most = (self.answered(), ANSWERS_A_DAY) if answers else (self.used(), self.quota)
        if used >= most:
            raise self.no_quota

    def used(self) -> int:
        return super().used() - self.answered()

    def answered(self) -> int:
        """Return how many answers of the day there are: they are not counted as posts."""
        today = [post for post in self.posts if post.at > self.now() - DAY]
        return sum("reply_to_id" in post.container.form for post in today)

    def _redeem(self, asked: Asked) -> Any:
        wrong = self.window.redeemed_by_form(asked)
        return wrong or {"access_token": self.let_in(), "user_id": int(USER)}

    def _exchange(self, asked: Asked) -> dict[str, Any]:
        query = dict(asked.query)
        token = query.pop("access_token", "")
        if query != {"grant_type": "th_exchange_token", "client_secret": SECRET}:
            raise Refused(1, None, "Error validating client secret.")
        return self.long_lived(token)

    def _refresh(self, asked: Asked) -> dict[str, Any]:
        if asked.query.get("grant_type") != "th_refresh_token":
            raise Refused(100, None, "Unsupported grant")
        return self.another_life(asked.query.get("access_token", ""))

    # --- making ------------------------------------------------------------------------------

    def _make(self, asked: Asked) -> dict[str, Any]:
        form = self.form(asked, _FIELDS)
        kind = form.get("media_type", "")
        self._require_text(form, kind)
        self._require_file(form, kind)
        if "reply_to_id" in form:
            self.post(form["reply_to_id"])
        if form.get("reply_control", "everyone") not in _CONTROLS | {"parent_post_author_only"}:
            raise Refused(100, None, "Param reply_control must be one of …")
        container = self.keep(form, {"VIDEO": 2, "CAROUSEL": 1}.get(kind, 0))
        if "auto_publish_text" in form:
            self._show(container)
        return {"id": container.id}

    def _require_text(self, form: Mapping[str, str], kind: str) -> None:
        text = form.get("text", "")
        if sum(len(c.encode()) if _EMOJI.match(c) else 1 for c in text) > 500:
            raise Refused(100, None, "Param text must be at most 500 characters long")
        if kind == "TEXT" and not (text or "link_attachment" in form):
            raise Refused(100, None, "The parameter text is required")
        if "is_carousel_item" in form and set(form) & {"text", "reply_to_id", "topic_tag"}:
            raise Refused(100, None, "The param is not allowed for carousel children")
        if "link_attachment" in form and kind != "TEXT":
            raise Refused(100, None, "link_attachment is for text posts")
        if not re.fullmatch(r"[^.&]{1,50}", form.get("topic_tag", "x")):
            raise Refused(100, None, "Invalid topic_tag")
        found = {*re.findall(r"https?://\S+", text), form.get("link_attachment", "")} - {""}
        if len(found) > 5:
            raise Refused(100, None, "THREADS_API__LINK_LIMIT_EXCEEDED")

    def _require_file(self, form: Mapping[str, str], kind: str) -> None:
        needed = {"TEXT": None, "IMAGE": "image_url", "VIDEO": "video_url", "CAROUSEL": "children"}
        if kind not in needed:
            raise Refused(100, None, "Param media_type must be one of …")
        given = set(form) & {"image_url", "video_url", "children"}
        if given != {needed[kind]} - {None}:
            raise Refused(100, None, f"{needed[kind]} is needed, and nothing else")
        if "alt_text" in form and kind not in {"IMAGE", "VIDEO"}:
            raise Refused(100, None, "alt_text is for media")
        if kind == "CAROUSEL":
            self.require_children(form, 20, Refused(100, None, "A carousel has 2 to 20 items"))
        address = form.get("image_url") or form.get("video_url") or "https://"
        if not address.startswith("https://") or address in self.unfetchable:
            raise Refused(100, None, "The media could not be fetched from this URI")

    # --- reading -----------------------------------------------------------------------------

    def _read(self, asked: Asked, id: str) -> dict[str, Any]:
        if id in self.containers:
            container = self.asked_for(id)
            shown = self.chosen(asked, self._container(container), type="THApiException")
            if self.status(container) == "FINISHED":
                self._finished.setdefault(id, self.now())
            return shown
        return self.chosen(asked, self._entity(self.post(id)), type="THApiException")

    def _container(self, container: Container) -> dict[str, Any]:
        status = self.status(container)
        why = container.failed if status == "ERROR" else None
        return {"id": container.id, "status": status, "error_message": why}

    def _entity(self, post: Published) -> dict[str, Any]:
        kinds = {"TEXT": "TEXT_POST", "CAROUSEL": "CAROUSEL_ALBUM"}
        code = f"D{post.id[-9:]}"
        parent = self._parent(post)
        return {
            "id": post.id,
            "text": post.container.form.get("text"),
            "media_type": kinds.get(post.container.kind, post.container.kind),
            "timestamp": self.timestamp(post.at),
            "shortcode": code,
            "permalink": f"https://www.threads.com/@acme/post/{code}",
            "is_reply": parent is not None,
            "replied_to": None if parent is None else {"id": parent},
        }

    def _posts(self, asked: Asked) -> dict[str, Any]:
        return self._page(asked, answers=False)

    def _replies(self, asked: Asked) -> dict[str, Any]:
        return self._page(asked, answers=True)

    def _page(self, asked: Asked, *, answers: bool) -> dict[str, Any]:
        shown = [post for post in self.listed() if (self._parent(post) is not None) is answers]
        return self.page(asked, [self._entity(post) for post in shown])

    def post(self, id: str) -> Published:
        """Return a post; raises `Refused` for what is none."""
        if id in self.containers:
            raise NOT_THERE
        return super().post(id)
