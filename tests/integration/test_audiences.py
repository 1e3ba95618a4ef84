"""A canary a field × every channel × everybody: what each reads holds the classes of their audience, and no other.

`sowing` puts a canary into every field of words of two records by the table of classes. Then everybody asks for every
address, each document is read as its page, and the emails, letters, returns and what is sent on are read as they go
out. Whatever is found is held to the table both ways: nothing of a class that the audience may not read, and something
of every class that it may, but for the few in `NOT_SHOWN`.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.test import Client
from django.urls import URLPattern, reverse
from django_scopes import scope, scopes_disabled
from openpyxl import load_workbook

from partnerships.models import Agency, Team, User
from partnerships.permissions import Role
from referrals import outbox
from referrals.clocks.sweep import sweep, team_members
from referrals.domain.audiences import Audience, FieldClass
from referrals.letters import actions as letters
from referrals.letters import writing
from referrals.models import Decision, Letter, Notice, Referral
from referrals.reports.exports import KINDS, Period, export
from referrals.transfer.bundle import bundle
from tests import payloads
from tests.factories import NOW, World, make_person, make_world
from tests.integration.addresses import ADDRESSES, route_names
from tests.integration.everybody import ELSE
from tests.integration.sowing import BARREN, Sower, Sown, not_sown, sow
from tests.integration.test_canaries import wire

C = FieldClass
A = Audience

OPENS_WHO_TOLD = "referral_who_told"
RECORD_PARTS = {
    "referral_id": "Referral",
    "draft_id": "Draft",
    "letter_id": "Letter",
    "attachment_id": "Attachment",
    "clock_id": "Clock",
    "child_id": "Child",
    "other_child_id": "Child",
    "ask_id": "Ask",
    "support_id": "Support",
    "second_id": "SecondScreening",
    "access_id": "RestrictedAccess",
}
"""Part of an address → the model whose rows of one record fill it in, each in its turn."""

OF_CODES = {C.INITIALS, C.LEVEL, C.SCREENED}
"""Classes that hold no words to be sown: what is worked out, and numbers and codes."""

NOT_SHOWN: dict[Audience, set[FieldClass]] = {
    A.PARENTS: {C.OUTCOME, C.FAMILY},
    A.AGENCY: {C.OUTCOME, C.LETTER},
    A.AREA: {C.OUTCOME, C.NEED},
    A.RETURNS: {C.OUTCOME},
}
"""Classes that an audience may read and whose words none of its channels shows: letters, returns and what is sent on
tell outcome and need by their codes, and a letter's own words are its writer's.
"""


Everybody = dict[str, tuple[User | None, dict[str, set[Audience]]]]


def people(world: World, other: World) -> Everybody:
    """Who asks → as which audiences they read each record."""
    second = Team.objects.create(partnership=world.partnership, slug="early-2", name="Early 2", kind="early_help")
    elsewhere = Agency.objects.create(partnership=world.partnership, slug="elsewhere", name="Elsewhere", kind="school")

    def one(role: Role) -> User:
        return world.person(role)

    both = {"MASH", "HOME"}
    nobody: dict[str, set[Audience]] = {}
    told: Everybody = {
        "referrer": (one(Role.PRACTITIONER), {each: {A.REFERRER} for each in both}),
        "lead": (one(Role.SAFEGUARDING_LEAD), {each: {A.REFERRER} for each in both}),
        "colleague": (make_person(world, Role.PRACTITIONER, agency=world.school), nobody),
        "another agency": (make_person(world, Role.PRACTITIONER, agency=elsewhere), nobody),
        "another lead": (make_person(world, Role.SAFEGUARDING_LEAD, agency=elsewhere), nobody),
        "screener": (one(Role.SCREENER), {"MASH": {A.MASH}}),
        "senior": (one(Role.SENIOR), {"MASH": {A.MASH}}),
        "early help": (one(Role.EARLY_HELP), {"MASH": {A.HELPER}, "HOME": {A.EARLY_HELP}}),
        "another team": (make_person(world, Role.EARLY_HELP, team=second), nobody),
        "manager": (one(Role.MANAGER), {each: {A.MANAGER} for each in both}),
        "checker": (one(Role.CHECKER), {each: {A.CHECKER} for each in both}),
        "another checker": (make_person(world, Role.CHECKER, agency=elsewhere), nobody),
        "admin": (one(Role.ADMIN), nobody),
        "lado": (one(Role.LADO), nobody),
        "signed out": (None, nobody),
    }
    return told | {f"foreign {role.value}": (other.person(role), nobody) for role in (Role.SCREENER, Role.MANAGER)}


def filled(world: World, sower: Sower, record: str) -> dict[str, list[Any]]:
    """Part of an address → what fills it in, one after the other."""
    told = {name: [value] for name, value in ELSE.items()}
    told |= {"partnership": [world.partnership.slug], "version": [world.version.slug]}
    told |= {"agency": [world.school.slug], "team": [world.mash.slug, world.early_help.slug]}
    told |= {part: [row.pk for row in sower.at[record, model]] for part, model in RECORD_PARTS.items()}
    ids = {"case_id", "notice_id", "invitation_id"}
    told |= {part: ["00000000-0000-0000-0000-000000000007"] for part in ids}
    told |= dict.fromkeys(("pk", "point_id", "membership_id", "absence_id", "saved_view_id"), [1])
    return told


RECORDS = ("MASH", "HOME")
MORE = {"evidence_pdf": "?make=1"}
"""What an address needs to show what it is for."""


def opened_by(world: World, user: User | None) -> list[tuple[str, URLPattern]]:
    """The addresses whose gate lets this person in; that the others refuse is what `test_gates` shows."""
    held = user.memberships.filter(partnership=world.partnership) if user else ()
    may = frozenset().union(*(Role.of(each.role).permissions for each in held))
    return [(route, each) for route, each in ADDRESSES if not each.callback.gate or may & {*each.callback.gate}]


def addresses(
    world: World, sower: Sower, record: str, opened: list[tuple[str, URLPattern]], *, own: bool, every: bool = True
) -> Iterator[tuple[str, str]]:
    """Name and address: those of one record, each with every row that fills it in (or the first), or those of none."""
    told = filled(world, sower, record)
    for route, pattern in opened:
        names = route_names(route)
        of_record = [name for name in names if name in RECORD_PARTS]
        if bool(of_record) is not own:
            continue
        turns = max((len(told[name]) for name in names), default=1)
        for turn in range(turns if every else 1):
            kwargs = {name: told[name][turn % len(told[name])] for name in names}
            yield pattern.name, reverse(pattern.name, kwargs=kwargs | pattern.default_args) + MORE.get(pattern.name, "")


class Held:
    """What was found, held to the table."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.found: dict[Audience, set[FieldClass]] = defaultdict(set)
        self.read: Counter[str] = Counter()
        self.seen: set[Sown] = set()
        self.typed: set[str] = set()
        self.returned: set[str] = set()

    def to_the_letter(self, sower: Sower, page: str, name: str, kind: str) -> None:
        """Whatever was typed stands on a page or in a document as text, letter by letter, and in no other way."""
        if not kind.startswith(("text/html", "application/pdf")):
            return
        typed, said = sower.not_to_the_letter(page)
        self.typed |= typed
        for each in said:
            self.wrong.setdefault(f"{name} shows other than was typed {each}", name)

    def hold(self, found: set[Sown], audiences: dict[str, set[Audience]], who: str, where: str) -> None:
        self.read[who] += 1
        for told in found:
            mine = audiences.get(told.record, set())
            if not any(told.of in each.reads for each in mine):
                self.wrong.setdefault(f"{who} reads {told.field} ({told.of.value}) of {told.record}", where)
            for each in mine:
                self.found[each].add(told.of)
        self.seen |= found


