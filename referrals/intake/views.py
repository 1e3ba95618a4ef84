"""The guided form: the emergency page, the task list, its pages, taking out and discarding."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import ResolverMatch, resolve, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate, open_to_all
from partnerships.instead import Instead
from partnerships.kept import keep, kept, kept_below, let_go
from partnerships.permissions import WRITES, Permission
from partnerships.rescued import rescued, tells_boxes, told_of
from referrals.attachments import taking as documents
from referrals.attachments.actions import NotTaken
from referrals.intake import actions, addresses, autosave, in_whose_name, sharing, shown, summary
from referrals.intake.answers import GROUPS, MOST, Answers, seal, taken_out
from referrals.intake.changed_since import changed_since
from referrals.intake.forms.threshold import NOTE
from referrals.intake.inside import told_alone
from referrals.intake.kept_from_leads import WHY
from referrals.intake.pages import INSIDE, PAGES, Step, find, is_saved, neighbours, tasks
from referrals.intake.situation import Situation
from referrals.models import Draft, Referral
from referrals.referrers import leads_at
from referrals.retention.schedule import draft_ends_at
from thresholds.domain.terms import Flag
from thresholds.loading import NoThreshold, load, version_in_force

MOST_TICKED = 1000
Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


@open_to_all("Whoever fears for a child must see whom to telephone before signing in")
@require_safe
def refer_before(request: Signed) -> HttpResponse:
    """Before the form: 999, the front door, what is telephoned, how long it takes, and drafts to go on with."""
    may_send = request.actor.can(Permission.REFERRAL_SEND)
    now = timezone.now()
    try:
        scheme = load(version_in_force(request.partnership, now))
    except NoThreshold:
        scheme = None
    drafts = Draft.objects.visible_to(request.actor).unsent() if may_send else []
    return render(
        request,
        "referrals/intake/before.html",
        {
            "scheme": scheme,
            "may_send": may_send and scheme is not None,
            "changed_since": may_send
            and scheme
            and changed_since(partnership=request.partnership, user=request.user, slug=scheme.slug, at=now),
            "drafts": [shown.draft_line(draft) for draft in drafts],
            "written_form": scheme and Situation(request.partnership, scheme, Answers({}), now).written_form,
            "sign_in": f"{reverse('account_login')}?next={request.path}",
        },
    )


@gate(Permission.REFERRAL_SEND)
@require_POST
def refer_start(request: Signed) -> HttpResponse:
    """A new draft: blank, or with what its writer had written in one that somebody else took over (`taken`)."""
    agency, now = in_whose_name.the_only(request.actor.sends_for), timezone.now()
    if "taken" not in request.POST:
        draft = actions.start_draft(partnership=request.partnership, agency=agency, by=request.user, at=now)
    else:
        taken = the_taken(request, as_uuid(request.POST["taken"]))
        try:
            draft = sharing.begin_again(taken=taken, agency=agency, by=request.user, at=now)
        except actions.Refused as refused:
            messages.error(request, str(refused))
            return redirect("refer_tasks", partnership=request.partnership.slug, draft_id=taken.pk)
    return redirect("refer_tasks", partnership=request.partnership.slug, draft_id=draft.pk)


@gate(*WRITES)
@require_safe
def refer_tasks(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    draft = the_draft(request, draft_id)
    if draft.sent_at:
        return to_sent(draft)
    situation = situation_of(draft, timezone.now())
    listed = tasks(situation)
    items = [
        {
            "title": task.section.title,
            "hint": task.section.hint,
            "href": addresses.of_page(draft, task.step),
            "status": task.progress.value,
        }
        for task in listed
    ]
    done = sum(task.progress.value == "done" for task in listed)
    return render(
        request,
        "referrals/intake/tasks.html",
        {
            "draft": draft,
            "situation": situation,
            "items": items,
            "done": done,
            "of": len(listed),
            "kept_until": draft_ends_at(draft.saved_at),
            "choosing": choosing(request, draft),
            "kept_from_leads": WHY if Flag.LADO in situation.together.flags else "",
            "nobody_leads": nobody_leads(request, draft),
        },
    )


def nobody_leads(request: Signed, draft: Draft) -> str:
    """That there is nobody with whom it could be shared; empty where there is, or one is yet to choose the agency."""
    if draft.agency is None or leads_at(draft.agency, but=request.user):
        return ""
    return sharing.nobody_to_share_with(draft.agency)


@gate(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def refer_page(request: Signed, draft_id: uuid.UUID, slug: str, group: str = "", number: int = 0) -> HttpResponse:
    """One page of the form. A page that this draft does not ask for now leads to the task list."""
    draft, now = the_draft(request, draft_id), timezone.now()
    situation = situation_of(draft, now)
    step = the_step(situation, slug, group, number)
    if request.method == "POST" and autosave.HEADER in request.headers:
        return autosave.autosave(request, draft, situation, step, now)
    if request.method == "POST":
        return save(request, draft, situation, step, now)
    if draft.sent_at:
        return to_sent(draft)
    if find(situation, slug, group, number) is None:
        return redirect("refer_tasks", partnership=draft.partnership.slug, draft_id=draft.pk)
    stored = step.place.read(draft.answers)
    if (typed_before := kept(request)) is not None:
        form = step.page.form(typed_before, situation=situation, number=number, stored=stored)
        return show(request, draft, situation, step, form, **marks_of(typed_before), typed_before=True)
    form = step.page.form(situation=situation, number=number, stored=stored)
    doubts = [*form.unread(), *form.doubts()] if stored is not None else []
    return show(request, draft, situation, step, form, seen=seal(stored), doubts=doubts)


def save(request: Signed, draft: Draft, situation: Situation, step: Step, now: dt.datetime) -> HttpResponse:
    """Check what was typed, store it, and go on. Whatever can't be stored is shown again, with all that was typed."""
    posted, stored = request.POST, step.place.read(draft.answers)
    called = "called_999" in posted
    later = "later" in posted or called
    try:
        if called:
            draft = actions.tell_called_999(draft=draft, by=request.user, at=now)
            situation = situation_of(draft, now)
        refused = documents.take_from_page(request, draft, situation.scheme, step, now)
    except (actions.AlreadySent, actions.Refused) as error:
        return not_saved(request, str(error), getattr(error, "referral", None))
    form = step.page.form(posted, situation=situation, number=step.number, stored=stored, later=later)
    if refused or not form.is_valid():
        return show(request, draft, situation, step, form, **marks_of(posted), refused=refused, status=422)
    wants_another = getattr(form, "wants_another", False) and not later
    shared_with = draft.agency.name if draft.shared_at and draft.agency else ""
    try:
        draft = actions.save_page(
            draft=draft,
            place=step.place,
            told=form.to_store(),
            seen=posted.get("seen", ""),
            out=posted.get("out"),
            mark=posted.get("window", ""),
            by=request.user,
            at=now,
        )
        if shared_with and not draft.shared_at:
            autosave.say_unshared(request, shared_with)
        if wants_another:
            return to_another(draft, "child" if step.page.slug == "other-children" else "person", request, now)
    except actions.ChangedMeanwhile as changed:
        theirs, _ = summary.field_rows(situation, step, changed.theirs or {})
        return show(
            request, draft, situation, step, form, seen=seal(changed.theirs), theirs=theirs, changed=True, status=409
        )
    except actions.AlreadySent as sent:
        return not_saved(request, "This referral was already sent.", sent.referral)
    except actions.Shifted as error:
        listed = addresses.of_page(draft, Step(the_page("other-children" if step.page.group == "child" else "family")))
        return not_saved(request, str(error), listed=listed)
    except actions.Refused as error:
        return not_saved(request, str(error))
    let_go(request)
    return onwards(request, draft, step, now, later=later)


