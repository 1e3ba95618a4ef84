"""The statutory returns of a partnership: what its rows say, as files. The lines themselves are `domain.returns`."""

from __future__ import annotations

import csv
import datetime as dt
import uuid
import xml.etree.ElementTree as ET  # nosec B405  it writes alone, and parses nothing
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from partnerships import audit
from partnerships.hours import LONDON
from partnerships.models import Partnership, User
from referrals.audiences import seen_by
from referrals.domain import returns
from referrals.domain.audiences import Audience
from referrals.domain.lifecycle import Outcome
from referrals.domain.returns import Contact, EarlyHelp, Person
from referrals.models import Child, Decision, Referral, SameChild, Support
from thresholds.models import Level

YEAR = dt.timedelta(days=365)
READER = Audience.RETURNS
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  the wide ones count in some languages


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in London, both ends in it."""

    first: dt.date
    last: dt.date

    def __contains__(self, day: dt.date | None) -> bool:
        return day is not None and self.first <= day <= self.last


def day(at: dt.datetime | None) -> dt.date | None:
    return at.astimezone(LONDON).date() if at else None


def midnight(on: dt.date) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), LONDON)


def one_key_a_child(partnership: Partnership) -> dict[uuid.UUID, uuid.UUID]:
    """For each row that a person linked with another, the smallest key of all that tell of the same child."""
    leads: dict[uuid.UUID, uuid.UUID] = {}

    def end(key: uuid.UUID) -> uuid.UUID:
        while key in leads:
            key = leads[key]
        return key

    said = SameChild.objects.filter(partnership=partnership, same=True, undone_at__isnull=True)
    for one, other in said.values_list("one_id", "other_id").iterator():
        first, second = sorted((end(one), end(other)))
        if first != second:
            leads[second] = first
    return {key: end(key) for key in list(leads)}


def source_of(referral: Referral) -> str:
    """The census's code of who told of it; what another area sent on came from an external local authority."""
    if referral.channel == Referral.Channel.TRANSFER.value:
        return returns.EXTERNAL_AUTHORITY
    return referral.source_code or returns.UNKNOWN_SOURCE


def person_of(child: Child, keys: dict[uuid.UUID, uuid.UUID]) -> Person:
    return Person(
        key=keys.get(child.pk, child.pk),
        first_name=child.first_name,
        last_name=child.last_name,
        sex=child.sex,
        ethnicity=child.ethnicity,
        born=child.date_of_birth,
        unborn=child.unborn,
        expected_on=child.expected_on,
        disabilities=tuple(child.disability),
        nhs_number=child.nhs_number,
        upn=child.upn,
    )


def contacts(partnership: Partnership, period: Period, *, restricted: bool) -> list[Contact]:
    """Every child of every contact received in the period, the oldest first, with what was decided for it.

    Each carries how many referrals of the same child came before it within a year.
    """
    keys = one_key_a_child(partnership)
    since = period.first - YEAR
    rows = (
        Child.objects.filter(partnership=partnership, referral__received_at__gte=midnight(since))
        .filter(referral__received_at__lt=midnight(period.last + dt.timedelta(days=1)))
        .select_related("referral__agency", "referral__team", "referral__scheme_version")
        .defer("facts", "screening", "referral__screening", "referral__answers")
        .order_by("referral__received_at", "referral_id", "order")
    )
    if not restricted:
        rows = rows.filter(referral__restricted=False)
    standing: dict[tuple[Any, Any], Decision] = {}
    decided = Decision.objects.filter(partnership=partnership, referral__received_at__gte=midnight(since)).standing()
    for decision in decided.select_related("by").iterator(chunk_size=2000):
        standing[decision.referral_id, decision.child_id] = seen_by(READER, decision)
    statutory = statutory_levels(partnership)
    found = []
    for row in rows.iterator(chunk_size=2000):
        child = seen_by(READER, row)
        referral = child.referral
        made = standing.get((referral.pk, child.pk)) or standing.get((referral.pk, None))
        found.append(
            Contact(
                key=child.pk,
                person=person_of(child, keys),
                on=referral.received_at.astimezone(LONDON).date(),
                source=source_of(referral),
                outcome=Outcome(made.outcome) if made else None,
                statutory=bool(made and (referral.scheme_version_id, made.decided_level) in statutory),
                primary_need=made.primary_need if made else "",
                flags=frozenset(child.flags),
                decided_on=day(made.at) if made else None,
                team=referral.team.name,
                worker=made.by.name if made else "",
            )
        )
    return [each for each in counted_before(found) if each.on in period]


