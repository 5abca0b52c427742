"""A strict Facebook of one Page, after the sheet.

Sources: developers.facebook.com (Page feed, photos, video reels, stories), the live probe of
teodorlilov/kontuur-app (docs/META-FB-PROBE.md), and what others have met (arsduo/koala#699).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.simulators.graph import DAY, NOT_THERE, VERSION, Graph, Refused, Work, failing
from tests.simulators.graph_login import CONFIG, Window
from tests.simulators.multipart import Part, parts
from tests.simulators.server import Asked, Live, Reply

TOKEN: Final = "EAAGpage-token-of-acme"
PERSON: Final = "EAAGtoken-of-a-person"
PAGE: Final = "100000000000001"
OTHER: Final = "100000000000002"
#: bytes of one chunk of a video for the feed
CHUNK: Final = 1000
#: by this edge, within any 24 hours
REELS_A_DAY: Final = 30

SCOPES: Final = frozenset(
    {"pages_manage_posts", "pages_read_engagement", "pages_show_list", "business_management"}
)
_MOST_PHOTO: Final = 4_000_000
_FEED: Final = frozenset({"message", "link", "attached_media", "published"})
_CANT_READ: Final = Refused(100, 1366046, "Invalid parameter", title="Can't Read Files")


@dataclass
class Photo:
    """One photo nobody sees until a post or a story has it."""

    id: str
    content: bytes
    alt: str
    used: bool = False


@dataclass
class Post:
    """One post, shown or not."""

    id: str
    message: str
    link: str
    photos: tuple[str, ...]
    shown_at: float | None = None


@dataclass
class Video:
    """One video on its way."""

    id: str
    edge: str
    size: int | None = None
    page: str = PAGE
    received: int = 0
    session: str = ""
    #: questions answered with `processing` before and after it was finished
    processing: int = 1
    publishing: int = 1
    finished: Mapping[str, str] | None = None
    finished_at: float | None = None
    #: a phase that ends in an error
    failing: str = ""
    lost: bool = False
    shown_at: float | None = None

    @property
    def is_whole(self) -> bool:
        return self.size is not None and self.received == self.size


@dataclass(frozen=True)
class Story:
    """One story."""

    post_id: str
    media_id: str
    at: float


class Facebook(Graph):
    """One Page with its token, and a person's token, which is another."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.tokens[PERSON] = self.tokens[TOKEN]
        path = f"/{VERSION}/dialog/oauth"
        self.window = Window(path, SCOPES, self.now, "#_=_", localhost=True, configs={CONFIG})
        #: the Pages whoever logs in has ticked there
        self.ticked = [PAGE]
        self.photos: dict[str, Photo] = {}
        self.posts: dict[str, Post] = {}
        self.videos: dict[str, Video] = {}
        self.stories: list[Story] = []
        #: which of Meta's two spellings is spoken
        self.spells_out = False
        #: so many questions are answered as if a post were not shown yet
        self.stale = 0
        #: the next upload breaks off after so many bytes
        self.breaks_at: int | None = None
        #: the next new video ends in an error of this phase
        self.fails_in = ""
        #: what one report says: a post that is made unseen is seen all the same
        self.shows_at_once = False
        #: questions about a video that are answered as if nothing of it had come in
        self.behind = 0
        #: the list of stories lags behind
        self.stories_lag = False
        #: may the token read engagement, and what is counted: what is not is left out
        self.may_count = True
        self.counted: dict[str, int] = {}

    @property
    def live(self) -> list[Live]:
        posts = [
            Live(post.id, post.message, post.photos, post.shown_at)
            for post in self.posts.values()
            if post.shown_at is not None
        ]
        videos = [
            Live(video.id, (video.finished or {}).get("description", ""), (video.id,), shown_at)
            for video in self.videos.values()
            if (shown_at := video.shown_at) is not None and video.edge != "video_stories"
        ]
        stories = [
            Live(f"stories/{story.post_id}", "", (story.media_id,), story.at)
            for story in self.stories
        ]
        return sorted([*posts, *videos, *stories], key=lambda one: one.at)

    @property
    def unseen(self) -> list[Post]:
        """Return the posts nobody sees."""
        return [post for post in self.posts.values() if post.shown_at is None]

    def already_there(self, message: str) -> str:
        """Let the Page have posted something else before; return its id."""
        return self._added(message, "", (), shown_at=self.now()).id

    def finished_reel(self) -> None:
        """Let the Page have asked for a reel by other means."""
        video = self._new_video("video_reels", 1)
        video.received, video.finished, video.finished_at = 1, {}, self.now()

    def of_another_page(self) -> tuple[str, str]:
        """Let another Page have a post and a reel; return their ids."""
        video = self._new_video("video_reels", 1)
        video.page, video.received, video.finished = OTHER, 1, {}
        video.processing = video.publishing = 0
        post = Post(f"{OTHER}_{self.new_id()}", "Not ours", "", (), self.now())
        self.posts[post.id] = post
        return post.id, video.id

    def routes(self) -> Iterable[tuple[str, str, Work]]:
        return (
            ("GET", PAGE, self._page),
            ("POST", f"{PAGE}/photos", self._add_photo),
            ("POST", f"{PAGE}/feed", self._add_post),
            ("GET", f"{PAGE}/published_posts", self._list_posts),
            ("GET", r"(\d+_\d+)", self._read_post),
            ("POST", f"({PAGE}_\\d+)", self._show_post),
            ("POST", f"{PAGE}/(video_reels|video_stories)", self._reel),
            ("POST", f"{PAGE}/videos", self._film),
            ("POST", f"{PAGE}/photo_stories", self._add_story),
            ("GET", f"{PAGE}/stories", self._list_stories),
            ("GET", r"(\d+)", self._read_video),
        )

    def unversioned(self) -> Iterable[tuple[str, str, Work]]:
        return (
            ("POST", rf"/video-upload/{VERSION}/(\d+)", self._upload),
            ("GET", f"/{VERSION}/oauth/access_token", self._redeem),
        )

    def _redeem(self, asked: Asked) -> dict[str, Any]:
        return self.of_facebook(asked, self.window)

    def _access(self, token: str) -> str | None:
        """Return what the Page can be posted to by: it ends with the token it is asked for by."""
        if PAGE not in self.ticked or not self._is_a_persons(token):
            return None
        access = f"page-{PAGE}-by-{token}"
        if token in self.brief:
            self.brief[access] = self.brief[token]
        else:
            self.tokens[access] = float("inf")
        return access

    def _is_a_persons(self, token: str) -> bool:
        return token == PERSON or token.startswith(("brief-token", "long-token"))

    def _page(self, asked: Asked) -> dict[str, Any]:
        token = asked.headers["authorization"].removeprefix("Bearer ")
        return self.chosen(asked, {"id": PAGE, "name": "Acme", "access_token": self._access(token)})

    # --- posts -------------------------------------------------------------------------------

    def _add_photo(self, asked: Asked) -> dict[str, Any]:
        form = parts(asked) or {}
        if form.keys() - {"source", "published", "alt_text_custom"}:
            raise Refused(100, None, f"Unknown parameters: {sorted(form)}")
        source = form.get("source")
        if source is None or source.file is None:
            raise Refused(324, None, "Missing or invalid image file")
        if form["published"].text != "false":
            raise AssertionError("a photo was published at once")
        is_picture = source.content.startswith((b"\x89PNG", b"\xff\xd8\xff"))
        if len(source.content) > _MOST_PHOTO or not is_picture:
            raise _CANT_READ
        alt = form["alt_text_custom"].text if "alt_text_custom" in form else ""
        photo = Photo(self.new_id(), source.content, alt)
        self.photos[photo.id] = photo
        return {"id": photo.id}

    def _add_post(self, asked: Asked) -> dict[str, Any]:
        body = asked.json()
        is_json = asked.headers.get("content-type") == "application/json"
        if not is_json or not isinstance(body, dict) or asked.query or body.keys() - _FEED:
            raise Refused(100, None, "Invalid parameter")
        if body.get("published") is not False:
            raise AssertionError("a post was published at once")
        self._require_page(asked)
        photos = [self._photo(media["media_fbid"]) for media in body.get("attached_media", ())]
        message, link = body.get("message", ""), body.get("link", "")
        if not message and not link and not photos:
            raise Refused(197, None, "The post is empty. Please enter a message to share.")
        if link and not link.startswith("https://"):
            raise Refused(1500, None, "The url you supplied is invalid")
        if any(photo.used for photo in photos):
            raise Refused(100, 1366051, "These photos were already posted.")
        for photo in photos:
            photo.used = True
        shown_at = self.now() if self.shows_at_once else None
        post = self._added(message, link, tuple(photo.id for photo in photos), shown_at=shown_at)
        return {"id": post.id, "post_supports_client_mutation_id": True}

    def _require_page(self, asked: Asked) -> None:
        if self._is_a_persons(asked.headers["authorization"].removeprefix("Bearer ")):
            message = "(#200) Unpublished posts must be posted to a page as the page itself"
            raise Refused(200, None, message)

    def _photo(self, id: str) -> Photo:
        if id not in self.photos:
            raise Refused(100, None, "(#100) Invalid id.")
        return self.photos[id]

    def _added(
        self, message: str, link: str, photos: tuple[str, ...], *, shown_at: float | None
    ) -> Post:
        post = Post(f"{PAGE}_{self.new_id()}", message, link, photos, shown_at)
        self.posts[post.id] = post
        return post

    def _post(self, id: str) -> Post:
        if id not in self.posts:
            raise NOT_THERE
        return self.posts[id]

    def _show_post(self, asked: Asked, id: str) -> dict[str, Any]:
        post = self._post(id)
        self._require_page(asked)
        if asked.json() != {"is_published": True}:
            raise Refused(100, None, "Invalid parameter")
        if post.shown_at is None:
            post.shown_at = self.now()
        return {"success": True}

    def _read_post(self, asked: Asked, id: str) -> dict[str, Any]:
        entity = self._entity(self._post(id))
        shares = {"count": self.counted["shares"]} if self.counted.get("shares") else None
        return self._counting(asked, {**entity, "shares": shares}, "reactions", "comments")

    def _counting(self, asked: Asked, entity: Mapping[str, Any], *edges: str) -> dict[str, Any]:
        """Return the fields that were asked for, and how many there are at an edge."""
        totals = {
            f"{edge}.limit(0).summary(true)": {
                "data": [],
                "summary": {"total_count": self.counted[edge]},
            }
            if edge in self.counted
            else None
            for edge in edges
        }
        if not self.may_count and "summary" in asked.query.get("fields", ""):
            why = "(#10) This endpoint requires the 'pages_read_engagement' permission"
            raise Refused(10, None, why, 403)
        shown = self.chosen(asked, {**entity, **totals})
        return {name.partition(".")[0]: value for name, value in shown.items()}

    def _entity(self, post: Post) -> dict[str, Any]:
        shown = post.shown_at is not None
        if shown and self.stale:
            self.stale, shown = self.stale - 1, False
        url = f"https://www.facebook.com/{PAGE}/posts/{post.id.partition('_')[2]}"
        return {"id": post.id, "is_published": shown, "permalink_url": url if shown else None}

    def _list_posts(self, asked: Asked) -> dict[str, Any]:
        shown = [post for post in self.posts.values() if post.shown_at is not None]
        return self.page(asked, [self._entity(post) for post in reversed(shown)])

    # --- videos ------------------------------------------------------------------------------

    def _new_video(self, edge: str, size: int | None = None) -> Video:
        video = Video(self.new_id(), edge, size, session=self.new_id())
        video.failing, self.fails_in = self.fails_in, ""
        self.videos[video.id] = video
        return video

    def _reel(self, asked: Asked, edge: str) -> dict[str, Any]:
        known = {"upload_phase", "video_id"}
        known |= {"video_state", "title", "description"} if edge == "video_reels" else set()
        form = self.form(asked, known)
        if form.get("upload_phase") == "start":
            video = self._new_video(edge)
            address = f"http://{asked.headers['host']}/video-upload/{VERSION}/{video.id}"
            return {"video_id": video.id, "upload_url": address}
        video = self._finished(form, self.videos.get(form.get("video_id", "")), edge)
        if edge == "video_stories":
            return {"success": True, "post_id": self._told(video.id).post_id}
        if form.get("video_state") != "PUBLISHED":
            raise AssertionError("a reel is finished without being published")
        return {"success": True}

    def _finished(self, form: Mapping[str, str], video: Video | None, edge: str) -> Video:
        if form.get("upload_phase") != "finish" or video is None or video.edge != edge:
            raise Refused(100, None, "Invalid parameter")
        if not video.is_whole:
            raise Refused(6000, None, "There was a problem uploading your video file.")
        if video.finished is None:
            if edge == "video_reels":
                self._require_room()
            video.finished, video.finished_at = form, self.now()
        return video

    def _require_room(self) -> None:
        reels = (video for video in self.videos.values() if video.edge == "video_reels")
        today = [reel for reel in reels if (reel.finished_at or 0.0) > self.now() - DAY]
        if len(today) >= REELS_A_DAY:
            # With which code is written nowhere.
            raise Refused(613, None, "The Page has published as many reels as it may in a day.")

    def _upload(self, asked: Asked, id: str) -> Reply:
        word, _, token = asked.headers.get("authorization", "").partition(" ")
        video = self.videos.get(id)
        if word != "OAuth" or token not in self.tokens or self._is_a_persons(token):
            return _not_taken("NotAuthorizedError")
        offset, size = asked.headers.get("offset", ""), asked.headers.get("file_size", "")
        if video is None or not (offset.isdecimal() and size.isdecimal()):
            return _not_taken("ProcessingFailedError")
        if int(offset) != video.received:
            return _not_taken("OffsetInvalidError")
        if int(offset) + len(asked.body) != int(size):
            return _not_taken("PartialRequestError")
        video.size = int(size)
        if self.breaks_at is not None:
            video.received, self.breaks_at = int(offset) + self.breaks_at, None
            return Reply(500, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})
        video.received = int(size)
        return Reply(200, {"success": True})

    def _film(self, asked: Asked) -> Any:
        form = parts(asked)
        if form is not None:
            return self._chunk(form)
        given = self.form(
            asked, {"upload_phase", "file_size", "upload_session_id", "description", "title"}
        )
        if given.get("upload_phase") == "start":
            video = self._new_video("videos", int(given["file_size"]))
            return {"video_id": video.id, "upload_session_id": video.session, **_span(video)}
        self._finished(given, self._of_session(given.get("upload_session_id", "")), "videos")
        return {"success": True}

    def _of_session(self, session: str) -> Video | None:
        found = (video for video in self.videos.values() if video.session == session)
        return next(found, None)

    def _chunk(self, form: Mapping[str, Part]) -> Any:
        wanted = {"upload_phase", "upload_session_id", "start_offset", "video_file_chunk"}
        if form.keys() != wanted or form["upload_phase"].text != "transfer":
            raise Refused(100, None, "Invalid parameter")
        video, chunk = self._of_session(form["upload_session_id"].text), form["video_file_chunk"]
        if video is None or video.size is None or chunk.file is None:
            raise Refused(6001, None, "There was a problem uploading your video file.")
        length = min(CHUNK, video.size - video.received)
        if int(form["start_offset"].text) != video.received or len(chunk.content) != length:
            return failing(6001, 1363037, "Wrong offset", error_data=_span(video))
        video.received += length
        return _span(video)

    def _read_video(self, asked: Asked, id: str) -> dict[str, Any]:
        video = self.videos.get(id)
        if video is None:
            raise NOT_THERE
        self._step(video)
        shown = video.shown_at is not None
        entity = {"id": id, "status": self._status(video), "published": shown}
        entity["from"] = {"id": video.page, "name": "Acme" if video.page == PAGE else "Not ours"}
        url = f"/reel/{id}/" if video.edge == "video_reels" else f"/{PAGE}/videos/{id}/"
        return self._counting(asked, {**entity, "permalink_url": url}, "likes", "comments")

    def _step(self, video: Video) -> None:
        """Let a video get on; each question is some seconds later."""
        if video.is_whole and video.processing:
            video.processing -= 1
        elif video.finished and video.publishing:
            video.publishing -= 1
        elif video.finished and video.shown_at is None and not video.failing:
            video.shown_at = self.now()

    def _status(self, video: Video) -> dict[str, Any]:
        if self.behind:
            self.behind -= 1
            return {"video_status": "uploading", "uploading_phase": {"status": "in_progress"}}
        done = "completed" if self.spells_out else "complete"
        count = "bytes_transferred" if self.spells_out else "bytes_transfered"
        state = "ready" if video.is_whole else "uploading"
        if video.is_whole and video.processing:
            state = "upload_complete"
        publishing: dict[str, Any] = {"status": "not_started"}
        if video.finished:
            publishing = {"status": "in_progress"}
        if video.shown_at is not None:
            publishing = {"status": done, "publish_status": "published"}
        phases: dict[str, Any] = {
            "uploading_phase": {
                "status": done if video.is_whole else "in_progress",
                count: video.received,
            },
            "processing_phase": {"status": done if state == "ready" else "not_started"},
            "publishing_phase": publishing,
        }
        if video.edge == "videos":
            del phases["publishing_phase"]
        if video.failing and video.is_whole:
            name = "error" if self.spells_out else "errors"
            phases[video.failing] = {"status": "error", name: [{"message": "Bad codec"}]}
            state = "error"
        return {"video_status": "expired" if video.lost else state, **phases}

    # --- stories -----------------------------------------------------------------------------

    def _add_story(self, asked: Asked) -> dict[str, Any]:
        form = self.form(asked, {"photo_id"})
        photo = self._photo(form.get("photo_id", ""))
        if photo.used:
            raise Refused(100, None, "The media is used in a published post.")
        photo.used = True
        return {"success": True, "post_id": self._told(photo.id).post_id}

    def _told(self, media: str) -> Story:
        found = next((story for story in self.stories if story.media_id == media), None)
        if found is None:
            found = Story(self.new_id(), media, self.now())
            self.stories.append(found)
        return found

    def _list_stories(self, asked: Asked) -> dict[str, Any]:
        since = self.now() - DAY
        told = [story for story in reversed(self.stories) if story.at > since]
        return self.page(
            asked,
            [
                {
                    "post_id": story.post_id,
                    "media_id": story.media_id,
                    "status": "PUBLISHED",
                    "url": f"https://www.facebook.com/stories/{story.post_id}",
                }
                for story in told
                if not self.stories_lag
            ],
        )


def _span(video: Video) -> dict[str, str]:
    assert video.size is not None
    end = min(video.received + CHUNK, video.size)
    return {"start_offset": str(video.received), "end_offset": str(end)}


def _not_taken(type: str) -> Reply:
    info = {"retriable": False, "type": type, "message": "Request processing failed"}
    return Reply(400, {"debug_info": info})
