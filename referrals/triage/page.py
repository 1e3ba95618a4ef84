"""One referral on one page: everything that a screener reads before deciding, gathered once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from partnerships.access import Actor
from partnerships.models import User
from partnerships.permissions import Permission
from partnerships.statuses import STATUSES
from partnerships.templatetags.page_parts import clock_time, day, moment
from referrals.additions.shown import after_sending
from referrals.clocks import reading as clock_reading
from referrals.domain.danger import TOLD_LATER
from referrals.domain.deciding import Teller
from referrals.domain.lifecycle import Move, State
from referrals.domain.matching import nhs_number_is_valid
from referrals.domain.quality import Check
from referrals.intake import summary
from referrals.intake.answers import words
from referrals.intake.concerns import BY_PAGE
from referrals.intake.forms.family import DISABILITIES, ETHNICITIES
from referrals.intake.forms.worry import SOURCES
from referrals.intake.plot import Sheet, sheet
from referrals.intake.situation import Situation
from referrals.intake.summary import Row
from referrals.intake.told import ChildWorry, child_worry
from referrals.models import (
    Arrival,
    Ask,
    Child,
    ChosenIndicator,
    Decision,
    Disagreement,
    Event,
    FamilyMember,
    Letter,
    Referral,
    RiskRating,
    Support,
    Transfer,
)
from referrals.referrers import left
from referrals.seen.chronology import history
from referrals.standing import earlier
from referrals.triage.moves import KINDS
from referrals.triage.next_steps import next_steps, takes_back, works_in
from referrals.triage.rows import age, decided_words, level_words, listed, names
from thresholds.domain.scheme import Flag, FlagParameters, RuleKind, Scheme

FOR_REFERRER_ONLY = (
    *("routed_told", "moved", "open_again", "question", "you_answered"),
    *("withdrawal_asked_told", "withdrawal_answered"),
)
"""Events that say for the referrer what another event says in full."""

BESIDE = ("telephone", "worker-first", "involved", "tried", *BY_PAGE, "special", "consent", "attach", "you")
"""The pages of the form that the page shows as they were answered; the rest has a layout of its own."""

SAFETY = {
    "yes": "Safe now, as far as the referrer knows",
    "no": "Not safe now, by the referrer’s word",
    "unsure": "The referrer is not sure whether the child is safe now",
}


TAKEN_AWAY = (
    ("matrix_pdf", "The threshold matrix, plotted (PDF)", Permission.SUMMARY_DOWNLOAD),
    ("plot_sheet_pdf", "The plot sheet (PDF)", Permission.SUMMARY_DOWNLOAD),
    ("evidence_pdf", "Evidence pack (PDF)", Permission.EVIDENCE_DOWNLOAD),
)
"""Documents beside the summary: their address, their words, who may have them. Few thresholds have a plot sheet."""


@dataclass(frozen=True, slots=True)
class Told:
    """A heading and what somebody wrote under it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class FlagSaid:
    """A flag and what the scheme tells the screener to do about it."""

    flag: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ChildSaid:
    """One child on the page: who it is, what it is like for it, and what the threshold indicates for it alone."""

    title: str
    rows: list[Row]
    safety: str
    in_danger_since: bool
    next_seen: str
    impact: str
    child_words: str
    level: str
    level_colour: str
    route: str
    judged: str
    judged_why: str
    flags: list[str]
    reasons: list[dict[str, Any]]
    would_change: list[dict[str, Any]]
    domains: list[tuple[str, list[Chosen]]]
    sheet: Sheet | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An indicator that was chosen: its step, its own words, what was seen, where the document lists it."""

    step: str
    label: str
    evidence: str
    source: str


def context(referral: Referral, actor: Actor, *, at: dt.datetime) -> dict[str, Any]:
    """All that the page shows. The referral comes with its joins and its children."""
    situation = summary.situation_of(referral)
    scheme = situation.scheme
    children = list(referral.children.all())
    letters = list(Letter.objects.filter(referral=referral).select_related("sent_by", "addressed_to", "answered_by"))
    done = {"acknowledge"} if any(each.kind == Letter.Kind.ACKNOWLEDGEMENT for each in letters) else set()
    clocks = clock_reading.of_referral(referral)
    if not any(clock.slug == "lado" and clock.met_at is None for clock in clocks):
        done.add("lado")
    beside_it = asides(referral, actor)
    challenged = beside_it["challenged"]
    if not challenged:
        done.add("disagreement")
    if beside_it["arrival"] is None or not beside_it["arrival"].is_awaited:
        done.add("receipt")
    steps = next_steps(referral, actor, done=done)
    seen = history(referral, actor, at=at)
    known = min(seen.known_before, earlier(referral))
    made = decision_lines(sorted(seen.own, key=by_child_newest_first), scheme)
    story = Event.objects.readable_by(actor).filter(referral=referral)
    events = list(story.exclude(kind__in=FOR_REFERRER_ONLY).select_related("by"))
    return {
        "referral": referral,
        "now": at,
        "referrer_left": left(referral),
        "who": names(children),
        "several": len(children) > 1,
        "steps": steps,
        "level": level_words(scheme, referral.indicated_level),
        "level_colour": colour(scheme, referral.indicated_level),
        "children": children_said(referral, children, situation, known=known, on=timezone.localdate(at)),
        "family": [family_row(person) for person in FamilyMember.objects.filter(referral=referral)],
        "called_999_at": situation.answers.called_999_at,
        "cautions": situation.answers.cautions,
        "household": situation.answers.said("family", "household"),
        "worries": worries(situation),
        "strengths": strengths(situation),
        "known_from": known_from(situation),
        "flags": [each for each in flags(referral, scheme) if each.flag not in untold(referral, known)],
        "cards": beside(situation),
        "quality": quality(situation, referral),
        "letters": letters,
        "found_unsafe": max((e for e in events if e.kind == "letter_not_safe"), key=lambda e: e.at, default=None),
        "after": after_sending(referral, "triage_file"),
        "takes_away": [
            (name, said)
            for name, said, needed in TAKEN_AWAY
            if actor.can(needed) and (name != "plot_sheet_pdf" or scheme.plot_sheet)
        ],
        "writes_here": actor.can(Permission.REFERRAL_DECIDE) and works_in(actor, referral.team),
        "clocks": clocks,
        "clock_rows": clock_reading.shown(clocks, actor, works_here=works_in(actor, referral.team), at=at),
        "history": seen,
        "decisions": made,
        **beside_it,
        "works_here": works_in(actor, referral.team),
        "may_withdraw": {each.pk for each in beside_it["asks"] if takes_back(actor, referral, each)},
        "overtaken": [each for each in made if each["decision"].state == Decision.State.OVERTAKEN],
        "events": events,
        "told_later": [each for each in reversed(events) if each.kind in TOLD_LATER],
        "sent_back": sent_back(referral, events),
        "parents_unwritten": parents_unwritten(seen.own, letters, events),
        "scheme": scheme,
    }


def beside_it(referral: Referral, actor: Actor) -> list[tuple[str, str]]:
    """What may be done beside the next steps: an address's name and its words."""
    works = works_in(actor, referral.team)
    offered = [
        ("referral_note", "Add a note", actor.can(Permission.NOTE_WRITE)),
        ("referral_next_seen", "Note when the child is next seen", works and referral.is_open),
        ("referral_history", "One history of the child", True),
        (
            "referral_restrict",
            "Who may see it" if referral.restricted else "Restrict who may see it",
            actor.can(Permission.REFERRAL_RESTRICT) and (works or actor.can(Permission.REFERRAL_READ_ALL)),
        ),
    ]
    return [(name, words) for name, words, may in offered if may]


