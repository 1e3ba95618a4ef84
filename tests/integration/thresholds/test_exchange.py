"""A threshold leaves as a file and comes in as a new draft; what is wrong with it is listed, and nothing is stored."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import load_workbook

from partnerships.permissions import Role
from tests.factories import NOW, World, make_world
from tests.integration.thresholds.editing import at, new_draft, signed_in, text
from thresholds import files
from thresholds.loading import load
from thresholds.models import SchemeVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World, time_machine: Any) -> Client:
    time_machine.move_to(NOW, tick=False)
    return signed_in(world, Role.ADMIN)


def bring_in(world: World, admin: Client, content: bytes, name: str = "threshold.xlsx") -> Any:
    return admin.post(at(world, "threshold_import"), {"file": SimpleUploadedFile(name, content)})


def downloaded(world: World, admin: Client, version: SchemeVersion, format: str) -> bytes:  # noqa: A002
    answer = admin.get(at(world, "threshold_download", version=version.slug, format=format))
    assert answer["Content-Disposition"] == f'attachment; filename="{version.slug}.{format}"'
    return bytes(answer.content)


@pytest.mark.parametrize("format", ["xlsx", "yaml", "json"])
def test_out_and_in_again_is_a_new_draft_of_the_same_content(world: World, admin: Client, format: str) -> None:  # noqa: A002
    content = downloaded(world, admin, world.version, format)
    answer = bring_in(world, admin, content, f"threshold.{format}")
    draft = SchemeVersion.objects.get(state="draft")
    assert answer.url == at(world, "threshold_draft", version=draft.slug)
    assert (draft.slug, draft.based_on) == ("testshire-2026-11-24", world.version)
    before, after = load(world.version), load(draft)
    assert (after.indicators, after.rules, after.guidance, after.levels) == (
        before.indicators,
        before.rules,
        before.guidance,
        before.levels,
    )
    page = admin.get(at(world, "threshold_difference"), {"before": world.version.slug, "after": draft.slug})
    assert "0 differences" in text(page)


def test_edited_in_a_spreadsheet_it_differs_where_it_was_edited(world: World, admin: Client) -> None:
    book = load_workbook(io.BytesIO(downloaded(world, admin, world.version, "xlsx")))
    book["Indicators"]["E11"] = "=Hungry at school"
    book["Indicators"]["E11"].data_type = "s"
    book["Clocks"]["C3"] = 8
    file = io.BytesIO()
    book.save(file)
    assert bring_in(world, admin, file.getvalue()).status_code == 302
    draft = SchemeVersion.objects.get(state="draft")
    assert draft.indicators.get(key="health-2-01").label == "=Hungry at school"
    page = text(admin.get(at(world, "threshold_difference"), {"before": world.version.slug, "after": draft.slug}))
    assert "2 differences" in page
    assert "Now within 8 hours from when the referral is received; before within 24 hours" in page


def test_a_colleagues_draft_is_not_replaced(world: World, admin: Client) -> None:
    theirs = new_draft(world)
    content = downloaded(world, admin, theirs, "yaml")
    assert bring_in(world, admin, content, "x.yaml").status_code == 302
    assert SchemeVersion.objects.filter(state="draft").count() == 2
    theirs.refresh_from_db()


def test_every_mistake_is_listed_and_nothing_is_stored(world: World, admin: Client) -> None:
    book = load_workbook(io.BytesIO(downloaded(world, admin, world.version, "xlsx")))
    book["Indicators"]["B2"], book["Indicators"]["D3"], book["Levels"]["B2"] = 9, "Nowhere", "x" * 121
    file = io.BytesIO()
    book.save(file)
    answer = bring_in(world, admin, file.getvalue())
    assert answer.status_code == 422
    page = text(answer)
    assert "Nothing is stored" in page
    assert "sheet Indicators, row 2, column Level" in page
    assert "sheet Indicators, row 3, column Domain" in page
    assert "one of the ranks 1, 2, 3, 4" in page
    assert not SchemeVersion.objects.filter(state="draft").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Choose a file"),
        (b"", "is empty"),
        (b"PK\x03\x04nonsense", "damaged or cut off"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"slug: [", "line 1, column 8"),
        (b"a: &x 1\nb: *x", "an alias"),
        (b"slug: a\nslug: b", "slug is there twice"),
        (b'{"slug": "a", "slug": "b"}', "slug is there twice"),
        (b"[" * 900_000, "line 1: nested deeper"),
        (b"[" * 20 + b"]" * 20, "nested deeper"),
        (b"x" * (files.MOST_UPLOAD + 1), "larger than 5 MB"),
        (b"- x\n" * 500_000, "larger than 1 MB"),
        (b"just words", "a mapping"),
    ],
)
def test_a_bad_file_has_its_message(world: World, admin: Client, content: bytes | None, said: str) -> None:
    answer = bring_in(world, admin, content) if content is not None else admin.post(at(world, "threshold_import"))
    assert answer.status_code == 422
    assert said in text(answer), text(answer)
    assert not SchemeVersion.objects.filter(state="draft").exists()


def test_another_partnerships_file_says_what_to_do(world: World, admin: Client) -> None:
    content = downloaded(world, admin, world.version, "yaml").replace(
        b"partnership: testshire", b"partnership: othershire"
    )
    answer = bring_in(world, admin, content, "x.yaml")
    assert answer.status_code == 422
    assert "put “testshire” there and bring it in again" in text(answer)


def test_formats_and_versions_that_are_not_there_are_not_found(world: World, admin: Client) -> None:
    other = make_world("othershire")
    for version, format in ((world.version, "pdf"), (other.version, "yaml")):  # noqa: A001
        assert admin.get(at(world, "threshold_download", version=version.slug, format=format)).status_code == 404
    draft = new_draft(world)
    draft.rules.filter(kind="highest").delete()
    assert admin.get(at(world, "threshold_download", version=draft.slug, format="yaml")).status_code == 409


def test_the_commands_write_and_read_a_spreadsheet(world: World, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "threshold.xlsx"
    call_command("export_scheme", world.version.slug, "--format", "xlsx", "--out", str(path))
    assert "is written to" in capsys.readouterr().out
    call_command("import_scheme", str(path), "--check")
    assert "is sound" in capsys.readouterr().out
    for args, said in (
        (("--format", "xlsx"), "say where to write it"),
        (("--format", "xlsx", "--out", str(tmp_path / "no" / "way")), "can't be written"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("export_scheme", world.version.slug, *args)
