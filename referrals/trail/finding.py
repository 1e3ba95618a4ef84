"""Under what a referral is found in the audit trail: by its own name on each entry, and by the ids of its parts."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.db import models

from partnerships.trail import Sought
from referrals.models import Referral


def of_record(sought: Sought) -> Sought:
    """What somebody looks for by a referral's id, with everything under which what concerns it stands.

    An entry names the referral that it concerns, or the draft that became it. One that is older than that naming, and
    a page that was refused by the id of a part, is found by the ids of what is there of it now.
    """
    try:
        key = uuid.UUID(sought.object_id)
    except ValueError:
        return sought
    draft = Referral.objects.filter(pk=key).values_list("token", flat=True).first()
    return replace(
        sought,
        object_id=str(key),
        records=(key, draft) if draft else (key,),
        parts=(str(draft), *parts_of(key)) if draft else (),
    )


def parts_of(key: uuid.UUID) -> list[str]:
    """The ids of all that hangs on a referral and has an id that is nothing else's too."""
    found: list[str] = []
    for relation in Referral._meta.related_objects:
        model = relation.related_model
        if isinstance(model, type) and isinstance(model._meta.pk, models.UUIDField):
            rows = model._default_manager.filter(**{relation.field.name: key}).order_by()
            found += [str(pk) for pk in rows.values_list("pk", flat=True)]
    return found
