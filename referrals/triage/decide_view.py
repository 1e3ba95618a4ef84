"""Deciding: a form a child, the letter as it will read, and what to do where a colleague was faster."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.forms import RevisionField
from partnerships.models import Team, User
from partnerships.permissions import Permission
from referrals.domain.deciding import FACTORS, PRIMARY_NEEDS, Second
from referrals.domain.lifecycle import NotAllowed, State
from referrals.intake.summary import situation_of
from referrals.letters import writing
from referrals.letters.writing import Decided
from referrals.models import Arrival, Child, Decision, Event, Referral
from referrals.reading import record_part_read
from referrals.referrers import left
from referrals.transfer.destinations import destinations, lives_in
from referrals.triage import actions
from referrals.triage.decide_form import DecideForm
from referrals.triage.deciding import consent_given, finish, indicated_of, judged_of
from referrals.triage.decisions import last_decision
from referrals.triage.helping import refuse_unseen_help
from referrals.triage.moves import Refused, Stale, fresh, moves_since
from referrals.triage.next_steps import BY_NAME
from referrals.triage.page import sent_back, teller_words
from referrals.triage.rows import decided_words, level_words, why
from referrals.triage.signing import (
    DECIDED_WITH,
    nobody_signs,
    reasons_for_a_second,
    reasons_for_child,
    refuse_unsigned,
    signers,
    signs_every_decision,
)
from referrals.triage.step_views import flag_warnings
from referrals.triage.views import Signed, back_to, the_referral
from thresholds.domain.scheme import Scheme
from thresholds.loading import load

FEW = 3
ASKS = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies before a screener who decides: the referral, its children, and the decisions that were kept."""

    row: Referral
    scheme: Scheme
    children: list[Child]
    kept: dict[Any, Decision]

    @property
    def whole(self) -> bool:
        return len(self.kept) == len(self.children)

    def form(self, request: Signed, child: Child, data: Any = None) -> DecideForm:
        row = self.row
        agreed = consent_given(row)
        return DecideForm(
            data,
            scheme=self.scheme,
            referral=row,
            others=[each for each in self.children if each.pk != child.pk and each.pk not in self.kept],
            teams=early_help_teams(row) if row.team.is_mash else (),
            places=destinations(row.partnership),
            lives_in=lives_in(row.partnership, self.children),
            people=() if agreed else signers(row, by=request.user),
            judged=judged_of(row, child),
            consent_given=agreed,
            kept=self.kept.get(child.pk),
        )


def early_help_teams(row: Referral) -> list[Team]:
    return list(Team.objects.current().filter(partnership=row.partnership, kind=Team.Kind.EARLY_HELP))


def desk_of(row: Referral) -> Desk:
    kept = Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN).select_related(*DECIDED_WITH)
    return Desk(row, load(row.scheme_version), list(row.children.all()), {each.child_id: each for each in kept})


