"""What is peculiar to Discord: two ways in, mentions that stay silent, nonces, looking by reading back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postcron.errors import Evidence, Invalid, OutcomeUnknown, Permanent, PlatformError
from postcron.model import Act, PostType, Sight, Ticket
from postcron.platforms.base import Login
from postcron.platforms.discord import Discord
from postcron.rules.limits import problems
from postcron.web import Api
from tests.platforms.contract import (
    Album,
    draft,
    failure,
    looked,
    lost,
    prepared,
    published,
    started,
)
from tests.platforms.subjects.discord import BotSubject, DiscordSubject, said
from tests.simulators.discord import (
    BOT_TOKEN,
    CHANNEL,
    FEW_MINUTES,
    GUILD,
    HOOK_TOKEN,
    THREAD,
)
from tests.simulators.multipart import parts
from tests.simulators.server import Fault


@pytest.fixture
def hook() -> Iterator[DiscordSubject]:
    built = DiscordSubject()
    with built.running():
        yield built


@pytest.fixture
def bot() -> Iterator[BotSubject]:
    built = BotSubject()
    with built.running():
        yield built


@pytest.fixture(params=[DiscordSubject, BotSubject])
def either(request: pytest.FixtureRequest) -> Iterator[DiscordSubject]:
    make: Callable[[], DiscordSubject] = request.param
    built = make()
    with built.running():
        yield built


def sent(subject: DiscordSubject) -> dict[str, Any]:
    """Return the last message, as it was asked for."""
    asked = next(asked for asked in reversed(subject.server.asked) if subject.is_publish(asked))
    form = parts(asked)
    found: dict[str, Any] = asked.json() if form is None else json.loads(form["payload_json"].text)
    return found


def by_webhook(address: str, **settings: str) -> Discord:
    return Discord(Login("acme", settings, {"webhook": address}.__getitem__), Api)


def test_the_class_of_act_is_that_of_the_way_in() -> None:
    assert Discord.act_for({}) is Discord.act_for({"channel_id": ""}) is Act.BLIND
    assert Discord.act_for({"channel_id": CHANNEL}) is Act.READBACK


def test_who_we_are(hook: DiscordSubject, bot: BotSubject) -> None:
    names = [subject.platform().whoami().name for subject in (hook, bot)]  # type: ignore[attr-defined]
    assert names == ["Acme (webhook)", "acme-bot"]


def test_nobody_is_woken_by_a_word_in_a_text(either: DiscordSubject, album: Album) -> None:
    asked = draft(album, "Hello @everyone")
    published(either, asked, started(either, asked, prepared(either, asked)))
    assert sent(either)["allowed_mentions"] == {"parse": []}
    asked = draft(album, "Hello @everyone", album.image(), key="another")
    published(either, asked, started(either, asked, prepared(either, asked)))
    assert sent(either)["allowed_mentions"] == {"parse": []}


def test_a_webhook_waits_until_the_message_is_saved(hook: DiscordSubject, album: Album) -> None:
    asked = draft(album)
    receipt = published(hook, asked, prepared(hook, asked))
    assert hook.server.asked[-1].query == {"wait": "true"}
    assert receipt.url == f"https://discord.com/channels/{GUILD}/{receipt.remote_id}"


def test_a_webhook_may_write_into_a_thread_and_finds_it_there(
    hook: DiscordSubject, album: Album
) -> None:
    platform = by_webhook(hook.server.webhook, thread_id=THREAD)
    asked = draft(album)
    receipt = platform.publish(asked, platform.prepare(asked, Ticket(), lambda ticket: None))
    assert receipt.remote_id.startswith(f"{THREAD}/")
    assert platform.visit(str(receipt.url)).sight is Sight.LIVE
    assert by_webhook(hook.server.webhook).visit(receipt.remote_id).sight is Sight.LIVE


@pytest.mark.parametrize("version", ["", "/v9", "/v10"])
def test_an_address_is_taken_as_people_copy_it(hook: DiscordSubject, version: str) -> None:
    copied = hook.server.webhook.replace("/api/", f"/api{version}/")
    if version == "/v9":
        with pytest.raises(PlatformError):
            by_webhook(copied).whoami()
    else:
        assert by_webhook(f"{copied}/").whoami().name == "Acme (webhook)"
    asked = hook.server.asked[-1].path
    assert asked.startswith(f"/api{version or '/v10'}/webhooks/")


@pytest.mark.parametrize(
    "address",
    ["", "https://discord.com/channels/1/2", "https://discord.com/api/webhooks/1", "webhooks/1/x"],
)
def test_what_is_no_webhooks_address_is_said_without_showing_it(address: str) -> None:
    with pytest.raises(Invalid) as raised:
        by_webhook(address)
    assert not address or address not in str(raised.value)


def test_a_webhook_with_parameters_is_none(hook: DiscordSubject) -> None:
    with pytest.raises(Invalid):
        by_webhook(f"{hook.server.webhook}?thread_id={THREAD}")


def test_the_address_of_a_webhook_stays_out_of_messages(hook: DiscordSubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(hook, asked)
    for fault in (Fault.DROP_BEFORE, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE):
        hook.server.misbehave(fault)
        assert HOOK_TOKEN not in repr(failure(hook, asked, ticket))


def test_files_carry_their_descriptions(either: DiscordSubject, album: Album) -> None:
    asked = draft(album, "Look", album.image(alt="A dog"), album.video(alt=""))
    published(either, asked, started(either, asked, prepared(either, asked)))
    assert sent(either)["attachments"] == [{"id": 0, "description": "A dog"}, {"id": 1}]
    contents = [b"".join(album.read(one.file, 0)) for one in asked.attachments]
    assert [part.content for part in either.server.messages[-1].files] == contents


def test_files_may_go_without_words(either: DiscordSubject, album: Album) -> None:
    asked = draft(album, "", album.image())
    published(either, asked, started(either, asked, prepared(either, asked)))
    assert "content" not in sent(either)


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({}, None),
        ({"silent": "true"}, 4096),
        ({"link_preview": "false"}, 4),
        ({"silent": "true", "link_preview": "false"}, 4100),
        ({"silent": "false", "link_preview": "true"}, None),
    ],
)
def test_the_options_of_a_post_are_flags(
    hook: DiscordSubject, album: Album, options: dict[str, str], flags: int | None
) -> None:
    asked = draft(album, options=options)
    published(hook, asked, prepared(hook, asked))
    assert sent(hook).get("flags") == flags


def test_a_bot_sends_a_nonce_that_is_the_same_each_time(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(bot, asked)
    nonce = sent(bot)["nonce"]
    published(bot, asked, ticket)
    assert (sent(bot)["nonce"], sent(bot)["enforce_nonce"]) == (nonce, True)
    assert len(nonce) == 25
    assert len(bot.live()) == 1


def test_a_nonce_is_forgotten_so_nothing_rests_on_it(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(bot, asked)
    bot.server.pass_time(FEW_MINUTES + 1)
    published(bot, asked, ticket)
    assert len(bot.live()) == 2


def test_a_nonce_of_a_message_somebody_deleted_is_no_refusal(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.misbehave(said(404, 10008, "Unknown Message"), bot.is_publish)
    assert isinstance(failure(bot, asked, ticket), OutcomeUnknown)


def test_the_newest_messages_are_noted_once(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.already_there("In between")
    assert started(bot, asked, ticket).data == ticket.data


@pytest.mark.fault("F50")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [("Cafe\u0301", "Caf\u00e9"), ("first\nsecond", "first\r\nsecond"), ("Hello  ", "Hello")],
)
def test_a_text_is_found_though_discord_tidied_it(
    bot: BotSubject, album: Album, sent: str, shown: str
) -> None:
    asked = draft(album, sent)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.already_there(shown, author="1300000000000000002")
    assert looked(bot, asked, ticket).sight is Sight.LIVE


@pytest.mark.fault("F50")
@pytest.mark.parametrize("shown", ["Hello world Bye", "hello, world! bye", "Hello world\n\nBye"])
def test_a_text_of_ours_that_differs_only_in_its_form_is_for_a_person(
    bot: BotSubject, album: Album, shown: str
) -> None:
    asked = draft(album, "Hello  world\n\n\nBye")
    ticket = started(bot, asked, prepared(bot, asked))
    id = bot.server.already_there(shown, author="1300000000000000002")
    sighting = looked(bot, asked, ticket)
    assert sighting.sight is Sight.UNCLEAR
    assert id in sighting.why


def test_the_same_words_of_somebody_else_or_of_last_week_are_not_ours(
    bot: BotSubject, album: Album
) -> None:
    bot.server.already_there("Hello", author="1300000000000000002")
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.already_there("Hello")
    assert looked(bot, asked, ticket).sight is Sight.ABSENT


def test_the_same_words_with_another_file_are_not_ours(bot: BotSubject, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = started(bot, asked, prepared(bot, asked))
    other = draft(album, "Hello", album.video(), key="another")
    published(bot, other, started(bot, other, prepared(bot, other)))
    assert looked(bot, asked, ticket).sight is Sight.ABSENT


def test_two_that_look_like_it_are_for_a_person(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(bot, asked)
    bot.server.already_there("Hello", author="1300000000000000002")
    assert looked(bot, asked, ticket).sight is Sight.UNCLEAR


def test_it_is_found_behind_many_others(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(bot, asked)
    for number in range(250):
        bot.server.already_there(f"Chatter {number}")
    assert looked(bot, asked, ticket).sight is Sight.LIVE


def test_behind_too_many_others_nothing_is_proved(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    for number in range(600):
        bot.server.already_there(f"Chatter {number}")
    assert looked(bot, asked, ticket).sight is Sight.UNCLEAR


def test_a_bot_that_may_not_read_the_history_proves_nothing(bot: BotSubject, album: Album) -> None:
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.readable = False
    assert looked(bot, asked, ticket).sight is Sight.UNCLEAR
    bot.server.readable = True
    blind = ticket.having(known=[])
    assert looked(bot, asked, blind).sight is Sight.UNCLEAR


def test_a_message_of_somebody_else_is_not_ours(bot: BotSubject) -> None:
    theirs = bot.server.already_there("Not ours")
    assert bot.platform().visit(f"{CHANNEL}/{theirs}").sight is Sight.GONE  # type: ignore[attr-defined]


def test_an_address_in_another_channel_says_nothing(bot: BotSubject) -> None:
    there = f"https://discord.com/channels/{GUILD}/{THREAD}/1299999999999999999"
    assert bot.platform().visit(there).sight is Sight.UNCLEAR  # type: ignore[attr-defined]


@pytest.mark.parametrize("missing", ["channel", "token"])
def test_a_bot_without_its_channel_or_token_is_found_in_phase_2(
    bot: BotSubject, album: Album, missing: str
) -> None:
    channel = "1399999999999999999" if missing == "channel" else CHANNEL
    token = "wrong" if missing == "token" else BOT_TOKEN
    login = Login("acme", {**bot.settings, "channel_id": channel}, lambda name: token)
    with pytest.raises(Permanent) as raised:
        Discord(login, Api).prepare(draft(album), Ticket(), lambda ticket: None)
    expected = "account_unusable" if missing == "channel" else "token_refused"
    assert raised.value.code == expected


@pytest.mark.parametrize(
    "reply", [said(403, 50001, "Missing Access"), said(403, 50013, "Missing Permissions")]
)
def test_a_bot_that_may_not_write_is_refused(bot: BotSubject, album: Album, reply: Any) -> None:
    asked = draft(album)
    ticket = started(bot, asked, prepared(bot, asked))
    bot.server.misbehave(reply, bot.is_publish)
    error = failure(bot, asked, ticket)
    assert (error.evidence, error.code) == (Evidence.REFUSED, "account_unusable")


def test_a_text_counts_in_units_of_utf_16() -> None:
    limits = Discord.limits({})
    assert problems("x" * 2000, PostType.POST, [], limits, "acme") == []
    assert problems("x" * 1999 + "🎉", PostType.POST, [], limits, "acme")
