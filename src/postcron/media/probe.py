"""What a media file really is, by its content: a name and a claimed type prove nothing."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

import av
import av.error
from av.container import InputContainer
from PIL import Image, UnidentifiedImageError

from postcron.errors import Invalid
from postcron.media import documents, gifs
from postcron.media.library import pieces
from postcron.model import Kind, MediaFile

#: more pixels than any camera of today, and more than this machine should unfold
MAX_PIXELS: Final = 100_000_000

#: the formats of pictures that are read, and their types
PICTURES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}

#: the demuxer is named, never guessed: so a playlist cannot make it open something else
_DEMUXERS: Final = (
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (4, b"ftyp", "mp4"),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
)

# Pictures in the container of a video.
_AVIF: Final = frozenset({b"ftypavif", b"ftypavis"})
_HEIC: Final = frozenset({b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypmsf1"})

#: demuxer -> type with pictures, type with sound only
_MIMES: Final = {
    "matroska": ("video/x-matroska", "audio/x-matroska"),
    "webm": ("video/webm", "audio/webm"),
    "mp4": ("video/mp4", "audio/mp4"),
    "mov": ("video/quicktime", "audio/mp4"),
    "avi": ("video/x-msvideo", "audio/x-msvideo"),
    "ogg": ("video/ogg", "audio/ogg"),
    "wav": ("audio/wav", "audio/wav"),
    "flac": ("audio/flac", "audio/flac"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
}

_ENDINGS: Final = {
    "jpg": {"image/jpeg"},
    "jpeg": {"image/jpeg"},
    "png": {"image/png"},
    "gif": {"image/gif"},
    "webp": {"image/webp"},
    "avif": {"image/avif"},
    "mp4": {"video/mp4", "video/quicktime", "audio/mp4"},
    "m4v": {"video/mp4", "video/quicktime"},
    "mov": {"video/mp4", "video/quicktime"},
    "m4a": {"audio/mp4"},
    "mkv": {"video/x-matroska", "video/webm"},
    "webm": {"video/webm", "audio/webm"},
    "avi": {"video/x-msvideo"},
    "ogg": {"audio/ogg", "video/ogg"},
    "mp3": {"audio/mpeg"},
    "wav": {"audio/wav"},
    "flac": {"audio/flac"},
    **{ending: {mime} for ending, mime in documents.TYPES.items()},
}


def probe(path: Path, name: str = "") -> MediaFile:
    """Return what the file is; raises `Invalid` for what is broken, empty or no media at all.

    `name` is what messages call it, where that is not the path's.
    """
    name = name or path.name
    with path.open("rb") as content:
        file = _counted(content, name)
        content.seek(0)
        head = content.read(4096)
        content.seek(0)
        try:
            if (mime := _document(content, head)) is not None:
                pages = documents.pages(content, mime)
                return replace(file, kind=Kind.DOCUMENT, mime=mime, pages=pages)
            demuxer = demuxer_of(head)
            if demuxer is None or head[4:12] in _AVIF:
                return _picture(content, file)
            return _recording(content, file, demuxer, head)
        except _Broken as error:
            raise Invalid(f"{name} {error}") from error


def lies(name: str, file: MediaFile) -> str | None:
    """Return a sentence if the ending of a name promises something else than the file is."""
    stem, _, ending = name.rpartition(".")
    promised = _ENDINGS.get(ending.lower())
    if not stem or promised is None or file.mime in promised:
        return None
    return f"{name} is not what its name says: it is {file.mime}. Give it its right ending."


class _Broken(Exception):
    """The end of a sentence about a file that cannot be used."""


def _counted(content: BinaryIO, name: str) -> MediaFile:
    digest, size = hashlib.sha256(), 0
    for piece in pieces(content):
        digest.update(piece)
        size += len(piece)
    if size == 0:
        raise Invalid(f"{name} is empty; give a file with something in it.")
    return MediaFile(digest.hexdigest(), size, Kind.IMAGE, "")


def _document(content: BinaryIO, head: bytes) -> str | None:
    try:
        mime = documents.document(content, head)
    except documents.CutOff as error:
        raise _Broken("is cut off or damaged; save it anew.") from error
    content.seek(0)
    return mime


def demuxer_of(head: bytes) -> str | None:
    """Return which demuxer reads what begins so; None if it is no recording."""
    if head[4:12] in _HEIC:
        raise _Broken("is a HEIC photo, which platforms do not take; save it as JPEG.")
    found = (name for at, magic, name in _DEMUXERS if head[at : at + len(magic)] == magic)
    return next(found, None)


def _picture(content: BinaryIO, file: MediaFile) -> MediaFile:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of what is a bomb by half; our own limit is lower than its error.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(content, formats=tuple(PICTURES))
    except UnidentifiedImageError as error:
        raise _Broken("is no picture, video, sound or document that postcron knows.") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _Broken("is damaged or unreasonably large; save it anew.") from error
    with image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _Broken(f"has {width} × {height} pixels, which is more than postcron opens.")
        moving = image.format in {"GIF", "WEBP"} and getattr(image, "is_animated", False)
        _require_whole(image)
        turned = image.getexif().get(0x0112, 1) >= 5
        frames = gifs.frames(content) if image.format == "GIF" else None
    return replace(
        file,
        kind=Kind.GIF if moving else Kind.IMAGE,
        # A camera's JPEG may hold a second picture; Pillow then calls it MPO.
        mime=PICTURES.get(image.format or "", "image/jpeg"),
        width=height if turned else width,
        height=width if turned else height,
        frames=frames,
    )


def _require_whole(image: Image.Image) -> None:
    # A smaller decode reads every byte of a JPEG all the same, in a fraction of the memory.
    image.draft("L", (1, 1))
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _Broken("is cut off or damaged; save it anew.") from error


def _recording(content: BinaryIO, file: MediaFile, demuxer: str, head: bytes) -> MediaFile:
    try:
        with av.open(content, "r", format=demuxer) as container:
            return _described(container, file, _flavour(demuxer, head))
    except (av.error.FFmpegError, ValueError, StopIteration) as error:
        raise _Broken("is cut off or damaged; save it anew.") from error


def _flavour(demuxer: str, head: bytes) -> str:
    if demuxer == "matroska" and b"webm" in head[:64]:
        return "webm"
    return "mov" if head[4:12] == b"ftypqt  " else demuxer


def _described(container: InputContainer, file: MediaFile, flavour: str) -> MediaFile:
    microseconds = container.duration
    duration = None if microseconds is None else timedelta(microseconds=microseconds)
    cover = av.stream.Disposition.attached_pic
    videos = [one for one in container.streams.video if not one.disposition & cover]
    with_pictures, sound_only = _MIMES[flavour]
    if not videos:
        if not container.streams.audio:
            raise _Broken("holds neither pictures nor sound.")
        codec = container.streams.audio[0].codec_context.codec.canonical_name
        return replace(file, kind=Kind.AUDIO, mime=sound_only, duration=duration, codec=codec)
    video = videos[0]
    if any(entry.pos + entry.size > file.size for entry in video.index_entries):
        raise _Broken("is cut off; save it anew.")
    # The first picture is decoded: it proves that there is one, and knows how it is turned.
    turned = next(container.decode(video)).rotation % 180 != 0
    return replace(
        file,
        kind=Kind.VIDEO,
        mime=with_pictures,
        width=video.height if turned else video.width,
        height=video.width if turned else video.height,
        duration=duration,
        codec=video.codec_context.codec.canonical_name,
        fps=float(video.average_rate) if video.average_rate else None,
    )