def marks_of(posted: Any) -> dict[str, Any]:
    """What the page carries of how the draft stood when it was shown, as it came back."""
    return {"seen": posted.get("seen", ""), "out": posted.get("out")}


def onwards(request: Signed, draft: Draft, step: Step, now: dt.datetime, *, later: bool) -> HttpResponse:
    """After a page was saved: look again where something may be a slip, else the next page, or back to checking."""
    situation = situation_of(draft, now)
    posted, here = request.POST, addresses.of_page(draft, step)
    if "called_999" in posted:
        return redirect(f"{here}{'?from=check' if posted.get('from') == 'check' else ''}")
    if later:
        return redirect("refer_tasks", partnership=draft.partnership.slug, draft_id=draft.pk)
    if "upload" in posted:
        return redirect(f"{here}#files")
    if "update" in posted:
        return redirect(f"{here}#so-far")
    stored = step.place.read(draft.answers)
    if "search" in posted and step.page.slug == "indicators":
        # Answered at once, without an address: what somebody searches for is nobody's business.
        form = step.page.form(situation=situation, number=step.number, stored=stored)
        find = "" if posted["search"] == "all" else " ".join(posted.get("find", "").split())[:100]
        return show(request, draft, situation, step, form, seen=seal(stored), find=find)
    doubts = step.page.form(situation=situation, number=step.number, stored=stored).doubts()
    checking = posted.get("from") == "check"
    if doubts and posted.get("doubts") != seal({"doubts": doubts}):
        return redirect(f"{here}{'?from=check' if checking else ''}")
    if checking and (step.page.slug != "indicators" or not unsaved_after(situation, step)):
        return redirect("refer_check", partnership=draft.partnership.slug, draft_id=draft.pk)
    _, after = neighbours(situation, step)
    return redirect(addresses.of_page(draft, after) if after else addresses.of_check(draft))


