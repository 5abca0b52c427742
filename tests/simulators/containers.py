"""What Instagram and Threads share on their side: containers that ripen, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.simulators.graph import DAY, NOT_THERE, Graph, Refused
from tests.simulators.server import Asked, Live


class Repeats(StrEnum):
    """What becomes of a second call with the same container; which is true is not known."""

    #: the same id once more
    SAME = "same"
    #: it is not there any more
    GONE = "gone"


@dataclass
class Container:
    """Something that nobody sees until it is published."""

    id: str
    form: Mapping[str, str]
    made_at: float
    children: list[Container] = field(default_factory=list)
    #: what has arrived of a file that is sent, and how large it is said to be
    received: int = 0
    size: int | None = None
    #: times it still says that it is worked on
    processing: int = 0
    failed: str | None = None
    media: str | None = None

    @property
    def kind(self) -> str:
        return self.form.get("media_type", "IMAGE")

    @property
    def waits_for_bytes(self) -> bool:
        return "upload_type" in self.form and (self.size is None or self.received < self.size)


@dataclass
class Published:
    """One post."""

    id: str
    container: Container
    at: float

    @property
    def is_story(self) -> bool:
        return self.container.kind == "STORIES"


class ContainerServer(Graph):
    """One account whose posts are containers first."""

    text_field: str
    #: codes of a call that comes too early, and of a container that is not there
    unripe: Refused
    missing: Refused
    no_quota: Refused
    #: every metric there is, and those of a story
    metrics: frozenset[str]
    story_metrics: frozenset[str] = frozenset()

    def __init__(self, token: str, *, quota: int, repeats: Repeats = Repeats.SAME) -> None:
        super().__init__(token)
        self.repeats = repeats
        self.containers: dict[str, Container] = {}
        self.posts: list[Published] = []
        self.quota = quota
        #: seconds until the lists show a post
        self.lag = 0.0
        #: what the next publish call is answered with, although it is carried out
        self.lies: list[Refused] = []
        #: may the token read insights, and what they say: of what is not there it says nothing
        self.may_count = True
        self.counted: dict[str, int] = {}

    @property
    def live(self) -> list[Live]:
        """Return what the public can see, oldest first."""
        return [self._live(post) for post in self.posts]

    def _live(self, post: Published) -> Live:
        one = post.container
        media = one.children or ([one] if self.has_media(one) else [])
        return Live(post.id, one.form.get(self.text_field, ""), tuple(media), post.at)

    def has_media(self, container: Container) -> bool:
        return container.kind != "TEXT"

    def already_there(self, text: str, **form: str) -> Published:
        """Let the account have posted something else before."""
        made = Container(self.new_id(), {self.text_field: text, **form}, self.now())
        made.media = self.new_id()
        self.posts.append(Published(made.media, made, self.now()))
        return self.posts[-1]

    # --- containers --------------------------------------------------------------------------

    def keep(self, form: Mapping[str, str], processing: int) -> Container:
        container = Container(self.new_id(), form, self.now(), processing=processing)
        container.children = [self.containers[id] for id in self._ids(form)]
        self.containers[container.id] = container
        return container

    def _ids(self, form: Mapping[str, str]) -> list[str]:
        return [id for id in form.get("children", "").split(",") if id]

    def require_children(self, form: Mapping[str, str], most: int, wrong: Refused) -> None:
        ids = self._ids(form)
        if not 2 <= len(ids) <= most:
            raise wrong
        for id in ids:
            child = self.containers.get(id)
            if child is None or "is_carousel_item" not in child.form:
                raise self.missing
            if self.status(child) != "FINISHED":
                raise self.unripe

    def status(self, container: Container) -> str:
        if container.media is not None:
            return "PUBLISHED"
        if container.made_at + DAY < self.now():
            return "EXPIRED"
        if container.failed is not None:
            return "ERROR"
        if container.processing or container.waits_for_bytes:
            return "IN_PROGRESS"
        return "FINISHED"

    def asked_for(self, id: str) -> Container:
        """Return a container that is read, and let it ripen."""
        container = self.containers.get(id)
        if container is None:
            raise NOT_THERE
        if container.processing and not container.waits_for_bytes:
            container.processing -= 1
            if container.processing == 0:
                return self._seen_before(container)
        return container

    def _seen_before(self, container: Container) -> Container:
        # It was still worked on when it was read; from now on it is not.
        return Container(**{**vars(container), "processing": 1})

    # --- the publish call --------------------------------------------------------------------

    def publish(self, asked: Asked) -> dict[str, Any]:
        form = self.form(asked, {"creation_id"})
        container = self.containers.get(form.get("creation_id", ""))
        if container is None or container.form.get("is_carousel_item"):
            raise self.missing
        status = self.status(container)
        if status == "PUBLISHED":
            if self.repeats is Repeats.GONE:
                raise self.missing
            return {"id": container.media}
        if status == "EXPIRED":
            raise self.missing
        if status != "FINISHED":
            raise self.unripe
        self.require_room(container)
        self._show(container)
        if self.lies:
            raise self.lies.pop(0)
        return {"id": container.media}

    def require_room(self, container: Container) -> None:
        if self.used() >= self.quota:
            raise self.no_quota

    def used(self) -> int:
        """Return how much of the quota is used: a carousel counts once."""
        return sum(post.at > self.now() - DAY for post in self.posts)

    def _show(self, container: Container) -> None:
        container.media = self.new_id()
        self.posts.append(Published(container.media, container, self.now()))

    def listed(self) -> list[Published]:
        """Return what the lists show, newest first."""
        return [post for post in reversed(self.posts) if post.at + self.lag <= self.now()]

    def insights(self, asked: Asked, id: str) -> dict[str, Any]:
        if not self.may_count:
            raise Refused(10, None, "(#10) Application does not have permission for this action")
        wanted = asked.query.get("metric", "").split(",")
        if asked.query.keys() != {"metric"} or not self.metrics >= set(wanted):
            known = ", ".join(sorted(self.metrics))
            raise Refused(100, None, f"(#100) metric[0] must be one of the following: {known}")
        post = self.post(id)
        if post.is_story and (unfit := ", ".join(sorted(set(wanted) - self.story_metrics))):
            raise Refused(
                100,
                None,
                f"(#100) The Media Insights API does not support the {unfit} metric for this media "
                "product type.",
            )
        return {"data": [self._metric(id, name) for name in wanted if name in self.counted]}

    def _metric(self, id: str, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "period": "lifetime",
            "values": [{"value": self.counted[name]}],
            "title": name.capitalize(),
            "description": f"The number of {name}.",
            "id": f"{id}/insights/{name}/lifetime",
        }

    def post(self, id: str) -> Published:
        for post in self.posts:
            if post.id == id:
                return post
        raise NOT_THERE
