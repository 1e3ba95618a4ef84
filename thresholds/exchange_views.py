"""Threshold content as a file: downloaded for editing elsewhere, brought in again as a draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from thresholds import actions, files
from thresholds.domain.reading import Mistake, SchemeErrors
from thresholds.drafts import of_partnership
from thresholds.editing.shown import read
from thresholds.refused import Refused

UNPROCESSABLE = 422
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "yaml": "application/yaml",
    "json": "application/json",
}


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_safe
def threshold_download(request: PartnershipRequest, version: str, format: str) -> HttpResponse:  # noqa: A002
    """A version, draft or published, as a spreadsheet, YAML or JSON."""
    row = of_partnership(request.partnership, version)
    if format not in TYPES:
        raise Http404
    told = read(row)
    if told.scheme is None:
        return render(request, "thresholds/not_whole.html", {"draft": row, "mistakes": told.mistakes}, status=409)
    response = HttpResponse(files.written(told.scheme, format), content_type=TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{row.slug}.{format}"'
    return response


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_import(request: PartnershipRequest) -> HttpResponse:
    """Bring in a file as a new draft, or list everything that is wrong with it and store nothing."""
    problem = ""
    mistakes: tuple[Mistake, ...] = ()
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            draft = bring_in(request, file)
        except SchemeErrors as errors:
            mistakes = errors.mistakes
            problem = f"Nothing is stored: {len(mistakes)} thing{'' if len(mistakes) == 1 else 's'} to put right"
        except (files.Unreadable, Refused) as error:
            problem = str(error)
        else:
            messages.success(request, "The file is brought in as a draft. Nothing changes for referrals.")
            return redirect("threshold_draft", partnership=request.partnership.slug, version=draft.slug)
    return render(
        request,
        "thresholds/import.html",
        {"problem": problem, "errors": [{"text": problem, "href": "#file"}] if problem else [], "mistakes": mistakes},
        status=UNPROCESSABLE if problem else 200,
    )


def bring_in(request: PartnershipRequest, file: Any) -> Any:
    if file is None:
        raise files.Unreadable("Choose a file")
    if file.size > files.MOST_UPLOAD:
        raise files.Unreadable(f"The file is larger than {files.MOST_UPLOAD // 1_000_000} MB: no threshold is.")
    content = files.read_bytes(file.read(), "The file")
    return actions.bring_in(content=content, partnership=request.partnership, by=request.user, at=timezone.now())
