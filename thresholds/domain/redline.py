"""What changed between two versions of a scheme, as a person tells it: added, retired, reworded, moved, changed.

    for entry in redline(before, after):
        entry.title, entry.sentence, [(span.kind, span.text) for span in entry.spans]

Words that changed are marked word by word; where that is too much to compare (`PAIRS`), sentence by sentence, and at
the worst from the first to the last word that differs. A level, a route, a rule or a limit that changed is told in a
sentence.
`redline(scheme, scheme)` is empty, and two schemes that differ in anything but slug and dates have at least one entry.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import chain
from typing import Any

from thresholds.domain.free_parts import (
    FlagNote,
    PlotColumn,
    PlotRow,
    flag_notes,
    freeze,
    listed,
    plot_columns,
    plot_rows,
)
from thresholds.domain.rule_words import done_sentence
from thresholds.domain.rule_words import sentence as rule_sentence
from thresholds.domain.scheme import (
    Domain,
    Duty,
    FlagParameters,
    Frozen,
    Guidance,
    Indicator,
    Level,
    Limit,
    Rule,
    Scheme,
    Starts,
    StatutoryBasis,
    Unit,
)

WORD = re.compile(r"\S+\s*|\s+")
SENTENCE = re.compile(r".+?(?:[.!?;:]\s+|\n\s*|\Z)", re.S)
PAIRS = 60_000
"""So many pairs of equal words are compared for one text: what it takes grows with them, not with its length."""
PAIRS_IN_ALL = 600_000
"""And for all texts of two versions; the shorter go first."""


class What(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    RETIRED = "retired"
    REWORDED = "reworded"
    MOVED = "moved"
    CHANGED = "changed"


class Mark(StrEnum):
    """Whether a piece of text stands in both versions, only in the first, or only in the second."""

    SAME = "same"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Span:
    kind: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One difference.

    `part` is the list ("Indicators"), `title` names the thing, `field` which of its texts. Words stand in `spans`,
    anything else is told in `sentence`. `weighty` is true where children may be screened otherwise because of it.
    """

    part: str
    what: What
    title: str
    field: str = ""
    sentence: str = ""
    spans: tuple[Span, ...] = ()
    weighty: bool = False
    texts: tuple[str, ...] = ()
    """While the differences are being found: both texts, until their words are marked."""


def redline(before: Scheme, after: Scheme) -> tuple[Entry, ...]:
    """Every difference but slugs, partnership and dates of force, in the order of the later version."""
    names = renamed_domains(before, after)
    found = chain(_renames(names), _entries(_under(names, before), after)) if names else _entries(before, after)
    return tuple(_in_words(found))


def renamed_domains(before: Scheme, after: Scheme) -> dict[str, str]:
    """Each heading that is gone, and the new one in its place: the one under which all of its indicators now stand.

    A heading that was split, joined with another, or of which nothing was kept is none of these: it is retired, and
    what stands instead is added.
    """
    old, new = _standing_under(before), _standing_under(after)
    there = {each.key for each in after.indicators} & {each.key for each in before.indicators}
    gone = [each.name for each in before.domains if each.name not in new]
    come = [each.name for each in after.domains if each.name not in old]
    kept = {name: under[name] & there for under, names in ((old, gone), (new, come)) for name in names}
    found: dict[str, str] = {}
    for name in gone:
        # A heading and its only sub-heading hold the same: taken in order, each finds its own.
        same = (each for each in come if kept[each] and kept[each] == kept[name] and each not in found.values())
        if (other := next(same, None)) is not None:
            found[name] = other
    return found


def _standing_under(scheme: Scheme) -> dict[str, frozenset[str]]:
    """For each heading, the keys of the indicators under it and under its sub-headings."""
    parents = {each.name: each.parent for each in scheme.domains}
    under: dict[str, set[str]] = {each.name: set() for each in scheme.domains}
    for each in scheme.indicators:
        heading: str | None = each.domain
        while heading is not None and heading in under:
            under[heading].add(each.key)
            heading = parents[heading]
    return {name: frozenset(keys) for name, keys in under.items()}


