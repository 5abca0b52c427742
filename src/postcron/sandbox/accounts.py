"""The accounts of the sandbox's one workspace: made up, and always the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5


@dataclass(frozen=True)
class Account:
    """One login that the platform holds for us."""

    id: int
    username: str
    provider: str
    authorized: bool = True

    @property
    def uuid(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"postcron:sandbox:{self.username}"))

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "uuid": self.uuid,
            "name": self.username.replace("-", " ").title(),
            "username": self.username,
            "image": None,
            "provider": self.provider,
            "data": {},
            "authorized": self.authorized,
            "created_at": "2026-01-01 00:00:00",
        }


ACCOUNTS: Final = (
    Account(1, "demo-instagram", "instagram"),
    Account(2, "demo-mastodon", "mastodon"),
    Account(3, "demo-facebook", "facebook_page"),
    Account(4, "demo-tiktok", "tiktok"),
    Account(5, "demo-youtube", "youtube"),
    Account(6, "demo-linkedin", "linkedin"),
    Account(9, "demo-expired", "instagram", authorized=False),
)
