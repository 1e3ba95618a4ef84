"""What tells one sending of a form from another."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def mark_of(token: str, *said: Any) -> str:
    """The same words are the same, however often they come; other words are not, though they come from the same page,
    whose first answer may have been lost on its way.

    >>> mark_of("a", "One.") == mark_of("a", "One."), mark_of("a", "One.") == mark_of("a", "Another.")
    (True, False)
    """
    return hashlib.blake2b(json.dumps([token, *said]).encode(), digest_size=16).hexdigest()
