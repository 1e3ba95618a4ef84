"""What somebody typed when they turned out to be signed out: kept, sealed, until they have signed in again.

It lies in the session of that browser and is shown on the page that it was typed on, to whoever may open that page.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest, QueryDict

from partnerships.encryption import Unreadable, seal, unseal

log = logging.getLogger(__name__)
KEPT = "kept"
MOST = 200_000
"""Characters of one page's text: the longest answers that a page can have, and no more."""

MOST_PAGES = 3


def keep(request: HttpRequest) -> bool:
    """Keep what this request posted for when its page is opened again. False where there is too much of it."""
    typed = [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
    told = json.dumps(typed, ensure_ascii=True)
    if len(told) > MOST:
        return False
    held = {**request.session.get(KEPT, {}), request.path: seal(told.encode()).decode()}
    request.session[KEPT] = dict(list(held.items())[-MOST_PAGES:])
    return True


def kept(request: HttpRequest) -> QueryDict | None:
    """What was typed on this very page, as it was posted; None where nothing was."""
    sealed = request.session.get(KEPT, {}).get(request.path)
    if sealed is None:
        return None
    try:
        typed: list[tuple[str, list[Any]]] = json.loads(unseal(sealed.encode()))
    except (Unreadable, ValueError):
        log.warning("What was typed before signing in again could not be unsealed")
        return None
    found = QueryDict(mutable=True)
    for name, values in typed:
        found.setlist(name, values)
    return found


def let_go(request: HttpRequest) -> None:
    """It has been stored, or is wanted no more."""
    held = request.session.get(KEPT, {})
    if request.path in held:
        request.session[KEPT] = {path: sealed for path, sealed in held.items() if path != request.path}