def read_pages(held: Held, world: World, everybody: Everybody, sower: Sower) -> None:
    for who, (user, audiences) in everybody.items():
        client = Client(raise_request_exception=False)
        if user is not None:
            client.force_login(user)
            client.prove_again()  # type: ignore[attr-defined]
        opened = opened_by(world, user)
        everything = [
            one
            for record in RECORDS
            for one in addresses(world, sower, record, opened, own=True, every=record in audiences)
        ]
        for name, address in [*everything, *addresses(world, sower, "MASH", opened, own=False)]:
            answer = client.get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            mine = audiences
            if name == OPENS_WHO_TOLD:
                mine = {record: {*each, A.OPENER} for record, each in audiences.items()}
            assert answer.status_code != 500, (who, address)
            told = body.decode("utf-8", "replace")
            held.hold(sower.found_in(told), mine, who, address)
            held.to_the_letter(sower, told, name, answer.headers["Content-Type"])
            for header, value in answer.headers.items():
                held.hold(sower.found_in(value), {}, "a header", f"{header} of {address}")


def search_by_name(held: Held, world: World, everybody: Everybody, sower: Sower) -> None:
    """Whoever may search looks for the child of each record by its canary."""
    for who, (user, audiences) in everybody.items():
        if user is None or who.startswith("foreign"):
            continue
        client = Client()
        client.force_login(user)
        for record in RECORDS:
            child = sower.at[record, "Child"][0]
            child.refresh_from_db()
            address = reverse("search", args=[world.partnership.slug])
            answer = client.post(address, {"last_name": child.last_name, "first_name": child.first_name})
            found = sower.found_in(answer.content.decode())
            typed = {each for each in found if each.field in ("Child.last_name", "Child.first_name")}
            held.hold(found - typed, audiences, who, f"a search for {record}")


