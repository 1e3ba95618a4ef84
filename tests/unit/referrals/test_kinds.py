"""What a file is by its content: every good one is told, every hostile one is refused with a reason, none fails."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from referrals.attachments.actions import NAMELESS, shown_name
from referrals.attachments.kinds import Kind, Unwelcome, judge
from referrals.attachments.pictures import stripped
from tests import hostile_files

HOSTILE = hostile_files.hostile()


@pytest.mark.parametrize(("name", "content", "ending"), hostile_files.good(), ids=lambda each: repr(each)[:30])
def test_what_practitioners_send_is_taken(name: str, content: bytes, ending: str) -> None:
    assert judge(content).ending == ending


@pytest.mark.parametrize(("name", "content", "why"), HOSTILE, ids=[each[0] for each in HOSTILE])
def test_what_harms_is_refused_with_its_reason(name: str, content: bytes, why: str) -> None:
    with pytest.raises(Unwelcome, match="^(is|has|ends in|can’t|unpacks) ") as refused:
        judge(content, name)
    assert why in str(refused.value)


def test_half_a_picture_is_refused_also_where_a_pdf_was_written_before(monkeypatch: pytest.MonkeyPatch) -> None:
    half = next(content for name, content, _ in HOSTILE if name == "half.png")
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint sets it when it is loaded
    with pytest.raises(Unwelcome, match="can’t be opened"):
        judge(half)


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(HOSTILE) >= 60 and len({name for name, _, _ in HOSTILE}) == len(HOSTILE)


@settings(max_examples=300, deadline=None)
@given(
    start=st.sampled_from(
        [
            b"",
            b"%PDF-",
            b"PK\x03\x04",
            hostile_files.OLE,
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"\0\0\0\x18ftypheic",
            b"From: a\nTo: b\n",
        ]
    ),
    rest=st.binary(max_size=600),
)
def test_whatever_the_bytes_are_there_is_an_answer(start: bytes, rest: bytes) -> None:
    try:
        assert isinstance(judge(start + rest), Kind)
    except Unwelcome as why:
        assert str(why).endswith(".")


@pytest.mark.parametrize(("position", "value"), [(n, v) for n in range(0, 400, 7) for v in (0, 255)])
def test_one_changed_byte_of_a_document_makes_nothing_fail(position: int, value: int) -> None:
    for content in (hostile_files.docx(), hostile_files.image(), hostile_files.pdf()):
        changed = bytearray(content)
        changed[position % len(changed)] = value
        with contextlib.suppress(Unwelcome):
            judge(bytes(changed))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Kind.JPG, hostile_files.photo_with_a_place()),
        (Kind.HEIC, hostile_files.heic()),
        (Kind.PNG, hostile_files.image("PNG", dpi=(300, 300))),
    ],
)
def test_a_picture_leaves_without_where_and_when_it_was_taken(kind: Kind, content: bytes) -> None:
    left_as, clean = stripped(kind, content)
    assert left_as is (Kind.PNG if kind is Kind.PNG else Kind.JPG)
    with Image.open(io.BytesIO(clean)) as picture:
        assert not dict(picture.getexif()) and "comment" not in picture.info and "dpi" not in picture.info
        if kind is Kind.JPG:
            assert picture.size == (30, 40), "turned upright, since the mark that says so is gone"
    assert b"Canary" not in clean and b"2026:11:24" not in clean


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\notes\\plan.pdf", "plan.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\x00b\r\nc.pdf", "ab c.pdf"),
        ("", NAMELESS),
        ("\u200b", NAMELESS),
        ("...", NAMELESS),
        ("תוכנית.pdf", "תוכנית.pdf"),
        ("n" * 400 + ".docx", "n" * 138 + "….docx"),
    ],
)
def test_a_name_is_shown_as_one_safe_line(raw: str, shown: str) -> None:
    assert shown_name(raw) == shown
