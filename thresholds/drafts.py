"""Versions and drafts by their address: another partnership's, or one that is not there, is not found."""

from __future__ import annotations

import datetime as dt

from django.http import Http404

from partnerships.models import Partnership
from thresholds.domain.scheme import Scheme
from thresholds.loading import NoThreshold, load, version_in_force
from thresholds.models import SchemeVersion


def of_partnership(partnership: Partnership, slug: str) -> SchemeVersion:
    """A version of this partnership, draft or not."""
    row = SchemeVersion.objects.of(partnership).select_related("based_on", "scheme__partnership", "created_by")
    found = row.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def draft_of(partnership: Partnership, slug: str) -> SchemeVersion:
    """A draft of this partnership."""
    row = of_partnership(partnership, slug)
    if not row.is_draft:
        raise Http404
    return row


def in_force_or_none(partnership: Partnership, at: dt.datetime) -> SchemeVersion | None:
    try:
        return version_in_force(partnership, at)
    except NoThreshold:
        return None


def scheme_in_force(partnership: Partnership, at: dt.datetime) -> Scheme | None:
    version = in_force_or_none(partnership, at)
    return load(version) if version else None


def base_of(draft: SchemeVersion, at: dt.datetime) -> SchemeVersion | None:
    """What a draft is compared with: the version in force, else the one that it was made from."""
    return in_force_or_none(draft.scheme.partnership, at) or draft.based_on
