"""Looking for an indicator by everyday words: what a worried person types, met by what a threshold document says.

    >>> reached("He has bruises", Look("bruising"))
    True
    >>> reached("Physical injury that is unexplained", Look("bruise"))
    True
    >>> reached("A hiding place", Look("hid"))
    True
    >>> reached("Behaviour and age", Look("hit"))
    False

A word fits one that begins with it, one of the same stem, and one that its line below leads to. Every word must fit.
Pure. The page's own script looks by the same `ENDINGS` and lines, which the page hands to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

ENDINGS = ("iness", "ness", "ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e")
"""What a word may end in and still be the same word, the longest that fits first."""

LEAST = 3
"""Letters that are left of a word at least."""

LINES = """
aggressive: violent anger hostile angry
alone: supervision
anxious: anxiety depression mental
argue: conflict disputes discord
asd: disability neurodevelopmental
attendance: school absence truancy
autism: disability neurodevelopmental
baby: unborn birth pregnant
beat: violent injury
belt: violent injury
bite: injury
bleed: injury
booze: alcohol substance
break: injury
broken: injury
bruise: injury
burn: injury
cannabis: drugs substance
county: exploitation gang
cut: injury harming harm
dark: housing
depressed: depression mental
died: death bereaved
dirty: hygiene clean unclean cleanliness
drink: alcohol substance
drug: substance
drunk: alcohol substance
eat: food nourished meals diet
evict: evicted homeless housing tenancy
exclusion: excluded
expecting: pregnancy unborn
fight: violent physical
filthy: hygiene clean unclean cleanliness
fgm: genital mutilation
food: nourished meals diet eating
fracture: injury
frightened: anxiety danger
fgc: genital mutilation
grief: bereaved death
groom: exploitation exploited grooming
grope: sexual
gun: violent gang
harm: injury
hit: violent injury
hunger: hungry food nourished meals diet eating
hungry: food nourished meals diet eating
hurt: injury harm
hygiene: clean unclean cleanliness
injury: bruising
kick: violent injury
knife: violent gang
lice: hygiene clean unclean
mark: injury bruising
mate: friends peers
medicine: medical treatment
messy: hygiene clean unclean
mould: housing
neglected: neglect
overdose: suicide
phone: online internet technology
porn: sexual images
pregnant: pregnancy unborn antenatal
pregnancy: pregnant unborn antenatal
prevent: radicalisation extremist extremism
punch: violent injury
quarrel: conflict disputes discord
racism: racial discrimination
rape: sexual
rent: tenancy debt housing
rows: conflict disputes discord
scared: anxiety danger
scratch: injury
screaming: violent
shake: injury
shout: criticism
slap: violent injury
smack: violent injury
smell: hygiene clean unclean cleanliness
smelly: hygiene clean unclean cleanliness
sad: depression mental withdrawn
sold: exploitation trafficking
starving: hungry food nourished meals diet eating
steal: crime criminal offending
stink: hygiene clean unclean cleanliness
suicidal: suicide
talk: speech language communicates communicating
teeth: dental tooth dentist
thin: weight underweight food nourished
tooth: dental teeth dentist
touch: sexual
truant: absence school attendance truancy
unborn: pregnancy pregnant antenatal birth
unwashed: hygiene clean unclean cleanliness
violence: violent
violent: violence
vomit: illness
weapon: violent gang
wound: injury
"""
"""An everyday word: the words that stand for it in the labels. To be read over by people who do this work."""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its ending: `bruises`, `bruising` and `bruise` are one. word: in small letters."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST:
            word = word[: -len(ending)]
            break
    if len(word) > LEAST and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word


def split(text: str) -> list[str]:
    """The words of a text, in small letters and without what joins them."""
    return re.findall(r"[^\W_]+", re.sub(r"['’]", "", text.lower()))


def _lines() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in LINES.strip().splitlines():
        said, _, words = line.partition(":")
        found[stem(said)] = tuple(dict.fromkeys((*found.get(stem(said), ()), *map(stem, words.split()))))
    return found


EVERYDAY = _lines()
"""The stem of an everyday word → the stems of the words that stand for it."""


@dataclass(frozen=True)
class Look:
    """What somebody looks for: some words, each of which must fit."""

    typed: str

    @cached_property
    def words(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Each word as it was typed, and the stems that fit it."""
        return tuple((each, frozenset({stem(each), *EVERYDAY.get(stem(each), ())})) for each in split(self.typed))


@lru_cache(maxsize=5_000)
def known(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a text and their stems."""
    words = tuple(split(text))
    return words, frozenset(map(stem, words))


def reached(text: str, look: Look) -> bool:
    """Whether every word looked for fits the text; a text is looked at once, so that many can be searched fast."""
    words, stems = known(text)
    return all(not stems.isdisjoint(fit) or any(each.startswith(begun) for each in words) for begun, fit in look.words)
