"""One's notices in the portal, how one hears of them, and what did not reach its reader."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from referrals import digests
from referrals.health import look
from referrals.models import Notice, NoticeChoice, Referral
from referrals.notices import actions
from referrals.notices.forms import ChoiceForm, DealtWithForm, PageNumber
from referrals.notices.words import why_not

Signed = Any
PER_PAGE = 30
LOOKED_BACK = dt.timedelta(days=30)
"""For how long the admin's page counts what was in doubt."""


@gate(Permission.NOTICE_READ)
@require_safe
def notices(request: Signed) -> HttpResponse:
    """What the portal told this person, the newest first, each with where it leads."""
    number = PageNumber.read(request.GET)
    start = (number - 1) * PER_PAGE
    mine = Notice.objects.in_portal(request.user).filter(partnership=request.partnership)
    rows = list(mine.select_related("referral").order_by("-created_at", "-pk")[start : start + PER_PAGE + 1])
    keys = [row.referral_id for row in rows if row.referral_id]
    works_on = set(Referral.objects.visible_to(request.actor).filter(pk__in=keys).values_list("pk", flat=True))
    follows = set(Referral.objects.sent_by(request.actor).filter(pk__in=keys).values_list("pk", flat=True))
    leads_to = dict.fromkeys(follows, "referral_track") | dict.fromkeys(works_on, "referral")
    lines = [
        {
            "notice": row,
            "said": row.subject.removeprefix("Front Door: "),
            "leads_to": leads_to.get(row.referral_id, ""),
            "href": "" if row.referral_id else own_address(row),
        }
        for row in rows[:PER_PAGE]
    ]
    return render(
        request,
        "referrals/notices/notices.html",
        {
            "lines": lines,
            "unread": mine.filter(read_at__isnull=True).count(),
            "how": choice(request),
            "works": request.actor.can(Permission.REFERRAL_CLAIM),
            "previous_page": f"?page={number - 1}" if number > 1 else "",
            "next_page": f"?page={number + 1}" if len(rows) > PER_PAGE else "",
        },
    )


def own_address(notice: Notice) -> str:
    """Where a notice about no referral leads: the last address of ours that its email names."""
    named = re.findall(rf"{re.escape(settings.SITE_URL)}(/\S+)", notice.body)
    return named[-1] if named else ""


def choice(request: Signed) -> NoticeChoice.How:
    made = NoticeChoice.objects.filter(partnership=request.partnership, user=request.user).first()
    return NoticeChoice.How(made.how) if made else NoticeChoice.How.AT_ONCE


@gate(Permission.NOTICE_READ)
@require_POST
def notices_read(request: Signed) -> HttpResponse:
    """Mark one's notices read."""
    count = actions.mark_read(partnership=request.partnership, by=request.user, at=timezone.now())
    messages.success(request, f"{count} notice{'' if count == 1 else 's'} marked as read.")
    return redirect("notices", partnership=request.partnership.slug)


@gate(Permission.NOTICE_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def notices_choice(request: Signed) -> HttpResponse:
    """At once, or one email each morning."""
    form = ChoiceForm(request.POST if request.method == "POST" else None, initial={"how": choice(request).value})
    if form.is_valid():
        how = NoticeChoice.How(form.cleaned_data["how"])
        digests.choose(partnership=request.partnership, how=how, by=request.user, at=timezone.now())
        messages.success(request, "Your choice is saved.")
        return redirect("notices", partnership=request.partnership.slug)
    return render(request, "referrals/notices/choice.html", {"form": form}, status=422 if form.errors else 200)


@gate(Permission.NOTICE_RESEND)
@require_safe
def undelivered(request: Signed) -> HttpResponse:
    """What was given up or came back, and how the work behind stands. It names readers, never a child."""
    now, number = timezone.now(), PageNumber.read(request.GET)
    start = (number - 1) * PER_PAGE
    rows = Notice.objects.filter(partnership=request.partnership).undelivered().select_related("to")
    found: list[Any] = list(rows.order_by("-created_at", "-pk")[start : start + PER_PAGE + 1])
    for notice in found:
        notice.why_not = why_not(notice)
    done = Notice.objects.filter(partnership=request.partnership).dealt_with().select_related("to", "dealt_with_by")
    return render(
        request,
        "referrals/notices/undelivered.html",
        {
            "notices": found[:PER_PAGE],
            "count": rows.count(),
            "doubted": Notice.objects.filter(partnership=request.partnership).doubted(now - LOOKED_BACK).count(),
            "held": settings.MAIL_IN_DOUBT == "hold",
            "dealt_with": done.order_by("-dealt_with_at", "-pk")[:PER_PAGE],
            "health": look(at=now),
            "previous_page": f"?page={number - 1}" if number > 1 else "",
            "next_page": f"?page={number + 1}" if len(found) > PER_PAGE else "",
        },
    )


@gate(Permission.NOTICE_RESEND)
@require_POST
def try_again(request: Signed, notice_id: uuid.UUID) -> HttpResponse:
    notice = the_notice(request, notice_id)
    if actions.try_again(notice=notice, by=request.user, at=timezone.now()):
        messages.success(request, "It goes out again.")
    else:
        messages.info(request, "It waits already, or was sent.")
    return redirect("undelivered", partnership=request.partnership.slug)


@gate(Permission.NOTICE_RESEND)
@require_http_methods(["GET", "HEAD", "POST"])
def dealt_with(request: Signed, notice_id: uuid.UUID) -> HttpResponse:
    """Take a notice that did not arrive off the list, with what was done about it."""
    notice = the_notice(request, notice_id)
    form = DealtWithForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        how = form.cleaned_data["how"]
        if actions.deal_with(notice=notice, how=how, by=request.user, at=timezone.now()):
            messages.success(request, "It is dealt with, and off the list.")
            return redirect("undelivered", partnership=request.partnership.slug)
        form.add_error(None, "It was dealt with already, waits again, or was sent. What you wrote is not kept.")
    context = {"form": form, "notice": notice}
    return render(request, "referrals/notices/dealt_with.html", context, status=422 if form.errors else 200)


def the_notice(request: Signed, notice_id: uuid.UUID) -> Notice:
    rows = Notice.objects.filter(partnership=request.partnership).select_related("partnership", "to")
    notice = rows.filter(pk=notice_id).first()
    if notice is None:
        raise Http404
    return notice
