"""One history of a child over all its contacts, decisions and agencies, within what the reader may see of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q

from partnerships.access import Actor
from partnerships.hours import LONDON
from partnerships.permissions import Permission, Role
from referrals.domain.lifecycle import Outcome, State
from referrals.domain.lookup import home_key
from referrals.domain.matching import Match, Verdict
from referrals.models import Child, Decision, FamilyMember, LookupKey, Referral, SameChild
from referrals.seen.finding import find, joined, links_of, ruled_out
from referrals.seen.keys import adult_key, people_of
from referrals.triage.queries import HEAVY
from referrals.triage.rows import level_words
from thresholds.domain.screening import read_facts, screen
from thresholds.loading import load

MOST = 60
"""How many contacts are listed; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One other referral of the same child, or one that may be.

    open: the reader may open it. how: `linked` by a person, the `same` by what is told, `possible`. ours and other:
    the keys of the two rows that were compared. link: what a person said of it, where the reader may be shown both
    contacts that it was said of. of_ours: it was said of one of this referral's children.
    """

    referral: Referral
    open: bool
    how: str
    level: str = ""
    decisions: tuple[Decision, ...] = ()
    match: Match | None = None
    ours: uuid.UUID | None = None
    other: uuid.UUID | None = None
    link: SameChild | None = None
    of_ours: bool = False

    @property
    def ended_without_action(self) -> bool:
        outcomes = {made.outcome for made in self.decisions}
        return self.referral.state == State.DECIDED.value and outcomes == {Outcome.NO_FURTHER_ACTION.value}


@dataclass(frozen=True)
class History:
    """What was told of the children of one referral besides it, the latest first.

    count: how many other contacts tell of the same child, listed or not. `possible` are for a person to settle;
    `apart` are those of which a person said that they tell of another child.
    """

    count: int
    contacts: tuple[Contact, ...]
    possible: tuple[Contact, ...]
    apart: tuple[Contact, ...]
    in_window: int
    without_action: int
    would_indicate: str
    own: tuple[Decision, ...] = ()
    """The decisions of the referral itself, the earliest first: read with the others', in one query."""
    known_before: int = 0
    """How many contacts that came before it, and count as the same child's, the reader may know of."""

    @property
    def unlisted(self) -> int:
        return self.count - len(self.contacts)

    @property
    def accumulated(self) -> str:
        """What the threshold's rule on earlier contacts makes of them, where it is more than was indicated."""
        return f"Together with the earlier contacts, the threshold would indicate {self.would_indicate}."


def history(referral: Referral, actor: Actor, *, at: dt.datetime) -> History:
    """Every contact that tells of one of this referral's children.

    The MASH and who reads all are shown each of them. Early help is shown those of its own queues, and is told how
    many more there are: what they say is the MASH's. What is restricted is there for those alone who are named on it.
    """
    ours = list(referral.children.all())
    readable = Referral.objects.filter(partnership=referral.partnership_id).unless_restricted(actor)
    within = readable.exclude(pk=referral.pk)
    told = [(each.pk, person) for each in ours for person in people_of(each)]
    found = find(told, within=within, partnership=referral.partnership)
    sure = {each.other for each in found if each.match.verdict is Verdict.SAME}
    mine = {each.pk for each in ours}
    links = links_of(mine | sure, referral.partnership)
    apart = ruled_out(links)
    sure -= {each.other for each in found if frozenset((each.ours, each.other)) in apart}
    linked = joined(mine | sure, links) - mine
    if not found and not linked:
        return History(0, (), (), (), 0, 0, "", tuple(_made([referral.pk]).get(referral.pk, ())))
    places = {each.other: each.referral_id for each in found}
    if missing := linked - set(places):
        places |= dict(Child.objects.filter(pk__in=missing, referral__in=within).values_list("pk", "referral_id"))
    how: dict[uuid.UUID, Contact] = {}
    rows, own = _rows(set(places.values()), referral, actor)
    shown_all = actor.can(Permission.REFERRAL_READ_ALL) or Role.SCREENER.value in actor.roles
    shown = mine | {pk for pk, key in places.items() if key in rows and (shown_all or rows[key].open)}
    said = [each for each in links if {each.one_id, each.other_id} <= shown]
    matches = {each.other: each for each in found}
    for other, key in places.items():
        row = rows.get(key)
        if row is None:
            continue
        one = matches.get(other)
        link = _said_of(other, mine, said, ours=one.ours if one else None)
        standing = "linked" if other in linked else "same" if other in sure else "possible"
        if one and frozenset((one.ours, other)) in apart and other not in linked:
            standing = "apart"
        there = how.get(key)
        if there is None or ORDER.index(standing) < ORDER.index(there.how):
            how[key] = Contact(
                row,
                row.open,
                standing,
                _level(row),
                tuple(row.made),
                one.match if one else None,
                one.ours if one else None,
                other,
                link,
                of_ours=link is not None and bool({link.one_id, link.other_id} & mine),
            )
    contacts = [each for each in how.values() if each.how in ("linked", "same")]
    listed = [each for each in contacts if shown_all or each.open]
    others = [each for each in how.values() if each.how in ("possible", "apart") and (shown_all or each.open)]
    recent = [each for each in contacts if each.referral.received_at >= at - dt.timedelta(days=365)]
    counted = contacts + [each for each in others if each.how == "possible" and each.match and each.match.counts]
    before = [each for each in how.values() if each.referral.received_at < referral.received_at]
    return History(
        known_before=sum(
            each.how in ("linked", "same") or (each.how == "possible" and each.match is not None and each.match.counts)
            for each in before
        ),
        count=len(contacts),
        contacts=_latest(listed),
        possible=_likeliest(each for each in others if each.how == "possible"),
        apart=_latest(each for each in others if each.how == "apart"),
        in_window=len(recent),
        without_action=sum(each.ended_without_action for each in recent) if shown_all else 0,
        would_indicate=_would_indicate(referral, ours, counted),
        own=tuple(own),
    )


