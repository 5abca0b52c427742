"""So many requests per window, as platforms count them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Allowance:
    """`most` in any `window` seconds."""

    most: int
    window: float
    taken: list[float] = field(default_factory=list)

    def take(self, now: float) -> bool:
        """Count one more; say whether it was still allowed."""
        self.taken = [at for at in self.taken if at > now - self.window]
        if len(self.taken) >= self.most:
            return False
        self.taken.append(now)
        return True

    @property
    def left(self) -> int:
        return max(self.most - len(self.taken), 0)

    def reset(self, now: float) -> float:
        """Return when the oldest one counted is forgotten."""
        return (self.taken[0] if self.taken else now) + self.window
