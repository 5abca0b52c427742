"""Real media files, tiny and made on the spot."""

from __future__ import annotations

import hashlib
import random
import tempfile
import zipfile
import zlib
from dataclasses import replace
from functools import cache
from itertools import pairwise
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
    tenths: int = 10,
    rate: int = 30,
    turned: int = 0,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Make a video of so many tenths of a second."""
    path.write_bytes(_film(codec, container, tenths, rate, turned, size))
    return path


@cache
def _film(
    codec: str, container: str, tenths: int, rate: int, turned: int, size: tuple[int, int]
) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        _encode(file.name, codec, container, tenths * rate // 10, rate, turned, size)
        return Path(file.name).read_bytes()


def _encode(
    path: str,
    codec: str,
    container: str,
    frames: int,
    rate: int,
    turned: int,
    size: tuple[int, int],
) -> None:
    with av.open(path, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
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


def pdf(path: Path, pages: int = 1) -> Path:
    """Make a PDF as most programs write it."""
    content, offsets = b"%PDF-1.4\n%" + b"x" * 2000 + b"\n", []
    for number, told in enumerate(_objects(pages), 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, told)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(offsets) + 1, rows)
    path.write_bytes(content + table + _ending(b"trailer\n<</Root 1 0 R>>\n", len(content)))
    return path


def changed_pdf(path: Path, pages: int) -> Path:
    """Let a PDF have another count of pages, by what is appended to it."""
    before = path.read_bytes()
    start = before.rindex(b"xref\n0 ")
    told = b"2 0 obj\n%b\nendobj\n" % _objects(pages)[1]
    table = b"xref\n2 1\n%010d 00000 n \n" % len(before)
    trailer = b"trailer\n<</Root 1 0 R /Prev %d>>\n" % start
    path.write_bytes(before + told + table + _ending(trailer, len(before + told)))
    return path


def packed_pdf(path: Path, pages: int = 1) -> Path:
    """Make a PDF whose objects and cross-references are compressed, as TeX and Acrobat write it."""
    objects = _objects(pages)
    starts = [sum(map(len, objects[:index])) for index in range(len(objects))]
    head = b" ".join(b"%d %d" % (number, at) for number, at in enumerate(starts, 1)) + b" "
    told = b"/Type /ObjStm /N %d /First %d" % (len(objects), len(head))
    content = b"%PDF-1.5\n"
    many = _stream(9, told, head + b"".join(objects))
    rows = [b"\0\0\0\0", *(bytes([2, 0, 9, index]) for index in range(len(objects)))]
    rows += [b"\0\0\0\0"] * (9 - len(rows)) + [b"\1" + len(content).to_bytes(2) + b"\0"]
    above = [bytes(4), *rows]
    predicted = b"".join(
        b"\2" + bytes((b - a) % 256 for a, b in zip(one, other, strict=True))
        for one, other in pairwise(above)
    )
    told = b"/Type /XRef /W [1 2 1] /Size %d /Root 1 0 R" % len(rows)
    told += b" /DecodeParms <</Predictor 12 /Columns 4>>"
    content += many
    path.write_bytes(content + _stream(10, told, predicted) + _ending(b"", len(content)))
    return path


def bloated_pdf(path: Path, changes: int, rows: int = 500_000) -> Path:
    """Make a small PDF with huge tables of nothing, each changed by the next one."""
    content, start = b"%PDF-1.5\n", 0
    for number in range(changes):
        told = b"/Type /XRef /W [1 1 0] /Size %d /Root 1 0 R" % rows
        told += b" /Prev %d" % start if start else b""
        start = len(content)
        content += _stream(number + 10, told, bytes(2 * rows))
    path.write_bytes(content + _ending(b"", start))
    return path


def _objects(pages: int) -> list[bytes]:
    kids = b" ".join([b"3 0 R"] * pages)
    return [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%b] /Count %d>>" % (kids, pages),
        b"<</Type /Page /Parent 2 0 R>>",
    ]


def _stream(number: int, told: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content)
    told += b" /Filter /FlateDecode /Length %d" % len(packed)
    return b"%d 0 obj\n<<%b>>\nstream\n%b\nendstream\nendobj\n" % (number, told, packed)


def _ending(trailer: bytes, start: int) -> bytes:
    return trailer + b"startxref\n%d\n%%%%EOF\n" % start


def office(path: Path, part: str = "word/document.xml", slides: int = 0) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for number in range(slides):
            archive.writestr(f"ppt/slides/slide{number + 1}.xml", "<sld/>")
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
