"""What OnlySocial answers on the wire, example by example: the sandbox answers the same."""

from __future__ import annotations

from typing import Any

import pytest

from postcron.sandbox import Sandbox
from postcron.sandbox.media import MEGABYTE
from tests.builders import StoppedClock
from tests.sandbox.raw import BOUNDARY, FORM, JPEG, MP4, Caller, form, post

GIF = b"GIF89a" + bytes(60)


def test_1_a_file_gets_an_id(call: Caller) -> None:
    said = call.upload(name="a.jpg")
    document = said.json()
    assert said.status == 201
    assert set(document) == {
        *("id", "uuid", "name", "mime_type", "type", "url", "thumb_url", "is_video"),
        "created_at",
    }
    assert (document["name"], document["mime_type"]) == ("a.jpg", "image/jpeg")
    assert (document["type"], document["is_video"]) == ("image", False)


def test_2_a_trailing_slash_leads_away_and_loses_the_token(call: Caller, sandbox: Sandbox) -> None:
    said = call("POST", "/media/", form(JPEG), content_type=FORM)
    path = f"/os/api/{sandbox.workspace}/media"
    assert (said.status, said.headers["location"]) == (301, f"{sandbox.url}{path}")
    again = call.at("POST", path, form(JPEG), content_type=FORM, authorization=None)
    assert again.status == 401


def test_3_a_form_without_a_file_is_refused(call: Caller) -> None:
    said = call.upload(None)
    assert said.status == 422
    assert said.json() == {"message": "File is required", "errors": {"file": ["File is required"]}}


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi", "Bearer "])
def test_4_without_the_token_nothing_is_told(call: Caller, authorization: str | None) -> None:
    for method, path in (("GET", "/accounts"), ("POST", "/posts"), ("GET", "/posts/x")):
        said = call(method, path, authorization=authorization)
        assert (said.status, said.json()) == (401, {"message": "Unauthenticated."})


def test_5_an_unknown_workspace_is_not_found(call: Caller) -> None:
    said = call.at("GET", "/os/api/00000000-0000-0000-0000-000000000000/accounts")
    assert (said.status, said.json()) == (404, {"message": "Workspace not found."})


def test_6_a_post_without_flags_is_a_draft(call: Caller) -> None:
    media = call.upload().json()["id"]
    said = call("POST", "/posts", post("hi", (media,)))
    document = said.json()
    assert (said.status, document["status"], document["trashed"]) == (201, "draft", False)
    assert document["scheduled_at"] is document["published_at"] is None
    assert document["versions"][0]["content"] == [{"body": "hi", "media": [media], "url": ""}]
    assert call("GET", f"/posts/{document['uuid']}").json() == document


def test_7_a_post_needs_versions(call: Caller) -> None:
    said = call("POST", "/posts", {"accounts": [7]})
    assert said.status == 422
    assert said.json()["errors"] == {"versions": ["The versions field is required."]}


def test_8_the_shape_that_everybody_assumes_is_refused(call: Caller) -> None:
    said = call("POST", "/posts", post(content="hi", media_ids=[1]))
    assert said.status == 422
    assert {"versions.0.content", "versions.0.media_ids"} <= set(said.json()["errors"])


def test_9_a_draft_that_is_scheduled_goes_live_in_its_time(
    call: Caller, clock: StoppedClock
) -> None:
    uuid = call.draft()
    said = call.schedule(uuid)
    assert said.status == 200
    assert said.json() == {"success": True, "scheduled_at": "2026-11-21 10:00:00+00:00"}
    seen = [call.status(uuid)]
    for _ in range(2):
        clock.forward(seconds=60)
        seen.append(call.status(uuid))
    assert seen == ["scheduled", "publishing", "published"]


def test_10_scheduling_again_is_taken_only_before_the_tick(
    call: Caller, clock: StoppedClock
) -> None:
    uuid = call.draft()
    call.schedule(uuid)
    assert call.schedule(uuid).status == 200
    clock.forward(seconds=60)
    said = call.schedule(uuid)
    assert said.status == 422
    assert said.json() == {"message": "publishing", "errors": {"publishing": ["publishing"]}}
    clock.forward(seconds=60)
    said = call.schedule(uuid)
    assert (said.status, list(said.json()["errors"])) == (422, ["in_history"])


@pytest.mark.parametrize("body", [{}, {"postNow": "yes"}, {"postNow": None}, {"scheduled_at": 1}])
def test_11_scheduling_needs_to_be_told_when(call: Caller, body: dict[str, Any]) -> None:
    said = call("POST", f"/posts/schedule/{call.draft()}", body)
    assert (said.status, list(said.json()["errors"])) == (422, ["postNow"])


def test_12_an_unknown_post_is_not_found(call: Caller) -> None:
    for method, path in (("POST", "/posts/schedule/none"), ("GET", "/posts/none")):
        said = call(method, path, {"postNow": True} if method == "POST" else None)
        assert (said.status, said.json()) == (404, {"message": "Post not found."})


