"""PDFs: tagged, in one's language, whole, marked on each page, in any script; made once, sealed, in the trail."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.documents import making
from referrals.letters.actions import write_to_others
from referrals.models import Document, Heartbeat, Letter, Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_letter, make_referral, make_world
from thresholds.loading import load

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parents[3] / "fixtures"
NAMES = "Zoë Wójcik-Żółć مريم 李小龍 👧🏽"


@pytest.fixture
def world(time_machine: Any) -> Any:
    time_machine.move_to(NOW + dt.timedelta(hours=3), tick=False)
    made = make_world()
    with scope(partnership=made.partnership):
        yield made


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def opened(made: bytes) -> pikepdf.Pdf:
    """The file as a checker reads it: whole, tagged, in English, its title shown."""
    pdf = pikepdf.open(io.BytesIO(made))
    assert pdf.check_pdf_syntax() == [] if hasattr(pdf, "check_pdf_syntax") else pdf.check() == []
    assert bool(pdf.Root.MarkInfo.Marked) and "/StructTreeRoot" in pdf.Root
    assert str(pdf.Root.Lang).startswith("en")
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
    with pdf.open_metadata() as meta:
        assert meta["pdfuaid:part"] == "1"
    return pdf


def words(made: bytes, tmp_path: Any) -> list[str]:
    """The text of each page, by poppler where it is there."""
    import subprocess

    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (poppler-utils) to read the text again")
    path = tmp_path / "document.pdf"
    path.write_bytes(made)
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    return told.split("\f")[:-1]


def test_every_page_has_marking_reference_and_number_and_names_in_any_script_are_there(
    world: World, tmp_path: Any
) -> None:
    long = "A line that goes on. " * 900
    referral = make_referral(
        world,
        child={"first_name": NAMES, "last_name": "Marlow"},
        answers={"worry": {"happened": long}, "children": [{"who": {"first_name": NAMES, "last_name": "Marlow"}}]},
    )
    made = signed_in(world, Role.MANAGER).get(at(world, "referral_summary", referral_id=referral.pk)).content
    pages = words(made, tmp_path)
    assert len(opened(made).pages) == len(pages) > 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "OFFICIAL-SENSITIVE" in page and referral.reference in page
    text = " ".join(" ".join(page.split()) for page in pages)
    assert text.count("goes on.") == 900, "nothing is cut"
    assert "Wójcik-Żółć" in text and "李小龍" in text


@pytest.mark.parametrize("name", ["referral_summary", "matrix_pdf"])
def test_the_same_content_is_made_once_lies_sealed_and_goes_after_a_day(world: World, name: str) -> None:
    referral = make_referral(world, child={"first_name": "Zephyrine"})
    client = signed_in(world, Role.SCREENER)
    first, again = (client.get(at(world, name, referral_id=referral.pk)).content for _ in range(2))
    opened(first)
    assert first == again and Document.objects.count() == 1
    row = Document.objects.get()
    assert b"%PDF" not in bytes(row.sealed) and row.page == "" and row.state == "made"
    verb = "referral.summary_downloaded" if name == "referral_summary" else "referral.matrix_downloaded"
    assert AuditEntry.objects.filter(verb=verb, object_id=str(referral.pk)).count() == 2
    assert making.purge(at=NOW + dt.timedelta(days=1)) == 0
    assert making.purge(at=NOW + dt.timedelta(days=2)) == 1


def test_the_matrix_marks_what_was_chosen(world: World, tmp_path: Any) -> None:
    referral = make_referral(world)
    made = signed_in(world, Role.SCREENER).get(at(world, "matrix_pdf", referral_id=referral.pk)).content
    text = " ".join(words(made, tmp_path))
    assert "1 indicator of the matrix was chosen" in text and text.count("●") == 2


def test_thurrocks_plot_sheet_is_a_document_of_its_own_for_who_works_on_it_and_who_sent_it(tmp_path: Any) -> None:
    thurrock = make_world("thurrock", content=yaml.safe_load((FIXTURES / "thurrock-2023.yaml").read_text()))
    scheme = load(thurrock.version)
    group = next(each for each in scheme.indicators if each.level == 3)
    with scope(partnership=thurrock.partnership):
        referral = make_referral(
            thurrock,
            indicators=(group.key,),
            child={"first_name": "Zephyrine"},
            answers={"children": [{"indicators": {"chosen": [group.key]}}], "worry": {"happened": "Unseen words"}},
        )
    for role, name, page in (
        (Role.SCREENER, "plot_sheet_pdf", "referral"),
        (Role.PRACTITIONER, "own_plot_sheet_pdf", "referral_track"),
    ):
        client, address = signed_in(thurrock, role), at(thurrock, name, referral_id=referral.pk)
        assert address in client.get(at(thurrock, page, referral_id=referral.pk)).content.decode()
        answer = client.get(address)
        assert answer["Content-Disposition"] == f'attachment; filename="plot-sheet-{referral.reference}.pdf"'
        opened(answer.content)
        text = " ".join(" ".join(words(answer.content, tmp_path)).split())
        assert f"Plot sheet of referral {referral.reference}" in text and "Zephyrine Marlow" in text
        assert "Unseen words" not in text and text.count("●") == 1
        told = scheme.plot_sheet.plain()
        assert all(column["name"].split()[0] in text for column in told["columns"])
        assert AuditEntry.objects.filter(verb="referral.plot_sheet_downloaded", by=thurrock.person(role)).count() == 1


def test_where_the_document_has_no_plot_sheet_none_is_offered(world: World) -> None:
    referral = make_referral(world)
    client = signed_in(world, Role.SCREENER)
    assert "plot-sheet" not in client.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    assert client.get(at(world, "plot_sheet_pdf", referral_id=referral.pk)).status_code == 404


def a_worker_runs() -> None:
    for name in ("deliver", "documents"):
        Heartbeat.objects.create(name=name, beat_at=NOW + dt.timedelta(hours=3))


def test_where_a_worker_runs_the_page_waits_and_the_worker_makes_it(world: World, monkeypatch: Any) -> None:
    referral = make_referral(world)
    a_worker_runs()
    monkeypatch.setattr(making, "PATIENCE", 0.0)
    client = signed_in(world, Role.SCREENER)
    answer = client.get(at(world, "referral_summary", referral_id=referral.pk))
    assert (answer.status_code, answer["Refresh"]) == (202, "2")
    assert not AuditEntry.objects.filter(verb="referral.summary_downloaded").exists()
    assert making.make_waiting(at=NOW) == 1
    assert client.get(at(world, "referral_summary", referral_id=referral.pk)).content.startswith(b"%PDF")


def test_who_asks_for_many_does_not_hold_every_thread(world: World, monkeypatch: Any) -> None:
    """Two requests of a process wait for the worker; whoever comes next is told at once that it is being made."""
    referral = make_referral(world)
    a_worker_runs()
    client, looked = signed_in(world, Role.SCREENER), []
    monkeypatch.setattr(making, "await_worker", lambda row: looked.append(row))
    address = at(world, "referral_summary", referral_id=referral.pk)
    assert client.get(address).status_code == 202 and len(looked) == 1
    with making.WAITERS, making.WAITERS:
        assert client.get(address).status_code == 202 and len(looked) == 1
    assert client.get(address).status_code == 202 and len(looked) == 2, "and no place is kept by who has gone"


def test_a_document_that_can_not_be_made_says_so_and_is_tried_again_when_asked(world: World, monkeypatch: Any) -> None:
    referral = make_referral(world)
    client = signed_in(world, Role.SCREENER)

    def breaks(page: str) -> bytes:
        raise ValueError

    monkeypatch.setattr(making, "pdf_of", breaks)
    monkeypatch.setattr(making, "PATIENCE", 0.0)
    answers = [client.get(at(world, "referral_summary", referral_id=referral.pk)) for _ in range(3)]
    assert [each.status_code for each in answers] == [202, 202, 503]
    assert b'href="tel:999"' in answers[-1].content
    monkeypatch.undo()
    assert client.get(at(world, "referral_summary", referral_id=referral.pk)).content.startswith(b"%PDF")


def test_one_that_ends_whoever_makes_it_is_given_up_and_holds_up_no_other(world: World, monkeypatch: Any) -> None:
    """A worker ended by its time limit, or for its memory, tells nobody: each attempt is counted before it begins."""
    with scope(partnership=world.partnership):
        of = {"partnership": world.partnership, "asked_at": NOW}
        long = Document.objects.create(digest="l", page="<p>long</p>" * 500, **of)
        short = Document.objects.create(digest="s", page="<p>short</p>", **of)
        then, pages = NOW, []

        def killed(page: str) -> bytes:
            pages.append(page)
            if len(page) > 100:
                raise SystemExit
            return b"%PDF"

        monkeypatch.setattr(making, "pdf_of", killed)
        for _ in range(making.MOST_ATTEMPTS):
            with pytest.raises(SystemExit):
                making.make_waiting(at=then)
            assert pages[0] == "<p>short</p>", "the short one goes first, whenever it came"
            assert making.make_waiting(at=then) == 0, "in hand, as far as anybody knows"
            then += making.LEASE + dt.timedelta(seconds=1)
        assert making.make_waiting(at=then) == 0 and len(pages) == 1 + making.MOST_ATTEMPTS
        long.refresh_from_db()
        short.refresh_from_db()
        assert (long.state, long.page, short.state) == ("failed", "", "made")


def test_where_no_worker_runs_a_page_makes_none_that_would_hold_up_the_others(world: World, monkeypatch: Any) -> None:
    referral = make_referral(world)
    monkeypatch.setattr(making, "MOST_MADE_BY_A_PAGE", 100)
    monkeypatch.setattr(making, "PATIENCE", 0.0)
    answer = signed_in(world, Role.SCREENER).get(at(world, "referral_summary", referral_id=referral.pk))
    assert answer.status_code == 202


def test_the_letter_is_for_its_reader_and_for_who_works_on_it(world: World, tmp_path: Any) -> None:
    referral = make_referral(world)
    letter = make_letter(world, referral)
    where = {"referral_id": referral.pk, "letter_id": letter.pk}
    made = signed_in(world, Role.PRACTITIONER).get(at(world, "own_letter_pdf", **where)).content
    opened(made)
    assert "A person is reading it." in " ".join(words(made, tmp_path))
    assert signed_in(world, Role.SCREENER).get(at(world, "letter_pdf", **where)).status_code == 200
    assert signed_in(world, Role.EARLY_HELP).get(at(world, "letter_pdf", **where)).status_code == 404
    Letter.objects.filter(pk=letter.pk).update(kind="agency")
    assert signed_in(world, Role.PRACTITIONER).get(at(world, "own_letter_pdf", **where)).status_code == 404


def test_the_evidence_pack_shows_what_stood_at_an_instant_and_nothing_later(world: World, tmp_path: Any) -> None:
    referral, sam = make_referral(world), world.person(Role.SCREENER)
    row = actions.claim(referral=referral, by=sam, at=NOW + dt.timedelta(minutes=30))
    actions.acknowledge(referral=row, words="I ring at noon.", by=sam, at=NOW + dt.timedelta(hours=2))
    manager, address = signed_in(world, Role.MANAGER), at(world, "evidence_pdf", referral_id=referral.pk)
    manager.prove_again()
    assert "Make the evidence pack" in manager.get(address).content.decode()
    early = {"make": "1", "on_day": "24", "on_month": "11", "on_year": "2026", "time": "11am"}
    made = manager.get(address, early).content
    opened(made)
    then = " ".join(words(made, tmp_path))
    assert "I ring at noon." not in then and "acknowledged" not in then and "SHA-256" in then
    now = " ".join(words(manager.get(address, {"make": "1"}).content, tmp_path))
    assert "I ring at noon." in now and "referral.acknowledged" in now
    assert AuditEntry.objects.filter(verb="referral.evidence_pack_downloaded").count() == 2
    before = manager.get(address, {**early, "on_day": "23"})
    assert before.status_code == 422 and "had not been sent by then, but at" in before.content.decode()
    no_day = manager.get(address, {"make": "1", "time": "4:30pm"})
    assert no_day.status_code == 422 and "Enter the day of that time too" in no_day.content.decode()
    assert "4:30pm" in no_day.content.decode() and "csrfmiddlewaretoken" not in form_of(no_day, "Make the evidence")
    assert signed_in(world, Role.SCREENER).get(address).status_code == 404


def form_of(response: Any, button: str) -> str:
    """The form of a page that ends in this button."""
    page = response.content.decode().split(button)[0]
    return page[page.rindex("<form") :]


def test_a_letter_to_parents_greets_them_by_name_and_tells_them_nothing_of_an_agencys_files(
    world: World, tmp_path: Any
) -> None:
    referral, sam = make_referral(world), world.person(Role.SCREENER)
    row = actions.claim(referral=referral, by=sam, at=NOW)
    letter = write_to_others(
        referral=row,
        kind=Letter.Kind.PARENTS,
        recipient="Ms Jo Marlow, 3 Dock Street",
        words="Somebody calls on Friday.",
        safe_because="Asked her.",
        seen=row.revision,
        token="a" * 32,
        by=sam,
        at=NOW,
    )
    assert letter.body.startswith("Dear Ms Jo Marlow,\n")
    made = (
        signed_in(world, Role.SCREENER)
        .get(at(world, "letter_pdf", referral_id=referral.pk, letter_id=letter.pk))
        .content
    )
    text = " ".join(words(made, tmp_path))
    assert "Dear Ms Jo Marlow," in text and "3 Dock Street" in text and "children’s records" not in text


def test_the_referrers_own_copy_holds_nothing_of_the_screening(world: World, tmp_path: Any) -> None:
    referral = make_referral(world)
    Referral.objects.filter(pk=referral.pk).update(flags=["seen_before"])
    made = signed_in(world, Role.PRACTITIONER).get(at(world, "referral_copy", referral_id=referral.pk)).content
    text = " ".join(words(made, tmp_path))
    for never in ("Clocks", "Seen before", "Why the threshold", "Indicated"):
        assert never not in text