def _said_of(
    other: uuid.UUID, mine: set[uuid.UUID], said: Iterable[SameChild], *, ours: uuid.UUID | None
) -> SameChild | None:
    """What was said of another row and the row of ours that it was compared with, else any, else what leads to it."""
    touching = [
        (({each.one_id, each.other_id} - {other}).pop(), each) for each in said if other in (each.one_id, each.other_id)
    ]
    of_both = [each for partner, each in touching if partner == ours]
    of_ours = [each for partner, each in touching if each.same and partner in mine]
    return next(iter([*of_both, *of_ours, *(each for _, each in touching if each.same)]), None)


ORDER = ("linked", "same", "apart", "possible")


def _latest(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    return tuple(sorted(contacts, key=lambda each: (each.referral.received_at, str(each.other)), reverse=True)[:MOST])


def _likeliest(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    return tuple(sorted(contacts, key=lambda each: (-(each.match.score if each.match else 0), str(each.other)))[:MOST])


def _rows(keys: set[uuid.UUID], referral: Referral, actor: Actor) -> tuple[dict[uuid.UUID, Any], list[Decision]]:
    """The referrals with what a line of a chronology needs, each with `open` and `made`. Two queries."""
    may_open = Referral.objects.visible_to(actor).filter(pk=OuterRef("pk"))
    rows: list[Any] = list(
        Referral.objects.filter(partnership=referral.partnership_id, pk__in=keys)
        .annotate(open=Exists(may_open))
        .select_related("team", "scheme_version", "agency")
        .defer(*HEAVY, "answers", "screening", "referrer_details")
    )
    made = _made([referral.pk, *(row.pk for row in rows)])
    for row in rows:
        row.made = made.get(row.pk, [])
    return {row.pk: row for row in rows}, made.get(referral.pk, [])


def _made(referrals: list[uuid.UUID]) -> dict[uuid.UUID, list[Decision]]:
    """The decisions of these referrals, the earliest first, with what a page says of them. One query."""
    found = Decision.objects.filter(referral__in=referrals).order_by("at", "pk")
    made: dict[uuid.UUID, list[Decision]] = {}
    for each in found.select_related(
        "by", "child", "support_team", "authorised_by", "transfer_to", "sign_off__settled_by"
    ):
        made.setdefault(each.referral_id, []).append(each)
    return made


def _level(referral: Referral) -> str:
    """The level that was decided, else the one that was indicated, in the words of its own threshold."""
    decided = referral.decided_level is not None
    rank = referral.decided_level if decided else referral.indicated_level
    return level_words(load(referral.scheme_version), rank) + (", decided" if decided else ", indicated")


def _would_indicate(referral: Referral, ours: list[Child], contacts: list[Contact]) -> str:
    """The level that the threshold's own rule on earlier contacts would indicate now, where it is a higher one."""
    scheme = load(referral.scheme_version)
    received = referral.received_at
    highest = referral.indicated_level or 0
    found = highest
    for child in ours:
        told = [each.referral.received_at for each in contacts if each.ours in (child.pk, None)]
        days = tuple(sorted(each.astimezone(LONDON).date() for each in told if each < received))
        facts = replace(read_facts(child.facts), previous_contacts=days)
        if facts.on is None:
            facts = replace(facts, on=received.astimezone(LONDON).date())
        found = max(found, screen(scheme, facts, explain=False).indicated_level or 0)
    return level_words(scheme, found) if found > highest else ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another referral that tells of the same household or of somebody of the same family."""

    referral: Referral
    children: tuple[str, ...]
    why: str


def household(referral: Referral, actor: Actor, *, but: Iterable[uuid.UUID]) -> tuple[Neighbour, ...]:
    """Other referrals from the same address, or with the same adult, that this person may open. Three queries."""
    homes = {home_key(each.address, each.postcode) for each in referral.children.all()} - {""}
    adults = {
        adult_key(said.split()[-1], person.date_of_birth.isoformat())
        for person in FamilyMember.objects.filter(referral=referral)
        if person.date_of_birth and (said := person.name.strip())
    }
    if not homes | adults:
        return ()
    keys = LookupKey.objects.filter(partnership=referral.partnership_id, key__in=homes | adults)
    found: dict[uuid.UUID, set[str]] = {}
    for pk, key in keys.exclude(referral=referral).values_list("referral", "key")[:500]:
        found.setdefault(pk, set()).add(key)
    rows = (
        Referral.objects.visible_to(actor)
        .filter(Q(pk__in=found))
        .exclude(pk__in=list(but))
        .defer("answers", "screening", *HEAVY)
        .select_related("agency", "team")
        .prefetch_related("children")
        .order_by("-received_at")[:MOST]
    )
    return tuple(
        Neighbour(
            row,
            tuple(child.name for child in row.children.all()),
            "the same address" if found[row.pk] & homes else "the same adult by name and birthday",
        )
        for row in rows
    )