@gate(Permission.REFERRAL_DECIDE)
@ASKS
def referral_decide(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Of one child: the form. Of several: each child and what was written of it, then the letter to check and send."""
    row = the_referral(request, referral_id, "decide")
    desk = desk_of(row)
    if len(desk.children) == 1:
        return one_child(request, desk, desk.children[0])
    if request.method != "POST":
        return not_now(request, row) or overview(request, desk)
    try:
        decided = finish(referral=row, revision=shown_at(request), by=request.user, at=timezone.now())
    except (Refused, NotAllowed) as refused:
        messages.error(request, str(refused))
        return overview(request, desk_of(fresh(row)))
    return done(request, decided)


def shown_at(request: Signed) -> int:
    """The revision that the page was shown at; what can't be read is as stale as can be."""
    said: int = RevisionField().clean(request.POST.get("revision", ""))
    return said


@gate(Permission.REFERRAL_DECIDE)
@ASKS
def referral_decide_child(request: Signed, referral_id: uuid.UUID, number: int) -> HttpResponse:
    """The decision on one of several children, counted from 1."""
    row = the_referral(request, referral_id, "decide")
    desk = desk_of(row)
    if not 1 <= number <= len(desk.children):
        raise Http404
    return one_child(request, desk, desk.children[number - 1])


def one_child(request: Signed, desk: Desk, child: Child) -> HttpResponse:
    """GET: the form. POST: the letter to check (`preview`), the form again (`change`), or the decision."""
    row, alone = desk.row, len(desk.children) == 1
    if request.method != "POST":
        return not_now(request, row) or show(request, desk, child, desk.form(request, child))
    form = desk.form(request, child, request.POST)
    if not form.is_valid() or "change" in request.POST:
        return show(request, desk, child, form)
    try:
        if alone and "preview" in request.POST:
            return preview(request, desk, child, form)
        children = [child, *form.also_for]
        actions.decide(
            referral=row, children=children, finish=alone, **form.decision, by=request.user, at=timezone.now()
        )
    except Stale as stale:
        return moved_on(request, desk_of(stale.referral), child, form)
    except (Refused, NotAllowed) as refused:
        form.add_error(None, str(refused))
        return show(request, desk_of(fresh(row)), child, form)
    if alone:
        return done(request, fresh(row))
    messages.success(
        request,
        "What you decided of this child is kept. It is not sent yet."
        if len(children) == 1
        else f"What you decided of these {len(children)} children is kept. It is not sent yet.",
    )
    return redirect("referral_decide", partnership=request.partnership.slug, referral_id=row.pk)


def done(request: Signed, row: Referral) -> HttpResponse:
    """What became of it, and back to the referral."""
    if row.state == State.SENT_ON.value:
        said = "It stays open here until somebody there has confirmed that they have it."
        messages.success(request, f"Referral {row.reference} is sent on, and the letter has been sent. {said}")
        return redirect("referral_transfer", partnership=row.partnership.slug, referral_id=row.pk)
    if row.is_open:
        messages.success(
            request,
            f"Referral {row.reference} is proposed. It waits for a second person now. "
            f"{who_may_sign(row, request.user)} Nothing is sent, and its clocks run, until then.",
        )
    else:
        messages.success(request, f"Referral {row.reference} is decided, and the letter has been sent.")
    return back_to(row)


def who_may_sign(row: Referral, author: User) -> str:
    """Who was told that a proposal waits for them."""
    people = [person.name for person in signers(row, by=author)]
    if not people:
        return "Nobody here can sign it: ask the partnership’s admin to name a senior worker or a manager."
    if len(people) > FEW:
        return "Those who can sign it are told."
    return f"{' or '.join(people)} can sign it, and {'are' if len(people) > 1 else 'is'} told."


def not_now(request: Signed, referral: Referral) -> HttpResponse | None:
    """Back to the referral, with the reason, where this person can't decide it at this moment."""
    if BY_NAME["decide"].shows(referral, request.actor):
        return None
    said = "This referral is decided already. Open it again to decide anew."
    if referral.waits_for and "sign_off" in referral.waits_for:
        said = "A proposal waits for a second person. Its author can take it back to change it."
    elif referral.state == State.SENT_ON.value:
        said = "It is sent on, and waits for their receipt. If they do not take it, it comes back to be decided anew."
    elif referral.is_open and referral.owner_id:
        said = f"{referral.owner.name if referral.owner else 'Somebody'} has this referral and decides it."
    elif referral.is_open:
        said = "Take this referral first, then decide."
    messages.info(request, said)
    return back_to(referral)


def overview(request: Signed, desk: Desk) -> HttpResponse:
    """Each child with what was written of it; once all are there, the letter."""
    kept = [desk.kept[child.pk] for child in desk.children if child.pk in desk.kept]
    letter = None
    record_part_read(referral=desk.row, part="decide", by=request.user, at=timezone.now())
    if desk.whole:
        letter = writing.outcome(desk.row, decided=[Decided.of(each) for each in kept], by=request.user)
    return render(
        request,
        "referrals/triage/decide_children.html",
        {
            "referral": desk.row,
            "lines": [
                {
                    "number": number,
                    "child": child,
                    "kept": desk.kept.get(child.pk),
                    "decided": words_of(desk, desk.kept.get(child.pk)),
                    "indicated": level_words(desk.scheme, indicated_of(desk.row, child)),
                }
                for number, child in enumerate(desk.children, 1)
            ],
            "letter": letter,
            **second_person(desk.row, reasons_for_a_second(desk.row, kept) if letter else (), by=request.user),
            "sent_back": sent_back(desk.row, Event.objects.filter(referral=desk.row).select_related("by")),
            "warnings": warnings(desk.row, request.user),
        },
    )


def second_person(row: Referral, because: Sequence[Second], *, by: User) -> dict[str, Any]:
    """Why a second person is needed, and what to do where a child is said to be in danger, or nobody could sign."""
    return {
        "second": " and ".join(each.words for each in because),
        "in_danger": Second.DANGER in because,
        "unsigned": bool(because) and not signers(row, by=by),
    }


def words_of(desk: Desk, made: Decision | None) -> str:
    return decided_words(desk.scheme, made.decided_level) if made else ""


def show(
    request: Signed, desk: Desk, child: Child, form: DecideForm, more: dict[str, Any] | None = None
) -> HttpResponse:
    row, scheme = desk.row, desk.scheme
    record_part_read(referral=row, part="decide", by=request.user, at=timezone.now())
    screening = child.screening or row.screening
    return render(
        request,
        "referrals/triage/decide.html",
        {
            "referral": row,
            "child": child,
            "alone": len(desk.children) == 1,
            "form": form,
            "level": level_words(scheme, indicated_of(row, child)),
            "why": why(screening, scheme),
            "judged": level_words(scheme, judged_of(row, child)) if judged_of(row, child) is not None else "",
            "warnings": warnings(row, request.user),
            "cautions": situation_of(row).answers.cautions,
            "sent_back": sent_back(row, Event.objects.filter(referral=row).select_related("by")),
            **(more or {}),
        },
    )


DECIDED_BY_TWO = (
    "For a child said to be in danger now you decide a strategy discussion or an assessment (section 17) alone, where "
    "its level is no lower than indicated. Anything else needs a second person before it holds."
)
WAITED_FOR = {
    "referrer": "A question to the referrer has no answer yet.",
    "agencies": "A check with an agency has no answer yet.",
}


def warnings(row: Referral, author: User) -> list[str]:
    """What a screener is reminded of before deciding: nothing of it forbids the decision."""
    said = flag_warnings(row)
    if row.immediate_danger and not signs_every_decision(row):
        said.append(DECIDED_BY_TWO)
    if row.restricted and not signers(row, by=author):
        said.append(f"{nobody_signs(row)} If this needs a second person or somebody’s authority, name one first.")
    said += [WAITED_FOR[each] for each in row.waits_for if each in WAITED_FOR]
    said += filter(None, [left(row)])
    if row.channel == Referral.Channel.TRANSFER.value:
        arrival = Arrival.objects.filter(referral=row).select_related("from_partnership").first()
        if arrival and arrival.is_awaited:
            said.append(f"Confirm to {arrival.from_partnership.name} that you have it before you decide.")
    return said


def preview(request: Signed, desk: Desk, child: Child, form: DecideForm) -> HttpResponse:
    """The letter as it will read. A form that is stale by now is told at once."""
    told, row = form.decision, desk.row
    if told["revision"] != row.revision:
        raise Stale(row)
    indicated = indicated_of(row, child)
    to = writing.going_to(told["transfer_to"], told["transfer_elsewhere"])
    decided = Decided(child, told["decided_level"], told["outcome"], told["told_referrer"], to)
    because = reasons_for_child(row, child, told["outcome"], decided=told["decided_level"], indicated=indicated)
    if because:
        refuse_unsigned(row, signers(row, by=request.user))
    if told["support_team"]:
        refuse_unseen_help(row, told["support_team"])
    record_part_read(referral=row, part="decide", by=request.user, at=timezone.now())
    return render(
        request,
        "referrals/triage/decide_preview.html",
        {
            "referral": row,
            "form": form,
            "letter": writing.outcome(row, decided=[decided], by=request.user),
            "told": told,
            "outcome": told["outcome"],
            "decided": decided_words(desk.scheme, told["decided_level"]),
            "need": f"{told['primary_need']}: {PRIMARY_NEEDS[told['primary_need']]}",
            "factors": [f"{code}: {FACTORS[code]}" for code in told["factors"]],
            "parents_told_by": teller_words(told["parents_told_by"], by=request.user),
            "child_told_by": teller_words(told["child_told_by"], by=request.user),
            "indicated": level_words(desk.scheme, indicated),
            "differs": told["decided_level"] != indicated,
            **second_person(row, because, by=request.user),
        },
    )


def moved_on(request: Signed, desk: Desk, child: Child, form: DecideForm) -> HttpResponse:
    """The form again with everything that was typed, and what happened meanwhile; a colleague's decision in full."""
    row, seen = desk.row, form.cleaned_data["revision"]
    typed = request.POST.copy()
    typed["revision"] = str(row.revision)
    made = last_decision(row, child)
    return show(
        request,
        desk,
        child,
        desk.form(request, child, typed),
        {
            "moved": moves_since(row, seen, request.actor),
            "theirs": made,
            "theirs_level": words_of(desk, made),
        },
    )