def colour(scheme: Scheme, rank: int | None) -> str:
    level = scheme.level(rank)
    return level.colour.value if level else "grey"


def child_rows(child: Child, *, on: dt.date) -> list[Row]:
    """What is known of one child; what is not known is said to be so where it matters."""
    born = f" (born {day(child.date_of_birth)})" if child.date_of_birth else ""
    number = child.nhs_number
    if number and not nhs_number_is_valid(number):
        number += " (the check digit does not fit: ask)"
    told = [
        ("Age", age(child, on) + born),
        ("Known as", child.other_names),
        ("Former names", child.former_names),
        ("Sex", SEX.get(child.sex, "")),
        ("Ethnicity", ETHNICITY.get(child.ethnicity, child.ethnicity)),
        ("Language", child.language + (", interpreter needed" if child.interpreter_needed else "")),
        ("Disability", ", ".join(DISABILITY.get(str(code), str(code)) for code in child.disability)),
        ("NHS number", number),
        ("UPN", child.upn),
        ("Address", "\n".join(part for part in (child.address, child.postcode) if part) or "Not known"),
        ("Where the child is now", child.whereabouts),
        ("School or nursery", child.school),
        ("GP", child.gp),
        ("Corrected since", "\n".join(f"{CORRECTED[name]}: {value}" for name, value in corrections(child))),
    ]
    return [Row(key, value, typed=True) for key, value in told if value]