def _renames(names: dict[str, str]) -> Iterator[Entry]:
    for old, new in names.items():
        yield Entry("Domains", What.REWORDED, new, "name", texts=(old, new))


def _under(names: dict[str, str], scheme: Scheme) -> Scheme:
    """The scheme as it would read with its headings called so."""

    def called(name: str | None) -> str | None:
        return names.get(name, name) if name is not None else None

    return replace(
        scheme,
        domains=tuple(
            Domain(names.get(each.name, each.name), called(each.parent), called(each.same_as))
            for each in scheme.domains
        ),
        indicators=tuple(replace(each, domain=names.get(each.domain, each.domain)) for each in scheme.indicators),
        plot_sheet=_plotted_under(names, scheme.plot_sheet),
    )


def _plotted_under(names: dict[str, str], sheet: Frozen | None) -> Frozen | None:
    """A plot sheet whose rows plot the same headings under their new names."""
    told = sheet.plain() if sheet else None
    for row in listed(told, "rows"):
        if row.get("domain") in names:
            row["domain"] = names[row["domain"]]
    return freeze(told) if told is not None else None


def words_between(before: str, after: str, *, most: int = PAIRS) -> tuple[Span, ...]:
    """The second text as a redline of the first. Joined without the inserted it is the first, without the deleted the
    second. most: how many pairs of equal words may be compared."""
    return joined(_by_words(WORD.findall(before), WORD.findall(after), most))


def _by_words(old: list[str], new: list[str], most: int) -> Iterator[Span]:
    if pairs(old, new) <= most:
        yield from _marked(old, new, lambda a, b: iter(()))
        return
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    first, last = old[:head], old[len(old) - tail :]
    yield Span(Mark.SAME, "".join(first))
    yield from _by_sentences(old[head : len(old) - tail], new[head : len(new) - tail], most)
    yield Span(Mark.SAME, "".join(last))


def _by_sentences(old: list[str], new: list[str], most: int) -> Iterator[Span]:
    """Sentences first, and in those that differ the words, for as long as that is not too much."""
    olds, news = SENTENCE.findall("".join(old)), SENTENCE.findall("".join(new))
    left = most - pairs(olds, news)

    def inside(a: list[str], b: list[str]) -> Iterator[Span]:
        nonlocal left
        one, other = WORD.findall("".join(a)), WORD.findall("".join(b))
        if (these := pairs(one, other)) <= left:
            left -= these
            yield from _marked(one, other, lambda a, b: iter(()))

    if left < 0:
        yield from _whole(old, new)
    else:
        yield from _marked(olds, news, inside)


Pieces = Callable[[list[str], list[str]], Iterator[Span]]


def _marked(old: list[str], new: list[str], inside: Pieces) -> Iterator[Span]:
    """What is the same and what is not, piece by piece. inside: how what was put in another's place differs from it;
    where that says nothing, the one is deleted and the other inserted."""
    for code, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if code == "equal":
            yield Span(Mark.SAME, "".join(old[a:b]))
        else:
            closer = list(inside(old[a:b], new[c:d])) if code == "replace" else []
            yield from closer or _whole(old[a:b], new[c:d])


def _whole(old: list[str], new: list[str]) -> Iterator[Span]:
    yield Span(Mark.DELETED, "".join(old))
    yield Span(Mark.INSERTED, "".join(new))


def pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pairs of equal pieces there are, one of each side."""
    there = Counter(new)
    return sum(count * there[each] for each, count in Counter(old).items())


def _alike(old: list[str], new: list[str]) -> int:
    """With how many equal pieces both begin."""
    return next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Without the empty, and with neighbours of one kind as one."""
    found: list[Span] = []
    for span in spans:
        if span.text and found and found[-1].kind is span.kind:
            found[-1] = Span(span.kind, found[-1].text + span.text)
        elif span.text:
            found.append(span)
    return tuple(found)


