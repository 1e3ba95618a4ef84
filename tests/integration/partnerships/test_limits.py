"""One account asks for so much and no more; an office, whoever is not signed in, and a referral are never held up."""

from __future__ import annotations

import html
import multiprocessing
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as shipped
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships.file_cache import FileCache
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.models import Notice, Referral
from referrals.trail import anomalies
from tests.factories import World, make_draft, make_person, make_referral, make_world

pytestmark = pytest.mark.django_db
AS_SHIPPED = shipped.REQUEST_LIMITS
"""Read before any test: they run without limits, but for those here."""


@pytest.fixture
def world(settings: Any) -> World:
    cache.clear()
    settings.REQUEST_LIMITS = {"read": (3, 600), "search": (2, 600), "write": (2, 600), "megabytes": (1, 86400)}
    return make_world()


def as_(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_outside_tests_there_is_a_limit_of_each_kind_beyond_what_a_person_does() -> None:
    assert {kind: most for kind, (most, _) in AS_SHIPPED.items()} == {
        "read": 1500, "search": 300, "write": 1200, "megabytes": 2000, "begun": 60
    }  # fmt: skip


def test_reads_beyond_the_limit_are_held_up_for_that_account_alone(world: World) -> None:
    screener, address = world.person(Role.SCREENER), reverse("referral", args=["testshire", make_referral(world).pk])
    client = as_(screener)
    assert [client.get(address).status_code for _ in range(3)] == [200] * 3
    held_up = client.get(address)
    assert held_up.status_code == 429 and 0 < int(held_up["Retry-After"]) <= 600
    assert b"Robin" not in held_up.content and b"tel:999" in held_up.content
    assert client.get("/testshire/queue/mash/").status_code == 429, "of whatever page"
    assert as_(screener).get(address).status_code == 429, "nor by signing in anew"
    colleague = make_person(world, Role.SCREENER, team=world.mash)
    assert as_(colleague).get(address).status_code == 200, "whoever sits beside is not held up"
    assert Client().get("/testshire/tell/").status_code == 200, "nor whoever is not signed in"
    assert client.get(reverse("session_status")).status_code == 200, "nor does the page's own question count"
    assert client.post(reverse("account_logout")).status_code == 302


def test_writes_beyond_the_limit_give_back_what_was_typed_to_send_it_again(world: World) -> None:
    client = as_(world.person(Role.PRACTITIONER))
    draft = f"/testshire/refer/{make_draft(world).pk}/"
    for _ in range(2):
        client.post(f"{draft}worry/", {"seen": "x", "happened": "A bruise"})
    words = 'He said “no”.\r\n<script>alert("x")</script>'
    held_up = client.post(f"{draft}worry/", {"seen": "mark", "happened": words, "known_from": ["saw", "child"]})
    page = held_up.content.decode()
    assert held_up.status_code == 429 and held_up["Cache-Control"] == "no-store, private"
    again = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    told = [(name, html.unescape(value)) for name, value in again if name != "csrfmiddlewaretoken"]
    assert told == [("seen", "mark"), ("happened", words), ("known_from", "saw"), ("known_from", "child")]
    assert page.count("He said “no”.") == 2 and "<script>alert" not in page, "to read and to send"
    secret = client.post(reverse("account_change_password"), {"oldpassword": "one secret", "password1": "another one"})
    assert secret.status_code == 429 and b"secret" not in secret.content and b"another one" not in secret.content


def test_a_referral_that_is_written_is_sent_all_the_same(world: World, settings: Any) -> None:
    client = as_(world.person(Role.PRACTITIONER))
    settings.REQUEST_LIMITS = {}
    draft = client.post("/testshire/refer/start/")["Location"]
    seen = re.search(rb'name="seen" value="([^"]*)"', client.get(f"{draft}worry/").content)[1].decode()
    assert client.post(f"{draft}worry/", {"seen": seen, "happened": "A bruise"}).status_code == 302
    settings.REQUEST_LIMITS = {"read": (1, 600), "write": (1, 600)}
    for _ in range(3):
        client.post(f"{draft}worry/", {"seen": "", "happened": "More"})
    assert client.post(f"{draft}worry/", {"seen": "", "happened": "More"}).status_code == 429
    assert client.post(f"{draft}send/").status_code == 302
    with scope(partnership=world.partnership):
        assert Referral.objects.count() == 1


def test_searches_and_documents_have_limits_of_their_own(world: World, settings: Any) -> None:
    screener = as_(world.person(Role.SCREENER))
    settings.REQUEST_LIMITS = {"search": (2, 600), "megabytes": (1, 86400)}
    asked = [screener.post("/testshire/search/", {"words": "Robin"}).status_code for _ in range(3)]
    assert asked == [200, 200, 429] and screener.get("/testshire/queue/mash/").status_code == 200
    person = as_(world.person(Role.PRACTITIONER))
    files = f"/testshire/refer/{make_draft(world).pk}/files/"
    big = b"x" * (700 * 1024)
    sent = [person.post(files, {"plan": SimpleUploadedFile("a.txt", big)}).status_code for _ in range(2)]
    assert sent[0] != 429 and sent[1] == 429


def test_it_is_in_the_trail_once_told_to_its_owner_and_worth_a_managers_question(world: World) -> None:
    screener, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    client = as_(screener)
    for _ in range(9):
        client.get("/testshire/queue/mash/")
    entry = AuditEntry.objects.get(verb="limit.reached")
    assert (entry.by, entry.partnership) == (screener, world.partnership)
    assert entry.detail["kind"] == "read" and entry.detail["most"] == 3
    assert not AuditEntry.objects.filter(verb="request.refused").exists(), "one line, not one a request"
    page = as_(manager).get(reverse("audit_anomalies", args=["testshire"])).content.decode()
    assert "asked for more than 3 pages within 10 minutes, and was held up" in page and screener.name in page
    assert anomalies.tell_all(at=timezone.now()) == 1 and anomalies.tell_all(at=timezone.now()) == 0
    with scope(partnership=world.partnership):
        told = {each.to: each.subject for each in Notice.objects.exclude(kind="waiting")}
    assert told[screener] == "Your account asked for more than a person can"
    assert told[manager] == "Front Door: something in the audit trail is worth a question"


def test_a_form_of_another_site_counts_against_nobody(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.person(Role.PRACTITIONER))
    for _ in range(5):
        assert strict.post("/testshire/refer/start/").status_code == 403


def count(folder: str, times: int) -> None:
    files = FileCache(folder, {})
    for _ in range(times):
        files.incr("n")


def test_files_as_cache_count_right_by_many_at_once_and_keep_the_end_of_a_count(tmp_path: Path) -> None:
    files = FileCache(str(tmp_path), {"MAX_ENTRIES": 20_000})
    assert files.add("n", 0, 3600) and not files.add("n", 7, 3600)
    own = multiprocessing.get_context("fork")
    several = [own.Process(target=count, args=(str(tmp_path), 40)) for _ in range(4)]
    for each in several:
        each.start()
    for each in several:
        each.join()
    assert files.get("n") == 160
    files.add("short", 0, 0.2)
    files.incr("short")
    time.sleep(0.25)
    assert files.get("short") is None, "counting does not put its end off"
    with pytest.raises(ValueError, match="Nothing is counted"):
        files.incr("short")


def test_files_as_cache_throw_out_what_has_run_out_before_what_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else three hundred guesses under other names made room for a fourth, sixth and tenth guess at one."""
    monkeypatch.setattr("partnerships.file_cache.TIDIED_EVERY", 1)
    files = FileCache(str(tmp_path), {"MAX_ENTRIES": 50})
    files.set("held", 5, 3600)
    for number in range(120):
        files.set(f"gone-{number}", 1, 0.0001)
    assert files.get("held") == 5