SEX = {"M": "Male", "F": "Female", "U": "Not known"}
ETHNICITY = dict(ETHNICITIES) | {"REFU": "The family did not want to say", "NOBT": "Not known to the referrer"}
DISABILITY = dict(DISABILITIES) | {"NONE": "None that the referrer knows of"}
"""The national codes in words, as somebody reads them who did not fill in the form."""

CORRECTED = {
    "first_name": "First name",
    "last_name": "Last name",
    "date_of_birth": "Date of birth",
    "sex": "Sex",
    "postcode": "Postcode",
    "nhs_number": "NHS number",
    "upn": "UPN",
    "other_names": "Known as",
}
"""What a referrer's correction may say otherwise of who a child is."""


def corrections(child: Child) -> list[tuple[str, str]]:
    """What was corrected of who the child is, beside what was sent."""
    told = dict(child.corrected or {})
    return [(name, as_read(name, told[name])) for name in CORRECTED if name in told]


def as_read(name: str, value: str) -> str:
    """A corrected value in words."""
    if name == "sex":
        return SEX.get(value, value)
    return day(value) if name == "date_of_birth" else value


def family_row(person: FamilyMember) -> Row:
    """One line for one person of the family."""
    born = f"born {day(person.date_of_birth)}" if person.date_of_birth else ""
    responsible = {True: "has parental responsibility", False: "no parental responsibility"}
    lives = {True: "lives with the child", False: "does not live with the child"}
    parts = [
        person.relationship if person.name else "",
        born,
        responsible.get(person.parental_responsibility, "") if person.parental_responsibility is not None else "",
        lives.get(person.lives_with_child, "") if person.lives_with_child is not None else "",
        person.telephone + (" (not safe to telephone)" if person.safe_to_call is False else ""),
        "said to be a source of harm" if person.alleged else "",
    ]
    said = ", ".join(part for part in parts if part)
    value = "\n".join(part for part in (said, person.notes) if part)
    number = "" if person.safe_to_call is False else person.telephone
    who = person.name or person.relationship or "Somebody"
    return Row(who, value or "Nothing more is known", typed=True, number=number)


def worries(situation: Situation) -> list[Told]:
    answers = situation.answers
    return written(
        ("What happened", answers.said("worry", "happened")),
        ("The referrer’s own view", answers.said("worry", "opinion")),
    )


def strengths(situation: Situation) -> list[Told]:
    answers = situation.answers
    scale = answers.said("next", "scale")
    return written(
        ("What works well", answers.said("strengths", "working_well")),
        ("What the parents or carers say", answers.said("strengths", "parents_view")),
        ("What needs to happen", answers.said("next", "needs_to_happen")),
        ("How worried, from 0 (very) to 10 (not)", scale),
    )


def written(*told: tuple[str, str]) -> list[Told]:
    return [Told(heading, text) for heading, text in told if text]


def known_from(situation: Situation) -> list[str]:
    """How the referrer knows, in the form's words."""
    labels, page = dict(SOURCES), situation.answers.page("worry")
    said = [labels.get(each, each) for each in words(page.get("known_from"))]
    who = situation.answers.said("worry", "who_told")
    return [*said, who] if who else said


