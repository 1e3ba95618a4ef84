"""A person's own account: how they sign in, where they are signed in, and how long this sign-in lasts."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.account.views import login as library_login
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import download_recovery_codes as library_codes_file
from allauth.mfa.recovery_codes.views import view_recovery_codes as library_codes
from allauth.mfa.totp.views import activate_totp as library_activate_app
from allauth.mfa.webauthn.views import add_webauthn as library_add_passkey
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships import account_actions, account_events, members, oidc, sessions
from partnerships.access import open_to_all
from partnerships.browsers import browser_name
from partnerships.models import Membership, Session

OWN = "A page about one's own account: whoever is signed in sees their own, whoever is not is led to sign in"


@open_to_all("Whoever is not signed in yet begins here")
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The library's page. Whose password came last is whose code is asked for, also where somebody left half-way."""
    if request.method == "POST" and not request.user.is_authenticated:
        clear_login(request)
    answer: HttpResponseBase = library_login(request)
    return answer


@open_to_all("Whoever is not signed in yet may begin with their organisation's own sign-in")
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the organisation's page, by a press; a link alone shows what it is about to do."""
    return by_organisation(OAuth2LoginView, request, provider_id)


@open_to_all("Where an organisation's sign-in leads back to: it opens what the organisation's word is good for")
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_signed_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return by_organisation(OAuth2CallbackView, request, provider_id)


@open_to_all(OWN)
@require_http_methods(["GET", "HEAD", "POST"])
def app_set_up(request: HttpRequest) -> HttpResponseBase:
    """The library's page. Pressed twice, the app is there once, and both presses lead to its recovery codes."""
    return one_at_a_time(request, library_activate_app, Authenticator.Type.TOTP)


@open_to_all(OWN)
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_added(request: HttpRequest) -> HttpResponseBase:
    return one_at_a_time(request, library_add_passkey)


def one_at_a_time(request: HttpRequest, view: Any, once: str = "") -> HttpResponseBase:
    """A page that adds to somebody's ways in, while no other of theirs does. once: a kind of which there is one."""
    answer: HttpResponseBase
    if request.method != "POST" or not request.user.is_authenticated:
        answer = view(request)
        return answer
    with transaction.atomic():
        members.hold(request.user.pk)
        if once and Authenticator.objects.filter(user=request.user, type=once).exists():
            return redirect("mfa_view_recovery_codes")
        answer = view(request)
    return answer


@open_to_all(OWN)
@require_safe
def recovery_codes(request: HttpRequest) -> HttpResponseBase:
    """The library's page, on which they are shown once; that they were stands in the trail, and their owner hears."""
    if only_asked_after(request):
        return HttpResponse()
    answer = library_codes(request)
    told = getattr(answer, "context_data", None) or {}
    return shown(request, answer) if told.get("can_view_codes") else answer


@open_to_all(OWN)
@require_safe
def recovery_codes_file(request: HttpRequest) -> HttpResponseBase:
    """The same as a file, in place of the page; once they were shown, the page says so."""
    if only_asked_after(request):
        return HttpResponse()
    try:
        return shown(request, library_codes_file(request))
    except PermissionDenied:
        return redirect("mfa_view_recovery_codes")


def only_asked_after(request: HttpRequest) -> bool:
    """Whether nothing is shown of what is shown once, so that it is not used up: who asks by HEAD reads no page."""
    return request.method == "HEAD" and request.user.is_authenticated


def shown(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    if answer.status_code == 200 and request.user.is_authenticated:
        account_events.codes_shown(request, request.user, at=timezone.now())
    return answer


@open_to_all(OWN)
@require_safe
def prove_anew(request: HttpRequest) -> HttpResponseBase:
    """For whom an organisation proves who they are: how they prove it once more."""
    if not request.user.is_authenticated:
        return redirect_to_login("/accounts/")
    return render(request, "account/prove_anew.html", status=403)


def by_organisation(step: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """One step of the library's, counted by address as a sign-in is, whatever the organisation answers."""
    told: Any = request.GET.copy()
    for name in ("auth_params", "scope"):  # how an organisation is asked is not for whoever comes to say
        told.pop(name, None)
    request.GET = told
    limited = ratelimit.consume_or_429(request, action="login", limit_get=step is OAuth2CallbackView)
    if limited is not None:
        return limited
    try:
        answer: HttpResponseBase = step.adapter_view(oidc.Organisation(request, provider_id))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except oidc.FAILS as error:
        return oidc.failed(request, provider_id, error)
    return answer


@open_to_all(OWN)
@require_safe
def account(request: HttpRequest) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    held = (
        Membership.objects.filter(user=request.user, ended_at__isnull=True)
        .select_related("partnership", "agency", "team")
        .order_by("partnership__name", "pk")
    )
    shown = [
        {
            "handle": each.handle,
            "browser": browser_name(each.browser),
            "address": each.address,
            "started_at": each.started_at,
            "seen_at": each.seen_at,
            "this": each.pk == request.session.session_key,
        }
        for each in Session.rows.of(request.user)
    ]
    return render(request, "account/account.html", {"memberships": held, "sessions": shown})


@open_to_all(OWN)
@require_POST
def session_end(request: HttpRequest, handle: uuid.UUID) -> HttpResponseBase:
    """End one of one's own sessions; another's is not found."""
    if not request.user.is_authenticated:
        return redirect_to_login("/accounts/")
    row = Session.rows.of(request.user).filter(handle=handle).first()
    if row is None:
        raise Http404
    account_actions.end_sessions(user=request.user, ended=[row], by=request.user, at=timezone.now())
    messages.success(request, "That sign-in is ended.")
    return redirect("account")


@open_to_all(OWN)
@require_POST
def sessions_end_others(request: HttpRequest) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return redirect_to_login("/accounts/")
    others = Session.rows.of(request.user).exclude(pk=request.session.session_key)
    ended = account_actions.end_sessions(user=request.user, ended=list(others), by=request.user, at=timezone.now())
    account_actions.end_what_reads_without_sign_in(request.user)
    messages.success(request, "You are signed in here alone." if ended else "You were signed in nowhere else.")
    return redirect("account")


@open_to_all("How long this sign-in lasts, and putting its end off; tells nothing of anybody")
@require_http_methods(["GET", "HEAD", "POST"])
def session_status(request: HttpRequest) -> HttpResponse:
    """GET tells the seconds that are left without counting as use; POST is use. By a form it leads back."""
    if not request.user.is_authenticated:
        return told(0, False)
    now = timezone.now()
    if request.method == "POST":
        sessions.touch(request, now, always=True)
        if "application/json" not in request.headers.get("Accept", ""):
            return redirect("account")
    left = sessions.remaining(request, now)
    return told(left.seconds, left.extendable, token=get_token(request), handle=sessions.handle(request))


def told(seconds: int, extendable: bool, **more: str) -> JsonResponse:
    """more: the token with which a page without a form may say that somebody is still there; which sign-in this is."""
    answer: dict[str, Any] = {"seconds": max(seconds, 0), "extendable": extendable, **more}
    return JsonResponse(answer)