def test_who_does_not_ask_for_json_gets_a_page_for_an_error(call: Caller) -> None:
    said = call("GET", "/posts/none", accept="*/*")
    assert said.status == 404
    assert said.headers["content-type"].startswith("text/html")
    assert said.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (JPEG, 201),
        (MP4, 201),
        (GIF, 201),
        (b"\x89PNG\r\n\x1a\n", 201),
        (b"RIFF....WEBP", 422),
        (b"%PDF-1.7", 422),
        (b"\x00\x00\x00\x14ftypqt  ", 422),
        (b"", 422),
        (JPEG + bytes(5 * MEGABYTE), 422),
        (GIF + bytes(5 * MEGABYTE), 201),
        (MP4 + bytes(20 * MEGABYTE), 201),
        (GIF + bytes(15 * MEGABYTE), 422),
    ],
    ids=lambda value: str(value[:12]) if isinstance(value, bytes) else None,
)
def test_kinds_and_sizes_are_judged_by_content(call: Caller, content: bytes, status: int) -> None:
    said = call.upload(content, "innocent.jpg")
    assert said.status == status
    assert status == 201 or list(said.json()["errors"]) == ["file"]


def test_what_was_uploaded_is_kept_byte_by_byte(call: Caller) -> None:
    content = JPEG + bytes(range(256)) * 40 + b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n\r\n"
    url = call.upload(content).json()["url"]
    assert call.at("GET", url.removeprefix(call.sandbox.url)).body == content


def test_alt_text_has_an_end(call: Caller) -> None:
    assert call.upload(alt="é" * 255).status == 201
    assert list(call.upload(alt="é" * 256).json()["errors"]) == ["alt_text"]


def test_a_json_body_is_no_file(call: Caller) -> None:
    said = call("POST", "/media", {"file": "https://example.org/a.jpg"})
    assert (said.status, list(said.json()["errors"])) == (422, ["file"])


@pytest.mark.parametrize("flag", ["schedule", "schedule_now", "queue"])
def test_a_create_that_would_publish_is_refused(call: Caller, flag: str) -> None:
    said = call("POST", "/posts", post() | {flag: True})
    assert (said.status, list(said.json()["errors"])) == (422, [flag])
    assert call("POST", "/posts", post() | {flag: False}).status == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (post() | {"post_type": "reel"}, "post_type"),
        (post() | {"repeat_frequency": "daily"}, "repeat_frequency"),
        (post() | {"accounts": ["1"]}, "accounts"),
        (post() | {"tags": "news"}, "tags"),
        (post(account_id="7"), "versions.0.account_id"),
        (post(is_original=False), "versions.0.is_original"),
        (post(content=[]), "versions.0.content"),
        (post(content=[{"body": 1}]), "versions.0.content.0.body"),
        (post(content=[{"body": "hi", "media": ["1"]}]), "versions.0.content.0.media"),
        (post("x" * 5001), "versions.0.content.0.body"),
        (post(options={"instagram": {"type": "carousel"}}), "versions.0.options.instagram.type"),
        (post(options={"myspace": {}}), "versions.0.options.myspace"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_post_out_of_shape_is_refused(call: Caller, body: dict[str, Any], field: str) -> None:
    said = call("POST", "/posts", body)
    assert (said.status, list(said.json()["errors"])) == (422, [field])


def test_a_body_that_is_not_called_json_counts_as_empty(call: Caller) -> None:
    said = call("POST", "/posts", post(), content_type="text/plain")
    assert (said.status, list(said.json()["errors"])) == (422, ["versions"])


def test_an_unknown_account_breaks_the_server(call: Caller) -> None:
    assert call("POST", "/posts", post(account=77)).status == 500


def test_an_unknown_media_id_vanishes_without_a_word(call: Caller) -> None:
    known = call.upload().json()["id"]
    uuid = call.draft(media=(known, 12))
    document = call("GET", f"/posts/{uuid}").json()
    assert document["versions"][0]["content"][0]["media"] == [known]


def test_a_post_without_an_account_cannot_be_scheduled(call: Caller) -> None:
    uuid = call("POST", "/posts", post() | {"accounts": []}).json()["uuid"]
    assert list(call.schedule(uuid).json()["errors"]) == ["cannot_scheduled"]


def test_lists_begin_with_the_newest_and_come_in_pages(call: Caller) -> None:
    uuids = [call.draft(f"number {number}") for number in range(21)]
    call.schedule(uuids[5])
    first = call("GET", "/posts?status=draft").json()
    second = call("GET", "/posts?status=draft&page=2").json()
    assert first["meta"] == {"current_page": 1, "last_page": 1, "per_page": 20, "total": 20}
    assert [each["uuid"] for each in first["data"]] == [*uuids[:5], *uuids[6:]][::-1]
    assert second["data"] == []


def test_a_removed_post_is_gone_and_a_trashed_one_is_marked(call: Caller) -> None:
    removed, trashed = call.draft(), call.draft()
    assert call("DELETE", f"/posts/{removed}", {"trash": False}).json()["deleted"] is True
    assert call("DELETE", f"/posts/{trashed}", {"trash": True}).json()["to_trash"] is True
    assert call("GET", f"/posts/{removed}").status == 404
    assert call("GET", f"/posts/{trashed}").json()["trashed"] is True


def test_calls_nobody_documented_are_not_there(call: Caller) -> None:
    for method, path in (("POST", "/posts/x/schedule"), ("POST", "/posts/queue/x"), ("PUT", "/x")):
        assert call(method, path, {}).status == 404


def test_mixpost_has_the_same_api_under_its_own_core_path(call: Caller, sandbox: Sandbox) -> None:
    said = call.at("GET", f"/mixpost/api/{sandbox.workspace}/accounts")
    assert said.json()["data"][0]["provider"] == "instagram"
