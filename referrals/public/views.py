"""The public form: before it, its four pages, checking, sending, the reference; and the blank form for outages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate, open_to_all
from partnerships.documents import public_pdf
from partnerships.instead import Instead
from partnerships.permissions import Permission
from partnerships.places import HOUR, came_from
from partnerships.rescued import rescued
from referrals.intake import actions as intake
from referrals.intake import afterwards
from referrals.intake.answers import Answers, seal
from referrals.intake.source import ANONYMOUS, source_of
from referrals.models import Draft, Referral
from referrals.public import actions, blank
from referrals.public.forms import STEPS, Step
from referrals.reading import record_identity
from referrals.triage.views import the_referral

HELD = "public_drafts"
SAVED = "public_windows"
"""In the session: which open page of the form stored each page last."""

OPEN = "Whoever is worried about a child can tell of it without an account"
LASTS = 2 * 60 * 60
ELSEWHERE = "https://www.bbc.co.uk/weather"
"""What is shown in place of the form to whoever had to leave it: a page that anybody may be looking at."""


def offered(request: Any) -> None:
    """A partnership that has no form for the public has no such page, but for who was in the middle of it: what this
    browser began before the form was switched off can be finished and sent, for as long as it is kept.
    """
    if not request.partnership.public_form and held(request) is None and sent_by(request) is None:
        raise Instead(not_offered)


def not_offered(request: Any) -> HttpResponse:
    """Whom to telephone in place of the form, and what was typed: it is on this page alone, and stored nowhere."""
    return render(request, "referrals/public/not_offered.html", {"typed": rescued(request)}, status=404)


def sent_by(request: Any) -> Referral | None:
    """What this browser began here and has sent."""
    key = request.session.get(HELD, {}).get(request.partnership.slug)
    return Referral.objects.filter(token=key, channel=Referral.Channel.PUBLIC).first() if key else None


@open_to_all(OPEN)
@require_safe
def tell_before(request: Any) -> HttpResponse:
    """Whom to telephone first, and what the form is."""
    offered(request)
    draft = held(request)
    if draft is None and not request.partnership.public_form:
        return redirect("tell_sent", partnership=request.partnership.slug)
    return render(request, "referrals/public/before.html", {"draft": draft})


@open_to_all(OPEN)
@require_POST
def tell_start(request: Any) -> HttpResponse:
    offered(request)
    draft = held(request) or begin(request)
    request.session[HELD] = {**request.session.get(HELD, {}), request.partnership.slug: str(draft.pk)}
    if not request.user.is_authenticated:
        request.session.set_expiry(LASTS)
    return to(request, STEPS[0].slug)


@open_to_all("Whoever must hide the page at once has no time to sign in")
@require_safe
def tell_leave(request: Any) -> HttpResponse:
    """Away from here at one press: what was begun is emptied, this browser forgets it, and shows the weather.

    A link and no form, since it must work without script. What was sent stays sent. Whatever fetches it without
    anybody pressing it (a browser that looks ahead, a filter, a picture's address) empties nothing.
    """
    if not pressed(request):
        return redirect(ELSEWHERE)
    if (draft := held(request)) is not None:
        with suppress(intake.AlreadySent, intake.Refused):
            actions.forget(draft=draft, at=timezone.now())
    rest = {slug: key for slug, key in request.session.get(HELD, {}).items() if slug != request.partnership.slug}
    if rest or HELD in request.session:
        request.session[HELD] = rest
    request.session.pop(SAVED, None)
    return redirect(ELSEWHERE)


def pressed(request: Any) -> bool:
    ahead = {"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"} & set(request.headers)
    return request.method == "GET" and not ahead and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def held(request: Any) -> Draft | None:
    """What this browser began here and has not sent."""
    key = request.session.get(HELD, {}).get(request.partnership.slug)
    rows = Draft.objects.unsent().filter(channel=Referral.Channel.PUBLIC, started_by__isnull=True)
    return rows.select_related("partnership", "agency").filter(pk=key).first() if key else None


def to(request: Any, slug: str) -> HttpResponse:
    return redirect("tell_page", partnership=request.partnership.slug, slug=slug)


@open_to_all(OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def tell_page(request: Any, slug: str) -> HttpResponse:
    """One page. Where the browser has lost its place, or has sent it, what was typed begins a new one, and is said to:
    nothing typed is refused."""
    offered(request)
    step = next((each for each in STEPS if each.slug == slug), None)
    if step is None:
        raise Http404
    draft, now = held(request), timezone.now()
    if draft is None and request.method != "POST":
        return redirect("tell_before", partnership=request.partnership.slug)
    anew = draft is None
    draft = draft or begin_anew(request)
    stored = step.form.shown(draft.answers)
    posted = request.POST if request.method == "POST" else None
    form = step.form(posted, at=now, initial=stored)
    shown = {"seen": seal(stored), "window": secrets.token_hex(8)}
    if posted is not None:
        shown = {name: posted.get(name, "")[:40] for name in shown}
    theirs = None
    if posted is not None and form.is_valid():
        asks = "seen" in posted and not anew and not saved_last(request, step, shown["window"])
        try:
            actions.save(draft=draft, form=form, page=step.slug, seen=shown["seen"] if asks else None, at=now)
        except intake.ChangedMeanwhile as changed:
            shown["seen"], theirs = seal(changed.theirs), told_rows(step, changed.theirs or {})
        except (intake.AlreadySent, intake.Refused):  # sent, or put away, at this very moment in another window
            actions.save(draft=begin_anew(request), form=form, page=step.slug, seen=None, at=now)
        if theirs is None:
            keep_saved(request, step, shown["window"])
            return onwards(request, step)
    context = {
        **shown,
        "changed": theirs is not None,
        "theirs": theirs,
        "form": form,
        "step": step,
        "place": STEPS.index(step) + 1,
        "of": len(STEPS),
        "back": before(step),
        "in_danger": Answers(draft.answers).in_danger,
    }
    status = 200 if posted is None else 409 if theirs is not None else 422
    return render(request, "referrals/public/page.html", context, status=status)


def saved_last(request: Any, step: Step, window: str) -> bool:
    """Whether it was this very page, as it stands open, that stored last what is stored of it: its answer may have been
    lost on its way, and what is typed now follows what was typed then."""
    last = request.session.get(SAVED, {}).get(f"{request.partnership.slug}/{step.slug}")
    return bool(window) and last == window


def keep_saved(request: Any, step: Step, window: str) -> None:
    request.session[SAVED] = {**request.session.get(SAVED, {}), f"{request.partnership.slug}/{step.slug}": window}


def begin_anew(request: Any) -> Draft:
    """A new draft of this browser; where the one before was sent, that it is another, and is still to be sent."""
    sent = sent_by(request)
    draft = begin(request)
    request.session[HELD] = {**request.session.get(HELD, {}), request.partnership.slug: str(draft.pk)}
    if sent is not None:
        messages.warning(
            request,
            f"What you told us before was sent: its reference is {sent.reference}. What you typed now is not part of "
            "it, and is not sent yet. Say again which child it is about, and send it too.",
        )
    return draft


def begin(request: Any) -> Draft:
    """A draft that nobody began before: where the form is switched off, none is begun any more."""
    if not request.partnership.public_form:
        raise Instead(not_offered)
    now = timezone.now()
    if actions.too_many_begun(request.partnership, came_from(request), at=now):
        raise Instead(not_now)
    return actions.begin(partnership=request.partnership, at=now)


def not_now(request: Any) -> HttpResponse:
    """Whom to telephone where more was begun from one place than people there can mean, and what was typed."""
    answer = render(request, "referrals/public/not_now.html", {"typed": rescued(request)}, status=429)
    answer["Retry-After"] = str(HOUR)
    return answer


def before(step: Step) -> str:
    at = STEPS.index(step)
    return STEPS[at - 1].slug if at else ""


def onwards(request: Any, step: Step) -> HttpResponse:
    at = STEPS.index(step) + 1
    if at == len(STEPS) or request.POST.get("from") == "check":
        return redirect("tell_check", partnership=request.partnership.slug)
    return to(request, STEPS[at].slug)


@open_to_all(OPEN)
@require_safe
def tell_check(request: Any) -> HttpResponse:
    offered(request)
    draft = held(request)
    if draft is None:
        return redirect("tell_before", partnership=request.partnership.slug)
    return checked(request, draft)


def checked(request: Any, draft: Draft, problem: str = "", status: int = 200) -> HttpResponse:
    cards = []
    for step in STEPS:
        told = told_rows(step, step.form.shown(draft.answers))
        cards.append({"slug": step.slug, "title": step.title, "rows": told})
    errors = [{"text": problem, "href": "#worry"}] if problem else []
    context = {
        "cards": cards,
        "errors": errors,
        "in_danger": Answers(draft.answers).in_danger,
        "untold": untold(Answers(draft.answers)),
    }
    return render(request, "referrals/public/check.html", context, status=status)


def told_rows(step: Step, stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is told on one page, a row for each question that is answered."""
    rows = [
        {"key": str(field.label), "value": words(field, stored.get(name)), "typed": True}
        for name, field in step.form(at=timezone.now()).fields.items()
    ]
    return [row for row in rows if row["value"]]


def untold(answers: Answers) -> list[str]:
    """Without what nobody could act on it: who or where the child is (`child`), how to ask who tells (`you`).

    Who wishes to stay unknown is not asked again, unless the child can't be found either.
    """
    child, source = answers.children[0], source_of(answers)
    told = {**source.details, **source.confidential}
    reached = told.get("telephone") or told.get("email") or (child.is_traceable and told.get("name") == ANONYMOUS)
    return [slug for slug, known in (("child", child.is_traceable), ("you", reached)) if not known]


def words(field: Any, value: Any) -> str:
    labels = {str(choice.value): str(choice.label) for choice in getattr(field, "choices", ())}
    return labels.get(str(value), str(value or ""))


@open_to_all(OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def tell_send(request: Any) -> HttpResponse:
    """Send it, once however often it is pressed. Opened as a page, it leads to where the button is."""
    offered(request)
    if request.method != "POST":
        return redirect("tell_check", partnership=request.partnership.slug)
    key = request.session.get(HELD, {}).get(request.partnership.slug)
    rows = Draft.objects.filter(channel=Referral.Channel.PUBLIC, started_by__isnull=True, discarded_at__isnull=True)
    draft = rows.select_related("partnership", "agency").filter(pk=key).first() if key else None
    if draft is None:
        return redirect("tell_before", partnership=request.partnership.slug)
    try:
        actions.send(draft=draft, place=came_from(request), at=timezone.now())
    except intake.Refused as refused:
        return checked(request, draft, problem=str(refused), status=422)
    return redirect("tell_sent", partnership=request.partnership.slug)


@open_to_all(OPEN)
@require_safe
def tell_sent(request: Any) -> HttpResponse:
    """The reference, and what happens next. It names nobody: the browser may be shared."""
    offered(request)
    referral = sent_by(request)
    if referral is None:
        return redirect("tell_before", partnership=request.partnership.slug)
    context = {"referral": referral, "reached_by": reached_by(referral), "owed": afterwards.owed(referral)}
    return render(request, "referrals/public/sent.html", context)


def reached_by(referral: Referral) -> str:
    """How whoever told of it can be asked: `telephone`, else `email`; empty where they gave neither."""
    told = {**referral.referrer_details, **referral.confidential}
    return next((way for way in ("telephone", "email") if told.get(way)), "")


@open_to_all("Blank forms are for when nothing else works")
@require_safe
def form_blank(request: Any) -> HttpResponse:
    """The form's questions with room to write, to be printed and handed in."""
    return render(request, "referrals/public/blank.html", {"sections": blank.sections(request.partnership)})


@open_to_all("Blank forms are for when nothing else works")
@require_safe
def form_blank_pdf(request: Any) -> HttpResponse:
    context = {
        "partnership": request.partnership,
        "sections": blank.sections(request.partnership),
        "title": f"{request.partnership.form_name}, to be filled in by hand",
    }
    response = HttpResponse(public_pdf("referrals/documents/blank.html", context), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{request.partnership.slug}-blank-form.pdf"'
    return response


@gate(Permission.REFERRAL_READ)
@require_safe
def referral_who_told(request: Any, referral_id: Any) -> HttpResponse:
    """Who told of it in confidence. Each opening is in the trail by itself."""
    referral = the_referral(request, referral_id)
    if not referral.in_confidence:
        raise Http404
    record_identity(referral=referral, by=request.user, at=timezone.now())
    return render(request, "referrals/public/who_told.html", {"referral": referral})
