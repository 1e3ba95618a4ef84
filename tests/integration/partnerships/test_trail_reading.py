"""A manager reads the trail: by referral, by person, by day; what was refused stands in it; what stands out is told."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import threading
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships import anchors, append_only, audit, trail
from partnerships.models import AuditEntry, AuditHead
from partnerships.permissions import Role
from referrals.models import Notice
from referrals.trail import anomalies
from referrals.triage import actions as triage
from tests.factories import NOW, World, make_person, make_referral, make_support, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    settings.ANCHORS_DIR = str(tmp_path / "anchors")
    return make_world()


def as_(person: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def verified(*options: str) -> tuple[bool, str]:
    out = io.StringIO()
    try:
        call_command("verify_audit", *options, stdout=out, stderr=out)
    except CommandError as error:
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_what_was_refused_is_in_the_trail_by_whom_and_on_what(world: World) -> None:
    other = make_world("othershire")
    theirs, screener = make_referral(other), world.person(Role.SCREENER)
    assert as_(screener).get(reverse("referral", args=["testshire", theirs.pk])).status_code == 404
    as_(screener).post(reverse("member_end", args=["testshire", 1]))
    first, second = AuditEntry.objects.filter(partnership=world.partnership, verb="request.refused").order_by(
        "sequence"
    )
    assert (first.by, first.object_id) == (screener, str(theirs.pk))
    assert first.detail == {"page": "referral", "method": "GET", "status": 404}
    assert second.detail["page"] == "member_end"
    assert as_(screener).get("/testshire/no/such/page/").status_code == 404
    assert AuditEntry.objects.filter(verb="request.refused").count() == 2, "a page that nobody has is no attempt"


def test_a_manager_finds_who_read_a_referral_and_nobody_else_reads_the_trail(
    world: World, django_assert_max_num_queries: Any
) -> None:
    referral, screener = make_referral(world), world.person(Role.SCREENER)
    as_(screener).get(reverse("referral", args=["testshire", referral.pk]))
    for _ in range(20):
        as_(screener).get(reverse("referral", args=["testshire", make_referral(world).pk]))
    manager, address = as_(world.person(Role.MANAGER)), reverse("audit_trail", args=["testshire"])
    page = manager.get(address, {"object_id": referral.reference}).content.decode()
    assert page.count("<tr class") == page.count(f">{referral.reference}</a>") > 0 and screener.email in page
    assert (
        manager.get(address, {"person": screener.email.upper()}).content.decode().count("<code>referral.read</code>")
        == 21
    )
    assert (
        "0 entries" in manager.get(address, {"last_day": "1", "last_month": "1", "last_year": "2020"}).content.decode()
    )
    assert manager.get(address, {"first_day": "99", "first_month": "1", "first_year": "2020"}).status_code == 422
    assert manager.get(address, {"last_day": "31", "last_month": "12", "last_year": "9999"}).status_code == 200
    with django_assert_max_num_queries(16):
        manager.get(address)
    assert AuditEntry.objects.filter(verb="trail.read", by=world.person(Role.MANAGER)).exists()
    for role in set(Role) - {Role.MANAGER}:
        assert as_(world.person(role)).get(address).status_code == 404


def test_the_trail_is_taken_away_as_a_file_by_a_manager_who_has_just_proved_who_they_are(world: World) -> None:
    """With what was asked for and nothing else, no cell a formula, the taking itself in the trail."""
    referral, screener = make_referral(world), world.person(Role.SCREENER)
    screener.name = "=HYPERLINK(1)"
    screener.save()
    as_(screener).get(reverse("referral", args=["testshire", referral.pk]))
    manager, address = as_(world.person(Role.MANAGER)), reverse("audit_export", args=["testshire"])
    assert manager.get(address).status_code == 403, "proved long ago, and with no factor of ours to prove it by"
    manager.prove_again()
    answer = manager.get(address, {"object_id": referral.reference})
    head, *rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert {each["reference"] for each in told} == {referral.reference}
    assert {(each["kind"], each["who"]) for each in told} >= {("referral.read", "'=HYPERLINK(1)")}
    assert "Robin" not in answer.content.decode() and "Marlow" not in answer.content.decode()
    assert AuditEntry.objects.get(verb="trail.exported").detail == {"entries": len(rows)}
    asked = manager.get(address, {"first_day": "99", "first_month": "1", "first_year": "2020"})
    assert asked.status_code == 302 and asked["Location"].startswith("/testshire/trail/?"), "where the page says why"
    shown = manager.get(reverse("audit_trail", args=["testshire"]), {"object_id": referral.reference})
    assert f"{address}?object_id={referral.reference}" in shown.content.decode()


def entry(world: World, role: Role, record: str, at: dt.datetime) -> AuditEntry:
    return AuditEntry(
        partnership=world.partnership, verb="referral.read", object_id=record, by=world.person(role), at=at, sequence=0
    )


@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("referral_check", {}),
        ("referral_ask", {}),
        ("referral_decide", {}),
        ("letter_new", {"kind": "parents"}),
    ],
)
def test_a_page_that_shows_some_of_a_referral_is_an_opening_of_its_record(
    world: World, page: str, more: dict[str, str]
) -> None:
    screener = world.person(Role.SCREENER)
    screener.name = "Sam Marlow"
    screener.save()
    referral = make_referral(world, child={"first_name": "Robin", "last_name": "Marlow"})
    with scope(partnership=world.partnership):
        triage.claim(referral=referral, by=screener, at=NOW)
    address = reverse(page, kwargs={"partnership": "testshire", "referral_id": referral.pk, **more})
    there = as_(screener)
    assert there.get(address).status_code == 200 and there.post(address).status_code in (200, 422)
    read = AuditEntry.objects.filter(verb="referral.part_read", object_id=str(referral.pk))
    assert [each.by for each in read] == [screener, screener]
    with scope(partnership=world.partnership):
        found = anomalies.find(world.partnership, since=read[0].at).anomalies
    assert [(each.kind, each.object_id) for each in found if each.kind == "name"] == [("name", str(referral.pk))]


def test_the_referrers_pages_and_early_helps_count_as_opening_a_record(world: World) -> None:
    referral = make_referral(world)
    tess = as_(world.person(Role.PRACTITIONER))
    for page in ("referral_add", "referral_correct", "referral_withdraw", "disagreement"):
        assert tess.get(reverse(page, args=["testshire", referral.pk])).status_code == 200
    read = AuditEntry.objects.filter(verb="referral.part_read", object_id=str(referral.pk)).order_by("sequence")
    assert [each.detail["part"] for each in read] == ["add", "correct", "withdraw", "disagreement"]
    support = make_support(world)
    as_(world.person(Role.EARLY_HELP)).get(reverse("support", args=["testshire", support.pk]))
    entry = AuditEntry.objects.get(verb="support.read")
    assert entry.verb in trail.OPENED and trail.record_of(entry) == str(support.referral_id)


@pytest.mark.parametrize(("records", "seconds", "told"), [(299, 1, 0), (300, 1, 1), (600, 1, 1), (400, 3, 0)])
def test_three_hundred_records_in_ten_minutes_are_told(world: World, records: int, seconds: int, told: int) -> None:
    read = [entry(world, Role.SCREENER, str(n), NOW + dt.timedelta(seconds=n * seconds)) for n in range(records)]
    assert len(trail.many_records(read)) == told
    again = [entry(world, Role.SCREENER, "the same", NOW + dt.timedelta(seconds=n)) for n in range(500)]
    assert trail.many_records(again) == [], "one record read often is one record"


def test_own_family_name_and_out_of_hours_are_told(world: World) -> None:
    screener = world.person(Role.SCREENER)
    screener.name = "Sam Marlow"
    screener.save()
    referral = make_referral(world, child={"first_name": "Robin", "last_name": "MARLOW"})
    as_(screener).get(reverse("referral", args=["testshire", referral.pk]))
    page = as_(world.person(Role.MANAGER)).get(reverse("audit_anomalies", args=["testshire"])).content.decode()
    assert "their own family name" in page and referral.reference in page and "MARLOW" not in page
    night = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)
    found = trail.out_of_hours(world.partnership, [entry(world, Role.SCREENER, "1", at) for at in (NOW, night, night)])
    assert [(each.at, each.sentence) for each in found] == [(night, "opened 1 record out of hours")]


def test_managers_are_told_of_what_stands_out_once_each_and_without_a_child(world: World) -> None:
    """Own family name, out of hours, many records: one notice a manager each, however often it is looked for."""
    screener, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    screener.name = "Sam Marlow"
    screener.save()
    second = make_person(world, Role.MANAGER)
    referral = make_referral(world, child={"first_name": "Zephyrine", "last_name": "MARLOW"})
    night = dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC)
    reads = [(screener, referral.pk, night), (manager, referral.pk, night)]
    reads += [(screener, uuid.uuid4(), NOW + dt.timedelta(seconds=n)) for n in range(300)]
    for by, what, at in reads:
        verb = "referral.read"
        audit.record(partnership=world.partnership, verb=verb, noun="referral", object_id=what, by=by, at=at)
    later = NOW + dt.timedelta(hours=1)
    assert anomalies.tell_all(at=later) == 2 * 3 + 1, "of her own night one manager is not told, the other is"
    assert anomalies.tell_all(at=later) == 0 == anomalies.tell_all(at=later + dt.timedelta(hours=30))
    again = {"verb": "referral.read", "noun": "referral", "object_id": referral.pk, "by": screener, "at": night}
    audit.record(partnership=world.partnership, **again)
    assert anomalies.tell_all(at=later) == 0, "the same night, the same record"
    with scope(partnership=world.partnership):
        told = list(Notice.objects.filter(kind="anomaly"))
    assert {each.to for each in told} == {manager, second}
    for each in told:
        body = each.body.replace("Sam Marlow", "")
        for of_a_child in ("Zephyrine", "arlow", referral.reference, str(referral.pk), "name"):
            assert of_a_child not in body, "nor that it is the reader's own family name: that would tell it"
        assert "/testshire/trail/anomalies/" in body and "24 November 2026" in body
    with scope(partnership=make_world("othershire").partnership):
        assert not Notice.objects.filter(kind="anomaly").exists()


def test_a_cut_tail_is_found_by_the_anchor_though_the_head_was_cut_with_it(world: World) -> None:
    assert anchors.anchor(at=NOW) == 1 and anchors.anchor(at=NOW) == 0, "once a day"
    assert verified("--anchors")[0]
    last = AuditHead.objects.get(partnership=world.partnership)
    append_only.remove(connection)
    AuditEntry.objects.filter(partnership=world.partnership, sequence=last.sequence).delete()
    before = AuditEntry.objects.filter(partnership=world.partnership).order_by("sequence").last()
    AuditHead.objects.filter(pk=last.pk).update(
        sequence=before.sequence if before else 0, hash=before.hash if before else "0" * 64
    )
    append_only.install(connection)
    assert verified()[0], "by itself, the chain can't tell"
    holds, said = verified("--anchors")
    assert not holds and f"testshire entry {last.sequence} was anchored on 2026-11-24 and is gone: cut" in said


def test_a_rewritten_trail_and_a_spoilt_anchor_are_found(world: World, settings: Any) -> None:
    anchors.anchor(at=NOW)
    file = next(anchors.folder().glob("*.jsonl"))
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "hash": "f" * 64}) + "\nnot json\n")
    holds, said = verified("--anchors")
    assert not holds and "rewritten" in said and "line 2 can't be read" in said


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_at_once_make_one_chain(world: World) -> None:
    """On PostgreSQL and on SQLite: each entry has its place, none is lost, and the chain holds."""
    from django.db import connections

    before = AuditHead.objects.get(partnership=world.partnership).sequence
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(5):
                audit.record(partnership=world.partnership, verb="x", noun="y", object_id=uuid.uuid4(), by=None, at=NOW)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write) for _ in range(16)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert not failed
    assert AuditHead.objects.get(partnership=world.partnership).sequence == before + 80
    assert verified()[0]


@pytest.mark.parametrize("harm", ["alter", "cut", "swap"])
def test_each_row_in_turn_altered_cut_or_swapped_is_found(world: World, harm: str) -> None:
    for n in range(12):
        audit.record(partnership=world.partnership, verb="x", noun="y", object_id=n, by=None, at=NOW)
    rows = list(AuditEntry.objects.filter(partnership=world.partnership).order_by("sequence"))
    append_only.remove(connection)
    missed = []
    for place, row in enumerate(rows):
        with_next = rows[place + 1] if place + 1 < len(rows) else rows[0]
        held = AuditEntry.objects.filter(pk=row.pk)
        if harm == "alter":
            held.update(verb="z")
        elif harm == "cut":
            held.update(sequence=row.sequence + 10_000)
        else:
            held.update(sequence=9999)
            AuditEntry.objects.filter(pk=with_next.pk).update(sequence=row.sequence)
            held.update(sequence=with_next.sequence)
        found = {fault.sequence for fault in audit.faults(world.partnership)}
        expected = {row.sequence} if harm != "swap" else {min(row.sequence, with_next.sequence)}
        if not expected & (found | {each - 1 for each in found}):
            missed.append((row.sequence, sorted(found)))
        held.update(verb=row.verb, sequence=20_000)
        AuditEntry.objects.filter(pk=with_next.pk).update(sequence=with_next.sequence)
        held.update(sequence=row.sequence)
    append_only.install(connection)
    assert list(audit.faults(world.partnership)) == [] and not missed
