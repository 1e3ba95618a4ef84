"""Why a screening says what it says, in sentences that a person can check against the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from thresholds.domain.scheme import AgeParameters, Flag, FlagParameters, Route, Rule, RuleKind
from thresholds.domain.weighing import BIT, DANGER, HELD, MASH, ROUTES, SEEN, UNBORN, UNSCREENED, Tables, Weighed

NAMED = 3
"""How many indicators a sentence names before it counts the rest."""

SELF_ROUTED = DANGER | HELD | UNSCREENED
"""Flags that stand for a way to the MASH already told of."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the rule's key and kind, the indicators' keys, the sentence, and where the document says so."""

    rule: str
    kind: RuleKind
    indicators: tuple[str, ...]
    because: str
    source: str


def reasons(tables: Tables, weighed: Weighed) -> tuple[Reason, ...]:
    """Every reason: for the level, then the route, then each flag, then consent."""
    found: list[Reason] = []
    add = found.append
    if weighed.unknown:
        add(_unknown(tables, weighed))
    if weighed.indicated:
        _level(tables, weighed, add)
    else:
        add(_by_rule(tables, RuleKind.NOTHING_CHOSEN, "No indicator is chosen, so no level is indicated."))
    if weighed.judged or weighed.facts.judged_level is not None:
        _judgement(tables, weighed, add)
    if weighed.facts.immediate_danger:
        add(_by_rule(tables, RuleKind.DANGER, "The child is said to be in immediate danger."))
    if weighed.facts.child_in_need:
        add(_in_need(tables))
    if weighed.settled.flags & SEEN:
        add(_seen(tables, weighed))
    _flags(tables, weighed, add)
    _consent(tables, weighed, add)
    return tuple(found)


def listed(tables: Tables, places: list[int]) -> str:
    """Indicators inside a sentence: “a”, “b” and 2 more."""
    quoted = [tables.quoted[place] for place in places[:NAMED]]
    if len(places) > NAMED:
        return f"{', '.join(quoted)} and {len(places) - NAMED} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def under_age(age: AgeParameters) -> str:
    """The children an age rule speaks of: "under 1 year or unborn"."""
    years, months = divmod(age.under_months, 12)
    count, word = (years, "year") if years and not months else (age.under_months, "month")
    under = f"under {count} {word}{'' if count == 1 else 's'}" if age.under_months else ""
    return " or ".join(part for part in (under, "unborn" if age.unborn else "") if part)


def _level(tables: Tables, weighed: Weighed, add: Callable[[Reason], None]) -> None:
    tally, rank = weighed.tally, weighed.indicated
    highest = [place for place in tally.picked if tables.rank[place] == tally.top]
    one = len(highest) == 1
    step = tables.steps[tally.top]
    said = f"{listed(tables, highest)} {f'is a {step} indicator' if one else f'are {step} indicators'}"
    decisive = add_highest = _by_rule(
        tables,
        RuleKind.HIGHEST,
        f"{said}." if tally.top == len(tables.listed) - 1 else f"{said}, and none higher is chosen.",
        _keys(tables, highest),
    )
    add(add_highest)
    for rule, cluster in tables.clusters:
        if cluster.indicates == rank and tables.is_cluster(tally, cluster):
            members = [place for place in tally.picked if tables.rank[place] == cluster.level]
            domains = tally.roots[cluster.level].bit_count()
            decisive = Reason(
                rule.key,
                rule.kind,
                _keys(tables, members),
                f"{len(members)} {tables.steps[cluster.level]} indicators are chosen, in {_domains(domains)}: "
                f"{cluster.count} in {_domains(cluster.domains)} indicate {tables.steps[rank]}. {rule.explanation}",
                rule.source,
            )
            add(decisive)
    met = tally.ages & weighed.young
    for place, (rule, age) in enumerate(tables.ages):
        if met >> place & 1 and age.indicates == rank:
            touched = [each for each in tally.picked if tables.touches[each] >> place & 1]
            decisive = Reason(
                rule.key,
                rule.kind,
                _keys(tables, touched),
                f"{listed(tables, touched)}, with a child {under_age(age)}, indicates at least {tables.steps[rank]}. "
                f"{rule.explanation}",
                rule.source,
            )
            add(decisive)
    level = tables.levels.get(rank)
    if level is not None:
        by = decisive if rank > tally.top else add_highest
        add(Reason(by.rule, by.kind, (), tables.leads[rank], level.source))


