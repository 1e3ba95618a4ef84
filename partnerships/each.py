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

    One that is not there is a line in the log, and nothing is read or written. Where the work fails for one, the others
    have their turn all the same, and the first failure is raised after the last.
    """
    rows = list(Partnership.objects.filter(pk=only) if only is not None else Partnership.objects.all())
    if only is not None and not rows:
        log.error("There is no partnership %s: nothing was done", only)
    brought: list[T] = []
    failed: Exception | None = None
    for partnership in rows:
        try:
            with scope(partnership=partnership):
                brought.append(work(partnership))
        except Exception as error:  # whatever it is, it is no other partnership's
            log.error("The work for %s failed (%s): the others go on", partnership.slug, type(error).__name__)
            failed = failed or error
    if failed is not None:
        raise failed
    return brought
