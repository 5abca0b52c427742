"""Files on their way to Metricool: uploaded in parts to its storage, or fetched from their address."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from postcron.errors import Code, Evidence, Permanent, Temporary
from postcron.model import Draft, MediaFile
from postcron.platforms.base import Login, fields, trouble
from postcron.platforms.metricool_answers import data, refusals
from postcron.web import Answer, Api

TRANSACTIONS: Final = "/v2/media/s3/upload-transactions"
#: bytes in a part; what is smaller goes in one piece
PART: Final = 5 * 1024 * 1024

#: one file's way: nothing yet, then its transaction with what each part was answered, then its URL
Way = Mapping[str, Any]


def uploaded(
    login: Login,
    call: Callable[..., Answer],
    api: Callable[[str], Api],
    draft: Draft,
    file: MediaFile,
    way: Way,
    keep: Callable[[Way], None],
) -> None:
    """Bring a file to the end of its way, going on from where it stands; `keep`s each step."""
    if "url" in way:
        return
    if "parts" not in way:
        way = _begun(login, call, draft, file)
        keep(way)
    for number in range(len(way["tags"]), len(way["parts"])):
        part = way["parts"][number]
        url = login.unseal(part["url"])
        content = piece(draft, file, number)
        tag = _sent(api, url, file.mime, part["hash"], content) if url else None
        if tag is None:
            raise _again(keep)
        way = {**way, "tags": [*way["tags"], tag]}
        keep(way)
    _finish(call, way, keep)


def _begun(login: Login, call: Callable[..., Answer], draft: Draft, file: MediaFile) -> Way:
    parts = [_described(draft, file, number) for number in range(-(-file.size // PART))]
    # https://github.com/LabansatOS/n8n-nodes-metricool/blob/main/nodes/Metricool/helpers/mediaUpload.ts
    # The swagger's older form has a size in place of the parts; which one is asked for is not said.
    answer = call(
        "PUT",
        TRANSACTIONS,
        json={
            "resourceType": "planner",
            "contentType": file.mime,
            "fileExtension": file.mime.rpartition("/")[2].replace("jpeg", "jpg"),
            "parts": parts,
        },
    )
    if answer.status == 403 and fields(answer):
        raise Permanent(
            'Metricool does not let this account upload files: write media = "address" in it.',
            code=Code.NOT_CONFIGURED,
            evidence=Evidence.REFUSED,
        )
    given = data(answer, dict, "key")
    urls = [one["presignedUrl"] for one in given.get("parts") or () if one.get("presignedUrl")]
    urls = urls or [given["presignedUrl"]] * ("presignedUrl" in given)
    if len(urls) != len(parts):
        raise Permanent(f"Metricool answered with {len(urls)} addresses for {len(parts)} parts.")
    return {
        "key": given["key"],
        "upload": given.get("uploadId"),
        "file": given.get("fileUrl"),
        "parts": [
            # A signed address is as good as a password while it lives.
            {"url": login.seal(str(url)), "hash": part["hash"]}
            for url, part in zip(urls, parts, strict=True)
        ],
        "tags": [],
    }


def _described(draft: Draft, file: MediaFile, number: int) -> dict[str, Any]:
    start, end = number * PART, min((number + 1) * PART, file.size)
    whole = file.size <= PART
    digest = (
        bytes.fromhex(file.sha256) if whole else hashlib.sha256(piece(draft, file, number)).digest()
    )
    hash = base64.b64encode(digest).decode()
    return {"size": end - start, "startByte": start, "endByte": end, "hash": hash}


def piece(draft: Draft, file: MediaFile, number: int) -> bytes:
    """Return the bytes of one part."""
    content = bytearray()
    for chunk in draft.read(file, number * PART):
        content += chunk
        if len(content) >= PART:
            break
    return bytes(content[:PART])


def _sent(api: Callable[[str], Api], url: str, mime: str, hash: str, content: bytes) -> str | None:
    """Put one part where it belongs and return its tag; None when that place is gone."""
    # The address is signed for these very headers; our token has no business there.
    answer = api(url).call(
        "PUT", "", content=content, headers={"content-type": mime, "x-amz-checksum-sha256": hash}
    )
    tag = {name.lower(): value for name, value in answer.headers.items()}.get("etag")
    if answer.status == 200 and tag:
        return tag
    if answer.status in {403, 404}:
        return None
    # Nothing of its page, which may repeat the address.
    raise trouble(Answer(answer.status, answer.headers, b""), refusals(answer))


def _finish(call: Callable[..., Answer], way: Way, keep: Callable[[Way], None]) -> None:
    if way["upload"] is None:
        body: dict[str, Any] = {"simple": {"fileUrl": way["file"]}}
    else:
        parts = [{"partNumber": n, "etag": tag} for n, tag in enumerate(way["tags"], 1)]
        named = {"uploadId": way["upload"], "key": way["key"], "parts": parts}
        body = {"multipart": named}
    answer = call("PATCH", TRANSACTIONS, json=body)
    if answer.status == 404 and fields(answer):
        raise _again(keep)
    given = data(answer, dict)
    keep({"url": given.get("convertedFileUrl") or given.get("fileUrl") or way["file"]})


def _again(keep: Callable[[Way], None]) -> Temporary:
    keep({})
    message = "Metricool does not know this upload any more; the file is sent anew."
    return Temporary(message, code=Code.HANDLE_GONE)


def fetched(call: Callable[..., Answer], draft: Draft, file: MediaFile) -> Way:
    """Let Metricool fetch a file from where the library shows it: its whole way in one step."""
    # https://github.com/vicampuzano/metricool-mcp/blob/main/client.py
    answer = call(
        "GET",
        "/actions/normalize/image/url",
        params={"url": draft.address(file)},
        headers={"accept": "text/plain"},
    )
    text = answer.body.decode("utf-8", "replace").strip().strip('"')
    if answer.status == 200 and text.startswith(("https://", "http://")):
        return {"url": text}
    if answer.status == 200:  # a login page, or nothing at all
        raise Temporary("Metricool could not fetch the file.", code=Code.UNEXPECTED_ANSWER)
    raise trouble(answer, refusals(answer))
