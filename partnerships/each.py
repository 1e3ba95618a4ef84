"""Work behind the pages goes partnership by partnership, each in its own scope: nothing of another is in reach."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django_scopes import scope

from partnerships.models import Partnership

log = logging.getLogger(__name__)
T = TypeVar("T")


def for_each(work: Callable[[Partnership], T], *, only: int | None = None) -> list[T]:
    """Do the work for each partnership, or for one by its key; what each brought.

    One that is not there is a line in the log, and nothing is read or written.
    """
    rows = list(Partnership.objects.filter(pk=only) if only is not None else Partnership.objects.all())
    if only is not None and not rows:
        log.error("There is no partnership %s: nothing was done", only)
    brought = []
    for partnership in rows:
        with scope(partnership=partnership):
            brought.append(work(partnership))
    return brought