def beside(situation: Situation) -> list[summary.Card]:
    """The pages that are shown as they were answered, in this page's order; those without an answer are left out."""
    cards = {
        step.page.slug: summary.card(situation, step) for step in summary.steps(situation) if step.page.slug in BESIDE
    }
    return [cards[slug] for slug in BESIDE if slug in cards and cards[slug].rows]


SEEN = RuleKind.SEEN_BEFORE.value


def untold(referral: Referral, known: int) -> tuple[str, ...]:
    """The flag of earlier contacts, where there were some when it was sent and the reader may know of none of them:
    they are restricted by now, and their history shows nothing."""
    return (Flag.SEEN_BEFORE.value,) if earlier(referral) and not known else ()


def children_said(
    referral: Referral, children: list[Child], situation: Situation, *, known: int, on: dt.date
) -> list[ChildSaid]:
    """Every child with what was told and chosen for it, in one query for all of them."""
    scheme = situation.scheme
    by_child: dict[uuid.UUID, list[ChosenIndicator]] = {}
    for row in referral.chosen_indicators.select_related("indicator"):
        by_child.setdefault(row.child_id, []).append(row)
    worries = {worry.number: worry for worry in situation.answers.worries}
    kept_back, all_known = untold(referral, known), known >= earlier(referral)
    said = []
    for child in children:
        worry = worries.get(child.order) or child_worry(child.order, {}, {})
        said.append(
            ChildSaid(
                title=child.name,
                rows=child_rows(child, on=on),
                safety=SAFETY.get(worry.safe, ""),
                in_danger_since=Flag.IMMEDIATE_DANGER.value in child.flags and not worry.in_danger,
                next_seen=next_seen(worry),
                impact=worry.impact,
                child_words=worry.child_words,
                level=level_words(scheme, child.indicated_level),
                level_colour=colour(scheme, child.indicated_level),
                route=child.route,
                judged=level_words(scheme, child.judged_level) if child.judged_level is not None else "",
                judged_why=worry.judged_why,
                flags=[flag for flag in child.flags if flag in STATUSES["flag"] and flag not in kept_back],
                reasons=[each for each in listed(child.screening, "reasons") if all_known or each.get("kind") != SEEN],
                would_change=listed(child.screening, "would_change"),
                domains=by_domain_of(by_child.get(child.pk, []), scheme),
                sheet=sheet(scheme, worry),
            )
        )
    return said


def next_seen(worry: ChildWorry) -> str:
    """When the referrer says that a child is next seen or collected, and by whom."""
    on, time = worry.next_seen_on, worry.next_seen_time
    when = moment(dt.datetime.combine(on, time)) if on and time else day(on) or clock_time(time)
    in_words = f"“{worry.next_seen_words}”" if worry.next_seen_words else ""
    return ", ".join(filter(None, (when, in_words, worry.next_seen)))


def by_domain_of(rows: list[ChosenIndicator], scheme: Scheme) -> list[tuple[str, list[Chosen]]]:
    """Indicators chosen by domain, in the document's order, each with what was seen."""
    by_domain: dict[str, list[Chosen]] = {}
    for row in rows:
        known = scheme.indicator(row.indicator.key)
        domain = known.domain if known else "Elsewhere"
        step = scheme.step(known.level).capitalize() if known else ""
        by_domain.setdefault(domain, []).append(Chosen(step, row.indicator.label, row.evidence, row.indicator.source))
    return list(by_domain.items())


def flags(referral: Referral, scheme: Scheme) -> list[FlagSaid]:
    """Each flag with the scheme's sentence for the screener."""
    said = []
    for value in referral.flags:
        rule = scheme.flag_rule(Flag(value)) if value in STATUSES["flag"] else None
        sentence = rule.parameters.screener if rule and isinstance(rule.parameters, FlagParameters) else ""
        said.append(FlagSaid(value, sentence))
    return said


def quality(situation: Situation, referral: Referral) -> tuple[Check, ...]:
    """The six questions of a good referral."""
    details = referral.referrer_details
    return summary.quality(
        situation, referrer_name=str(details.get("name", "")), telephone=str(details.get("telephone", ""))
    )


