"""Whom to telephone, said so that it reads well whichever number a partnership has, and by the clock.

    now(partnership, front_door_open).sentence("Telephone {} and give the reference.")
    'Telephone First Response, out of hours, on 03000 419191 and give the reference.'

Where the number is not known, the sentence names who it is all the same, and where the number stands comes after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from partnerships.models import Partnership
from partnerships.typed import clock_words

NO_NUMBER = "Its number is on the council’s website; at night, ask for the emergency duty team."
ONLY_AT_NIGHT = "That is its number for out of hours; the one for the day is on the council’s website."
AN_ADDRESS = re.compile(r"https?://[^\s,;]+[^\s,;.)]")


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to telephone after 999. name: as a heading; within: inside a sentence, before `on` and the number.

    when: when the number answers, where that is not now. note: whole sentences that belong to it, such as where the
    number is found.
    """

    name: str
    within: str
    number: str = ""
    when: str = ""
    note: str = ""

    @property
    def page(self) -> str:
        """Where there is no number: the address of the page that has it, as far as the note tells."""
        found = AN_ADDRESS.search(self.note)
        return found[0] if found and not self.number else ""

    def parts(self, around: str) -> tuple[str, str, str]:
        """The sentence with whom to telephone in place of its `{}`: what stands before the number, it, and the rest."""
        before, _, after = around.partition("{}")
        rest = f" ({self.when}){after}" if self.when else after
        told = f"{before}{self.within}{' on ' if self.number else ''}"
        return told, self.number, f"{rest} {self.note}" if self.note else rest

    def sentence(self, around: str) -> str:
        return "".join(self.parts(around))


def now(partnership: Partnership, front_door_open: bool) -> Call:
    """The front door while it answers, else whoever answers at night; never nothing, and never as if it answered."""
    door, at_night = partnership.front_door_telephone, partnership.out_of_hours_telephone
    name, within, note = partnership.front_door_name, partnership.the_front_door, partnership.hours_note
    if front_door_open and (door or (partnership.always_open and at_night)):
        return Call(name, within, door or at_night)
    if not front_door_open and at_night:
        return Call(f"{name}, out of hours", f"{within}, out of hours,", at_night)
    if note:
        return Call(name, within, note=note)
    if door:
        return Call(name, within, door, when=hours(partnership))
    if at_night:
        return Call(name, within, at_night, note=ONLY_AT_NIGHT)
    return Call(name, within, note=NO_NUMBER)


def at_any_time(partnership: Partnership) -> Call:
    """For what is read later, such as paper: the number by day and, after it, the number at night."""
    door, at_night = partnership.front_door_telephone, partnership.out_of_hours_telephone
    name, within = partnership.front_door_name, partnership.the_front_door
    if partnership.always_open and (door or at_night):
        return Call(name, within, f"{door or at_night} (day and night)")
    if door:
        by_day = f"{door} ({hours(partnership)})"
        return Call(name, within, f"{by_day}, out of hours {at_night}" if at_night else by_day)
    if at_night:
        return Call(name, f"{within}, out of hours,", at_night)
    return Call(name, within, note=partnership.hours_note or NO_NUMBER)


def hours(partnership: Partnership) -> str:
    """When the front door answers, within a sentence."""
    if partnership.always_open:
        return "day and night"
    return f"Monday to Friday, {clock_words(partnership.opens)} to {clock_words(partnership.closes)}"