def _judgement(tables: Tables, weighed: Weighed, add: Callable[[Reason], None]) -> None:
    scheme, judged, indicated = tables.scheme, weighed.judged, weighed.indicated
    said = weighed.facts.judged_level
    beyond = f" ({said!r} is not in this scheme)" if said != judged and abs(said or 0) < 1000 else ""
    step = tables.steps[judged]
    if not judged:
        sentence = f"The referrer's judged {scheme.step_word}{beyond or ' is not in this scheme'} is left out."
    elif not indicated:
        sentence = f"The referrer judged {step}{beyond}; nothing is indicated to set beside it."
    elif judged > indicated:
        route = tables.level_route.get(judged, 0)
        moved = route > tables.level_route.get(indicated, 0)
        leads = f"so the route is {ROUTES[route].words}" if moved else "which leaves the route as it is"
        sentence = f"The referrer judged {step}{beyond}, above the indicated {tables.steps[indicated]}, {leads}."
    elif judged < indicated:
        sentence = (
            f"The referrer judged {step}, below the indicated {tables.steps[indicated]}. "
            "It is shown to the screener and lowers nothing."
        )
    else:
        return
    add(_by_rule(tables, RuleKind.JUDGEMENT, sentence))


def _in_need(tables: Tables) -> Reason:
    rule = tables.flag_rule.get(Flag.SECTION_17) or tables.rule.get(RuleKind.JUDGEMENT)
    sentence = "The referrer says that the child is in need under section 17, so it goes to the MASH."
    if rule is None:
        return Reason("child_in_need", RuleKind.JUDGEMENT, (), sentence, "")
    return Reason(rule.key, rule.kind, (), sentence, rule.source)


def _seen(tables: Tables, weighed: Weighed) -> Reason:
    seen = tables.seen
    window = seen.window_months if seen else 0
    raises = (seen.raises_to if seen else None) or 0
    count = "1 earlier contact" if weighed.seen == 1 else f"{weighed.seen} earlier contacts"
    within = (
        ""
        if weighed.facts.on is None and not isinstance(weighed.facts.previous_contacts, int)
        else (f" in the last {window} months")
    )
    raised = raises == weighed.indicated > weighed.tally.top
    leads = f", which indicates at least {tables.steps[raises]}" if raised else ""
    return _by_rule(tables, RuleKind.SEEN_BEFORE, f"{count} for the same child{within}{leads}.")


def _flags(tables: Tables, weighed: Weighed, add: Callable[[Reason], None]) -> None:
    tally, flags = weighed.tally, weighed.settled.flags
    if tally.flags:
        flagged = [place for place in tally.picked if tables.flags[place]]
        for flag in tables.flags_of(tally.flags):
            places = [place for place in flagged if tables.flags[place] & BIT[flag]]
            add(_flag(tables, flag, f"{listed(tables, places)}: {flag.words}.", _keys(tables, places)))
    for flag in tables.flags_of(weighed.concerns & ~tally.flags):
        leads = _leads(tables, weighed, flag)
        add(_flag(tables, flag, f"The referrer says that this is part of it: {flag.words}.{leads}"))
    basis = tables.level_flag.get(weighed.indicated, 0)
    if basis:
        flag = Flag.SECTION_17 if basis == BIT[Flag.SECTION_17] else Flag.SECTION_47
        section = "section 17" if flag is Flag.SECTION_17 else "section 47"
        step = tables.steps[weighed.indicated].capitalize()
        add(_flag(tables, flag, f"{step} stands on {section} of the Children Act 1989."))
    if weighed.unborn and flags & UNBORN:
        add(_flag(tables, Flag.PRE_BIRTH, "A child of this referral is not yet born."))
    routing = flags & tables.routing & ~SELF_ROUTED
    if not routing or not weighed.indicated:
        return
    for bit, at_least in tables.flag_routes:
        if routing & bit & ~weighed.concerns and at_least > tables.level_route.get(weighed.indicated, 0):
            (flag,) = tables.flags_of(bit)
            add(_flag(tables, flag, f"{flag.words[0].upper()}{flag.words[1:]}: {_at_least(ROUTES[at_least])}."))


