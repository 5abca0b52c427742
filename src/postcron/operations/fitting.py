"""Does a post fit an account: its platform's limits, its own rules, its options, and where media lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from postcron.model import Account, Attachment, Limits, PostType, Problem, Proposal
from postcron.operations.house import House
from postcron.operations.settings import settings
from postcron.platforms.base import Checks
from postcron.rules.limits import problems


def unfitting(
    house: House,
    account: Account,
    text: str,
    type: PostType,
    attachments: Sequence[Attachment],
    options: Mapping[str, str],
    *,
    where: str,
) -> list[Problem]:
    """Return every reason why an account could not publish this; `where` names it in each."""
    platform = house.platform_class(account)
    proposal = Proposal(text, type, tuple(attachments), options, settings(house, account))
    limits = platform.limits(proposal.settings)
    found = [
        *problems(text, type, attachments, limits, where),
        *_wrong_options(house, account, options),
        *_nowhere(house, proposal, limits, where),
    ]
    if found or not issubclass(platform, Checks):
        return found
    return [Problem(where, what, do) for what, do in platform.objections(proposal)]


def too_many_parts(house: House, account: Account, parts: int) -> Iterator[Problem]:
    """Yield why a thread of so many parts does not fit an account."""
    most = house.platform_class(account).limits(settings(house, account)).max_parts
    if parts > most:
        what = f"a thread of {parts} parts does not fit {account.platform}: "
        what += "there are no threads there." if most == 1 else f"{most} do."
        yield Problem(account.name, what, "Make it one post." if most == 1 else "Leave some out.")


def _wrong_options(house: House, account: Account, options: Mapping[str, str]) -> Iterator[Problem]:
    known = {option.name: option for option in house.platform_class(account).options}
    for name, value in options.items():
        if name not in known:
            do = f"Known: {', '.join(sorted(known)) or 'none'}."
            yield Problem(account.name, f"{account.platform} has no option {name!r}.", do)
        elif known[name].choices and value not in known[name].choices:
            do = f"Choose one of {', '.join(sorted(known[name].choices))}."
            yield Problem(account.name, f"{name} cannot be {value!r}.", do)


def _nowhere(house: House, proposal: Proposal, limits: Limits, where: str) -> Iterator[Problem]:
    fetched = limits.of(proposal.type).fetched
    for attachment in proposal.attachments:
        if attachment.file.kind in fetched and house.library.address(attachment.file) is None:
            what = (
                f"{attachment.name} must have a web address here, and the media library has none."
            )
            do = 'Keep it in S3 (library = "s3://…"), or set public_url in [media].'
            yield Problem(where, what, do)
