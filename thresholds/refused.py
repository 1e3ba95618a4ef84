"""What an action on threshold content says where it can't do what was asked."""

from __future__ import annotations


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


class ChangedMeanwhile(Refused):
    """A colleague changed the same text, or the draft, since the form was shown."""
