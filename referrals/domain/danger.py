"""What somebody says after sending of how the child is now, beside what they add."""

from __future__ import annotations

from enum import StrEnum


class Later(StrEnum):
    """How it is with a child by what came after the referral.

    >>> Later("unsure").opens_again, Later("no").opens_again
    (True, False)
    """

    NOW = "yes"
    UNSURE = "unsure"
    GROWN = "grown"
    NO = "no"

    @property
    def kind(self) -> str:
        """The kind of the event that tells of it; empty where there is nothing to tell."""
        return {Later.NOW: "danger_told", Later.UNSURE: "doubt_told", Later.GROWN: "grown_told"}.get(self, "")

    @property
    def words(self) -> str:
        """What was said of the child, after a name: Robin Marlow may come to harm now."""
        return {
            Later.NOW: "may come to harm now or very soon",
            Later.UNSURE: "may not be safe now: they are not sure",
            Later.GROWN: "is the subject of a new worry, or of one that has grown",
            Later.NO: "",
        }[self]

    @property
    def notice(self) -> str:
        """The same in a notice, which names no child; empty where there is nothing to tell."""
        return {
            Later.NOW: "It says that a child may come to harm now: open it at once.",
            Later.UNSURE: "It says that a child may not be safe now: read it today, before anything that can wait.",
            Later.GROWN: "It tells of a new worry, or of one that has grown.",
            Later.NO: "",
        }[self]

    @property
    def opens_again(self) -> bool:
        """Whether a referral that is decided or withdrawn is opened again for it."""
        return self is not Later.NO


TOLD_LATER = tuple(each.kind for each in Later if each.kind)
"""The kinds of the events that tell of it."""
