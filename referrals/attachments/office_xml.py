"""One part of an Office file, read as Office reads it: does it fetch something, or run a command, when it is opened?

    fetches_or_runs(part)   # True; `Broken` where it is no XML that Office would open

Read by the XML reader and not by patterns, so that neither another prefix, another encoding nor a sign in an attribute
hides anything, and the time that it takes grows with the part and no faster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

ELSEWHERE = re.compile(r"\s*(?:https?|ftp|mhtml|javascript):|\s*file://[^/]", re.I)
COMMAND = re.compile(r"\s*DDE", re.I)
PRESSED = ("/hyperlink", "/image")
"""Relationships that Office leaves to the person to press, or only shows."""


class Broken(ValueError):
    """Not XML, or XML of a kind that Office writes never (a DOCTYPE, which can unfold without end)."""


@dataclass(slots=True)
class _Reading:
    """What has been met so far. fields: the words of each field that is open, since one may stand in another."""

    found: bool = False
    fields: list[str] = field(default_factory=lambda: [""])
    in_words: bool = False

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        told = {local(key): value for key, value in attributes.items()}
        match local(name):
            case "Relationship":
                away = told.get("TargetMode", "").lower() == "external"
                if away and not told.get("Type", "").endswith(PRESSED) and ELSEWHERE.match(told.get("Target", "")):
                    self.found = True
            case "ddeLink":
                self.found = True
            case "fldSimple":
                self.ask(told.get("instr", ""))
            case "fldChar" if told.get("fldCharType") == "begin":
                self.fields.append("")
            case "fldChar" if len(self.fields) > 1:
                self.ask(self.fields.pop() if told.get("fldCharType") == "end" else self.fields[-1])
            case "instrText" | "delInstrText":
                self.in_words = True

    def ends(self, name: str) -> None:
        if local(name) in ("instrText", "delInstrText"):
            self.in_words = False
            self.ask(self.fields[-1])

    def says(self, words: str) -> None:
        if self.in_words and len(self.fields[-1]) < 1_000:
            self.fields[-1] += words

    def ask(self, words: str) -> None:
        self.found = self.found or bool(COMMAND.match(words))


def local(name: str) -> str:
    """A name without its prefix, which every document may choose for itself."""
    return name.rpartition(":")[2]


def fetches_or_runs(part: bytes) -> bool:
    """Links for people to press and pictures are let be; what Office fetches or runs by itself is not."""
    reading = _Reading()
    reader = expat.ParserCreate()
    reader.buffer_text = True
    reader.StartElementHandler, reader.EndElementHandler = reading.begins, reading.ends
    reader.CharacterDataHandler = reading.says
    reader.StartDoctypeDeclHandler = no_doctype
    try:
        reader.Parse(part, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Broken from error
    return reading.found


def no_doctype(*_: object) -> None:
    raise Broken
