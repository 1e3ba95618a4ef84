"""What somebody typed when they turned out to be signed out: kept, sealed, until they have signed in again.

It lies in the session of that browser and is shown on the page that it was typed on, to who typed it: the browser may
be a shared one.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from django.middleware.csrf import CSRF_TOKEN_LENGTH, _unmask_cipher_token  # type: ignore[attr-defined]
from django.utils import timezone
from django.utils.crypto import salted_hmac

from partnerships.encryption import Unreadable, seal, unseal
from partnerships.places import times
from partnerships.rescued import told_of

log = logging.getLogger(__name__)
KEPT = "kept"
MOST = 200_000
"""Characters of one page's text: the longest answers that a page can have, and no more."""

MOST_PAGES, MOST_TOGETHER = 12, 600_000
"""Of one browser: pages, and characters as they are sealed. What comes after is given back on the page alone; nothing
that was promised to be kept makes room for it.
"""

SHOWN = "_kept_is_shown"
"""On the request of a page that puts what was kept into its own boxes."""

RAN_OUT = "_ran_out"
"""On the request whose session has just run out: the id of who was signed in."""

A_RECORD = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}/", re.I)


def whose(request: HttpRequest) -> str:
    """The id of who typed it; empty where their session was ended from elsewhere and nobody knows any more."""
    return str(request.user.pk if request.user.is_authenticated else getattr(request, RAN_OUT, ""))


def token_mark(secret: str) -> str:
    return f"page-of:{salted_hmac('partnerships.kept', secret).hexdigest()}"


def pages_are_of(request: HttpRequest, user: Any) -> None:
    """From here on the forms of this browser's pages carry a token of this person's sign-in: it is known whose."""
    secret = request.META.get("CSRF_COOKIE")
    if secret:
        cache.set(token_mark(secret), str(user.pk), settings.SESSION_COOKIE_AGE)


def made_for_another(request: HttpRequest) -> bool:
    """Whether the page that sent this was made for somebody else, who was signed in at this browser before."""
    token = request.POST.get("csrfmiddlewaretoken", "")
    if (
        len(token) != CSRF_TOKEN_LENGTH
        or not (token.isascii() and token.isalnum())
        or not request.user.is_authenticated
    ):
        return False
    of = cache.get(token_mark(_unmask_cipher_token(token)))
    return of is not None and of != str(request.user.pk)


MOST_BY_NOBODY = 60
"""Within an hour from one place, where nobody knows who types: more than an office whose sign-ins ran out at once.
Whoever comes after is given the words on the page alone: kept without end, they would let anybody fill the disk.
"""


def by_many(request: HttpRequest) -> bool:
    return times("kept", get_ip(request), timezone.now()) > MOST_BY_NOBODY


def keep(request: HttpRequest) -> bool:
    """Keep what this request posted for when its page is opened again. False where there is too much of it.

    It is shown to who typed it. Where nobody knows who that was, it is kept for the pages of one record alone, which
    whoever may open it sees; a page that everybody has, such as the one to key a contact, would show it to the next.
    """
    if not whose(request) and (not A_RECORD.search(request.path) or by_many(request)):
        return False
    typed = [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
    told = json.dumps({"whose": whose(request), "typed": typed}, ensure_ascii=True)
    if len(told) > MOST:
        return False
    held = {**request.session.get(KEPT, {}), request.path: seal(told.encode()).decode()}
    if len(held) > MOST_PAGES or sum(map(len, held.values())) > MOST_TOGETHER:
        return False
    request.session[KEPT] = held
    return True


def kept(request: HttpRequest) -> QueryDict | None:
    """What was typed on this very page, as it was posted; None where nothing was, or where it was somebody else."""
    setattr(request, SHOWN, True)
    sealed = request.session.get(KEPT, {}).get(request.path)
    return None if sealed is None else opened(request, sealed)


def kept_below(request: HttpRequest, address: str) -> dict[str, QueryDict]:
    """What was typed on each page below an address, by the page's own, as far as it is this person's."""
    setattr(request, SHOWN, True)
    held = request.session.get(KEPT, {})
    found = {path: opened(request, sealed) for path, sealed in held.items() if path.startswith(address)}
    return {path: typed for path, typed in found.items() if typed is not None}


def opened(request: HttpRequest, sealed: str) -> QueryDict | None:
    try:
        told: dict[str, Any] = json.loads(unseal(sealed.encode()))
        of, typed = told["whose"], told["typed"]
    except (Unreadable, ValueError, KeyError, TypeError):
        log.warning("What was typed before signing in again could not be unsealed")
        return None
    if of and of != str(request.user.pk):
        return None
    found = QueryDict(mutable=True)
    for name, values in typed:
        found.setlist(name, values)
    return found


def beside(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed on this page, to stand above one that does not put it into its own boxes: label and words."""
    if request.method != "GET" or not request.user.is_authenticated or hasattr(request, SHOWN):
        return []
    found = kept(request)
    return told_of(request, dict(found.lists()), request.resolver_match) if found is not None else []


def let_go(request: HttpRequest) -> None:
    """It has been stored, or is wanted no more."""
    held = request.session.get(KEPT, {})
    if request.path in held:
        request.session[KEPT] = {path: sealed for path, sealed in held.items() if path != request.path}
