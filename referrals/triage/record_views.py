"""Beside the referral: notes, when the child is next seen, who may see it, and opening a restricted one in need."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import gate
from partnerships.forms import PageForm
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.domain.reference import read_reference
from referrals.models import Referral, RestrictedAccess
from referrals.reading import record_part_read
from referrals.transfer import restricted_since
from referrals.triage import notes, restricting
from referrals.triage.moves import Refused
from referrals.triage.record_forms import GlassForm, LiftForm, NameForm, NextSeenForm, NoteForm, RestrictForm, SureForm
from referrals.triage.views import Signed, back_to, the_referral

ASKS = require_http_methods(["GET", "HEAD", "POST"])


def asked(
    request: Signed, referral: Referral, title: str, form: PageForm, button: str, more: dict[str, Any] | None = None
) -> HttpResponse:
    """One question beside a referral."""
    return render(
        request,
        "referrals/triage/beside.html",
        {"referral": referral, "title": title, "form": form, "button": button, **(more or {})},
    )


@gate(Permission.NOTE_WRITE)
@ASKS
def referral_note(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """A note for those who work on it."""
    row = the_referral(request, referral_id)
    form = NoteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            notes.add_note(referral=row, note=form.cleaned_data["note"], by=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Your note is in the referral’s story.")
            return back_to(row)
    return asked(request, row, "Add a note", form, "Save the note")


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_next_seen(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """When the child is next seen: it moves the referral up its queue."""
    row, now = the_referral(request, referral_id, "claim"), timezone.now()
    form = NextSeenForm(posted(request), at=now)
    if request.method == "POST" and form.is_valid():
        try:
            notes.say_when_next_seen(referral=row, when=form.when, by=request.user, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "It is noted, and the queue is in that order.")
            return back_to(row)
    return asked(request, row, "When the child is next seen", form, "Save")


@gate(Permission.REFERRAL_RESTRICT)
@ASKS
def referral_restrict(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Who may see it: restrict it, name one more, lift it."""
    row, now = the_referral(request, referral_id), timezone.now()
    if not restricting.may_say_who(row, request.actor):
        raise Http404
    people = restricting.people_to_name(row)
    helpers = restricting.helpers_to_name(row, people)
    sent = posted(request)
    if not row.restricted:
        deciders = {each.pk for each in people if restricting.decides_in(row.team, each)}
        form = RestrictForm(sent, people=people, deciders=deciders, helpers=helpers, me=request.user)
        more = {"warnings": [*restricting.warnings(row), *filter(None, [restricted_since.warning(row)])]}
        if sent is not None and form.is_valid():
            return done(
                request,
                row,
                form,
                lambda: restricted_since.restrict(
                    referral=row, named=form.chosen, reason=form.cleaned_data["reason"], by=request.user, at=now
                ),
                "It is restricted now.",
                "Restrict who may see it",
                "Restrict it",
                more,
            )
        return asked(request, row, "Restrict who may see it", form, "Restrict it", more)
    access = list(RestrictedAccess.objects.holding(now).filter(referral=row).select_related("user", "by"))
    named = {each.user_id for each in access if each.kind == RestrictedAccess.Kind.NAMED}
    others = [each for each in people if each.pk not in named]
    helpers = [each for each in helpers if each[0].pk not in named]
    lifting = "lift" in (sent if sent is not None else request.GET)
    form_name = NameForm(sent if sent is not None and not lifting else None, people=others, helpers=helpers)
    form_lift = LiftForm(sent if lifting else None)
    if sent is not None and lifting and form_lift.is_valid():
        return done(
            request,
            row,
            form_lift,
            lambda: restricting.lift(referral=row, reason=form_lift.cleaned_data["reason"], by=request.user, at=now),
            "It is restricted no more.",
            "Lift the restriction",
            "Lift the restriction",
        )
    if sent is not None and not lifting and form_name.is_valid():
        return done(
            request,
            row,
            form_name,
            lambda: restricting.name(
                referral=row,
                person=form_name.chosen,
                reason=form_name.cleaned_data["reason"],
                by=request.user,
                at=now,
            ),
            "They can see it now, and are told.",
            "Name one more",
            "Name them",
        )
    record_part_read(referral=row, part="restrict", by=request.user, at=now)
    return render(
        request,
        "referrals/triage/restricted.html",
        {
            "referral": row,
            "access": access,
            "form": form_lift if lifting else form_name,
            "lifting": lifting,
            "notes": restricting.notes_since(row) if lifting else 0,
        },
    )


def done(
    request: Signed,
    row: Referral,
    form: PageForm,
    do: Any,
    said: str,
    title: str,
    button: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Take the step and go back; where it can't be taken, say why and keep what was typed."""
    try:
        do()
    except Refused as refused:
        form.add_error(None, str(refused))
        return asked(request, row, title, form, button, more)
    messages.success(request, said)
    if Referral.objects.visible_to(request.actor).filter(pk=row.pk).exists():
        return back_to(row)
    return redirect("queue", partnership=request.partnership.slug)


@gate(Permission.REFERRAL_RESTRICT)
@require_POST
def referral_unname(request: Signed, referral_id: uuid.UUID, access_id: int) -> HttpResponse:
    """End one person's leave to see it."""
    row, now = the_referral(request, referral_id), timezone.now()
    access = RestrictedAccess.objects.filter(pk=access_id, referral=row).select_related("user").first()
    if access is None or not restricting.may_say_who(row, request.actor):
        raise Http404
    if access.user_id == request.user.pk and request.POST.get("sure") != "yes":
        said = "You will see it no more, in no list and no search, unless somebody who is named on it names you again."
        return asked(request, row, "End your own leave to see it", SureForm(), "End it", {"warnings": [said]})
    try:
        restricting.unname(referral=row, access=access, by=request.user, at=now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{access.user.name} can’t see it any more.")
    if Referral.objects.visible_to(request.actor).filter(pk=row.pk).exists():
        return redirect("referral_restrict", partnership=request.partnership.slug, referral_id=row.pk)
    return redirect("queue", partnership=request.partnership.slug)


@gate(Permission.GLASS_BREAK)
@ASKS
def break_glass(request: Signed) -> HttpResponse:
    """Open a restricted referral in need. A reference of nothing and of what is not yours get the same answer."""
    form, now = GlassForm(posted(request)), timezone.now()
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["reference"]
        reading = read_reference(typed)
        meant = reading.reference if reading.valid else typed.strip().upper()
        try:
            access = restricting.break_glass(
                partnership=request.partnership,
                reference=meant,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=now,
            )
        except restricting.NoSuchReferral as refused:
            restricting.glass_refused(partnership=request.partnership, reference=meant, by=request.user, at=now)
            form.add_error("reference", str(refused))
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.info(request, "It is open to you for an hour. The managers and whoever is named have been told.")
            return redirect("referral", partnership=request.partnership.slug, referral_id=access.referral_id)
    return render(request, "referrals/triage/break_glass.html", {"form": form})