def asides(referral: Referral, actor: Actor) -> dict[str, Any]:
    """What only some referrals have: asked and answered, rated, challenged, helped. No query where there is none."""
    asks = Ask.objects.readable_by(actor).filter(referral=referral)
    challenged = Disagreement.objects.filter(referral=referral)
    supports = Support.objects.filter(referral=referral)
    return {
        "asks": list(asks.select_related("agency", "asked_by", "answered_by", "team")) if has(referral, "asks") else [],
        "ratings": ratings(referral, actor) if has(referral, "ratings") else [],
        "challenged": list(challenged.select_related("raised_by")) if has(referral, "challenges") else [],
        "supports": list(supports.select_related("child", "team")) if has(referral, "support") else [],
        "transfers": transfers_of(referral) if has(referral, "transfers") else [],
        "arrival": arrival_of(referral) if has(referral, "arrival") else None,
    }


def transfers_of(referral: Referral) -> list[Transfer]:
    """Where it was sent on to, the latest last."""
    found = Transfer.objects.filter(referral=referral)
    return list(found.select_related("sent_by", "handed_by", "receipt_noted_by").prefetch_related("decisions__child"))


def arrival_of(referral: Referral) -> Arrival | None:
    """How it came from another partnership; None where it did not."""
    return Arrival.objects.filter(referral=referral).select_related("from_partnership", "received_by").first()


def has(referral: Referral, what: str) -> bool:
    """By `with_asides`; a referral that was read without it may have anything."""
    return bool(getattr(referral, f"has_{what}", True))


def ratings(referral: Referral, actor: Actor) -> list[RiskRating]:
    """How great the risk looked, before the checks and after; the MASH's rating is walled off from early help."""
    rated = RiskRating.objects.filter(referral=referral).select_related("by", "team")
    return [each for each in rated if actor.reads_for_the_mash or not each.team.is_mash]


def decision_lines(made: Iterable[Decision], scheme: Scheme) -> list[dict[str, Any]]:
    """Decisions as a page shows them: levels and tellers in words."""
    return [
        {
            "decision": each,
            "decided": decided_words(scheme, each.decided_level),
            "indicated": level_words(scheme, each.indicated_level),
            "parents_told_by": teller_words(each.parents_told_by, by=each.by),
            "child_told_by": teller_words(each.child_told_by, by=each.by),
        }
        for each in made
    ]


def by_child_newest_first(made: Decision) -> tuple[int, float]:
    return made.child.order if made.child else 0, -made.at.timestamp()


def sent_back(referral: Referral, events: Iterable[Event]) -> Event | None:
    """What a second person said who sent the last proposal back, while its author has it to change."""
    if referral.state != State.IN_HAND.value:
        return None
    told = [each for each in events if each.kind in (KINDS[Move.SEND_BACK], KINDS[Move.PROPOSE], KINDS[Move.REOPEN])]
    return told[-1] if told and told[-1].kind == KINDS[Move.SEND_BACK] else None


def parents_unwritten(made: Iterable[Decision], letters: Iterable[Letter], events: Iterable[Event]) -> bool:
    """Whether a decision that holds promised the parents a letter, and none was written or found unsafe since."""
    promised = [
        each.at for each in made if each.state == Decision.State.FINAL and each.parents_told_by == Teller.LETTER.value
    ]
    if not promised:
        return False
    written = [each.sent_at for each in letters if each.kind == Letter.Kind.PARENTS]
    unsafe = [each.at for each in events if each.kind == "letter_not_safe"]
    return max([*written, *unsafe], default=min(promised) - dt.timedelta(1)) < max(promised)


def teller_words(teller: str, *, by: User) -> str:
    """Who tells the parents or the child, as others read it. by: who decided."""
    return by.name if teller == Teller.DECIDER.value else TOLD_BY.get(teller, "")


TOLD_BY = {
    Teller.REFERRER.value: "The referrer",
    Teller.WORKER.value: "The worker who takes it on",
    Teller.LETTER.value: "A letter",
    Teller.NOBODY.value: "Nobody",
}
"""Who tells them, where it is not who decided."""
