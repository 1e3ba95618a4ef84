"""A canary in every field of a child's record and of a draft: found where its readers read, and nowhere else.

The whole way is gone, from the first page to the second decision; then everything that leaves the portal, or
that stands outside the record, is searched: emails as they go over the wire, log lines, notices, the audit trail,
addresses, headers, page titles, the cache, and every page of another partnership.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships.models import AuditEntry, Session
from partnerships.permissions import Role
from referrals import outbox
from referrals.clocks.sweep import sweep
from referrals.domain.lifecycle import Outcome
from referrals.intake.pages import PAGES
from referrals.models import Attachment, Child, Draft, FamilyMember, Letter, Notice, Referral
from tests import hostile_files, payloads
from tests.factories import World, make_person, make_world, send
from tests.integration.addresses import ADDRESSES, parts, route_names

CANARY = re.compile(r"b(?: |%20|\+)c\d{3}", re.I)
"""Each is a piece of HTML, such as `"><b c123>`, and before it stands what nobody should type, of every kind
(`payloads`), so that the same walk shows whether any of it is taken for anything but words.
"""
AS_HTML = re.compile(r"<b c\d{3}", re.I)
INSIDE = re.compile(
    r'<script(?![^>]*(?:\bsrc=|\btype="application/json"))|<style|<[a-z](?:[^">]|"[^"]*")*?\s(?:style|on[a-z]+)=', re.I
)
"""Script or style of a page's own; what stands between an attribute's quotes is text."""
SHOWN = re.compile(r"&quot;&gt;&lt;b c(\d{3})")
ROOM = 60
"""What every box takes."""
BIRTH = {"day": "17", "month": "3", "year": "2017"}
BIRTHS = ("17 March 2017", "2017-03-17")


class Watch:
    """Clients that keep every address asked for and every header answered, and a fresh canary for each field."""

    def __init__(self) -> None:
        self.sung: list[str] = []
        self.seen: list[str] = []
        self.titles: list[str] = []
        self.pages: list[tuple[str, str]] = []

    def canary(self, room: int = 0) -> str:
        """A mark of its own, and before it what nobody should type, where there is room."""
        mark = f'"><b c{len(self.sung) + 100}>'
        before = "".join(payloads.fitting(len(self.sung), room - len(mark)))
        self.sung.append(before + mark)
        return self.sung[-1]

    def typed(self, mark: str) -> str:
        """What was typed in front of the mark of this number."""
        return self.sung[int(mark) - 100].removesuffix(f'"><b c{mark}>')

    def client(self, person: Any) -> WatchedClient:
        client = WatchedClient(self)
        client.force_login(person)
        return client


class WatchedClient(Client):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.watch.seen.append(f"{request.get('PATH_INFO')}?{request.get('QUERY_STRING')}")
        self.watch.seen += [f"{name}: {value}" for name, value in answer.headers.items()]
        if not answer.streaming and b"<title>" in answer.content:
            self.watch.titles.append(re.search(rb"<title>(.*?)</title>", answer.content, re.S)[1].decode())
            self.watch.pages.append((str(request.get("PATH_INFO")), answer.content.decode()))
        return answer


def fill_in(watch: Watch, page: bytes, fields: dict[str, Any]) -> dict[str, Any]:
    """Every field of a form as it is shown: a canary in each that takes words, a birthday in dates, else a choice."""
    form: dict[str, Any] = {}
    for tag, rest in re.findall(r"<(input|textarea|select)\b([^>]*)>", page.decode()):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', rest))
        name, kind = told.get("name", ""), told.get("type", "text")
        if not name or name == "csrfmiddlewaretoken":
            continue
        if kind == "hidden":
            form[name] = told.get("value", "")
        elif kind == "file":
            form[name] = SimpleUploadedFile(f"{watch.canary()[2:]}.pdf", hostile_files.pdf(name.encode()))
        elif kind == "radio" or kind == "checkbox":
            form.setdefault(name, told["value"])
        elif name.rsplit("_", 1)[-1] in BIRTH:
            form[name] = BIRTH[name.rsplit("_", 1)[-1]]
        elif tag == "select":
            continue
        elif "telephone" in name:
            form[name] = f"01632 960 {watch.canary()}"
        elif name.endswith("_time"):
            form[name] = "9am"
        else:
            form[name] = watch.canary(getattr(fields.get(name), "max_length", None) or ROOM)
    return form


def write_the_draft(watch: Watch, client: WatchedClient) -> str:
    """Fill in every page of the form there is, whether or not this draft would ask for it; gives its address."""
    draft = client.post("/testshire/refer/start/")["Location"]
    for page in PAGES:
        address = f"{draft}{page.group + '/1/' if page.group else ''}{page.slug}/"
        shown = client.get(address)
        if shown.status_code != 200:
            continue  # a page for another kind of draft
        typed = fill_in(watch, shown.content, page.form.base_fields)
        typed.pop("another", None)
        if page.slug == "who":
            typed["born"] = "born"
        if page.slug == "indicators":
            typed["chosen"] = "health-4-01"
        if page.slug == "impact":
            typed["safe"] = "no"
        answer = client.post(address, typed)
        assert answer.status_code == 302, (address, re.findall(rb"error-message[^>]*>(.*?)</p>", answer.content, re.S))
        client.get(address)  # shown again, with all that was typed
    return draft


def the_whole_way(watch: Watch, world: World) -> Referral:
    """Tell, send, take, acknowledge, hand over, decide, open again, step down and up; then the clocks run out."""
    person = watch.client(world.person(Role.PRACTITIONER))
    person.post("/testshire/refer/start/")
    unsent = write_the_draft(watch, person)
    draft = write_the_draft(watch, person)
    for page in ("", "check/", "discard/"):
        assert person.get(f"{unsent}{page}").status_code == 200
    assert person.post(f"{draft}send/").status_code == 302
    person.get(f"{draft}sent/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    screener, colleague = world.person(Role.SCREENER), make_person(world, Role.SCREENER, team=world.mash)
    client, one = watch.client(screener), f"/testshire/triage/{referral.pk}/"
    act(client, f"{one}claim/")
    act(client, f"{one}acknowledge/", words=watch.canary())
    act(client, f"{one}reassign/", to=str(colleague.pk))
    act(client, f"{one}reassign/", to=str(screener.pk))
    decide(watch, client, referral)
    senior = watch.client(world.person(Role.SENIOR))  # it was said that the child is in danger now: a second person
    act(senior, f"{one}sign-off/", answer="sign", said=watch.canary())
    act(client, f"{one}reopen/", reason=watch.canary())
    act(client, f"{one}step-down/", reason=watch.canary(), team=world.early_help.slug)
    act(senior, f"{one}sign-off/", answer="back", said=watch.canary())
    act(client, f"{one}step-down/", reason=watch.canary(), team=world.early_help.slug)
    senior.get("/testshire/sign-offs/")
    senior.get(f"{one}sign-off/")
    act(senior, f"{one}sign-off/", answer="sign", said=watch.canary())
    early = watch.client(world.person(Role.EARLY_HELP))
    early.get("/testshire/queue/", follow=True)
    early.get(one)
    act(early, f"{one}step-up/", reason=watch.canary())
    for reader in (client, watch.client(world.person(Role.MANAGER))):
        for address in ("/testshire/queue/mash/", one, f"{one}summary.pdf", f"{one}decide/", "/testshire/"):
            reader.get(address)
    watch.client(world.person(Role.MANAGER)).get("/testshire/reports/list/")
    with scope(partnership=world.partnership):
        letters, documents = list(Letter.objects.all()), list(Attachment.objects.filter(referral=referral))
    assert documents
    track = f"/testshire/referrals/{referral.pk}/"
    for address in (track, f"{track}copy.pdf", *(f"{track}letters/{each.pk}/" for each in letters)):
        assert person.get(address).status_code == 200
    for each in documents:
        assert person.get(f"{track}files/{each.pk}/").status_code == 200
        assert client.get(f"{one}files/{each.pk}/").status_code == 200
    later = timezone.now() + dt.timedelta(days=60)
    sweep(at=later)
    sweep(at=later)
    while outbox.deliver_due(at=later).sent:
        pass
    return referral


def act(client: Client, address: str, **typed: Any) -> None:
    answer = send(client, address, **typed)
    assert answer.status_code == 302, (address, answer.status_code)


def decide(watch: Watch, client: Client, referral: Referral) -> None:
    address = f"/testshire/triage/{referral.pk}/decide/"
    revision = re.search(rb'name="revision" value="(\d+)"', client.get(address).content)[1].decode()
    typed = {"decided_level": "4", "outcome": Outcome.ADVICE.value, "reason": watch.canary(), "revision": revision}
    typed |= {"primary_need": "N1", "parents_told_by": "nobody", "child_told_by": "decider"}
    typed |= {name: watch.canary() for name in ("told_referrer", "told_parents", "told_child")}
    assert client.post(address, {**typed, "preview": ""}).status_code == 200
    act(client, address, **typed)


def wire(message: Any) -> str:
    """An email as its reader's machine decodes it: every header and every part."""
    read = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    parts = [part.get_content() for part in read.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in read.items()), *map(str, parts)])


