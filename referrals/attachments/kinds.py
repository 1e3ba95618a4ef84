"""What kind of file this is, by its content alone, and why one is not taken.

    judge(content)          # Kind.PDF; `Unwelcome` with a sentence for the page where it can't be taken

What a file calls itself is for showing, never for deciding: where it calls itself what it is not, the sentence says so.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from enum import Enum
from functools import partial

import pillow_heif
import puremagic
from PIL import Image, ImageFile, UnidentifiedImageError

from referrals.attachments.office_xml import fetches_or_runs

pillow_heif.register_heif_opener()

MOST_PIXELS = 64_000_000
"""A picture larger than any camera in use takes: it would only fill the memory of whoever opens it."""

MOST_SCANS = 60
"""A picture that builds up line by line comes in about ten passes, each as dear as the picture whole."""

MOST_ENTRIES = 5_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_LOOKED_THROUGH = 60_000_000
DEEPEST_EMAIL = 3
MOST_EMAIL_LINES = 500_000
MOST_BOUNDARIES = 60
LONGEST_EMAIL_HEADER = 8_000
CONTENT_HEADER = re.compile(rb"(?:^|[\r\n])(content-[a-z-]+:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*)", re.I)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
PROGRAM_ENDINGS = tuple(
    (
        "exe scr com bat cmd pif cpl msi msp ps1 psm1 vbs vbe js jse wsf wsh hta jar lnk reg dll sys iso img vhd app "
        + "dmg docm xlsm pptm dotm xltm xlam"
    ).split()
)
ARCHIVE_ENDINGS = tuple("zip rar 7z gz tgz bz2 xz tar cab arj ace lzh z".split())  # noqa: SIM905  the same


SEALED_INSIDE = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", OLE)
OFFICE_INSIDE = (".xlsx", ".docx")
"""What a chart or a table brings along: looked into as the document itself is, twice over at most."""
INSIDE = "has another file inside it. Take that out, or print it to PDF, and add that."
LOCKED = "is locked with a password, so that nobody here could open it. Save it without one."
FETCHES = (
    "has something in it that is fetched from elsewhere, or run, when it is opened. Print it to PDF, and add that."
)


def spelt(name: str) -> str:
    """A name of a PDF as a pattern: each of its letters may stand as its number."""
    return "".join(f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in name)


HIDDEN_IN_PDF = re.compile(
    f"/(?:{spelt('Launch')}|{spelt('EmbeddedFile')}s?|{spelt('RichMedia')})(?![A-Za-z])".encode()
)


class Kind(Enum):
    """A kind that is taken: its ending, the type it is sent as, and what a page calls it."""

    PDF = ("pdf", "application/pdf", "PDF")
    DOCX = ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document")
    XLSX = ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel workbook")
    JPG = ("jpg", "image/jpeg", "picture (JPG)")
    PNG = ("png", "image/png", "picture (PNG)")
    HEIC = ("heic", "image/heic", "picture (HEIC)")
    EML = ("eml", "message/rfc822", "email")
    MSG = ("msg", "application/vnd.ms-outlook", "Outlook email")

    def __init__(self, ending: str, media_type: str, words: str) -> None:
        self.ending, self.media_type, self.words = ending, media_type, words

    @property
    def is_picture(self) -> bool:
        return self in (Kind.JPG, Kind.PNG, Kind.HEIC)

    @classmethod
    def by_ending(cls, ending: str) -> Kind:
        return next(kind for kind in cls if kind.ending == ending)


TAKEN = "PDF, Word (.docx), Excel (.xlsx), pictures (.jpg, .png, .heic) and emails (.eml, .msg)"


ENDINGS = {
    "pdf": "a PDF",
    **dict.fromkeys(("doc", "docx"), "a Word document"),
    **dict.fromkeys(("xls", "xlsx"), "an Excel workbook"),
    **dict.fromkeys(("jpg", "jpeg", "png", "heic", "heif"), "a picture"),
    **dict.fromkeys(("eml", "msg"), "an email"),
}
"""What a name promises by its ending."""


class Unwelcome(ValueError):
    """A file that is not taken. The message says why, and what to do instead; it follows the file's name."""


