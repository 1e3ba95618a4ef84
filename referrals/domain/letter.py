"""What a letter's text may say: plain paragraphs with places that are filled in. Pure.

    >>> fill("Dear {{ referrer }},\\n\\n{{ words }}\\n\\nYours", {"referrer": "Sam Osei", "words": ""})
    'Dear Sam Osei,\\n\\nYours'

A paragraph whose place has nothing to say is left out. There is no logic in a text: what differs by more than a word is
a block of its own, such as `decided`, that is written elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLACE = re.compile(r"\{\{[ \t]*([a-z_]{1,40})[ \t]*\}\}")
LONGEST = 8000
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class KindOfLetter:
    """A kind of letter: what it is called, to whom it goes, the places that its text may have and those it must."""

    slug: str
    name: str
    to: str
    places: Mapping[str, str]
    needed: tuple[str, ...]


COMMON = {
    "reference": "The referral's reference",
    "received": "When the referral arrived",
    "partnership": "The partnership's name",
    "front_door": "The front door's name, as within a sentence",
    "if_in_danger": "999, and the front door's telephone numbers",
    "signature": "The name, job, team and telephone number of whoever writes",
}
TO_REFERRER = {"referrer": "The referrer's name", "children": "The children's initials", **COMMON}
TO_OTHERS = {"recipient": "To whom it goes", "words": "The writer's own words", **COMMON}

KINDS: dict[str, KindOfLetter] = {
    kind.slug: kind
    for kind in (
        KindOfLetter(
            "acknowledgement",
            "Acknowledgement",
            "the referrer",
            {
                **TO_REFERRER,
                "words": "The writer's own words, if any",
                "what_next": "What happens next and by when",
            },
            ("reference", "what_next", "if_in_danger", "signature"),
        ),
        KindOfLetter(
            "outcome",
            "Outcome",
            "the referrer",
            {
                **TO_REFERRER,
                "decided": "What was decided of each child, what it means, the level, the writer's own words",
                "disagreement": "What to do for who sees it differently, with the stages",
            },
            ("reference", "decided", "disagreement", "if_in_danger", "signature"),
        ),
        KindOfLetter(
            "parents",
            "To the parents",
            "parents or carers",
            {
                **TO_OTHERS,
                "children": "The children's first names",
                "decided": "What was decided, without level or reason, and what it means",
            },
            ("decided", "words", "if_in_danger", "signature"),
        ),
        KindOfLetter(
            "agency",
            "To a partner agency",
            "an agency that works with the family",
            {**TO_OTHERS, "children": "The children's initials", "decided": "What was decided, without the reason"},
            ("reference", "words", "signature"),
        ),
        KindOfLetter(
            "transfer",
            "Transfer to another area",
            "another area's front door",
            {**TO_OTHERS, "children": "The children's initials"},
            ("reference", "words", "signature"),
        ),
    )
}


def mistakes(kind: KindOfLetter, subject: str, body: str) -> list[str]:
    """What is wrong with a text, each in one sentence that says what to do; nothing where it can be used."""
    found = []
    if not subject.strip():
        found.append("Give the letter a subject.")
    if "{{" in PLACE.sub("", subject):
        found.append("A place in the subject is written wrongly: write it as {{ reference }}.")
    if len(subject) > LONGEST_SUBJECT:
        found.append(f"Shorten the subject to {LONGEST_SUBJECT} characters or fewer.")
    if len(body) > LONGEST:
        found.append(f"Shorten the letter to {LONGEST:,} characters or fewer.")
    used = set(PLACE.findall(body))
    unknown = sorted((used | set(PLACE.findall(subject))) - set(kind.places))
    found += [f"There is no place called “{name}” in this letter: choose one of those listed." for name in unknown]
    found += [
        f"Add {{{{ {name} }}}}: {kind.places[name][0].lower()}{kind.places[name][1:]}."
        for name in kind.needed
        if name not in used
    ]
    if set(PLACE.findall(subject)) - {"reference"}:
        found.append("The subject may hold {{ reference }} and no other place: it is read by whoever sees the screen.")
    left = PLACE.sub("", body)
    if "{{" in left or "}}" in left or "{%" in left:
        found.append("A place is written wrongly: write it as {{ reference }}, with two braces on each side.")
    return found


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled in; a paragraph with a place that has nothing to say is left out."""
    paragraphs = []
    for paragraph in re.split(r"\n[ \t]*\n", text.strip()):
        if any(not values.get(name, "").strip() for name in PLACE.findall(paragraph)):
            continue
        paragraphs.append(PLACE.sub(lambda found: values[found[1]].strip(), paragraph).strip())
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
