"""Real media files, tiny and made on the spot."""

from __future__ import annotations

import hashlib
import random
import tempfile
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import av
from PIL import Image

from postcron.media.probe import probe
from postcron.model import MediaFile


def picture(path: Path, size: tuple[int, int] = (64, 48), **save: Any) -> Path:
    Image.effect_noise(size, 60).convert("RGB").save(path, **save)
    return path


def animation(path: Path) -> Path:
    frames = [Image.new("RGB", (20, 10), (shade, 0, 0)) for shade in (0, 120, 240)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return path


def video(
    path: Path,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    frames: int = 10,
    turned: int = 0,
    size: tuple[int, int] = (64, 48),
) -> Path:
    path.write_bytes(_film(codec, container, frames, turned, size))
    return path


@cache
def _film(codec: str, container: str, frames: int, turned: int, size: tuple[int, int]) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        _encode(file.name, codec, container, frames, turned, size)
        return Path(file.name).read_bytes()


def _encode(
    path: str, codec: str, container: str, frames: int, turned: int, size: tuple[int, int]
) -> None:
    with av.open(path, "w", format=container) as output:
        stream = output.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        for number in range(frames):
            frame = av.VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 20 % 256]) * plane.buffer_size)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def lengthened(path: Path, size: int) -> Path:
    """Let an MP4 have so many bytes, by a box of noise that nobody shows."""
    space = size - path.stat().st_size
    with path.open("ab") as file:
        file.write(space.to_bytes(4, "big") + b"free" + _noise(space - 8))
    return path


@cache
def _noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def sound(path: Path, *, codec: str = "libmp3lame", container: str = "mp3") -> Path:
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=48000)
        assert isinstance(stream, av.AudioStream)
        silence = av.AudioFrame(format="s16", layout="mono", samples=1152)
        silence.sample_rate = 48000
        silence.planes[0].update(bytes(2 * 1152))
        resampler = av.AudioResampler(stream.format, stream.layout, 48000)
        for _ in range(40):
            for piece in resampler.resample(silence):
                output.mux(stream.encode(piece))
        output.mux(stream.encode())
    return path


def pdf(path: Path) -> Path:
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    body += b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n" + b"%" + b"x" * 2000 + b"\n"
    path.write_bytes(body + b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
    return path


def office(path: Path, part: str = "word/document.xml") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<document>" + "x" * 2000 + "</document>")
    return path


def compound(path: Path, stream: str = "WordDocument", before: int = 2000) -> Path:
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(magic + bytes(before) + stream.encode("utf-16-le") + bytes(500))
    return path


def noise(path: Path, size: int = 3 * 1024 * 1024 + 17) -> tuple[Path, MediaFile]:
    """Return a file longer than a few pieces; only its checksum and size are true."""
    image = probe(picture(path.with_suffix(".jpg")))
    content = _noise(size)
    path.write_bytes(content)
    return path, replace(image, sha256=hashlib.sha256(content).hexdigest(), size=size)