def _leads(tables: Tables, weighed: Weighed, flag: Flag) -> str:
    """Where a special concern takes the referral, said where that is further than its level alone would."""
    alone = tables.level_route.get(weighed.indicated, 0)
    moved = [at_least for bit, at_least in tables.flag_routes if bit == BIT[flag] and at_least > alone]
    return f" It {_at_least(ROUTES[max(moved)])}." if moved and weighed.indicated else ""


def _consent(tables: Tables, weighed: Weighed, add: Callable[[Reason], None]) -> None:
    scheme, settled, consent = tables.scheme, weighed.settled, weighed.facts.consent
    rank = settled.held_at or (settled.considered if settled.accepted else 0)
    if not rank:
        return
    step = tables.steps[rank].capitalize()
    lacking = "is not given" if consent.given is False else "is not known to be given"
    needed = f"{step} needs consent, which {lacking}"
    if settled.accepted == "reason":
        label = next((each.label for each in scheme.consent_reasons if each.slug == consent.reason), "")
        sentence = f"{needed}. Going on without it is accepted for this reason: “{label.rstrip('.')}”."
    elif settled.accepted == "danger":
        sentence = f"{needed}. It is not asked after where there is immediate danger."
    elif settled.accepted == "flags":
        words = ", ".join(flag.words for flag in tables.flags_of(settled.flags & tables.settled_by))
        sentence = f"{needed}. It is not asked after in the MASH where this is raised: {words}."
    elif consent.reason:
        sentence = f"{needed}, and the reason given is not one accepted there. The MASH settles it."
    else:
        sentence = f"{needed}, and no reason is given. The MASH settles it."
    add(_by_rule(tables, RuleKind.CONSENT, sentence))


def _unknown(tables: Tables, weighed: Weighed) -> Reason:
    named = ", ".join(f"“{str(key)[:60]}”" for key in weighed.unknown[:NAMED])
    more = f" and {len(weighed.unknown) - NAMED} more" if len(weighed.unknown) > NAMED else ""
    return _by_rule(
        tables,
        RuleKind.HIGHEST,
        f"Not an indicator of this version, and so left out: {named}{more}.",
        weighed.unknown,
        explain=False,
    )


def _by_rule(
    tables: Tables, kind: RuleKind, sentence: str, indicators: tuple[str, ...] = (), *, explain: bool = True
) -> Reason:
    rule = tables.rule.get(kind)
    if rule is None:
        return Reason(kind.value, kind, indicators, sentence, "")
    return Reason(rule.key, kind, indicators, f"{sentence} {rule.explanation}" if explain else sentence, rule.source)


def _flag(tables: Tables, flag: Flag, sentence: str, indicators: tuple[str, ...] = ()) -> Reason:
    rule = tables.flag_rule.get(flag)
    if rule is None:
        return Reason(flag.value, RuleKind.FLAG, indicators, sentence, "")
    return Reason(rule.key, RuleKind.FLAG, indicators, f"{sentence} {rule.explanation}", rule.source)


def _at_least(route: Route) -> str:
    return "goes to the MASH" if route is ROUTES[MASH] else f"goes at least to {route.words}"


def _keys(tables: Tables, places: Iterable[int]) -> tuple[str, ...]:
    return tuple([tables.keys[place] for place in places])


def _domains(count: int) -> str:
    return "1 domain" if count == 1 else f"{count} domains"


__all__ = ["FlagParameters", "Reason", "Rule", "listed", "reasons", "under_age"]
