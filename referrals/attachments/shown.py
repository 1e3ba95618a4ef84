"""What a page shows of documents: what the scheme asks for by name, what is there already, and in what state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from referrals.attachments.actions import NotTaken, megabytes
from referrals.attachments.kinds import Kind
from referrals.models import Attachment, Draft, Referral
from thresholds.domain.scheme import Scheme

OTHER = "other"
OTHER_CALLED = "Another document"
FIELD = "file-"
"""What the name of a file field begins with; the slug of what is asked for follows."""


@dataclass(frozen=True, slots=True)
class Line:
    """One document in a list. href is empty where nobody may have it."""

    attachment: Attachment
    kind: str
    size: str
    href: str
    remove: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of document that the page asks for: its name, when, what is there, and what could not be taken."""

    slug: str
    name: str
    when: str
    field: str
    lines: list[Line]
    errors: list[str]


def asked(draft: Draft, scheme: Scheme, refused: Iterable[NotTaken] = ()) -> list[Asked]:
    """What the scheme asks for by name, and any other document. One query."""
    lines = of_draft(draft)
    refused = list(refused)
    known = [(each.slug, each.name, each.when) for each in scheme.evidence]
    slugs = {slug for slug, _, _ in known}
    found = []
    for slug, name, when in [*known, (OTHER, OTHER_CALLED, "")]:
        mine = [
            line
            for line in lines
            if line.attachment.asked_for == slug or (slug == OTHER and line.attachment.asked_for not in slugs)
        ]
        wrong = [each.sentence for each in refused if (each.asked_for or OTHER) == slug]
        found.append(Asked(slug, name, when, f"{FIELD}{slug}", list(dict.fromkeys(mine)), wrong))
    return found


def of_draft(draft: Draft) -> list[Line]:
    where = {"partnership": draft.partnership.slug, "draft_id": draft.pk}
    return [
        line(
            row,
            reverse("draft_file", kwargs={**where, "attachment_id": row.pk}),
            reverse("draft_file_remove", kwargs={**where, "attachment_id": row.pk}),
        )
        for row in Attachment.objects.there().filter(draft=draft)
    ]


def of_referral(referral: Referral, name: str) -> list[Line]:
    """name: of the address by which this reader has them: `referral_file` or `triage_file`. One query."""
    where = {"partnership": referral.partnership.slug, "referral_id": referral.pk}
    return [
        line(row, reverse(name, kwargs={**where, "attachment_id": row.pk}))
        for row in Attachment.objects.there().filter(referral=referral)
    ]


def line(row: Attachment, href: str, remove: str = "") -> Line:
    return Line(row, Kind.by_ending(row.ending).words, megabytes(row.size), href if row.is_open else "", remove)


def errors(refused: Iterable[NotTaken]) -> list[dict[str, Any]]:
    """For the error summary: each leads to the field of its file."""
    return [{"text": each.sentence, "href": f"#{FIELD}{each.asked_for or OTHER}"} for each in refused]