def faults(told: Any, where: str) -> list[str]:
    text = told if isinstance(told, str) else json.dumps(told, default=str, ensure_ascii=False)
    found = {each.group() for each in CANARY.finditer(text)} | {birth for birth in BIRTHS if birth in text}
    return [f"{where}: {', '.join(sorted(found))} in {text[:300]!r}"] if found else []


@pytest.mark.django_db(transaction=False)
def test_nothing_of_a_child_is_anywhere_but_in_the_record(
    documents_as_pages: None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    for chatty in ("fontTools", "weasyprint"):
        caplog.set_level("WARNING", chatty)
    world, other, watch = make_world(), make_world("othershire"), Watch()
    referral = the_whole_way(watch, world)
    wrong: list[str] = []
    for record in caplog.records:
        if record.name != "django.db.backends":  # the statements themselves, which no setting of ours logs
            wrong += faults(record.getMessage() + (caplog.handler.format(record) if record.exc_info else ""), "log")
    for message in mail.outbox:
        wrong += faults(wire(message), "email")
    for told in watch.seen:
        wrong += faults(told, "address or header")
    for title in watch.titles:
        wrong += faults(title, "page title")
    for entry in AuditEntry.objects.all():
        wrong += faults([entry.detail, entry.object_id, entry.verb, entry.request_id], "audit")
    with scope(partnership=world.partnership):
        notices = list(Notice.objects.all())
        for notice in notices:
            wrong += faults([notice.subject, notice.body, notice.key, notice.last_error], "notice")
        of_child, draft = Child.objects.get(referral=referral), Draft.objects.exclude(sent_at=None).get()
        stored = json.dumps([draft.answers, referral.answers, of_child.first_name, FamilyMember.objects.get().name])
    for session in Session.objects.all():
        wrong += faults(session.get_decoded(), "session")
    wrong += faults(repr(getattr(cache, "_cache", {})), "cache")
    told = [address for address, page in watch.pages if "&lt;b c1" in page]
    for address, page in watch.pages:
        wrong += [
            f"{what.group()} in the page at {address}" for what in (AS_HTML.search(page), INSIDE.search(page)) if what
        ]
        for mark in SHOWN.finditer(page):
            before = payloads.not_to_the_letter(page, mark.start(), watch.typed(mark[1]))
            wrong += [f"other than was typed at {address}: {before!r}"] if before else []
    pages = 0
    for role in (Role.PRACTITIONER, Role.SCREENER, Role.MANAGER, Role.ADMIN):  # the others: `test_gates.py`
        for client, places in ((watch.client(other.person(role)), addresses(other, referral)),):
            for address in places:
                answer = client.get(address)
                pages += 1
                wrong += faults(answer.content.decode("latin-1"), f"{role.value} of another partnership at {address}")
    for address in addresses(world, referral):
        wrong += faults(
            watch.client(world.person(Role.ADMIN)).get(address).content.decode("latin-1"), f"admin {address}"
        )
        wrong += faults(Client().get(address).content.decode("latin-1"), f"signed out at {address}")
    with capsys.disabled():
        print(
            f"\n{len(watch.sung)} canaries; {len(mail.outbox)} emails, {len(notices)} notices, "
            f"{len(watch.seen)} addresses and headers, {len(watch.titles)} titles, {len(told)} pages, "
            f"{len(caplog.records)} log lines, {pages} pages of others"
        )
    assert len(watch.sung) > 60 and len(set(CANARY.findall(stored))) > 40, "the canaries were stored"
    assert len(mail.outbox) >= 8 and len(told) >= 40, "the canaries were shown, escaped, to those who may read them"
    assert not wrong, "\n".join(wrong[:30])


def read_all(client: Client, world: World, referral: Referral, who: str, wrong: list[str]) -> int:
    """Ask for every address as somebody who must see nothing of this child; gives how many."""
    places = addresses(world, referral)
    for address in places:
        wrong += faults(client.get(address).content.decode("latin-1"), f"{who} at {address}")
    return len(places)


def addresses(world: World, referral: Referral) -> list[str]:
    """Every address of a partnership, with the child's own referral, letters and drafts in it."""
    with scope(partnership=referral.partnership):
        draft, letter = Draft.objects.exclude(sent_at=None).get(), Letter.objects.first()
        document = Attachment.objects.filter(referral=referral).first()
    with scopes_disabled():
        others = parts(world)
    told: dict[str, Any] = others | {
        "partnership": world.partnership.slug,
        "referral_id": referral.pk,
        "draft_id": draft.pk,
        "letter_id": letter.pk if letter else referral.pk,
        "attachment_id": document.pk if document else referral.pk,
        "team": "mash",
        "version": world.version.slug,
        "key": "health-4-01",
        "noun": "indicator",
        "pk": 1,
        "slug": "who",
        "number": 1,
    }
    return [
        reverse(pattern.name, kwargs={name: told[name] for name in route_names(route)} | pattern.default_args)
        for route, pattern in ADDRESSES
    ]
