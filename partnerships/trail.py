"""Reading the audit trail: by child, by person, by day; and what in it is worth a manager's second look."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from partnerships.hours import LONDON, is_open
from partnerships.models import AuditEntry, Partnership, User

MANY = 300
WITHIN = dt.timedelta(minutes=10)
OPENED = (
    "referral.read",
    "referral.part_read",
    *(f"referral.{each}_downloaded" for each in ("copy", "summary", "matrix", "plot_sheet", "letter", "evidence_pack")),
    "referral.identity_read",
    "referral.restricted_opened",
    "attachment.downloaded",
    "check.read",
    "letter.read",
    "second_screening.read",
    "support.read",
)
"""What counts as opening a child's record."""
SEARCHED = "search.done"
SEARCHES = 5_000
"""So many of the latest searches are looked through for a record that they listed."""


def record_of(entry: AuditEntry) -> str:
    """The id of the referral that was read, as a page, as a letter, as early help; of what is not sent, its draft's."""
    told = entry.detail if isinstance(entry.detail, dict) else {}
    return str(entry.concerns or told.get("referral") or entry.object_id)


def is_of_draft(entry: AuditEntry) -> bool:
    """Whether it was read before there was a record: by who was still writing it, mostly."""
    return isinstance(entry.detail, dict) and "draft" in entry.detail


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in the trail; what is empty is not asked.

    object_id: an id as it stands in the trail. records: the keys of the record that it is, as its entries name it.
    parts: the ids of what is part of that record: by these alone is found what is older than that naming.
    """

    object_id: str = ""
    records: tuple[uuid.UUID, ...] = ()
    parts: tuple[str, ...] = ()
    person: str = ""
    verb: str = ""
    first: dt.date | None = None
    last: dt.date | None = None


def entries(partnership: Partnership, sought: Sought) -> QuerySet[AuditEntry]:
    """The entries of one partnership that answer, the latest first."""
    found = AuditEntry.objects.filter(partnership=partnership).select_related("by").order_by("-sequence")
    if sought.object_id:
        found = found.filter(
            Q(object_id__in=[sought.object_id, *sought.parts])
            | Q(concerns__in=sought.records)
            | Q(pk__in=searches_that_listed(partnership, sought.object_id) if sought.records else [])
        )
    if sought.person:
        found = found.filter(Q(by__email__iexact=sought.person) | Q(by__former_email__iexact=sought.person))
    if sought.verb:
        found = found.filter(verb__startswith=sought.verb)
    if sought.first:
        found = found.filter(at__gte=dt.datetime.combine(sought.first, dt.time.min, LONDON))
    if sought.last and sought.last < dt.date.max:
        found = found.filter(at__lt=dt.datetime.combine(sought.last + dt.timedelta(days=1), dt.time.min, LONDON))
    return found


def searches_that_listed(partnership: Partnership, record: str) -> list[int]:
    """The entries of searches in whose results a record stood, of the latest `SEARCHES`."""
    searches = AuditEntry.objects.filter(partnership=partnership, verb=SEARCHED).order_by("-sequence")
    first = searches.values_list("sequence", flat=True)[SEARCHES - 1 : SEARCHES].first() or 0
    told = searches.filter(sequence__gte=first).annotate(told=Cast("detail", TextField()))
    return list(told.filter(told__contains=f'"{record}"').values_list("pk", flat=True))


REACHED = "limit.reached"
"""That an account went over a limit: once within each time for which is counted."""
LIMITED = {"read": "pages", "search": "searches", "write": "changes", "megabytes": "megabytes of documents"}
"""What is counted of an account, in words."""
THINGS = {
    "signin": "Sign-in",
    "trail": "Audit trail",
    "support": "Early help",
    "glass": "Restricted referral",
    "limit": "Request limit",
}


def words_of(verb: str) -> str:
    """What was done, in words: `referral.read` is *Referral: read*, `signin.made` is *Sign-in: made*."""
    noun, _, done = verb.partition(".")
    thing = thing_of(noun)
    return f"{thing}: {done.replace('_', ' ')}" if done else thing


def thing_of(noun: str) -> str:
    """What a thing of the trail is called on a page."""
    return THINGS.get(noun) or noun.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that may be quite right, and that a manager should ask about."""

    kind: str
    person: User
    at: dt.datetime
    sentence: str
    object_id: str = ""


def many_records(read: Iterable[AuditEntry]) -> list[Anomaly]:
    """Who opened 300 different records or more within ten minutes; told once for each such run.

    read: entries of opening records, oldest first, with their person.
    """
    found: list[Anomaly] = []
    windows: dict[object, list[AuditEntry]] = defaultdict(list)
    told_until: dict[object, dt.datetime] = {}
    for entry in read:
        if entry.by is None:
            continue
        window = windows[entry.by_id]
        window.append(entry)
        while window[0].at < entry.at - WITHIN:
            window.pop(0)
        different = len({record_of(each) for each in window})
        if different >= MANY and told_until.get(entry.by_id, window[0].at) <= window[0].at:
            told_until[entry.by_id] = entry.at
            found.append(Anomaly("many", entry.by, entry.at, f"opened {different} records within ten minutes"))
    return found


def out_of_hours(partnership: Partnership, read: Iterable[AuditEntry]) -> list[Anomaly]:
    """Who opened records while the front door was closed, one line a person and day."""
    closed = set(partnership.closure_days.values_list("on", flat=True))
    counts: dict[tuple[object, dt.date], list[AuditEntry]] = defaultdict(list)
    for entry in read:
        day = entry.at.astimezone(LONDON).date()
        if entry.by is not None and not is_open(partnership, entry.at, closed=day in closed):
            counts[entry.by_id, day].append(entry)
    return [
        Anomaly("hours", held[0].by, held[0].at, f"opened {counted(len({record_of(e) for e in held}))} out of hours")
        for held in counts.values()
        if held[0].by is not None
    ]


def own_family_name(read: Iterable[AuditEntry], names: dict[str, frozenset[str]]) -> list[Anomaly]:
    """Who opened the record of a child of their own family name. names: a record's id → folded last names in it."""
    found, told = [], set()
    for entry in read:
        record = record_of(entry)
        if entry.by is None or (entry.by_id, record) in told:
            continue
        own = entry.by.name.split()[-1].casefold() if entry.by.name.split() else ""
        if own and own in names.get(record, frozenset()):
            told.add((entry.by_id, record))
            found.append(Anomaly("name", entry.by, entry.at, "opened a record of their own family name", record))
    return found


def over_limits(held_up: Iterable[AuditEntry]) -> list[Anomaly]:
    """Who asked for more than a person can, and was held up (`partnerships.limits`); one line a person and day."""
    found: dict[tuple[object, dt.date], Anomaly] = {}
    for entry in held_up:
        if entry.by is not None:
            sentence = f"asked for more than {entry.detail.get('most', 0):,} {words_for_limit(entry)}, and was held up"
            found.setdefault(
                (entry.by_id, entry.at.astimezone(LONDON).date()), Anomaly("limit", entry.by, entry.at, sentence)
            )
    return list(found.values())


def words_for_limit(entry: AuditEntry) -> str:
    minutes = int(entry.detail.get("seconds", 0)) // 60
    within = "a day" if minutes >= 24 * 60 else f"{minutes} minutes"
    return f"{LIMITED.get(str(entry.detail.get('kind')), 'things')} within {within}"


def counted(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"
