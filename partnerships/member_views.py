"""The people of an agency or of the partnership: who holds which role, inviting, moving, ending."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships import account_actions, invitations, leaving, members, sessions
from partnerships.access import gate
from partnerships.actions import Refused
from partnerships.member_forms import InviteForm, PostForm
from partnerships.models import Agency, Invitation, Membership
from partnerships.permissions import Permission, Role
from partnerships.requests import PartnershipRequest
from partnerships.typed import clean_line

EDITS = (Permission.MEMBER_EDIT, Permission.AGENCY_MEMBER_EDIT)
A_PAGE = 50


@gate(*EDITS)
@require_safe
def member_list(request: PartnershipRequest) -> HttpResponse:
    """Everybody whom one answers for, by name; `q` narrows it to a name or an address."""
    asked = sought(request.GET.get("q", ""))
    factor = Authenticator.objects.filter(user=OuterRef("user"), type__in=["totp", "webauthn"])
    held = (
        members.members(request.actor)
        .select_related("user", "agency", "team")
        .annotate(has_factor=Exists(factor))
        .order_by("user__name", "pk")
    )
    if asked:
        held = held.filter(Q(user__name__icontains=asked) | Q(user__email__icontains=asked))
    page = Paginator(held, A_PAGE).get_page(request.GET.get("page"))
    rows: list[Any] = list(page)
    for each in rows:
        each.words = members.words(each)
        each.lacks_factor = not each.has_factor and (
            Role.of(each.role).needs_second_factor or bool(each.agency and each.agency.second_factor_required)
        )
    waiting: list[Any] = list(members.invitations(request.actor).waiting().select_related("agency", "team", "user"))
    for invitation in waiting:
        invitation.expired = invitation.expires_at <= timezone.now()
        invitation.words = members.Post(Role.of(invitation.role), invitation.agency, invitation.team).words
    return render(
        request,
        "partnerships/members.html",
        {
            "page": page,
            "rows": rows,
            "asked": asked,
            "invitations": waiting,
            "agencies": members.agencies(request.actor),
            "lets_go": request.actor.can(Permission.MEMBER_EDIT),
        },
    )


def sought(typed: str) -> str:
    return clean_line(typed)[:100]


@gate(*EDITS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_invite(request: PartnershipRequest) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid():
        told = form.cleaned_data
        try:
            invitations.invite(
                actor=request.actor,
                email=told["email"],
                name=told["name"],
                post=form.post(),
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"An invitation is on its way to {told['email']}. It holds for a week.")
            return redirect("members", partnership=request.partnership.slug)
    return render(request, "partnerships/member_invite.html", {"form": form}, status=422 if form.errors else 200)


def one(request: PartnershipRequest, membership_id: int) -> Membership:
    """A role that one answers for; another's is not found."""
    held = members.members(request.actor).filter(pk=membership_id).select_related("user", "agency", "team").first()
    if held is None:
        raise Http404
    return held


@gate(*EDITS)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: PartnershipRequest, membership_id: int) -> HttpResponse:
    """One person's role: moving it to another role, agency or team."""
    held = one(request, membership_id)
    now = {
        "role": held.role,
        "agency": held.agency.slug if held.agency else "",
        "team": held.team.slug if held.team else "",
    }
    form = PostForm(request.POST if request.method == "POST" else None, actor=request.actor, initial=now)
    if form.is_valid():
        try:
            post = form.post()
            members.may_give(request.actor, post)
            members.change(membership=held, post=post, by=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{held.user.name} is {post.words} now.")
            return redirect("members", partnership=request.partnership.slug)
    context = {
        "form": form,
        "held": held,
        "words": members.words(held),
        "own": held.user_id == request.user.pk,
        "has_factor": Authenticator.objects.filter(user=held.user).exists(),
    }
    return render(request, "partnerships/member.html", context, status=422 if form.errors else 200)


@gate(*EDITS)
@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: PartnershipRequest, membership_id: int) -> HttpResponse:
    """End a role, after saying what is still with the person."""
    held = one(request, membership_id)
    refused_because = ""
    if request.method == "POST":
        try:
            members.end(membership=held, by=request.user, at=timezone.now())
        except Refused as refused:
            refused_because = str(refused)
        else:
            messages.success(request, f"{held.user.name}’s role as {members.words(held)} has ended, this minute.")
            return redirect("members", partnership=request.partnership.slug)
    waiting = [
        f"Their invitation to be {members.words(each)}, sent by {each.invited_by.name}, is taken back too."
        for each in members.taken_back(request.actor, held.user)
    ]
    context = {
        "held": held,
        "words": members.words(held),
        "left": [*leaving.told(held), *waiting],
        "refused": refused_because,
    }
    return render(request, "partnerships/member_end.html", context, status=422 if refused_because else 200)


