"""Gates, and the actor who stands before them.

Every view is either `open_to_all` or behind `gate(Permission.…)`; a test walks the URLconf and fails on one that is
neither. Not signed in leads to the sign-in page; anything else that is not allowed is *not found*, never *forbidden*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from partnerships import second_factor
from partnerships.models import Agency, Membership, Partnership, User
from partnerships.permissions import SENDING, Permission, Role

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Actor:
    """One person in one partnership: the roles held there now, and so what may be done and seen."""

    user: User | None
    partnership: Partnership | None
    memberships: tuple[Membership, ...] = ()
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    at: dt.datetime | None = None
    """The instant at which these roles were looked up; what has an end is measured by it."""
    held_back: bool = False
    """Signed in by a password alone where a role needs a second factor: no role counts until it is there."""

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(membership.role for membership in self.memberships)

    @property
    def agency_ids(self) -> frozenset[int]:
        return frozenset(m.agency_id for m in self.memberships if m.agency_id)

    @property
    def lead_agency_ids(self) -> frozenset[int]:
        """Agencies all of whose referrals this person follows."""
        return frozenset(
            m.agency_id for m in self.memberships if m.agency_id and m.role == Role.SAFEGUARDING_LEAD.value
        )

    @property
    def team_ids(self) -> frozenset[int]:
        """Teams whose queue this person reads. A screener reads the MASH's whether or not a team is named."""
        return self.teams_for(Permission.QUEUE_READ)

    def teams_for(self, permission: Permission) -> frozenset[int]:
        """Teams in which this may be done, by the role that is held there: what one role may, it may in its own team,
        not in that of another."""
        held = (m for m in self.memberships if m.team_id and permission in Role.of(m.role).permissions)
        return frozenset(m.team_id for m in held if m.team_id)

    @property
    def reads_for_the_mash(self) -> bool:
        """Whether this person reads a queue of the MASH's, or every queue: nothing of the MASH's is walled off."""
        if self.can(Permission.REFERRAL_READ_ALL) or Role.SCREENER.value in self.roles:
            return True
        return any(m.team is not None and m.team.is_mash for m in self.memberships if m.team_id in self.team_ids)

    @property
    def sends_for(self) -> tuple[Agency, ...]:
        """The agencies in whose name this person tells of worries, by name: not those for which they answer checks."""
        found = {m.agency for m in self.memberships if m.agency and m.role in SENDING}
        return tuple(sorted(found, key=lambda agency: agency.name))


def actor_for(user: Any, partnership: Partnership | None, *, proved_twice: bool = True) -> Actor:
    """Who this user is in this partnership at this moment; roles that have ended are not there.

    proved_twice: whether the session was opened with a second factor; without it, where a role needs one in any
    partnership, nobody holds any.
    """
    if partnership is None or not getattr(user, "is_authenticated", False):
        return Actor(user=user if getattr(user, "is_authenticated", False) else None, partnership=partnership)
    now = timezone.now()
    held = (
        Membership.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now))
        .filter(user=user)
        .select_related("agency", "team")
    )
    everywhere = tuple(held)
    if not proved_twice and second_factor.needed(everywhere):
        return Actor(user=user, partnership=partnership, held_back=True)
    memberships = tuple(each for each in everywhere if each.partnership_id == partnership.pk)
    held_roles = {membership.role for membership in memberships}
    permissions: frozenset[Permission] = frozenset().union(*(r.permissions for r in Role if r.value in held_roles))
    return Actor(user=user, partnership=partnership, memberships=memberships, permissions=permissions, at=now)


def gate(*permissions: Permission) -> Callable[[View], View]:
    """Let through who holds any of these permissions in the partnership of the address."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return signed_out(request)
            if request.actor.held_back:  # type: ignore[attr-defined]
                return second_factor_first(request)
            if not any(request.actor.can(permission) for permission in permissions):  # type: ignore[attr-defined]
                raise Http404
            return view(request, *args, **kwargs)

        guarded.gate = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_out(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page; where something was pressed, to a page that says it was not done and gives back the text."""
    from partnerships.kept import keep
    from partnerships.rescued import rescued

    if request.method == "POST":
        told = rescued(request)
        context = {"typed": told, "kept": bool(told) and keep(request)}
        return render(request, "partnerships/signed_out.html", context, status=403)
    return redirect_to_login(request.get_full_path())


def second_factor_first(request: HttpRequest) -> HttpResponseBase:
    """To where a second factor is set up; what somebody had typed is given back first."""
    from partnerships.rescued import rescued

    if request.method == "POST" and (kept := rescued(request)):
        return render(request, "partnerships/second_factor_first.html", {"typed": kept}, status=403)
    return redirect_to_login(request.get_full_path(), login_url=reverse("mfa_index"))


def proved_anew(view: View) -> View:
    """What takes much away at once asks again who sits there, where that was proved longer ago than ten minutes.

    It stands below the gate: `@gate(Permission.…)`, then `@proved_anew`.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if second_factor.fresh(request, timezone.now()):
            return view(request, *args, **kwargs)
        if is_mfa_enabled(request.user):
            return redirect_to_login(request.get_full_path(), login_url=reverse("mfa_reauthenticate"))
        if not settings.SECOND_FACTOR and request.user.has_usable_password():  # type: ignore[union-attr]
            return redirect_to_login(request.get_full_path(), login_url=reverse("account_reauthenticate"))
        return render(request, "account/prove_anew.html", status=403)

    guarded.proved_anew = True  # type: ignore[attr-defined]
    return guarded


def open_to_all(reason: str) -> Callable[[View], View]:
    """Mark a view that anybody may see, and say why."""

    def decorate(view: View) -> View:
        view.gate = ()  # type: ignore[attr-defined]
        view.open_because = reason  # type: ignore[attr-defined]
        return view

    return decorate
