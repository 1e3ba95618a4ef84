"""What was done to a draft, written twice: a `Change` for colleagues to read, and an entry of the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from partnerships import audit
from partnerships.models import User
from thresholds.models import Change, SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused


def locked(draft: SchemeVersion, revision: int | None = None) -> SchemeVersion:
    """The draft, locked for this transaction, as it is now. `revision`: refuse where a colleague changed it since."""
    found = SchemeVersion.objects.select_for_update(of=("self",)).select_related("scheme__partnership")
    row = found.filter(pk=draft.pk).first()
    if row is None:
        raise Refused("This draft was discarded.")
    if not row.is_draft:
        raise Refused("This version is published and can't change. Make a draft from it.")
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile("A colleague changed this draft. Check it again.")
    return row


def write(
    *,
    draft: SchemeVersion,
    verb: Change.Verb,
    noun: str = "",
    name: str = "",
    before: Any = None,
    after: Any = None,
    by: User | None,
    at: dt.datetime,
) -> Change:
    """Write down one change of a locked draft, and count it; how a draft began is no change.

    before, after: JSON, only what differs; None for nothing.
    """
    if verb not in (Change.Verb.DRAFTED, Change.Verb.IMPORTED):
        draft.revision += 1
        draft.save(update_fields=["revision"])
    change = Change.objects.create(
        version=draft,
        revision=draft.revision,
        at=at,
        by=by,
        verb=verb,
        noun=noun,
        name=name[:600],
        before=before,
        after=after,
    )
    audit.record(
        partnership=draft.scheme.partnership,
        verb=f"threshold.{verb.value}",
        noun=noun or "scheme_version",
        object_id=draft.slug[-64:],
        detail={"draft": draft.slug, "name": name[:200], "revision": draft.revision, "before": before, "after": after},
        by=by,
        at=at,
    )
    return change