@gate(Permission.REFERRAL_SEND)
@require_POST
def refer_level(request: Signed, draft_id: uuid.UUID, number: int) -> HttpResponse:
    """The level so far of one child, for the indicators ticked on the page and not saved yet. Stores nothing."""
    draft, now = the_draft(request, draft_id), timezone.now()
    step = the_step(situation_of(draft, now), "indicators", "child", number)
    ticked = {"chosen": request.POST.getlist("chosen")[:MOST_TICKED]}
    situation = situation_of(draft, now, step.place.write(draft.answers, ticked))
    context = {"situation": situation, "so_far": shown.so_far(situation, number)}
    return render(request, "referrals/intake/so_far.html", context)


def unsaved_after(situation: Situation, step: Step) -> bool:
    """Whether the next page was never filled in: a changed answer may have brought it in."""
    _, after = neighbours(situation, step)
    return after is not None and not is_saved(situation, after)


def to_another(draft: Draft, group: str, request: Signed, now: dt.datetime) -> HttpResponse:
    number = actions.add_to_group(draft=draft, group=group, by=request.user, at=now)
    slug = next(page.slug for page in PAGES if page.group == group)
    return redirect(addresses.of_page(draft, Step(the_page(slug, group), number)))


def show(
    request: Signed,
    draft: Draft,
    situation: Situation,
    step: Step,
    form: Any,
    *,
    seen: str,
    out: str | None = None,
    doubts: list[str] | None = None,
    refused: Sequence[NotTaken] = (),
    find: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    before, _ = neighbours(situation, step)
    checking = (request.GET.get("from") or request.POST.get("from")) == "check"
    context = {
        "draft": draft,
        "situation": situation,
        "scheme": situation.scheme,
        "step": step,
        "title": step.title(situation),
        "tab_title": step.tab_title(situation),
        "form": form,
        "seen": seen,
        "out": taken_out(draft.answers, step.page.group) if out is None else out,
        "doubts": doubts or [],
        "doubts_seal": seal({"doubts": doubts}) if doubts else "",
        "checking": checking,
        "back": addresses.of_check(draft)
        if checking
        else addresses.of_page(draft, before)
        if before
        else addresses.of_tasks(draft),
        **shown.page_context(draft, situation, step, form, find),
        **documents.page_context(draft, situation.scheme, step, refused),
        **more,
    }
    return render(request, step.page.template, context, status=status)


def not_saved(request: Signed, why: str, referral: Referral | None = None, *, listed: str = "") -> HttpResponse:
    """What was typed could not be stored: say why, and give every word back to copy.

    listed: the page from which the right child or person is opened.
    """
    return render(
        request,
        "referrals/intake/not_saved.html",
        {"why": why, "typed": rescued(request), "referral": referral, "listed": listed},
        status=409,
    )


@gate(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def refer_remove(request: Signed, draft_id: uuid.UUID, group: str, number: int) -> HttpResponse:
    """Take a child or a person out of the draft, after asking."""
    draft = the_draft(request, draft_id)
    if draft.sent_at:
        return to_sent(draft)
    back = addresses.of_page(draft, Step(the_page("other-children" if group == "child" else "family")))
    if request.method == "POST":
        out = request.POST.get("out", "")
        try:
            actions.remove_from_group(
                draft=draft, group=group, number=number, out=out, by=request.user, at=timezone.now()
            )
        except actions.Shifted:  # by a second press of the same button, or in another window: the list says who is left
            return redirect(back)
        except (LookupError, actions.Refused) as error:
            raise Http404 from error
        except actions.AlreadySent:
            return to_sent(draft)
        return redirect(back)
    if not 1 <= number <= len(Answers(draft.answers).group(GROUPS[group])):
        raise Http404
    told = shown.group_lines(draft, situation_of(draft, timezone.now()), group)[number - 1]
    context = {"draft": draft, "told": told, "back": back, "group": group, "out": taken_out(draft.answers, group)}
    return render(request, "referrals/intake/remove.html", context)


@gate(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def refer_discard(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Put a draft away unsent, after asking."""
    draft = the_draft(request, draft_id)
    if draft.sent_at:
        return to_sent(draft)
    if request.method == "POST":
        try:
            actions.discard_draft(draft=draft, by=request.user, at=timezone.now())
        except actions.AlreadySent:
            return to_sent(draft)
        except actions.Refused:  # pressed twice at once: it is put away, as was asked
            pass
        home = "contact_key" if draft.channel == Referral.Channel.KEYED else "my_referrals"
        return redirect(home, partnership=request.partnership.slug)
    return render(request, "referrals/intake/discard.html", {"draft": draft, "line": shown.draft_line(draft)})


def the_draft(request: HttpRequest, draft_id: uuid.UUID) -> Draft:
    """The writer's own draft, sent or not, in the name of the agency for which it would go now; a discarded one is no
    more."""
    rows = Draft.objects.visible_to(request.actor).filter(discarded_at__isnull=True)  # type: ignore[attr-defined]
    draft = rows.select_related("partnership", "agency", "started_by").filter(pk=draft_id).first()
    if draft is not None and draft.sent_at is not None:
        return draft
    if draft is not None:
        return in_whose_name.as_it_is_now(draft, request.actor.sends_for)  # type: ignore[attr-defined]
    taken = the_taken(request, draft_id)
    raise Instead(lambda request: taken_over(request, taken))


def the_taken(request: Any, draft_id: uuid.UUID | None) -> Draft:
    """What this person began, and somebody else took over."""
    rows = Draft.objects.taken_from(request.actor).select_related("partnership", "agency", "started_by")
    taken: Draft | None = rows.filter(pk=draft_id).first() if draft_id else None
    if taken is None:
        raise Http404
    return taken


def as_uuid(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None


def taken_over(request: Signed, draft: Draft) -> HttpResponse:
    """Who has it now; what whoever began it had written by then, to go on with where it is not sent; and what was typed
    since: kept on this page for them, and part of nothing."""
    if autosave.HEADER in request.headers:
        lead = draft.started_by.name if draft.started_by else "Somebody"
        return autosave.refused(f"{lead} has taken this draft over. Save it, to see what to do.")
    late = request.method == "POST" and bool(rescued(request))
    held = late and keep(request)
    below = kept_below(request, addresses.of_tasks(draft))
    typed = [each for path, came in below.items() for each in told_of(request, dict(came.lists()), resolve(path))]
    sections: list[Any] = []
    if draft.taken_answers:
        with suppress(Http404):
            sections = summary.by_section(summary.cards(situation_of(draft, timezone.now(), draft.taken_answers)))
    context = {
        "draft": draft,
        "late": late,
        "typed": typed if held or not late else [*typed, *rescued(request)],
        "sections": sections,
        "may_send": request.actor.can(Permission.REFERRAL_SEND),
    }
    return render(request, "referrals/intake/taken.html", context, status=409 if late else 200)


def situation_of(draft: Draft, now: dt.datetime, answers: dict[str, Any] | None = None) -> Situation:
    """The draft at this moment. answers: in place of what is stored."""
    try:
        scheme = load(version_in_force(draft.partnership, now))
    except NoThreshold as error:
        raise Http404 from error
    told = told_alone(draft.answers if answers is None else answers, INSIDE)
    return Situation(draft.partnership, scheme, Answers(told), now)


@tells_boxes("refer_page")
def boxes(request: Any, match: ResolverMatch, names: frozenset[str]) -> Mapping[str, Any] | None:
    """The boxes of a page of the form with the threshold's own choices; a draft's words are not needed for them."""
    group, number, slug = (match.kwargs.get(name, "") for name in ("group", "number", "slug"))
    number = min(number or 0, MOST)
    chosen = [name.removeprefix(NOTE) for name in names if name.startswith(NOTE)]
    children = [{"indicators": {"chosen": chosen}} for _ in range(max(number, 1))]
    try:
        scheme = load(version_in_force(request.partnership, timezone.now()))
        page = the_page(slug, group)
    except (NoThreshold, Http404):
        return None
    situation = Situation(request.partnership, scheme, Answers({"children": children}), timezone.now())
    fields: dict[str, Any] = page.form(situation=situation, number=number).fields
    return fields


def choosing(request: Signed, draft: Draft, *, posted: bool = False) -> in_whose_name.AgencyForm | None:
    """The question in whose name it goes, for whoever tells of worries for several agencies."""
    agencies = request.actor.sends_for
    if not in_whose_name.may_choose(draft, agencies):
        return None
    typed = request.POST if posted else None
    return in_whose_name.AgencyForm(typed, agencies=agencies, chosen=draft.agency)


def the_page(slug: str, group: str = "") -> Any:
    page = next((page for page in PAGES if (page.slug, page.group) == (slug, group)), None)
    if page is None:
        raise Http404
    return page


def the_step(situation: Situation, slug: str, group: str, number: int) -> Step:
    """The page at this address, whether or not the draft asks for it now: what is typed on it is taken all the same."""
    step = Step(the_page(slug, group), number)
    try:
        step.place.read(situation.answers.raw)
    except LookupError as error:
        raise Http404 from error
    return step


def to_sent(draft: Draft) -> HttpResponse:
    """After sending: the referrer's own page; for staff who keyed it, the referral."""
    if draft.channel == Referral.Channel.KEYED:
        sent = Referral.objects.filter(token=draft.pk).values_list("pk", flat=True).first()
        return redirect("referral", partnership=draft.partnership.slug, referral_id=sent)
    return redirect("refer_sent", partnership=draft.partnership.slug, draft_id=draft.pk)
