"""Reading what became of a post on a Facebook Page: by its id, or in the Page's lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from postcron.errors import Code, Permanent
from postcron.model import Receipt, Sight, Sighting
from postcron.platforms import graph
from postcron.platforms.base import counted
from postcron.platforms.facebook_video import Status, status_of
from postcron.platforms.graph_feed import Feed
from postcron.web import Answer, Api

SITE: Final = "https://www.facebook.com"
#: what a story's receipt begins with: it is found in the list of stories only
STORIES: Final = "stories/"
_SHOWN: Final = "is_published,permalink_url"
_TOTAL: Final = "limit(0).summary(true)"
_OF_POST: Final = f"reactions.{_TOTAL},comments.{_TOTAL},shares"
_OF_VIDEO: Final = f"likes.{_TOTAL},comments.{_TOTAL}"
COUNTS: Final = {name: name for name in ("likes", "comments", "shares")}
_POST: Final = re.compile(r"(?P<page>\d+)_\d+")
_VIDEO: Final = re.compile(rf"(?:{SITE}/(?:reel/|[^/]+/videos/))?(?P<id>\d+)/?")


@dataclass(frozen=True)
class Reader:
    """One Page, read with its token."""

    api: Api
    token: str
    #: `/v26.0`
    base: str
    page: str

    def fetched(self, path: str, *names: str, **params: str) -> Mapping[str, Any]:
        """Return the fields of a good answer, which has at least these."""
        return graph.fetched(self._read(path, **params), graph.LOGIN_REFUSALS, *names)

    def _read(self, path: str, **params: str) -> Answer:
        headers = graph.bearer(self.token)
        return self.api.call("GET", f"{self.base}/{path}", params=params, headers=headers)

    def post(self, id: str) -> Sighting:
        # https://developers.facebook.com/docs/graph-api/reference/pagepost
        body = self.fetched(id, "is_published", fields=_SHOWN)
        if body["is_published"] is True:
            return Sighting(Sight.LIVE, "The Page shows it.", _receipt(id, body))
        why = "It was made and is not shown: the call never arrived."
        return Sighting(Sight.ABSENT, why, safe_to_repeat=True)

    def video(self, id: str, *, accepted: bool) -> Sighting:
        # https://developers.facebook.com/docs/graph-api/reference/video
        body = self.fetched(id, "status", fields="status,published,permalink_url")
        return _video(id, body, accepted=accepted)

    def story(self, name: str, wanted: str) -> Sighting:
        # https://developers.facebook.com/docs/page-stories-api
        stories = Feed(self.fetched, "post_id,media_id,status,url")
        story, _ = stories.find([f"{self.page}/stories"], name, wanted)
        if story is None:
            # Archived ones are in the list only if the Page keeps an archive.
            return Sighting(Sight.UNCLEAR, "It is not among the stories that can be read.")
        receipt = Receipt(f"{STORIES}{story['post_id']}", story.get("url"))
        return Sighting(Sight.LIVE, "It is among the stories.", receipt)

    def visited(self, address: str) -> Sighting:
        if address.startswith(STORIES):
            return self.story("post_id", address.removeprefix(STORIES))
        if post := _POST.fullmatch(address):
            if post["page"] != self.page:
                return Sighting(Sight.GONE, f"{address} is a post of another Page.")
            return self._post_visited(address)
        if video := _VIDEO.fullmatch(address):
            return self._video_visited(video["id"])
        # What else stands in an address is no id: it is only as good as the list.
        found = self._listed("permalink_url", address) if address.startswith(SITE) else None
        return found or Sighting(Sight.UNCLEAR, f"{address} is not the address of a known post.")

    def _post_visited(self, id: str) -> Sighting:
        answer = self._read(id, fields=_SHOWN)
        if graph.is_missing(answer):
            why = f"There is no post {id} among those of the Page."
            return self._listed("id", id) or Sighting(Sight.GONE, why)
        body = graph.fetched(answer, graph.LOGIN_REFUSALS, "is_published")
        if body["is_published"] is not True:
            return Sighting(Sight.GONE, "The post is there, and is not shown.")
        return Sighting(Sight.LIVE, "The Page shows it.", _receipt(id, body))

    def numbers(self, id: str) -> Mapping[str, int]:
        """Return what is counted of a post or a video.

        Of a story that is nowhere said, and what only a person's address tells of is not asked for.
        """
        is_post = _POST.fullmatch(id) is not None
        if not (is_post or id.isdecimal()):
            return {}
        # https://developers.facebook.com/docs/graph-api/reference/pagepost
        # https://developers.facebook.com/docs/graph-api/reference/object/reactions
        # https://developers.facebook.com/docs/graph-api/reference/object/comments
        # https://developers.facebook.com/docs/graph-api/reference/video/likes
        answer = self._read(id, fields=_OF_POST if is_post else _OF_VIDEO)
        if graph.is_missing(answer):
            if is_post and self._post_visited(id).sight is Sight.GONE:
                raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
            return {}  # no list that is read here has the videos
        body = graph.fetched(answer, graph.LOGIN_REFUSALS, "id")
        found = {
            # Whatever a person felt, it is one of what others call likes.
            "likes": _total(body, "reactions" if is_post else "likes"),
            "comments": _total(body, "comments"),
            "shares": (body.get("shares") or {}).get("count"),
        }
        return counted(found, COUNTS)

    def _video_visited(self, id: str) -> Sighting:
        body = self.fetched(id, "status", fields="status,published,permalink_url,from")
        owner = body.get("from") or {}
        if "id" not in owner:
            return Sighting(Sight.UNCLEAR, f"Facebook does not say whose video {id} is.")
        if str(owner["id"]) != self.page:
            return Sighting(Sight.GONE, f"{id} is a video of {owner.get('name', owner['id'])}.")
        sighting = _video(id, body, accepted=True)
        unsure = sighting.sight is Sight.WORKING
        return Sighting(Sight.UNCLEAR, sighting.why) if unsure else sighting

    def _listed(self, name: str, wanted: str) -> Sighting | None:
        """Return the sight of a post in the list of the Page's; None if it is certainly not there."""
        # https://developers.facebook.com/docs/graph-api/reference/page/feed
        feed = Feed(self.fetched, "id,permalink_url")
        post, complete = feed.find([f"{self.page}/published_posts"], name, wanted)
        if post is not None:
            return Sighting(Sight.LIVE, "The Page shows it.", _receipt(str(post["id"]), post))
        why = "It is not among the newest posts of the Page."
        return None if complete else Sighting(Sight.UNCLEAR, why)


def _total(body: Mapping[str, Any], edge: str) -> Any:
    return ((body.get(edge) or {}).get("summary") or {}).get("total_count")


def _video(id: str, body: Mapping[str, Any], *, accepted: bool) -> Sighting:
    status = status_of(body)
    if status.published:
        return Sighting(Sight.LIVE, "The Page shows it.", _receipt(id, body))
    if status.failed:
        return Sighting(Sight.GONE, f"Facebook gave it up: {status.failed}.")
    return _on_its_way(status, accepted=accepted)


def _on_its_way(status: Status, *, accepted: bool) -> Sighting:
    if accepted or status.publishing:
        return Sighting(Sight.WORKING, f"Facebook is working on it ({status.video}).")
    # That finishing again would not make two is written nowhere, so nobody does it unasked.
    why = f"Facebook has the video ({status.video}) and has not been asked to publish it."
    return Sighting(Sight.ABSENT, why)


def _receipt(id: str, body: Mapping[str, Any]) -> Receipt:
    url = body.get("permalink_url")
    return Receipt(id, f"{SITE}{url}" if url and url.startswith("/") else url)
