"""Synthetic families for the demonstration (`fixtures/demo/families.yaml`), sent through the portal's own actions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml
from django.conf import settings
from django_scopes import scope

from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.intake.actions import start_draft, submit
from referrals.intake.answers import AS_FIRST, LONDON, SAME
from referrals.models import Draft, Referral
from referrals.triage.actions import acknowledge, claim, decide
from thresholds.domain.scheme import Scheme
from thresholds.loading import load, version_in_force

REACHED = ("waiting", "claimed", "acknowledged", "decided")
FAMILIES = settings.BASE_DIR / "fixtures" / "demo" / "families.yaml"


def send_demo_referrals(*, partnership: Partnership, at: dt.datetime) -> list[Referral]:
    """Every story of the file that names indicators for this partnership, sent some time before `at`."""
    stories = yaml.safe_load(FAMILIES.read_text(encoding="utf-8"))["stories"]
    with scope(partnership=partnership):
        held = Membership.objects.filter(partnership=partnership).select_related("user", "agency")
        referrer = held.get(role=Role.PRACTITIONER.value)
        screener = held.filter(role=Role.SCREENER.value).order_by("pk").first()
        early_help = {each.team_id: each.user for each in held.filter(role=Role.EARLY_HELP.value)}
        scheme = load(version_in_force(partnership, at))
        sent = []
        for story in stories:
            if partnership.slug not in story["indicators"]:
                continue
            when = at - dt.timedelta(days=float(story["days_ago"]))
            draft = start_draft(partnership=partnership, agency=referrer.agency, by=referrer.user, at=when)
            draft.answers = answers(story, partnership, scheme, when)
            Draft.objects.filter(pk=draft.pk).update(answers=draft.answers)
            referral = submit(draft=draft, by=referrer.user, at=when)
            worker = screener.user if referral.team.is_mash and screener else early_help.get(referral.team_id)
            sent.append(bring_on(referral, story, by=worker, at=when) if worker else referral)
    return sent


def answers(story: dict[str, Any], partnership: Partnership, scheme: Scheme, at: dt.datetime) -> dict[str, Any]:
    """The story as the form stores it (`referrals.intake.answers`)."""
    here = at.astimezone(LONDON)
    reason = scheme.consent_reasons[0].slug if story.get("reason_like") and scheme.consent_reasons else ""
    return {
        "children": [
            {**child(told, partnership, here.date()), **worry(story, partnership, scheme, here, first=number == 0)}
            for number, told in enumerate(story["children"])
        ],
        "people": [{"person": person} for person in story["people"]],
        "you": {"telephone": "", "available": "Before 9am and after 3:30pm, through the school office", "stand_in": ""},
        "involved": {"worker": "no", "practitioners": "", "early_help": "no"},
        "worry": {"happened": story["happened"], "known_from": ["saw", "child"], "opinion": ""},
        "telephone": {
            "telephoned": "yes" if story["safe"] == "no" else "no",
            "called_on": here.date().isoformat() if story["safe"] == "no" else "",
            "called_time": (here - dt.timedelta(minutes=20)).strftime("%H:%M") if story["safe"] == "no" else "",
            "concern_on": here.date().isoformat(),
            "concern_time": (here - dt.timedelta(minutes=40)).strftime("%H:%M"),
        },
        "strengths": {"working_well": story["works_well"], "parents_view": ""},
        "next": {"needs_to_happen": story["needs"], "scale": story["scale"]},
        "tried": {"tried": story["tried"], "talked_with": "yes"},
        "consent": {"informed": story["informed"], "given": story["given"], "reason": reason},
        **story.get("pages", {}),
    }


def worry(
    story: dict[str, Any], partnership: Partnership, scheme: Scheme, at: dt.datetime, *, first: bool
) -> dict[str, Any]:
    """What the story tells of a child beside who it is; what fits the first fits the others. at: in London."""
    if not first:
        return {"impact": {"safe": story["safe"], "concerns": [SAME]}, AS_FIRST: {"fits": SAME}}
    return {
        "impact": {
            "safe": story["safe"],
            "next_seen_on": at.date().isoformat() if story.get("collected") else "",
            "next_seen_time": story.get("collected", ""),
            "next_seen": story.get("collected_by", ""),
            "impact": story["impact"],
            "child_words": story["child_words"],
            "concerns": story.get("concerns", ["none"]),
        },
        "indicators": {"chosen": story["indicators"][partnership.slug]},
        "judged": {"level": str(scheme.levels[-1].rank) if story.get("judged_top") else "", "why": ""},
    }


def child(told: dict[str, Any], partnership: Partnership, today: dt.date) -> dict[str, Any]:
    unborn = bool(told.get("unborn"))
    expected = today + dt.timedelta(days=told.get("expected_in_days", 0))
    return {
        "who": {
            "first_name": told["first_name"],
            "last_name": told["last_name"],
            "born": "unborn" if unborn else "born",
            "date_of_birth": "" if unborn else told["date_of_birth"].isoformat(),
            "expected_on": expected.isoformat() if unborn else "",
        },
        "details": {name: told.get(name, "") for name in ("sex", "ethnicity", "language")},
        "home": {
            "address": told.get("address", ""),
            "postcode": postcode(partnership),
            "school": told.get("school", ""),
        },
    }


def postcode(partnership: Partnership) -> str:
    """A made-up postcode in the first district that an early help team of the partnership serves."""
    team = Team.objects.filter(partnership=partnership, kind=Team.Kind.EARLY_HELP, localities__isnull=False).first()
    locality = team.localities.first() if team else None
    return f"{locality.postcode_prefix} 1AA" if locality else ""


def bring_on(referral: Referral, story: dict[str, Any], *, by: User, at: dt.datetime) -> Referral:
    """Take the referral as far as its story says: claimed, acknowledged, decided."""
    reach = REACHED.index(story["then"])
    if reach >= REACHED.index("claimed"):
        referral = claim(referral=referral, by=by, at=at + dt.timedelta(minutes=15))
    if reach >= REACHED.index("acknowledged"):
        acknowledge(referral=referral, words="", by=by, at=at + dt.timedelta(minutes=40))
    if reach >= REACHED.index("decided"):
        referral.refresh_from_db()
        decide(
            referral=referral,
            decided_level=referral.indicated_level,
            outcome=Outcome(story["outcome"]),
            reason="The family asked for help and agrees; nothing points to harm. The referrer goes on with the plan.",
            told_referrer="An early help worker telephones the family this week. Please go on with what helps already.",
            revision=referral.revision,
            by=by,
            at=at + dt.timedelta(hours=5),
        )
    return referral