def read_letters(held: Held, world: World, sower: Sower) -> None:
    """Each kind of letter as it is written from the record, with words of the writer's own that are nobody's."""
    screener = world.person(Role.SCREENER)
    for record in RECORDS:
        with scope(partnership=world.partnership):
            referral = Referral.objects.get(pk=sower.at[record, "Referral"][0].pk)
            for kind, audience in writing.TO_OTHERS.items():
                letter = letters.write_to_others(
                    referral=referral,
                    kind=Letter.Kind(kind),
                    recipient="Somebody",
                    words="We wrote this.",
                    safe_because="Asked",
                    seen=referral.revision,
                    token="a" * 32,
                    by=team_members(referral)[0],
                    at=NOW,
                )
                told = f"{letter.subject}\n{letter.body}"
                held.hold(sower.found_in(told), {record: {audience}}, f"letter to {kind}", record)
            made = list(Decision.objects.filter(referral=referral))
            for letter in (
                letters.write_acknowledgement(referral=referral, words="", by=screener, at=NOW),
                letters.write_outcome(referral=referral, decisions=made, by=screener, at=NOW),
            ):
                told = f"{letter.subject}\n{letter.body}"
                held.hold(sower.found_in(told), {record: {A.REFERRER}}, f"letter: {letter.kind}", record)


def read_what_is_sent_on(held: Held, world: World, sower: Sower) -> None:
    with scope(partnership=world.partnership):
        for record in RECORDS:
            referral = Referral.objects.get(pk=sower.at[record, "Referral"][0].pk)
            made = list(Decision.objects.filter(referral=referral).select_related("child", "by"))
            told = json.dumps(bundle(referral, made, at=NOW), ensure_ascii=False)
            held.hold(sower.found_in(told), {record: {A.AREA}}, "sent on", record)


def read_returns(held: Held, world: World, sower: Sower, folder: Path) -> None:
    period = Period(NOW.date() - dt.timedelta(days=90), NOW.date() + dt.timedelta(days=30))
    for kind in KINDS:
        with scope(partnership=world.partnership):
            export(
                kind=kind,
                partnership=world.partnership,
                period=period,
                folder=folder / kind,
                restricted=True,
                by=None,
                at=NOW,
            )
        for path in sorted((folder / kind).iterdir()):
            rows = cells(path)
            told = "\n".join(map(str, rows))
            held.hold(sower.found_in(told), dict.fromkeys(RECORDS, {A.RETURNS}), f"return {kind}", path.name)
            for cell in rows:
                if cell.startswith(payloads.FORMULA):
                    held.wrong.setdefault(f"return {kind} has a formula: {cell[:60]!r}", path.name)
                typed, said = sower.not_to_the_letter(cell, page=False)
                held.returned |= typed
                held.wrong |= {f"return {kind} tells other than was typed {each}": path.name for each in said}


def cells(path: Path) -> list[str]:
    """Every cell or element of words of a file; a live formula as it begins."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [cell for row in csv.reader(file) for cell in row]
    if path.suffix == ".xml":
        return [text for each in ElementTree.parse(path).iter() if (text := (each.text or "").strip())]
    book = load_workbook(path)
    return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def read_notices(held: Held, world: World, sower: Sower) -> None:
    """Every clock runs out, and what is to be told of it goes over the wire; so does what the letters told."""
    later = NOW + dt.timedelta(days=60)
    for _ in range(3):
        sweep(at=later)
    while outbox.deliver_due(at=later).sent:
        pass
    with scopes_disabled():
        told = [f"{each.key} {each.subject} {each.body}" for each in Notice.objects.all()]
    assert len(mail.outbox) > 5
    for text in [*told, *map(wire, mail.outbox)]:
        held.hold(sower.found_in(text), dict.fromkeys(RECORDS, {A.NOTICE}), "notice", text[:60])


@pytest.mark.django_db
def test_every_field_by_every_channel_and_everybody_holds_to_the_table(
    legible_documents: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, other = make_world("ownshire"), make_world("othershire")
    sower, held = sow(world), Held()
    assert list(not_sown(sower)) == []
    everybody = people(world, other)
    read_pages(held, world, everybody, sower)
    search_by_name(held, world, everybody, sower)
    read_letters(held, world, sower)
    read_what_is_sent_on(held, world, sower)
    read_returns(held, world, sower, tmp_path)
    read_notices(held, world, sower)
    every = {*sower.sown.values(), *sower.dates.values()}
    read = sum(held.read.values())
    with capsys.disabled():
        print(
            f"\n{len(every)} canaries of {len({each.of for each in every})} classes in {len({e.field for e in every})} "
            f"fields × {read:,} pages, documents, headers, letters, returns and notices of {len(held.read)} readers: "
            f"{len(every) * read:,} combinations, {len(held.wrong)} wrong; "
            f"{len({each.field for each in every} - {each.field for each in held.seen})} fields shown to nobody; "
            f"{len(held.typed)} kinds of payload shown to the letter"
        )
    sown = {each.of for each in every}
    wrong = [f"{what}: {where}" for what, where in sorted(held.wrong.items())]
    for each in Audience:
        unseen = (each.reads & sown) - held.found[each]
        wrong += [f"{each.value} is shown nothing of {one.value}" for one in unseen - NOT_SHOWN.get(each, set())]
        wrong += [f"{each.value} is shown {one.value} after all" for one in NOT_SHOWN.get(each, set()) - unseen]
    assert not wrong, "\n".join(wrong[:80])
    assert held.typed >= set(payloads.TEXTS), "each kind of payload was shown somewhere"
    assert held.returned, "and some were in a return"
    assert sown == set(FieldClass) - BARREN - OF_CODES
