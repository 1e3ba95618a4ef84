"""What would change a screening: the nearest indicator, age, answer or judgement that moves its level or route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from thresholds.domain.reasons import listed, under_age
from thresholds.domain.scheme import Route
from thresholds.domain.weighing import HELD, ROUTES, Settled, Tables, Weighed

MOST = 6
"""How many changes are said at most: the nearest are enough."""


class ChangeKind(StrEnum):
    """What kind of thing would change it."""

    CHOOSE = "choose"
    CONSENT = "consent"
    CLUSTER = "cluster"
    AGE = "age"
    NEXT_LEVEL = "next_level"
    RESTS_ON = "rests_on"
    JUDGED = "judged"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would move the level or the route, and to what.

    `indicators` are the keys it speaks of: those chosen, or for an age those that would matter. `level` (a rank, or
    None for no level) and `route` are what would be indicated then, at least.
    """

    sentence: str
    indicators: tuple[str, ...]
    level: int | None
    route: Route
    kind: ChangeKind


Add = Callable[[Change], None]


def changes(tables: Tables, weighed: Weighed) -> tuple[Change, ...]:
    """At most six, the most telling first: consent, clusters, ages, the next level, what it rests on, judgement."""
    found: list[Change] = []
    add = found.append
    _date(tables, weighed, add)
    if weighed.settled.flags & HELD:
        _consent(tables, weighed, add)
    if weighed.indicated:
        _clusters(tables, weighed, add)
        _ages(tables, weighed, add)
        _next_level(tables, weighed, add)
        _rests_on(tables, weighed, add)
    else:
        word = tables.scheme.step_word
        sentence = f"Choosing the indicators that apply would indicate a {word}, and with it a route."
        add(Change(sentence, (), None, ROUTES[weighed.settled.route], ChangeKind.CHOOSE))
    _judged(tables, weighed, add)
    if weighed.facts.consent.given is True:
        _consent(tables, weighed, add)
    return tuple(found[:MOST])


def _date(tables: Tables, weighed: Weighed, add: Add) -> None:
    """Ages can't be told without the day of the contact: said only where an age could matter."""
    facts = weighed.facts
    if facts.on is not None or not facts.children or not (tables.ages or weighed.unborn):
        return
    expected = ", and a child who is expected counts as unborn" if weighed.unborn else ""
    sentence = f"The day of the contact is not given, so no child's age is known{expected}. Give it to settle the ages."
    add(Change(sentence, (), weighed.indicated or None, ROUTES[weighed.settled.route], ChangeKind.DATE))


def _consent(tables: Tables, weighed: Weighed, add: Add) -> None:
    held = bool(weighed.settled.flags & HELD)
    other = tables.settle(weighed, weighed.indicated, weighed.tally.flags, weighed.judged, held)
    route = ROUTES[other.route]
    if held:
        leads = f"it would go to {route.words}" if other.route < weighed.settled.route else "nothing would be to settle"
        sentence = f"With consent given, {leads}."
    elif other.route > weighed.settled.route:
        sentence = f"Without consent, and without a reason that the scheme accepts, it would go to {route.words}."
    else:
        return
    add(Change(sentence, (), weighed.indicated or None, route, ChangeKind.CONSENT))


def _clusters(tables: Tables, weighed: Weighed, add: Add) -> None:
    """A cluster that one or two more indicators would complete."""
    tally = weighed.tally
    for _, cluster in tables.clusters:
        have = tally.counts[cluster.level]
        if cluster.indicates <= weighed.indicated or not have:
            continue
        roots = tally.roots[cluster.level]
        new_domains = cluster.domains - roots.bit_count()
        more = max(cluster.count - have, new_domains)
        unused = (tables.listed_roots[cluster.level] & ~roots).bit_count()
        if more > 2 or have + more > tables.listed[cluster.level] or new_domains > unused:
            continue
        number = "One" if more == 1 else "Two"
        step = tables.steps[cluster.level]
        where = ""
        if new_domains > 0:
            names = [name for place, name in enumerate(tables.root_names) if roots >> place & 1]
            where = f", {'' if new_domains >= more else 'one of them '}outside {' and '.join(names)},"
        sentence = (
            f"{number} more {step} indicator{'' if more == 1 else 's'}{where} would make "
            f"{cluster.count} and indicate {tables.steps[cluster.indicates]}."
            if have + more == cluster.count
            else f"{number} more {step} indicator{'' if more == 1 else 's'}{where} would indicate "
            f"{tables.steps[cluster.indicates]}."
        )
        chosen = [tables.keys[place] for place in tally.picked if tables.rank[place] == cluster.level]
        other = _raised(tables, weighed, cluster.indicates)
        add(Change(sentence, tuple(chosen), cluster.indicates, ROUTES[other.route], ChangeKind.CLUSTER))