@dataclass(slots=True)
class Budget:
    """What is left to look through of one file, with all that stands in it, however it is divided."""

    entries: int = MOST_ENTRIES
    unpacked: int = MOST_UNPACKED
    looked_through: int = MOST_LOOKED_THROUGH

    def spend(self, *, entries: int = 0, unpacked: int = 0, looked_through: int = 0) -> None:
        self.entries -= entries
        self.unpacked -= unpacked
        self.looked_through -= looked_through
        if min(self.entries, self.unpacked, self.looked_through) < 0:
            raise Unwelcome("unpacks to far more than its size, as harmful files do. Print it to PDF, and add that.")


def judge(content: bytes, name: str = "", budget: Budget | None = None) -> Kind:
    """The kind of this content. Raises `Unwelcome`; never anything else, whatever the bytes are.

    name: what it calls itself, for the sentence alone. budget: what is left of the file that this one stands in.
    """
    if not content:
        raise Unwelcome("is empty. Open it to see whether there is anything in it, then add it again.")
    for beginning, look in (
        (b"%PDF-", pdf),
        (b"PK\x03\x04", partial(office, budget=budget or Budget())),
        (OLE, outlook),
        (b"\xff\xd8\xff", picture),
        (b"\x89PNG\r\n\x1a\n", picture),
    ):
        if content.startswith(beginning):
            return look(content)
    if content[4:8] == b"ftyp":
        return picture(content)
    refuse_the_known(content)
    if looks_like_email(content):
        return email(content)
    ending = name.rpartition(".")[2].lower()
    if ending in ENDINGS:
        raise Unwelcome(
            f"ends in .{ending}, but is not {ENDINGS[ending]}. "
            "Find what it was made from, save that as PDF, and add it."
        )
    raise Unwelcome(f"is of a kind that we can’t take. We take {TAKEN}. Save it as one of these, or as PDF.")


def refuse_the_known(content: bytes) -> None:
    """Say what it is, where it is something that people are known to send."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    lower = head[:1024].lower()
    if is_program(content):
        raise Unwelcome("is a program, whatever its name says. We never take programs.")
    if is_archive(content):
        raise Unwelcome("is an archive. Take the files out of it and add each of them.")
    if head.startswith(b"{\\rtf"):
        raise Unwelcome("is in an older format (RTF). Save it as .docx or PDF, and add that.")
    if any(sign in lower for sign in (b"<html", b"<script", b"<svg", b"<!doctype html", b"<?xml", b"<body")):
        raise Unwelcome("is a web page or a drawing that can hold script. Print it to PDF, and add that.")
    try:
        name = puremagic.magic_string(content[:4096])[0].name or ""
    except (puremagic.PureError, ValueError, IndexError):
        name = ""
    if re.search(r"video|audio|mpeg|mp4|matroska|quicktime|wave", name, re.I):
        raise Unwelcome(
            "is sound or film, which we can’t take here. Say in your referral that it exists and who has it."
        )


def is_program(content: bytes) -> bool:
    """Windows, Linux and Mac programs, scripts, shortcuts, Java classes."""
    if content.startswith(
        (b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"L\0\0\0\x01\x14\x02")
    ):
        return True
    if content.startswith((b"MZ", b"ZM")):
        return True
    head = content[:200].lstrip().lower()
    return head.startswith((b"@echo off", b"x5o!p%@ap", b"<?php", b"powershell", b"<job", b"on error resume next"))


def is_archive(content: bytes) -> bool:
    """Zip, RAR, 7-Zip, gzip, bzip2, xz, tar, cabinet, disk images."""
    if content.startswith(
        (
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"PK\x07\x08",
            b"Rar!\x1a\x07",
            b"7z\xbc\xaf\x27\x1c",
            b"\x1f\x8b",
            b"BZh",
            b"\xfd7zXZ",
            b"MSCF",
            b"\x60\xea",
        )
    ):
        return True
    return content[257:262] == b"ustar" or content[32769:32774] == b"CD001"


def pdf(content: bytes) -> Kind:
    tail = content[-2048:]
    if b"PK\x05\x06" in content[-66_000:] and b"PK\x03\x04" in content:
        raise Unwelcome("is two kinds of file in one, which is how harmful files hide. Print it to PDF again.")
    if b"%%EOF" not in tail and b"startxref" not in tail:
        raise Unwelcome("is a PDF that breaks off before its end. Save or scan it again, and add that.")
    if HIDDEN_IN_PDF.search(content):
        raise Unwelcome("is a PDF with another file inside it. Print it to PDF again, and add that.")
    return Kind.PDF


def office(content: bytes, budget: Budget, depth: int = 0) -> Kind:
    """A Word document or Excel workbook; every other zip is an archive, or something with macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
            shut = any(entry.flag_bits & 1 for entry in entries)
            names = {entry.filename for entry in entries}
            budget.spend(
                entries=len(entries), unpacked=0 if shut else sum(max(entry.file_size, 0) for entry in entries)
            )
            types = b""
            if not shut and "[Content_Types].xml" in names:
                types = unpacked(packed, "[Content_Types].xml", 1_000_000)
    except Unwelcome:
        raise
    except Exception as error:  # whatever a broken zip makes of the library, it is a broken file
        raise Unwelcome("can’t be opened: it is damaged, or not what it says. Save it again, and add that.") from error
    if shut:
        raise Unwelcome(LOCKED)
    if "[Content_Types].xml" not in names:
        raise Unwelcome("is an archive. Take the files out of it and add each of them.")
    lowered = {name.lower() for name in names}
    if b"macroenabled" in types.lower() or any("vbaproject" in name or "/macrosheets/" in name for name in lowered):
        raise Unwelcome("has macros in it. Save it as .docx or .xlsx without macros, or as PDF, and add that.")
    if any(name.startswith(("/", "..")) or "\\" in name or "/../" in name for name in names):
        raise Unwelcome("is damaged, or not what it says. Save it again, and add that.")
    if any(name.rsplit(".", 1)[-1] in {*PROGRAM_ENDINGS, *ARCHIVE_ENDINGS} or "oleobject" in name for name in lowered):
        raise Unwelcome(INSIDE)
    look_inside(content, budget, depth)
    if "word/document.xml" in names:
        return Kind.DOCX
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    raise Unwelcome("is an Office file of a kind that we can’t take. Save it as .docx, .xlsx or PDF, and add that.")