@gate(*EDITS)
@require_POST
def member_factor_off(request: PartnershipRequest, membership_id: int) -> HttpResponse:
    """For whoever lost telephone and recovery codes."""
    held = one(request, membership_id)
    if held.user_id == request.user.pk:
        raise Http404
    if not members.may_take_factor_off(request.actor, held.user):
        messages.error(
            request,
            f"{held.user.name} also holds a role that you don’t answer for. The admin of that partnership can take the "
            "second factor off.",
        )
        return redirect("member", partnership=request.partnership.slug, membership_id=held.pk)
    if account_actions.take_second_factor_off(user=held.user, by=request.user, at=timezone.now()):
        messages.success(request, f"{held.user.name}’s second factor is off, and they are signed out everywhere.")
    return redirect("member", partnership=request.partnership.slug, membership_id=held.pk)


@gate(*EDITS)
@require_POST
def member_sign_out(request: PartnershipRequest, membership_id: int) -> HttpResponse:
    """End every sign-in of somebody whose machine was lost."""
    held = one(request, membership_id)
    rows = sessions.Session.rows.of(held.user)
    ended = account_actions.end_sessions(user=held.user, ended=list(rows), by=request.user, at=timezone.now())
    account_actions.end_what_reads_without_sign_in(held.user)
    messages.success(request, f"{held.user.name} was signed in nowhere." if not ended else "Signed out everywhere.")
    return redirect("member", partnership=request.partnership.slug, membership_id=held.pk)


@gate(*EDITS)
@require_POST
def invitation_withdraw(request: PartnershipRequest, invitation_id: uuid.UUID) -> HttpResponse:
    invitation = one_invitation(request, invitation_id)
    invitations.withdraw(invitation=invitation, by=request.user, at=timezone.now())
    messages.success(request, f"The invitation of {invitation.name} is taken back.")
    return redirect("members", partnership=request.partnership.slug)


@gate(*EDITS)
@require_POST
def invitation_again(request: PartnershipRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Send it anew: the old link opens nothing any more."""
    old = one_invitation(request, invitation_id)
    post = members.Post(Role.of(old.role), old.agency, old.team)
    try:
        invitations.invite(
            actor=request.actor, email=old.user.email, name=old.name, post=post, by=request.user, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"A new invitation is on its way to {old.user.email}.")
    return redirect("members", partnership=request.partnership.slug)


def one_invitation(request: PartnershipRequest, invitation_id: uuid.UUID) -> Invitation:
    found = (
        members.invitations(request.actor).waiting().filter(pk=invitation_id).select_related("agency", "team", "user")
    )
    if not found:
        raise Http404
    return found[0]


@gate(*EDITS)
@require_POST
def agency_factor(request: PartnershipRequest, agency: str) -> HttpResponse:
    """Say whether an agency's people need a second factor."""
    found: Agency | None = members.agencies(request.actor).filter(slug=agency).first()
    if found is None:
        raise Http404
    required = request.POST.get("required") == "yes"
    try:
        members.require_second_factor(agency=found, required=required, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("members", partnership=request.partnership.slug)
    said = "needs a second factor from everybody, from their next page" if required else "offers a second factor"
    messages.success(request, f"{found.name} {said}.")
    return redirect("members", partnership=request.partnership.slug)