def _ages(tables: Tables, weighed: Weighed, add: Add) -> None:
    """An age rule of which one half is there: the indicator without the child, or the child without the indicator."""
    for place, (_, age) in enumerate(tables.ages):
        touched, young = weighed.tally.ages >> place & 1, weighed.young >> place & 1
        if age.indicates <= weighed.indicated or touched == young:
            continue
        step = tables.steps[age.indicates]
        if touched:
            places = [each for each in weighed.tally.picked if tables.touches[each] >> place & 1]
            sentence = f"With a child {under_age(age)}, {listed(tables, places)} would indicate {step}."
        else:
            places = [each for each, touches in enumerate(tables.touches) if touches >> place & 1]
            if not places:
                continue
            either = listed(tables, places) if len(places) == 1 else f"any of {listed(tables, places)}"
            sentence = f"A child is {under_age(age)}, so {either} would indicate {step}."
        keys = tuple(tables.keys[each] for each in places)
        other = _raised(tables, weighed, age.indicates)
        add(Change(sentence, keys, age.indicates, ROUTES[other.route], ChangeKind.AGE))


def _next_level(tables: Tables, weighed: Weighed, add: Add) -> None:
    """The next rank that has a list of its own."""
    for rank in range(weighed.indicated + 1, len(tables.listed)):
        if tables.listed[rank]:
            other = _raised(tables, weighed, rank)
            add(Change(tables.one_more[rank], (), rank, ROUTES[other.route], ChangeKind.NEXT_LEVEL))
            return


def _rests_on(tables: Tables, weighed: Weighed, add: Add) -> None:
    """What carries the level alone: one indicator, a cluster just complete, a child's age, earlier contacts."""
    tally, rank = weighed.tally, weighed.indicated
    step = tables.steps[rank]
    seen = weighed.is_seen
    if tally.top == rank:
        if rank == 1 or tally.counts[rank] > 1:
            return
        sole = next(place for place in tally.picked if tables.rank[place] == rank)
        _without(tables, weighed, [sole], f"It is {step} by {listed(tables, [sole])} alone; without it, ", add)
        return
    if seen and (without := tables.level_of(tally, weighed.young, seen=False)) < rank:
        other = tables.settle(weighed, without, tally.flags, weighed.judged, _agreed(weighed))
        sentence = f"It is {step} by the earlier contacts alone; without them it would be {tables.steps[without]}."
        add(Change(sentence, (), without, ROUTES[other.route], ChangeKind.RESTS_ON))
    elif (without := tables.level_of(tally, 0, seen)) < rank:
        other = tables.settle(weighed, without, tally.flags, weighed.judged, _agreed(weighed))
        sentence = f"It is {step} by a child's age alone; with older children only it would be {tables.steps[without]}."
        add(Change(sentence, (), without, ROUTES[other.route], ChangeKind.RESTS_ON))
    else:
        for _, cluster in tables.clusters:
            if cluster.indicates == rank and tally.counts[cluster.level] == cluster.count:
                members = [place for place in tally.picked if tables.rank[place] == cluster.level]
                start = f"It is {step} by exactly {cluster.count} indicators; with one fewer, "
                _without(tables, weighed, members, start, add)
                return


def _without(tables: Tables, weighed: Weighed, members: list[int], start: str, add: Add) -> None:
    """Take away any one of these: said where every one of them lowers the level, with the highest that remains."""
    tallies = [tables.tally([each for each in weighed.tally.picked if each != gone]) for gone in members]
    seen = weighed.is_seen
    rank, tally = max(((tables.level_of(each, weighed.young, seen), each) for each in tallies), key=itemgetter(0))
    if rank >= weighed.indicated:
        return
    other = tables.settle(weighed, rank, tally.flags, weighed.judged, _agreed(weighed))
    leads = f"{tables.steps[rank]} would be indicated" if rank else "no indicator would be chosen"
    keys = tuple(tables.keys[each] for each in members)
    add(Change(f"{start}{leads}.", keys, rank or None, ROUTES[other.route], ChangeKind.RESTS_ON))


def _judged(tables: Tables, weighed: Weighed, add: Add) -> None:
    settled, indicated = weighed.settled, weighed.indicated
    if not indicated:
        return
    if weighed.judged > indicated:
        other = tables.settle(weighed, indicated, weighed.tally.flags, 0, _agreed(weighed))
        if other.route < settled.route:
            step = tables.steps[weighed.judged]
            route = ROUTES[other.route]
            sentence = f"Without the referrer's own judgement of {step}, it would go to {route.words}."
            add(Change(sentence, (), indicated, route, ChangeKind.JUDGED))
        return
    for rank in range(indicated + 1, len(tables.listed)):
        if tables.level_route.get(rank, 0) > settled.route:
            other = tables.settle(weighed, indicated, weighed.tally.flags, rank, _agreed(weighed))
            route = ROUTES[other.route]
            sentence = f"If the referrer judged {tables.steps[rank]}, it would go to {route.words}."
            add(Change(sentence, (), indicated, route, ChangeKind.JUDGED))
            return


def _raised(tables: Tables, weighed: Weighed, rank: int) -> Settled:
    return tables.settle(weighed, rank, weighed.tally.flags, weighed.judged, _agreed(weighed))


def _agreed(weighed: Weighed) -> bool:
    return weighed.facts.consent.given is True
