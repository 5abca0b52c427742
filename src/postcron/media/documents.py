"""Pages to leaf through, known by their content: PDF, and the files of office programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
#: the ending of a name, and the type it stands for
TYPES: Final = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "xls": "application/vnd.ms-excel",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
}
#: what the archive of a newer office file has in it
_IN_ARCHIVE: Final = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "xlsx",
}
#: what the compound file of an older one has in it; names there are UTF-16
_IN_COMPOUND: Final = {
    "WordDocument".encode("utf-16-le"): "doc",
    "PowerPoint Document".encode("utf-16-le"): "ppt",
    "Workbook".encode("utf-16-le"): "xls",
}
_SLIDE: Final = re.compile(r"ppt/slides/slide\d+\.xml")
_PIECE: Final = 1024 * 1024
#: a PDF may have something before it, and something behind it
_NEAR: Final = 1024


class CutOff(Exception):
    """It began like a document, and does not end like one."""


def document(content: BinaryIO, head: bytes) -> str | None:
    """Return the type of an open file if it is a document; raises `CutOff` for half of one."""
    if b"%PDF-" in head[:_NEAR]:
        if b"%%EOF" not in _tail(content):
            raise CutOff
        return TYPES["pdf"]
    if head.startswith(b"PK\x03\x04"):
        return _in_archive(content)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_compound(content)
    return None


def pages(content: BinaryIO, mime: str) -> int | None:
    """Return how many pages or slides an open document has; None where that is not written in it."""
    if mime == TYPES["pdf"]:
        from postcron.media import pdf

        return pdf.pages(content)
    if mime == TYPES["pptx"]:
        import zipfile

        with zipfile.ZipFile(content) as archive:
            return sum(_SLIDE.fullmatch(name) is not None for name in archive.namelist())
    return None


def _tail(content: BinaryIO) -> bytes:
    size = content.seek(0, 2)
    content.seek(max(size - _NEAR, 0))
    return content.read()


def _in_archive(content: BinaryIO) -> str | None:
    import zipfile  # the library reads the table above at every start, and needs no archives

    try:
        with zipfile.ZipFile(content) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise CutOff from error
    return next((TYPES[ending] for name, ending in _IN_ARCHIVE.items() if name in names), None)


def _in_compound(content: BinaryIO) -> str | None:
    for piece in _overlapping(content, max(map(len, _IN_COMPOUND))):
        for mark, ending in _IN_COMPOUND.items():
            if mark in piece:
                return TYPES[ending]
    return None


def _overlapping(content: BinaryIO, by: int) -> Iterator[bytes]:
    before = b""
    while piece := content.read(_PIECE):
        yield before + piece
        before = piece[-by:]
