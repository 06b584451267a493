"""What a file is, by its first bytes; its name is only believed where it admits to be a program."""

import puremagic

from models.definition import FileKind
from models.files.names import extension, with_extension
from models.messages import Message, _

UNKNOWN_TYPE = "application/octet-stream"
PROGRAM_TYPE = "application/x-executable"
HTML_TYPE = "text/html"
SVG_TYPE = "image/svg+xml"
PDF_TYPE = "application/pdf"
OLE_TYPE = "application/x-ole-storage"  # Office before 2007, and its locked files of today
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
HEAD = 4096
"""Bytes that are enough to tell."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF_TYPE),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE_TYPE),
    (b"\x7fELF", PROGRAM_TYPE),
    (b"\xfe\xed\xfa\xce", PROGRAM_TYPE),  # macOS
    (b"\xfe\xed\xfa\xcf", PROGRAM_TYPE),
    (b"\xce\xfa\xed\xfe", PROGRAM_TYPE),
    (b"\xcf\xfa\xed\xfe", PROGRAM_TYPE),
    (b"\xca\xfe\xba\xbe", PROGRAM_TYPE),  # macOS again, and Java
    (b"dex\n", PROGRAM_TYPE),  # Android
    (b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM_TYPE),  # a shortcut of Windows starts what it likes
    (b"#!", PROGRAM_TYPE),
    (b"@echo off", PROGRAM_TYPE),
    (b"<?php", PROGRAM_TYPE),
    (b"<hta:application", PROGRAM_TYPE),
)
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<meta", b"<title")
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PROGRAM_EXTENSIONS = _words(
    "action apk app appimage appref-ms appx bat cab cmd com command cpl deb desktop dll dmg elf exe gadget "
    "hta inf ins ipa iso jar jnlp js jse ksh lib lnk mjs msc msi msix msp mst ocx osx out pif pkg ppam "
    "ps1 ps1xml psc1 psd1 psm1 py pyc pyw reg rpm run scf scr sct settingcontent-ms sh shb shs sys url vb "
    "vbe vbs vhd vhdx website wsc wsf wsh xbap xlam xll"
)
_DOCUMENTS = _words(
    "csv doc docm docx dot dotm dotx dps eml et key md msg numbers odp ods odt ofd pages pdf pot potx pps "
    "ppsx ppt pptm pptx rtf tsv txt vsd vsdx wps xls xlsb xlsm xlsx xlt xltm xltx xml xps"
)
_ARCHIVES = _words("7z bz2 gz rar tar tgz xz zip zst")
_ARCHIVE_TYPES = frozenset(
    {"application/zip", "application/x-7z-compressed", "application/vnd.rar", "application/x-gzip",
     "application/gzip", "application/x-bzip2", "application/x-xz", "application/x-tar"}
)  # fmt: skip
_IMAGE_EXTENSIONS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg",
                     "jfif": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}  # fmt: skip
_EXTENSION_OF = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_ZIPPED = _words("docm docx dotx xlsm xlsx xltx pptm pptx potx ppsx vsdx odt ods odp xlsb ofd")
_ZIP_OR_LOCKED = frozenset({"application/zip", OLE_TYPE})

KIND_NAMES: dict[FileKind, Message] = {
    "picture": _("Pictures"),
    "document": _("Documents"),
    "archive": _("Archives"),
    "media": _("Sound and video"),
    "other": _("Other files"),
    "program": _("Programs and scripts"),
}


def content_type(head: bytes) -> str:
    """Return the media type that the first bytes tell, whatever the name says."""
    if head.startswith(b"MZ") and b"\0" in head:  # a table may begin with these letters as well
        return PROGRAM_TYPE
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    plain = _plain(head)
    for start, found in _SIGNATURES:
        if head.startswith(start) or plain.startswith(start):
            return found
    if any(mark in plain[:1024] for mark in _MARKUP):
        return HTML_TYPE
    if b"<svg" in plain:
        return SVG_TYPE
    return _told_by_library(head)


def _plain(head: bytes) -> bytes:
    """Return the beginning as small ASCII letters, however the text is encoded."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            head = head.decode(encoding, "ignore").encode()
            break
    return head.removeprefix("\ufeff".encode()).lstrip(b" \t\r\n\0").lower()


def _told_by_library(head: bytes) -> str:
    try:
        found = puremagic.from_string(head, mime=True) if head else ""
    except (puremagic.PureError, ValueError):
        return UNKNOWN_TYPE
    # it takes much for pictures and papers that only looks like them; those were found above
    return found if found and found not in {*IMAGE_TYPES, PDF_TYPE} else UNKNOWN_TYPE


def kind_of(media_type: str, name: str) -> FileKind:
    """Return what people call a file of a type and name."""
    ending = extension(name)
    if media_type == PROGRAM_TYPE or ending in PROGRAM_EXTENSIONS:
        return "program"
    if media_type.startswith("image/") and media_type != SVG_TYPE:
        return "picture"
    if media_type == PDF_TYPE or (ending in _DOCUMENTS and media_type not in {HTML_TYPE, SVG_TYPE}):
        return "document"
    if media_type in _ARCHIVE_TYPES or ending in _ARCHIVES:
        return "archive"
    return "media" if media_type.startswith(("audio/", "video/")) else "other"


def true_name(name: str, media_type: str, head: bytes) -> str | None:
    """Return a name that does not lie about its content, None where it lies too much.

    A picture may bear the extension of another kind of picture, as chats and telephones like to give it;
    it gets its own. Who calls a page or a program a picture means no good.
    """
    ending = extension(name)
    if (claimed := _IMAGE_EXTENSIONS.get(ending)) is not None:
        if media_type == claimed:
            return name
        return with_extension(name, _EXTENSION_OF[media_type]) if media_type in IMAGE_TYPES else None
    if ending == "pdf":  # its mark may stand a little below the top
        is_paper = media_type == PDF_TYPE or (b"%PDF-" in head[:1024] and media_type != HTML_TYPE)
        return name if is_paper else None
    if ending in _ZIPPED:
        return name if media_type in _ZIP_OR_LOCKED else None
    return name
