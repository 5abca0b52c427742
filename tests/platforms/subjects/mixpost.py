"""Mixpost on a server of somebody's own: OnlySocial's API, and two refusals more."""

from __future__ import annotations

from datetime import datetime

from postcron.platforms.onlysocial import Mixpost
from postcron.platforms.onlysocial_answers import NO_POST
from tests.platforms.contract import Refusal
from tests.platforms.subjects.onlysocial import OnlySocialSubject
from tests.platforms.subjects.shared import html
from tests.simulators.server import Reply


class MixpostSubject(OnlySocialSubject):
    """An account of a workspace there."""

    speaks = Mixpost
    core_path = "mixpost"
    proves_nothing = (
        html(404),
        html(422),
        Reply(422, {"errors": {"publishing": ["publishing"]}}),
        Reply(422, {"errors": {"in_history": ["in_history"]}}),
        Reply(429, {"message": "Too Many Attempts."}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        invalid = Reply(422, {"message": "No.", "errors": {"cannot_scheduled": ["No."]}})
        self.refusals = (
            *self.refusals,
            Refusal(Reply(404, {"message": NO_POST}), "handle_gone"),
            Refusal(invalid, "content_refused"),
        )


SUBJECT = MixpostSubject
