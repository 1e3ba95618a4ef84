"""Taking an invitation up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships import invitations, members, sessions
from partnerships.access import open_to_all
from partnerships.actions import Refused
from partnerships.member_forms import AcceptForm
from partnerships.permissions import Role


@open_to_all("Whoever holds the link of an invitation may take it up; without it there is nothing to see")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the page takes nothing up, for mail systems open links too; its button does."""
    now = timezone.now()
    try:
        found = invitations.open_invitation(token, now)
    except Refused:
        return render(request, "account/invitation_gone.html", status=404)
    signed_in = request.user if request.user.is_authenticated else None
    known = invitations.has_account(found.user)
    post = members.Post(Role.of(found.role), found.agency, found.team)
    moves_from = None
    if signed_in and signed_in.pk == found.user_id:
        moves_from = members.held_elsewhere(user=found.user, partnership=found.partnership, post=post, at=now)
    context = {
        "invitation": found,
        "words": post.words,
        "moves_from": members.words(moves_from) if moves_from else "",
        "known": known,
        "for_another": bool(signed_in and signed_in.pk != found.user_id),
        "sign_in": f"{reverse('account_login')}?next={request.path}",
    }
    form: AcceptForm | None = None
    if not known and signed_in is None:
        form = AcceptForm(
            request.POST if request.method == "POST" else None, user=found.user, initial={"name": found.name}
        )
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            invitations.accept(invitation=found, **(form.cleaned_data if form else {}), by=signed_in, at=now)
        except Refused as refused:
            return render(request, "account/invitation.html", {**context, "refused": str(refused)}, status=409)
        if signed_in:
            sessions.tighten(request, signed_in)
        messages.success(request, f"You are {context['words']} now." + ("" if signed_in else " Sign in to begin."))
        return redirect("home", partnership=found.partnership.slug) if signed_in else redirect("account_login")
    status = 422 if form is not None and form.errors else 200
    return render(request, "account/invitation.html", {**context, "form": form}, status=status)