def statutory_levels(partnership: Partnership) -> set[tuple[int, int]]:
    """Version and rank of every level that rests on section 17 or 47."""
    levels = Level.objects.filter(version__scheme__partnership=partnership).exclude(statutory_basis="none")
    return set(levels.values_list("version_id", "rank"))


def counted_before(found: Iterable[Contact]) -> Iterator[Contact]:
    """Each contact with the referrals of the same child in the year before it."""
    earlier: dict[uuid.UUID, list[dt.date]] = defaultdict(list)
    for contact in found:
        dates = earlier[contact.person.key]
        yield replace(contact, before=sum(contact.on - YEAR <= date for date in dates))
        if contact.is_referral:
            dates.append(contact.on)


def early_help(partnership: Partnership, period: Period, *, restricted: bool) -> list[EarlyHelp]:
    """Every episode of early help that a team accepted and that ran in the period, the oldest first."""
    keys = one_key_a_child(partnership)
    rows = (
        Support.objects.filter(partnership=partnership, accepted_at__lt=midnight(period.last + dt.timedelta(days=1)))
        .exclude(closed_at__lt=midnight(period.first))
        .select_related("child", "team", "decision", "referral")
        .order_by("accepted_at", "pk")
    )
    if not restricted:
        rows = rows.filter(referral__restricted=False)
    return [
        EarlyHelp(
            key=row.pk,
            person=person_of(row.child, keys),
            began=day(row.accepted_at) or period.first,
            ended=day(row.closed_at),
            reason=row.decision.primary_need,
            end_reason=row.get_ending_display() if row.ending else "",
            organisation=row.lead_agency or row.team.name,
            worker=row.lead,
        )
        for row in (seen_by(READER, each) for each in rows.iterator(chunk_size=2000))
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What a return is made of."""

    partnership: Partnership
    period: Period
    contacts: list[Contact]
    early_help: list[EarlyHelp]
    at: dt.datetime

    @property
    def referrals(self) -> list[Contact]:
        return [contact for contact in self.contacts if contact.is_referral]

    @property
    def people(self) -> list[Person]:
        """Each child once, as the latest contact knows them."""
        told = [*(each.person for each in self.early_help), *(each.person for each in self.contacts)]
        known = {person.key: person for person in told}
        return sorted(known.values(), key=lambda person: person.id)


def annex_a(told: Told, folder: Path) -> dict[str, int]:
    """One workbook with a sheet a list, and each list as CSV beside it."""
    on = told.period.last
    lists: dict[str, list[list[Any]]] = {
        "List 1": [returns.annex_contact(each, on) for each in told.contacts],
        "List 2": [returns.annex_early_help(each, on) for each in told.early_help],
        "List 3": [returns.annex_referral(each, on) for each in told.referrals],
    }
    workbook = Workbook(write_only=True)
    for name, rows in lists.items():
        sheet = workbook.create_sheet(name)
        for row in (list(returns.ANNEX_A[name]), *rows):
            sheet.append([harmless(cell) for cell in row])
        write_csv(folder / f"annex-a-{name.lower().replace(' ', '-')}.csv", returns.ANNEX_A[name], rows)
    workbook.save(folder / "annex-a.xlsx")
    return {name: len(rows) for name, rows in lists.items()}


def ssd(told: Told, folder: Path) -> dict[str, int]:
    """One CSV a table."""
    tables: dict[str, list[list[Any]]] = {
        "ssd_person": [returns.ssd_person(each) for each in told.people],
        "ssd_contacts": [returns.ssd_contact(each) for each in told.contacts],
        "ssd_early_help_episodes": [returns.ssd_early_help(each) for each in told.early_help],
        "ssd_cin_episodes": [returns.ssd_cin_episode(each) for each in told.referrals],
    }
    for name, rows in tables.items():
        write_csv(folder / f"{name}.csv", returns.SSD[name], rows)
    return {name: len(rows) for name, rows in tables.items()}


def cin(told: Told, folder: Path) -> dict[str, int]:
    """The census's XML: each child once, with each referral of the period."""
    message = ET.Element("Message")
    header = ET.SubElement(message, "Header")
    collection = ET.SubElement(header, "CollectionDetails")
    add(collection, Collection="CIN", Year=str(told.period.last.year), ReferenceDate=told.period.last.isoformat())
    written = told.at.astimezone(LONDON).replace(tzinfo=None).isoformat(timespec="seconds")
    source = ET.SubElement(header, "Source")
    add(source, SourceLevel="L", LEA=told.partnership.la_code, SoftwareCode="Front Door", Release="1", SerialNo="001")
    add(source, DateTime=written)
    children = ET.SubElement(message, "Children")
    by_child: dict[uuid.UUID, list[Contact]] = defaultdict(list)
    for contact in told.referrals:
        by_child[contact.person.key].append(contact)
    for found in by_child.values():
        census_child(children, found)
    ET.indent(message)
    ET.ElementTree(message).write(folder / "cin-census.xml", encoding="utf-8", xml_declaration=True)
    return {"children": len(by_child), "referrals": len(told.referrals)}


def census_child(children: ET.Element, found: list[Contact]) -> None:
    person = found[-1].person
    child = ET.SubElement(children, "Child")
    ids = ET.SubElement(child, "ChildIdentifiers")
    add(ids, LAchildID=person.id, UPN=person.upn)
    if not person.upn:
        add(ids, UPNunknown=returns.upn_unknown(person))
    if person.unborn:
        add(ids, ExpectedPersonBirthDate=returns.iso(person.expected_on))
    else:
        add(ids, PersonBirthDate=returns.iso(person.born))
    add(ids, Sex=person.sex or "U")
    characteristics = ET.SubElement(child, "ChildCharacteristics")
    add(characteristics, Ethnicity=person.ethnicity or returns.NOT_OBTAINED)
    disabilities = ET.SubElement(characteristics, "Disabilities")
    for code in person.disabilities or ("NONE",):
        add(disabilities, Disability=code)
    for contact in found:
        details = ET.SubElement(child, "CINdetails")
        add(details, CINreferralDate=returns.iso(contact.on), ReferralSource=contact.source)
        add(details, PrimaryNeedCode=contact.primary_need or "N0")
        add(details, ReferralNFA="true" if contact.no_further_action else "false")


def add(parent: ET.Element, **texts: str) -> None:
    """An element a text, in the order given; one that has nothing to say is left out."""
    for name, text in texts.items():
        if text:
            ET.SubElement(parent, name).text = text


def harmless(cell: Any) -> Any:
    """A cell that a spreadsheet will not take for a formula: names are typed by strangers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write_csv(path: Path, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([harmless(cell) for cell in row] for row in rows)


KINDS: dict[str, Callable[[Told, Path], dict[str, int]]] = {"annex-a": annex_a, "ssd": ssd, "cin": cin}


def export(
    *,
    kind: str,
    partnership: Partnership,
    period: Period,
    folder: Path,
    restricted: bool,
    by: User | None,
    at: dt.datetime,
) -> dict[str, int]:
    """Leave it in the trail, then write one return into a folder that its owner alone reads. Gives lines by part.

    restricted: with the restricted records, which nobody's export has unless it is asked for by name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    audit.record(
        partnership=partnership,
        verb="export.made",
        noun="export",
        object_id=kind,
        of=None,
        detail={"from": period.first.isoformat(), "to": period.last.isoformat(), "restricted": restricted},
        by=by,
        at=at,
    )
    told = Told(
        partnership=partnership,
        period=period,
        contacts=contacts(partnership, period, restricted=restricted),
        early_help=early_help(partnership, period, restricted=restricted),
        at=at,
    )
    return KINDS[kind](told, folder)