def _in_words(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries, each with its words marked; for all of them together no more is compared than `PAIRS_IN_ALL`."""
    told = list(entries)
    costs = {n: pairs(*map(WORD.findall, each.texts)) for n, each in enumerate(told) if each.texts}
    left = PAIRS_IN_ALL
    for n in sorted(costs, key=lambda n: costs[n]):
        most = min(PAIRS, left)
        left -= min(costs[n], most)
        told[n] = replace(told[n], spans=words_between(*told[n].texts, most=most), texts=())
    yield from told


UNIT_WORDS = {Unit.CLOCK_HOURS: "hour", Unit.WORKING_HOURS: "working hour", Unit.WORKING_DAYS: "working day"}
STARTS_WORDS = {
    Starts.RECEIVED: "when the referral is received",
    Starts.CALLED: "the telephone call",
    Starts.CONCERN: "when the worry arose",
    Starts.DECIDED: "the decision",
    Starts.RAISED: "when the stage is raised",
    Starts.KNOWN: "when it came to light",
}
BASIS_WORDS = {
    StatutoryBasis.NONE: "no section of the Children Act",
    StatutoryBasis.SECTION_17: "section 17",
    StatutoryBasis.SECTION_47: "section 47",
    StatutoryBasis.BOTH: "sections 17 and 47",
}


def within(limit: Limit) -> str:
    """A limit in words: "5 working days from the decision"."""
    unit = UNIT_WORDS[limit.unit] + ("" if limit.amount == 1 else "s")
    return f"{limit.amount} {unit} from {STARTS_WORDS[limit.starts]}"


Pairs = Iterator[Entry]


def _entries(before: Scheme, after: Scheme) -> Pairs:
    yield from _texts("Document", "The document", before, after, ("title", "document"))
    for name, label in (("review_on", "The day of its review"), ("step_word", "The word for a step")):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            told = f"{label} is now {new or 'not set'}; it was {old or 'not set'}."
            yield Entry("Document", What.CHANGED, "The document", name, told)
    yield from _list(
        "Levels",
        before.levels,
        after.levels,
        lambda each: each.rank,
        lambda a, b: _level(after, a, b),
        _level_title(after),
    )
    yield from _list("Domains", before.domains, after.domains, lambda each: each.name, _domain, lambda each: each.name)
    yield from _moves("Domains", before.domains, after.domains, lambda each: each.name, lambda each: each.name)
    yield from _indicators(before, after)
    yield from _list(
        "Rules",
        before.rules,
        after.rules,
        lambda each: each.key,
        lambda a, b: _rule(before, after, a, b),
        lambda each: f"Rule {each.key}",
        lambda each: f"{rule_sentence(after, each)} {each.explanation}",
        weighty=True,
    )
    yield from _moves("Rules", before.rules, after.rules, lambda each: each.key, lambda each: f"Rule {each.key}")
    yield from _rest(before, after)


def _rest(before: Scheme, after: Scheme) -> Pairs:
    yield from _list(
        "Clocks",
        before.limits,
        after.limits,
        lambda each: each.slug,
        _limit,
        lambda each: each.name,
        lambda each: f"Within {within(each)}.",
        weighty=True,
    )
    yield from _moves("Clocks", before.limits, after.limits, lambda each: each.slug, lambda each: each.name)

    def accepted(each: Any) -> str:
        steps = ", ".join(after.step(rank) for rank in each.accepted_at)
        return f"Accepted at {steps}." if steps else f"Accepted at no {after.step_word}."

    def reason(a: Any, b: Any) -> Pairs:
        yield from _texts("Reasons for no consent", b.label, a, b, ("label", "source"))
        if a.accepted_at != b.accepted_at:
            told = f"{accepted(b)} Before: {accepted(a)[0].lower()}{accepted(a)[1:]}"
            yield Entry("Reasons for no consent", What.CHANGED, b.label, "accepted_at", told, weighty=True)

    for part, name, by, fields in (
        ("Reasons for no consent", "consent_reasons", "slug", ("label",)),
        ("What to attach", "evidence", "slug", ("name", "when", "source")),
        ("Stages of a disagreement", "escalation_stages", "stage", ("name", "people", "source")),
    ):
        old, new = getattr(before, name), getattr(after, name)

        def key(each: Any, by: str = by) -> Any:
            return getattr(each, by)

        def title(each: Any, field: str = fields[0]) -> str:
            return str(getattr(each, field))

        def compared(a: Any, b: Any, part: str = part, fields: tuple[str, ...] = fields) -> Pairs:
            yield from _texts(part, str(getattr(b, fields[0])), a, b, fields)
            if getattr(a, "limit_working_days", None) != getattr(b, "limit_working_days", None):
                told = f"The limit is now {_days(b)}; it was {_days(a)}."
                yield Entry(part, What.CHANGED, b.name, "limit_working_days", told)

        yield from _list(part, old, new, key, reason if name == "consent_reasons" else compared, title)
        yield from _moves(part, old, new, key, title)
    yield from _guidance(before.guidance, after.guidance)
    for name, label, compare in (
        ("plot_sheet", "The plot sheet", _plot_sheet),
        ("flag_notes", "The notes on flags", _flag_notes),
    ):
        if getattr(before, name) != getattr(after, name):
            found = list(compare(before, after))
            yield from found or [Entry("Document", What.CHANGED, label, name, f"{label} changed.")]


def _plot_sheet(before: Scheme, after: Scheme) -> Pairs:
    """Columns are told apart by their step and grade, rows by the domain that they plot."""
    old, new = (each.plot_sheet.plain() if each.plot_sheet else {} for each in (before, after))
    part = "Plot sheet: columns"

    def ranks(column: PlotColumn) -> str:
        return ", ".join(f"{after.step_word} {rank}" for rank in column.levels) or f"no {after.step_word}"

    def column(a: PlotColumn, b: PlotColumn) -> Pairs:
        if a.levels != b.levels:
            told = f"It now stands for {ranks(b)}; it stood for {ranks(a)}."
            yield Entry(part, What.CHANGED, b.title, "levels", told)

    def title(each: PlotColumn) -> str:
        return each.title

    columns = plot_columns(old), plot_columns(new)
    yield from _list(part, *columns, title, column, title)
    yield from _moves(part, *columns, title, title)
    part = "Plot sheet: rows"
    rows = plot_rows(old), plot_rows(new)

    def row(a: PlotRow, b: PlotRow) -> Pairs:
        yield from _texts("Plot sheet: rows", b.name, a, b, ("name",))

    yield from _list(part, *rows, lambda each: each.domain, row, lambda each: each.name)
    yield from _moves(part, *rows, lambda each: each.domain, lambda each: each.name)


def _flag_notes(before: Scheme, after: Scheme) -> Pairs:
    """Notes are told apart by the indicators that they are about, and the flag."""
    old, new = (flag_notes(each.flag_notes.plain() if each.flag_notes else {}) for each in (before, after))
    part = "Notes on flags"

    def title(each: FlagNote) -> str:
        found = [scheme.indicator(key) for key in each.indicators for scheme in (after, before)]
        labels = list(dict.fromkeys(indicator.label for indicator in found if indicator))
        return "; ".join(labels) or ", ".join(each.indicators)

    yield from _list(
        part,
        old,
        new,
        lambda each: (each.flag, each.indicators),
        lambda a, b: _texts(part, title(b), a, b, ("note",)),
        title,
        lambda each: str(each.note),
    )


def _days(stage: Any) -> str:
    days = stage.limit_working_days
    return "none" if days is None else f"{days} working day{'' if days == 1 else 's'}"


def _list(
    part: str,
    old: Sequence[Any],
    new: Sequence[Any],
    key: Callable[[Any], Any],
    compared: Callable[[Any, Any], Iterable[Entry]],
    title: Callable[[Any], str],
    said: Callable[[Any], str] = lambda each: "",
    *,
    weighty: bool = False,
) -> Pairs:
    """What is new, what differs, and what is gone, of two lists of things that are told apart by a key."""
    olds, news = {key(each): each for each in old}, {key(each): each for each in new}
    for name, each in news.items():
        if name in olds:
            yield from compared(olds[name], each)
        else:
            yield Entry(part, What.ADDED, title(each), sentence=said(each), weighty=weighty)
    for name, each in olds.items():
        if name not in news:
            yield Entry(part, What.RETIRED, title(each), sentence=said(each), weighty=weighty)


def _moves(
    part: str, old: Sequence[Any], new: Sequence[Any], key: Callable[[Any], Any], title: Callable[[Any], str]
) -> Pairs:
    """Which stand elsewhere in the order: the fewest that explain it."""
    places = {key(each): place for place, each in enumerate(old)}
    kept = [each for each in new if key(each) in places]
    still = _longest_rising([places[key(each)] for each in kept])
    for place, each in enumerate(kept):
        if place not in still:
            after = f"after “{title(kept[place - 1])}”" if place else "at the beginning"
            yield Entry(part, What.MOVED, title(each), "order", f"It now stands {after}.")


def _longest_rising(numbers: list[int]) -> frozenset[int]:
    """The places of a longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before = [-1] * len(numbers)
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before[place] = ends[at - 1] if at else -1
        if at == len(tails):
            tails.append(number)
            ends.append(place)
        else:
            tails[at], ends[at] = number, place
    found, place = set(), ends[-1] if ends else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return frozenset(found)


def _texts(part: str, title: str, a: Any, b: Any, names: Iterable[str]) -> Pairs:
    for name in names:
        old, new = getattr(a, name) or "", getattr(b, name) or ""
        if old != new:
            yield Entry(part, What.REWORDED, title, name, texts=(old, new))


def _level_title(scheme: Scheme) -> Callable[[Level], str]:
    return lambda level: f"{scheme.step(level.rank).capitalize()}: {level.name}"


def _level(scheme: Scheme, a: Level, b: Level) -> Pairs:
    title = _level_title(scheme)(b)
    yield from _texts("Levels", title, a, b, ("name", "description", "expected_response", "referrer_should", "source"))
    if a.route is not b.route:
        told = f"It now goes to {b.route.words}; it went to {a.route.words}."
        yield Entry("Levels", What.CHANGED, title, "route", told, weighty=True)
    if a.consent_needed != b.consent_needed:
        told = "Consent is now needed." if b.consent_needed else "Consent is no longer needed."
        yield Entry("Levels", What.CHANGED, title, "consent_needed", told, weighty=True)
    if a.statutory_basis is not b.statutory_basis:
        told = f"It now stands on {BASIS_WORDS[b.statutory_basis]}; it stood on {BASIS_WORDS[a.statutory_basis]}."
        yield Entry("Levels", What.CHANGED, title, "statutory_basis", told, weighty=True)
    if a.colour is not b.colour:
        yield Entry("Levels", What.CHANGED, title, "colour", f"Its colour is now {b.colour}; it was {a.colour}.")


def _domain(a: Domain, b: Domain) -> Pairs:
    for name, words in (("parent", "stands under"), ("same_as", "continues")):
        old, new = getattr(a, name), getattr(b, name)
        if old != new:
            told = f"It now {words} {f'“{new}”' if new else 'nothing'}; before: {f'“{old}”' if old else 'nothing'}."
            yield Entry("Domains", What.MOVED, b.name, name, told, weighty=True)


def _indicators(before: Scheme, after: Scheme) -> Pairs:
    def stands(each: Indicator) -> str:
        return f"In {each.domain}, {after.step(each.level)}."

    yield from _list(
        "Indicators",
        before.indicators,
        after.indicators,
        lambda each: each.key,
        lambda a, b: _indicator(after, a, b),
        lambda each: each.label,
        stands,
        weighty=True,
    )
    lists: dict[tuple[int, str], tuple[list[Indicator], list[Indicator]]] = {}
    for side, scheme in enumerate((before, after)):
        for each in scheme.indicators:
            lists.setdefault((each.level, each.domain), ([], []))[side].append(each)
    moved = False
    for old, new in lists.values():
        for entry in _moves("Indicators", old, new, lambda each: each.key, lambda each: each.label):
            moved = True
            yield entry
    if not moved:
        # The lists themselves in another order, each as it was: nothing that any page shows.
        orders = [
            [each.key for each in one.indicators if other.indicator(each.key)]
            for one, other in ((before, after), (after, before))
        ]
        regrouped = any(
            (a.level, a.domain) != (b.level, b.domain)
            for b in after.indicators
            if (a := before.indicator(b.key)) is not None
        )
        if orders[0] != orders[1] and not regrouped:
            yield Entry("Indicators", What.MOVED, "The lists", "order", "The lists stand in another order.")


def _indicator(scheme: Scheme, a: Indicator, b: Indicator) -> Pairs:
    title = b.label
    yield from _texts("Indicators", title, a, b, ("label", "source"))
    if a.level != b.level:
        told = f"It moved from {scheme.step(a.level)} to {scheme.step(b.level)}."
        yield Entry("Indicators", What.MOVED, title, "level", told, weighty=True)
    if a.shared_with != b.shared_with:
        also = " and ".join(scheme.step(rank) for rank in b.shared_with)
        told = f"Its list is shared with {also}." if also else "Its list is no longer shared with another level."
        yield Entry("Indicators", What.CHANGED, title, "shared_with", told)
    if a.domain != b.domain:
        told = f"It moved from {a.domain} to {b.domain}."
        yield Entry("Indicators", What.MOVED, title, "domain", told, weighty=True)
    if a.flags != b.flags:
        more = [flag.words for flag in b.flags if flag not in a.flags]
        less = [flag.words for flag in a.flags if flag not in b.flags]
        told = " ".join(
            part
            for part in (
                f"It now raises: {', '.join(more)}." if more else "",
                f"It no longer raises: {', '.join(less)}." if less else "",
            )
            if part
        )
        yield Entry(
            "Indicators",
            What.CHANGED,
            title,
            "flags",
            told or "Its flags stand in another order.",
            weighty=bool(more or less),
        )


def _rule(before: Scheme, after: Scheme, a: Rule, b: Rule) -> Pairs:
    title = f"Rule {b.key}"
    yield from _texts("Rules", title, a, b, ("explanation", "source"))
    if a.local_default != b.local_default:
        now = "a local default" if b.local_default else "what the document itself says"
        yield Entry("Rules", What.CHANGED, title, "local_default", f"It now counts as {now}.")
    if isinstance(a.parameters, FlagParameters) and isinstance(b.parameters, FlagParameters):
        yield from _texts("Rules", title, a.parameters, b.parameters, ("referrer", "screener"))
        yield from _done(before, after, title, a.parameters.duty, b.parameters.duty)
        if (a.parameters.flag, a.parameters.route) == (b.parameters.flag, b.parameters.route) and a.kind is b.kind:
            return
    if (a.kind, a.parameters) != (b.kind, b.parameters):
        old, new = rule_sentence(before, a), rule_sentence(after, b)
        told = f"Now: {new} Before: {old}" if old != new else f"{new} The indicators it names changed: {_named(a, b)}."
        yield Entry("Rules", What.CHANGED, title, "parameters", told, weighty=True)


def _done(before: Scheme, after: Scheme, title: str, a: Duty, b: Duty) -> Pairs:
    """What shows that a sentence to the referrer is done."""
    if replace(a, sentence=b.sentence) != b:
        old, new = done_sentence(before, a), done_sentence(after, b)
        told = f"Now: {new} Before: {old}" if old != new else "What shows that it is done is told in another order."
        yield Entry("Rules", What.CHANGED, title, "done_by", told)


def _named(a: Rule, b: Rule) -> str:
    """Which keys an age rule gained and lost."""
    old, new = (set(getattr(rule.parameters, "indicators", ())) for rule in (a, b))
    gained, lost = sorted(new - old), sorted(old - new)
    parts = [f"{word} {', '.join(keys)}" for word, keys in (("with", gained), ("without", lost)) if keys]
    return "; ".join(parts) or "another order"


def _limit(a: Limit, b: Limit) -> Pairs:
    yield from _texts("Clocks", b.name, a, b, ("name", "source"))
    if within(a) != within(b):
        told = f"Now within {within(b)}; before within {within(a)}."
        yield Entry("Clocks", What.CHANGED, b.name, "amount", told, weighty=True)
    if a.local_default != b.local_default:
        now = "a local default" if b.local_default else "what the document itself says"
        yield Entry("Clocks", What.CHANGED, b.name, "local_default", f"It now counts as {now}.")


GUIDANCE_WORDS = {
    "telephone_first": "When to telephone first",
    "consent": "Agreement of the family",
    "practice_model": "How we work",
    "scale": "The scale",
    "before_referring": "Before you refer",
    "after": "What happens after you send",
}


def _guidance(a: Guidance, b: Guidance) -> Pairs:
    for name, label in GUIDANCE_WORDS.items():
        old, new = getattr(a, name) or "", getattr(b, name) or ""
        if old != new:
            yield Entry("Guidance", What.REWORDED, label, name, texts=(old, new))
    for name, by, fields, label in (
        ("good_referral", "question", ("why", "source"), "What makes a good referral"),
        ("also", "name", ("text", "source"), "Also to know"),
    ):
        old, new = getattr(a, name), getattr(b, name)
        if old == new:
            continue

        def key(each: Any, by: str = by) -> str:
            return str(getattr(each, by))

        def compared(x: Any, y: Any, by: str = by, fields: tuple[str, ...] = fields) -> Pairs:
            yield from _texts("Guidance", str(getattr(y, by)), x, y, fields)

        entries = [*_list("Guidance", old, new, key, compared, key), *_moves("Guidance", old, new, key, key)]
        yield from entries or [
            Entry("Guidance", What.CHANGED, label, name, "An entry was doubled, or a double taken out.")
        ]


NAMED = 4
"""How many things of a kind the proposed note names before it counts the rest."""


def proposed_note(entries: Sequence[Entry]) -> str:
    """A note for referrers made from the differences, for the admin to put in better words. Empty for none."""
    lines = []
    for part, what, words in (
        ("Levels", What.ADDED, "New"),
        ("Levels", What.RETIRED, "Taken out"),
        ("Indicators", What.ADDED, "New indicators"),
        ("Indicators", What.RETIRED, "Indicators taken out"),
        ("Indicators", What.REWORDED, "Indicators in new words"),
    ):
        told = [e for e in entries if e.part == part and e.what is what and e.field in ("", "label", "name")]
        if told:
            lines.append(f"{words}: {_some([each.title for each in told])}.")
    lines += [f"{e.title}: {e.sentence}" for e in entries if e.weighty and e.what in (What.MOVED, What.CHANGED)][:NAMED]
    rules = [e for e in entries if e.part == "Rules" and e.what in (What.ADDED, What.RETIRED)]
    if rules:
        lines.append(f"{len(rules)} rule{'' if len(rules) == 1 else 's'} added or taken out.")
    if not lines and entries:
        parts = list(dict.fromkeys(each.part.lower() for each in entries))
        lines.append(f"Changes to {' and '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)}.")
    return "\n".join(lines)


def _some(titles: list[str]) -> str:
    once = list(dict.fromkeys(titles))
    shown = "; ".join(f"“{each.rstrip('.')}”" for each in once[:NAMED])
    return shown if len(once) <= NAMED else f"{shown} and {len(once) - NAMED} more"
