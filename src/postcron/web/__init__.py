"""The wire: repeatable calls, the one publish call, and guarded fetching. The only door to httpx.

Importing this loads neither it nor httpcore; the first call loads httpcore, the first fetch httpx.
"""

from postcron.web.answer import Answer as Answer
from postcron.web.api import Api as Api
from postcron.web.fetch import Guard as Guard
from postcron.web.fetch import fetch as fetch
from postcron.web.request import Upload as Upload


def warm() -> None:
    """Load now what the first call would load: 200 ms that nobody has at the due second."""
    from postcron.web import wire

    wire.ready()
