"""Lists of our own posts as Meta gives them: newest first, in pages, to look for one in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Post = Mapping[str, Any]

#: posts on one page, and pages read before a look gives up
PAGE: Final = 25
PAGES: Final = 8


@dataclass(frozen=True)
class Feed:
    """The lists of one account; `fetch` reads a path with parameters, `fields` is what is read."""

    fetch: Callable[..., Mapping[str, Any]]
    fields: str

    def newest(self, path: str) -> list[str]:
        """Return the ids of the newest posts."""
        return [str(post["id"]) for post in self._page(path, "")[0]]

    def made_since(self, path: str, known: Collection[str]) -> tuple[list[Post], bool]:
        """Return posts that are not among the known ones, and whether these are all there can be.

        Only meeting a known one is the proof of that: a list that is behind may be empty, too.
        """
        found: list[Post] = []
        for page, _ in self._pages(path):
            found += [post for post in page if post["id"] not in known]
            if any(post["id"] in known for post in page):
                return found, True
        return found, False

    def find(self, paths: Sequence[str], name: str, wanted: str) -> tuple[Post | None, bool]:
        """Return the post with this value in one of the lists, and whether all posts were read."""
        ended = 0
        for path in paths:
            for page, last in self._pages(path):
                found = next((post for post in page if post.get(name) == wanted), None)
                if found is not None:
                    return found, True
                ended += last
        return None, ended == len(paths)

    def _pages(self, path: str) -> Iterator[tuple[list[Post], bool]]:
        """Yield the pages of a list, and whether each is the last."""
        after = ""
        for _ in range(PAGES):
            page, after = self._page(path, after)
            last = not (page and after)
            yield page, last
            if last:
                return

    def _page(self, path: str, after: str) -> tuple[list[Post], str]:
        params = {"fields": self.fields, "limit": str(PAGE)} | ({"after": after} if after else {})
        answer = self.fetch(path, "data", **params)
        cursors = (answer.get("paging") or {}).get("cursors") or {}
        return list(answer["data"]), str(cursors.get("after") or "")
