"""The special concerns as content: what one is, and reading them from a file with every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from thresholds.domain.mistakes import Notes, Part
from thresholds.domain.reading import read_done
from thresholds.domain.scheme import Duty
from thresholds.domain.terms import CONCERN_FLAGS, Flag


class AskKind(StrEnum):
    """How a question of a concern is answered."""

    TEXT = "text"
    LINE = "line"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a concern. kind: "text", "line", "yes_no", or "choice" with `choices` of (value, words)."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Concern:
    """One special concern. tick: its value on the child's page. contacts: kinds of the partnership's contact points."""

    slug: str
    tick: str
    flag: Flag
    ticked_as: str
    title: str
    duty: Duty
    signs: tuple[str, ...]
    asks: tuple[Ask, ...]
    contacts: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The slug of its page."""
        return f"concern-{self.slug}"


Own = Mapping[tuple[str, str], Concern]
"""What a partnership says otherwise: its slug and the concern's → the concern as it says it."""


def read_concerns(data: Any, positions: Mapping[str, int] | None = None) -> tuple[tuple[Concern, ...], Own]:
    """The concerns in their order, and those that a partnership says otherwise.

    Raises `SchemeErrors` with every mistake, its line and what was expected. Every flag that a referrer's own word can
    raise has one concern.
    """
    notes = Notes(positions)
    part = Part(data, "", notes)
    notes.raise_any()
    concerns = tuple(each for one in part.parts("concerns") if (each := _concern(one)) is not None)
    own = _own(part.part("partnerships"), {each.slug: each for each in concerns})
    part.done()
    flags = [each.flag for each in concerns]
    for flag in sorted(CONCERN_FLAGS):
        if flags.count(flag) != 1 and not notes.mistakes:
            notes.note("concerns", f"{flags.count(flag)} concerns with the flag {flag}", "one")
    if len({each.slug for each in concerns}) < len(concerns):
        notes.note("concerns", "a slug twice", "each concern once")
    notes.raise_any()
    return concerns, own


def _concern(part: Part) -> Concern | None:
    flag = part.one_of("flag", Flag)
    if flag is not None and flag not in CONCERN_FLAGS:
        part.notes.note(part.at("flag"), f"'{flag}'", f"one of {', '.join(sorted(CONCERN_FLAGS))}")
    read = Concern(
        slug=part.slug("slug"),
        tick=part.slug("tick"),
        flag=flag or Flag.LADO,
        ticked_as=part.text("ticked_as"),
        title=part.text("title"),
        duty=_duty(part, part.text("duty")),
        signs=part.words("signs"),
        asks=tuple(_ask(each) for each in part.parts("asks")),
        contacts=part.words("contacts"),
    )
    for name in ("signs", "asks"):
        if not getattr(read, name):
            part.notes.note(part.at(name), "nothing", "a list with something in it")
    part.done()
    return read if flag else None


def _duty(part: Part, sentence: str) -> Duty:
    """What the form can't do for the referrer, and what shows that it is done."""
    return Duty(sentence, *read_done(part))


def _ask(part: Part) -> Ask:
    kind = part.one_of("kind", AskKind)
    choices = tuple((each.slug("value"), each.text("label")) for each in part.parts("choices"))
    if (kind is AskKind.CHOICE) is not bool(choices):
        part.notes.note(part.at("choices"), f"{len(choices)} answers", "answers for the kind choice, and for no other")
    ask = Ask(part.slug("name"), part.text("label"), part.text_or_none("hint") or "", kind or "text", choices)
    part.done()
    return ask


def _own(part: Part, concerns: Mapping[str, Concern]) -> Own:
    found = {}
    for partnership in sorted(map(str, part.keys())):
        theirs = part.part(partnership)
        for slug in sorted(map(str, theirs.keys())):
            told = theirs.part(slug)
            duty = _duty(told, told.text_or_none("duty") or "")
            said: dict[str, Any] = {
                "ticked_as": told.text_or_none("ticked_as"),
                "duty": duty if duty.sentence else None,
                "signs": told.words("signs"),
                "contacts": told.words("contacts"),
            }
            told.text("source")
            told.done()
            if not duty.sentence and duty != Duty(""):
                part.notes.note(told.at("duty"), "nothing", "the sentence that is done by what is said here")
            if slug not in concerns:
                part.notes.note(theirs.at(slug), f"unknown concern '{slug}'", f"one of {', '.join(concerns)}")
                continue
            found[partnership, slug] = replace(concerns[slug], **{name: value for name, value in said.items() if value})
    return found
