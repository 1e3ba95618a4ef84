"""Documents over the wire: added by script, taken away, and handed out to whoever may read the referral."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import WRITES, Permission
from referrals.attachments import actions, shown, store, taking
from referrals.attachments.apart import TooLong, TooMany, apart
from referrals.attachments.kinds import Kind
from referrals.attachments.pictures import stripped
from referrals.intake import addresses
from referrals.intake import views as intake
from referrals.intake.actions import AlreadySent, Refused
from referrals.intake.pages import PAGES, Step
from referrals.intake.tracking import the_referral as a_sent_referral
from referrals.models import Attachment
from referrals.triage.views import the_referral as a_referral_in_triage

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""

ATTACH = Step(next(page for page in PAGES if page.slug == "attach"))


@gate(*WRITES)
@require_POST
def draft_files(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Add files from the page's script: answers with the page's own list, and with what could not be taken."""
    draft, now = intake.the_draft(request, draft_id), timezone.now()
    if draft.sent_at:
        return HttpResponse("This referral was already sent.", status=409)
    scheme = intake.situation_of(draft, now).scheme
    try:
        taken = taking.take(request, scheme, draft=draft, at=now)
    except (AlreadySent, Refused) as error:
        return HttpResponse(str(error), status=409)
    context = {"asked": shown.asked(draft, scheme, taken.refused), "draft": draft}
    return render(request, "referrals/attachments/asked.html", context, status=422 if taken.refused else 200)


@gate(*WRITES)
@require_safe
def draft_file(request: Signed, draft_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponse:
    draft = intake.the_draft(request, draft_id)
    if draft.sent_at:  # whoever may have it now has it with the referral
        return intake.to_sent(draft)
    return handed_out(request, one_of(attachment_id, draft=draft), back=addresses.of_page(draft, ATTACH))


@gate(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def draft_file_remove(request: Signed, draft_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponse:
    """Take a document out of the draft, after asking."""
    draft = intake.the_draft(request, draft_id)
    if draft.sent_at:
        return intake.to_sent(draft)
    row, back = one_of(attachment_id, draft=draft), addresses.of_page(draft, ATTACH)
    if request.method == "POST":
        try:
            actions.take_away(attachment=row, by=request.user, at=timezone.now())
        except AlreadySent:
            return intake.to_sent(draft)
        except Refused as error:
            raise Http404 from error
        return redirect(back)
    return render(request, "referrals/attachments/remove.html", {"attachment": row, "back": back})


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def referral_file(request: Signed, referral_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponse:
    """For the referrer, and their agency's safeguarding lead."""
    referral = a_sent_referral(request, referral_id)
    return handed_out(request, one_of(attachment_id, referral=referral))


@gate(Permission.REFERRAL_READ)
@require_safe
def triage_file(request: Signed, referral_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponse:
    """For whoever may read the referral; early help never has what is the MASH's."""
    referral = a_referral_in_triage(request, referral_id)
    return handed_out(request, one_of(attachment_id, referral=referral))


def one_of(attachment_id: uuid.UUID, **of: Any) -> Attachment:
    row = (
        Attachment.objects.there()
        .filter(pk=attachment_id, **of)
        .select_related("partnership", "referral", "draft")
        .first()
    )
    if row is None:
        raise Http404
    return row


def handed_out(request: Signed, row: Attachment, *, back: str = "") -> HttpResponse:
    """The document as a download. Held back where it may carry a virus; where nobody knows yet, only after asking."""
    if not row.is_open or (row.is_unchecked and request.GET.get("anyway") != "yes"):
        context = {"attachment": row, "back": back}
        return render(request, "referrals/attachments/held_back.html", context, status=409 if not row.is_open else 200)
    try:
        content = store.read(row.stored_as)
        kind = Kind.by_ending(row.ending)
        if kind.is_picture:
            kind, content = apart(stripped, kind, content)
    except (TooLong, TooMany):
        return render(request, "referrals/attachments/held_back.html", {"attachment": row, "slow": True}, status=503)
    except (store.Gone, OSError, ValueError, SyntaxError):
        return render(request, "referrals/attachments/held_back.html", {"attachment": row, "gone": True}, status=409)
    actions.downloaded(attachment=row, by=request.user, at=timezone.now())
    return download(content, kind, file_name(row, kind))


def download(content: bytes, kind: Kind, name: str) -> HttpResponse:
    """Nothing in it runs, nothing keeps it, and no browser makes of it what it is not."""
    response = HttpResponse(content, content_type=kind.media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store, private"
    return response


def file_name(row: Attachment, kind: Kind) -> str:
    """By the reference and what it is: a child's name, which the sender's own name for it may hold, stays here."""
    of = row.referral.reference if row.referral else "draft"
    return f"{of}-{row.asked_for or shown.OTHER}-{row.pk.hex[:6]}.{kind.ending}"
