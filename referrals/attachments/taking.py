"""The files of a request, as the page's fields name them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from referrals.attachments.actions import NAMELESS, NotTaken, Sent, Taken, attach
from referrals.attachments.shown import FIELD, OTHER, OTHER_CALLED, asked, errors, of_draft
from referrals.models import Draft, Referral
from thresholds.domain.scheme import Scheme

MUCH = 2_000
"""Bytes of a multipart body that fields alone do not explain."""


def files_of(request: HttpRequest, scheme: Scheme) -> list[Sent]:
    """Every file sent, under what it is for; under a field that the scheme does not name, *another document*."""
    names = {each.slug: each.name for each in scheme.evidence}
    found = []
    for field, files in request.FILES.lists():
        slug = field.removeprefix(FIELD)
        known = slug in names
        for file in files:
            found.append(sent(file, names.get(slug, OTHER_CALLED), slug if known else OTHER))
    return found


def sent(file: UploadedFile[Any], called: str, slug: str) -> Sent:
    return Sent(
        called=called,
        name=file.name or "",
        file=file,  # type: ignore[arg-type]
        size=file.size or 0,
        asked_for=slug,
        whole=getattr(file, "whole", True),
    )


def nameless(request: HttpRequest) -> list[NotTaken]:
    """A file without a name is no file to the web server, which drops it or takes it for text: say so."""
    if not (request.content_type or "").startswith("multipart/"):
        return []
    as_text = any(name.startswith(FIELD) and any(values) for name, values in request.POST.lists())
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    told = sum(size(name) + size(value) + 200 for name, values in request.POST.lists() for value in values)
    if not as_text and (request.FILES or length - told < MUCH):
        return []
    why = "could not be taken. Give it a name that ends in its kind, such as plan.pdf, and add it again."
    return [NotTaken(NAMELESS, why, OTHER)]


def size(text: str) -> int:
    """How many bytes a text has on its way."""
    return len(text.encode("utf-8", "surrogatepass"))


def take(
    request: HttpRequest,
    scheme: Scheme,
    *,
    draft: Draft | None = None,
    referral: Referral | None = None,
    at: dt.datetime,
) -> Taken:
    """Attach what was sent."""
    by = request.user if request.user.is_authenticated else None
    taken = attach(draft=draft, referral=referral, files=files_of(request, scheme), by=by, at=at)  # type: ignore[arg-type]
    taken.refused.extend(nameless(request))
    if beyond := getattr(request, "files_beyond", 0):
        why = "came with the others, which are too many to be read at once. Add what is needed most, a few at a time."
        taken.refused.append(NotTaken(f"{beyond} more files", why, OTHER))
    return taken


PAGE = "attach"
"""The slug of the form's page on which documents are added."""

__all__ = ["files_of", "of_draft", "page_context", "take", "take_from_page"]


def take_from_page(request: HttpRequest, draft: Draft, scheme: Scheme, step: Any, at: dt.datetime) -> list[NotTaken]:
    """What came with the page itself; gives what could not be taken. Nothing on any other page."""
    return take(request, scheme, draft=draft, at=at).refused if step.page.slug == PAGE else []


def page_context(draft: Draft, scheme: Scheme, step: Any, refused: Sequence[NotTaken]) -> dict[str, Any]:
    """What that page shows beside its questions."""
    if step.page.slug != PAGE:
        return {}
    return {
        "asked": asked(draft, scheme, refused),
        "upload_errors": errors(refused),
        "limits": {"each": settings.ATTACHMENT_MAX_MB, "number": settings.ATTACHMENTS_MOST},
    }
