"""A strict Instagram of one account, by either login, after the sheet.

Sources: developers.facebook.com/docs/instagram-platform (content-publishing, resumable-uploads,
ig-user/media, ig-container, error-codes), and what others have met (gitroomhq/postiz-app).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from tests.simulators.containers import Container, ContainerServer, Published, Repeats
from tests.simulators.graph import DAY, VERSION, Refused, Work
from tests.simulators.graph_login import CONFIG, SECRET, Window
from tests.simulators.server import Asked, Reply

TOKEN: Final = "IGAAtoken-of-acme"
USER: Final = "17841400000000001"

SCOPES: Final = {
    "facebook": frozenset(
        {"instagram_basic", "instagram_content_publish", "instagram_manage_insights"}
        | {"pages_read_engagement", "pages_show_list", "business_management"}
    ),
    "instagram": frozenset(
        {"instagram_business_basic", "instagram_business_content_publish"}
        | {"instagram_business_manage_messages", "instagram_business_manage_comments"}
    ),
}
_FIELDS: Final = frozenset(
    {"media_type", "image_url", "video_url", "upload_type", "is_carousel_item", "children"}
    | {"caption", "alt_text", "share_to_feed", "cover_url", "thumb_offset", "collaborators"}
    | {"user_tags", "location_id", "audio_name", "trial_params", "is_ai_generated"}
)
_NOT_OF_CHILDREN: Final = {"caption", "collaborators", "is_ai_generated", "share_to_feed"}
_FILES: Final = {"image_url", "video_url", "upload_type"}


class Instagram(ContainerServer):
    """One professional account."""

    text_field = "caption"
    story_metrics = frozenset({"views", "reach", "shares", "replies", "total_interactions"})
    metrics = story_metrics | {"likes", "comments", "saved"}
    unripe = Refused(9007, 2207027, "Media ID is not available", title="Cannot publish")
    missing = Refused(24, 2207008, "The media builder with this creation id does not exist")
    no_quota = Refused(9, 2207042, "You reached the maximum number of posts")

    def __init__(
        self, login: str = "facebook", *, quota: int = 50, repeats: Repeats = Repeats.SAME
    ) -> None:
        super().__init__(TOKEN, quota=quota, repeats=repeats)
        self.by_facebook = login == "facebook"
        self.window = Window("/oauth/authorize", SCOPES[login], self.now)
        if self.by_facebook:
            path = f"/{VERSION}/dialog/oauth"
            self.window = Window(path, SCOPES[login], self.now, "#_=_", configs={CONFIG})
        #: is what a code stands for not in a list, as many a client has it
        self.flat = False
        #: the next upload breaks off after so many bytes
        self.breaks_at: int | None = None
        #: the next upload is said to have failed, although it has not
        self.doubts_upload = False
        #: addresses that cannot be fetched
        self.unfetchable: set[str] = set()

    def routes(self) -> Iterable[tuple[str, str, Work]]:
        return (
            ("GET", "me", self._me),
            ("GET", USER, self._me),
            ("GET", f"{USER}/content_publishing_limit", self._limit),
            ("POST", f"{USER}/media", self._make),
            ("POST", f"{USER}/media_publish", self.publish),
            ("GET", f"{USER}/media", self._media),
            ("GET", f"{USER}/stories", self._stories),
            ("GET", r"(\d+)", self._read),
            ("GET", r"(\d+)/insights", self.insights),
        )

    def unversioned(self) -> Iterable[tuple[str, str, Work]]:
        return (
            ("POST", rf"/ig-api-upload/{VERSION}/(\d+)", self._upload),
            ("POST", "/oauth/access_token", self._redeem),
            ("GET", "/access_token", self._exchange),
            ("GET", "/refresh_access_token", self._refresh),
            ("GET", f"/{VERSION}/oauth/access_token", self._of_facebook),
        )

    # --- the account -------------------------------------------------------------------------

    def _me(self, asked: Asked) -> dict[str, Any]:
        if self.by_facebook:
            if asked.path.endswith("/me"):
                raise Refused(100, None, "(#100) Tried accessing nonexisting field (username)")
            return self.chosen(asked, {"id": USER, "username": "acme"})
        # `id` is the account's for this app alone
        return self.chosen(asked, {"id": "9000000001", "user_id": USER, "username": "acme"})

    def _limit(self, asked: Asked) -> dict[str, Any]:
        config = {"quota_total": self.quota, "quota_duration": 86400}
        return {"data": [self.chosen(asked, {"quota_usage": self.used(), "config": config})]}

    def _refresh(self, asked: Asked) -> dict[str, Any]:
        query = asked.query
        if self.by_facebook or query.get("grant_type") != "ig_refresh_token":
            raise Refused(100, None, "Unsupported grant")
        return self.another_life(query.get("access_token", ""))

    def _redeem(self, asked: Asked) -> Any:
        if self.by_facebook:
            raise Refused(100, None, "Invalid platform app")
        if (wrong := self.window.redeemed_by_form(asked)) is not None:
            return wrong
        # the user is the app's, not the account
        given = {"access_token": self.let_in(), "user_id": "9000000001"}
        given["permissions"] = self.window.asked["scope"]
        return given if self.flat else {"data": [given]}

    def _exchange(self, asked: Asked) -> dict[str, Any]:
        query = dict(asked.query)
        token = query.pop("access_token", "")
        if self.by_facebook or query.get("grant_type") != "ig_exchange_token":
            raise Refused(100, None, "Unsupported grant")
        if query != {"grant_type": "ig_exchange_token", "client_secret": SECRET}:
            raise Refused(1, None, "Error validating client secret.")
        return self.long_lived(token)

    def _of_facebook(self, asked: Asked) -> dict[str, Any]:
        if not self.by_facebook:
            raise Refused(100, None, "Unsupported grant")
        return self.of_facebook(asked, self.window)

    # --- making ------------------------------------------------------------------------------

    def _make(self, asked: Asked) -> dict[str, Any]:
        form = self.form(asked, _FIELDS)
        recent = [one for one in self.containers.values() if one.made_at > self.now() - DAY]
        if len(recent) >= 400:
            raise Refused(9, 2207042, "Too many containers")
        self._require_text(form)
        kind = form.get("media_type", "")
        if kind == "CAROUSEL":
            if set(form) & _FILES:
                raise Refused(100, None, "A carousel has no file of its own")
            self.require_children(form, 10, Refused(100, 2207028, "Carousel must have 2-10 items"))
        else:
            self._require_one_file(kind, form)
        container = self.keep(form, {"REELS": 2, "VIDEO": 2, "CAROUSEL": 1}.get(kind, 0))
        if "upload_type" in form:
            return {"id": container.id, "uri": f"{self.url}/ig-api-upload/{VERSION}/{container.id}"}
        return {"id": container.id}

    def _require_text(self, form: dict[str, str]) -> None:
        caption = form.get("caption", "")
        if len(caption) > 2200 or caption.count("#") > 30:
            raise Refused(36004, 2207010, "The caption was too long.")
        if caption.count("@") > 20:
            raise Refused(100, 2207040, "Cannot use more than 20 tags")
        if len(json.loads(form.get("collaborators", "[]"))) > 3:
            raise Refused(100, None, "Too many collaborators")
        child, story = "is_carousel_item" in form, form.get("media_type") == "STORIES"
        if child and set(form) & _NOT_OF_CHILDREN:
            raise Refused(100, None, "The param is not allowed for carousel children")
        if story and set(form) & {"caption", "collaborators", "alt_text"}:
            raise Refused(100, None, "The param is not allowed for stories")

    def _require_one_file(self, kind: str, form: dict[str, str]) -> None:
        files = set(form) & _FILES
        if kind not in {"", "REELS", "STORIES", "VIDEO"}:
            raise Refused(100, 2207023, "The media type is unknown")
        if len(files) != 1 or (kind == "" and files != {"image_url"}):
            raise Refused(100, None, "One file is needed")
        if kind in {"REELS", "VIDEO"} and files == {"image_url"}:
            raise Refused(100, None, "A video is needed")
        if kind == "VIDEO" and "is_carousel_item" not in form:
            raise Refused(100, 2207023, "Use REELS for a video")
        if "alt_text" in form and files != {"image_url"}:
            raise Refused(100, None, "Only images have an alt text")
        if len(form.get("alt_text", "")) > 1000:
            raise Refused(100, None, "The alt text is too long")
        if not form.get("thumb_offset", "0").isdecimal():
            raise Refused(1, 2207057, "Thumbnail offset must be >= 0 and < video duration")
        if set(form) & {"share_to_feed", "audio_name", "trial_params"} and kind != "REELS":
            raise Refused(100, None, "This is for reels")
        if "upload_type" in form and (not self.by_facebook or form["upload_type"] != "resumable"):
            raise Refused(100, None, "Invalid upload type")
        self._require_address(form.get("image_url") or form.get("video_url"))

    def _require_address(self, address: str | None) -> None:
        if address is None:
            return
        if not address.startswith("https://") or address in self.unfetchable:
            raise Refused(9004, 2207052, "The media could not be fetched from this URI")

    # --- sending -----------------------------------------------------------------------------

    def _upload(self, asked: Asked, id: str) -> Reply:
        word, _, token = asked.headers.get("authorization", "").partition(" ")
        container = self.containers.get(id)
        if word != "OAuth" or token not in self.tokens or not self.by_facebook:
            message = "User not authorized to perform this request"
            return self._not_taken("NotAuthorizedError", message)
        if container is None or "upload_type" not in container.form:
            return self._not_taken("ProcessingFailedError", "Unknown container")
        offset, size = asked.headers.get("offset", ""), asked.headers.get("file_size", "")
        if not (offset.isdecimal() and size.isdecimal()) or int(offset) != container.received:
            return self._not_taken("OffsetInvalidError", "Wrong offset")
        if int(offset) + len(asked.body) != int(size):
            return self._not_taken("PartialRequestError", "Wrong length")
        container.size = int(size)
        if self.breaks_at is not None:
            container.received, self.breaks_at = int(offset) + self.breaks_at, None
            return Reply(500, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})
        container.received = int(size)
        if self.doubts_upload:
            self.doubts_upload = False
            return self._not_taken("ProcessingFailedError", "Request processing failed")
        return Reply(200, {"success": True, "message": "Upload successful."})

    def _not_taken(self, type: str, message: str) -> Reply:
        info = {"retriable": False, "type": type, "message": message}
        return Reply(400, {"debug_info": info})

    # --- reading -----------------------------------------------------------------------------

    def _read(self, asked: Asked, id: str) -> dict[str, Any]:
        if id in self.containers:
            return self.chosen(asked, self._container(self.asked_for(id)))
        return self.chosen(asked, self._entity(self.post(id)))

    def _container(self, container: Container) -> dict[str, Any]:
        status = self.status(container)
        words = {
            "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
            "PUBLISHED": "Published: Media has been successfully published.",
            "ERROR": f"Error: Media upload has failed with error code {container.failed}",
        }
        shown = {"id": container.id, "status_code": status, "status": words.get(status, status)}
        if not self.by_facebook:
            return shown
        return {**shown, "video_status": self._video(container, status)}

    def _video(self, container: Container, status: str) -> dict[str, Any] | None:
        if "upload_type" not in container.form:
            return None
        missing = container.waits_for_bytes
        uploading = {
            "status": "in_progress" if missing else "complete",
            "bytes_transferred": container.received,
        }
        processing = "not_started" if missing else "complete"
        return {"uploading_phase": uploading, "processing_phase": {"status": processing}}

    def _entity(self, post: Published) -> dict[str, Any]:
        one = post.container
        children = {"CAROUSEL": "CAROUSEL_ALBUM"}
        video = one.kind in {"REELS", "VIDEO"} or (
            one.kind == "STORIES" and "image_url" not in one.form
        )
        code = f"C{post.id[-9:]}"
        shown = {
            "id": post.id,
            "media_type": children.get(one.kind, "VIDEO" if video else "IMAGE"),
            "timestamp": self.timestamp(post.at),
            "shortcode": code,
            "permalink": f"https://www.instagram.com/{'reel' if video else 'p'}/{code}/",
        }
        # documented for the Facebook login only; a text that is empty is not there
        caption = one.form.get("caption") if self.by_facebook else None
        return {**shown, "caption": caption or None}

    def _media(self, asked: Asked) -> dict[str, Any]:
        posts = [post for post in self.listed() if not post.is_story]
        return self.page(asked, [self._entity(post) for post in posts])

    def _stories(self, asked: Asked) -> dict[str, Any]:
        since = self.now() - DAY
        posts = [post for post in self.listed() if post.is_story and post.at > since]
        return self.page(asked, [self._entity(post) for post in posts])


def children_of(container: Container) -> list[str]:
    """Return what the parts of a carousel are, in their order."""
    return [child.kind for child in container.children]