def look_inside(content: bytes, budget: Budget, depth: int) -> None:
    """Every part of an Office file by its beginning, whatever it is called: no program, no archive, nothing fetched."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for entry in packed.infolist():
            name = entry.filename.lower()
            if name.endswith((".odttf", "/")):  # a font begins with chance
                continue
            try:
                begins = unpacked(packed, entry.filename, 300)
                if name.endswith(OFFICE_INSIDE) and begins.startswith(b"PK") and depth < 2:
                    office(unpacked(packed, entry.filename, MOST_UNPACKED), budget, depth + 1)
                elif is_program(begins) or begins.startswith(SEALED_INSIDE):
                    raise Unwelcome(INSIDE)
                if name.endswith((".rels", ".xml")):
                    budget.spend(looked_through=entry.file_size)
                    part = unpacked(packed, entry.filename, entry.file_size + 1)
                    if part.strip(b"\0 \t\r\n") and fetches_or_runs(part):
                        raise Unwelcome(FETCHES)
            except Unwelcome:
                raise
            except Exception as error:  # whatever a broken part makes of the library
                raise Unwelcome("can’t be opened: it is damaged. Save it again, and add that.") from error


def unpacked(packed: zipfile.ZipFile, name: str, most: int) -> bytes:
    """One entry, no more of it than `most`, whatever it claims to be."""
    with packed.open(name) as entry:
        return entry.read(most)


def outlook(content: bytes) -> Kind:
    """An Outlook email; every other file of this family is an older or locked Office file."""
    if wide("_VBA_PROJECT") in content:
        raise Unwelcome("has macros in it. Save it as .docx, .xlsx or PDF, and add that.")
    if wide("EncryptedPackage") in content:
        raise Unwelcome(LOCKED)
    if wide("__properties_version1.0") not in content:
        raise Unwelcome("is in an older Office format. Save it as .docx, .xlsx or PDF, and add that.")
    for endings, what in ((PROGRAM_ENDINGS, "a program or macros"), (ARCHIVE_ENDINGS, "an archive")):
        pattern = b"|".join(wide(f".{ending}") + b"\0\0" for ending in map(re.escape, endings))
        if re.search(pattern.replace(b"\\", b""), content, re.I):
            raise Unwelcome(f"is an email with {what} attached. Save the documents from it, and add those.")
    return Kind.MSG


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def looks_like_email(content: bytes) -> bool:
    """Headers at the beginning, at least two of those that every email has, and text without a NUL."""
    head = content[:65_536]
    if b"\0" in head:
        return False
    names = {
        name.lower() for name in re.findall(rb"^([A-Za-z-]{2,40}):", head.split(b"\n\n")[0].split(b"\r\n\r\n")[0], re.M)
    }
    return len(names & {b"from", b"to", b"subject", b"date", b"received", b"message-id", b"mime-version"}) >= 2


def email(content: bytes) -> Kind:
    refuse_what_takes_long(content)
    try:
        look_into(BytesParser(policy=policy.compat32).parsebytes(content), Budget())
    except Unwelcome:
        raise
    except Exception as error:  # a message that the library can't read is not one that we hand on
        raise Unwelcome("is an email that can’t be opened. Print it to PDF, and add that.") from error
    return Kind.EML


def refuse_what_takes_long(content: bytes) -> None:
    """What a reader of emails needs hours for: parts in parts by the hundred, a heading without end, many lines."""
    lines = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    parts = len(re.findall(rb"boundary\s*\*?\d*\*?=", content, re.I))
    longest = max((len(each) for each in CONTENT_HEADER.findall(content)), default=0)
    if lines > MOST_EMAIL_LINES or parts > MOST_BOUNDARIES or longest > LONGEST_EMAIL_HEADER:
        raise Unwelcome("is an email of more parts than can be looked into. Save the documents from it, and add those.")


def look_into(message: object, budget: Budget, depth: int = 0) -> None:
    """Every part of an email, and of the emails in it: no program, no archive, no macros."""
    if depth > DEEPEST_EMAIL:
        raise Unwelcome("is an email within emails, too deep to look into. Save the documents from it, and add those.")
    for part in message.walk():  # type: ignore[attr-defined]
        if part.is_multipart():
            if part is not message and part.get_content_type() == "message/rfc822":
                look_into(part.get_payload(0), budget, depth + 1)
            continue
        name = str(part.get_filename() or "")
        ending = name.rsplit(".", 1)[-1].strip().lower() if "." in name else ""
        body = part.get_payload(decode=True)
        body = body if isinstance(body, bytes) else b""
        if ending in PROGRAM_ENDINGS or is_program(body):
            raise Unwelcome("is an email with a program attached. Save the documents from it, and add those.")
        if body.startswith((b"PK\x03\x04", OLE, b"%PDF-")):
            try:
                judge(body, budget=budget)
            except Unwelcome as why:
                raise Unwelcome(f"is an email with a file attached that {why}") from why
        elif ending in ARCHIVE_ENDINGS or is_archive(body):
            raise Unwelcome("is an email with an archive attached. Save the documents from it, and add those.")


def picture(content: bytes) -> Kind:
    """A picture that opens whole: its kind is what it opens as."""
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MOST_SCANS:
        raise Unwelcome("is a picture made in a way that takes too long to open. Save it again, or print it to PDF.")
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # what writes our PDFs lets half a picture pass, for the whole process
    try:
        with opened(content) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise Unwelcome("is a picture too large to open. Send a smaller copy of it.")
            found = {"JPEG": Kind.JPG, "MPO": Kind.JPG, "PNG": Kind.PNG, "HEIF": Kind.HEIC}.get(image.format or "")
            if found is None:
                raise Unwelcome(f"is of a kind that we can’t take. We take {TAKEN}.")
            image.load()
    except Unwelcome:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeError) as error:
        raise Unwelcome("is a picture that can’t be opened, or no picture. Take or save it again.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unwelcome("is a picture too large to open. Send a smaller copy of it.") from error
    return found


def opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "HEIF"))
