"""A request below a partnership's address, as views may rely on it."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from partnerships.access import Actor
from partnerships.models import Partnership, User


class PartnershipRequest(HttpRequest):
    """What the middleware leaves on a request below `/<partnership>/`; behind a gate its user is signed in.

    Never made: it only names the attributes for whoever reads or checks a view.
    """

    partnership: Partnership
    actor: Actor
    user: User  # type: ignore[assignment]


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, or nothing where the page is only shown."""
    return request.POST if request.method == "POST" else None
