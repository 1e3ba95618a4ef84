"""Whether the parts of a scheme fit together: ranks and names that exist, lists without gaps, rules that must be there.

Each check notes every mistake it finds. A part that could not be read (see `mistakes.UNREAD`) is passed over, since
its own mistake is noted already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from thresholds.domain.mistakes import UNREAD, UNREAD_DAY, Notes, shown
from thresholds.domain.scheme import (
    ENGINE_FLAGS,
    FLAGS_BY_BASIS,
    INDICATOR_FLAGS,
    AgeParameters,
    ClusterParameters,
    Flag,
    FlagParameters,
    RuleKind,
    Scheme,
    SeenBeforeParameters,
)

ONCE = (
    RuleKind.HIGHEST,
    RuleKind.JUDGEMENT,
    RuleKind.DANGER,
    RuleKind.CONSENT,
    RuleKind.NOTHING_CHOSEN,
    RuleKind.SEEN_BEFORE,
)
LIMITS = ("acknowledge", "decide", "outcome_in_writing", "written_form", "escalation_stage", "lado")


Places = Sequence[int]


def check(scheme: Scheme, notes: Notes, rule_places: Places) -> None:
    """Note every way in which the scheme's parts do not fit together.

    `rule_places` are the places in the file of the scheme's rules: a rule that could not be read is not among them.
    """
    _check_dates(scheme, notes)
    _check_levels(scheme, notes)
    _check_domains(scheme, notes)
    _check_indicators(scheme, notes)
    _check_items(scheme, notes)
    _check_rules(scheme, notes, rule_places)
    _check_flag_rules(scheme, notes, rule_places)
    _check_limits(scheme, notes)
    _check_rest(scheme, notes)


def _check_dates(scheme: Scheme, notes: Notes) -> None:
    start, end = scheme.in_force_from, scheme.in_force_to
    if end is not None and UNREAD_DAY not in (start, end) and end < start:
        notes.note("in_force_to", str(end), f"a day from in_force_from ({start}) on")


def _check_levels(scheme: Scheme, notes: Notes) -> None:
    if not scheme.levels:
        notes.note("levels", "none", "a list of levels, rank 1 first")
    for place, level in enumerate(scheme.levels):
        if level.rank not in (UNREAD, place + 1):
            notes.note(f"levels[{place}].rank", str(level.rank), f"{place + 1} (ranks run 1, 2, 3 … in order)")
        below = scheme.levels[place - 1] if place else level
        read = not any(notes.has(f"levels[{each}].route") for each in (place - 1, place))
        if read and level.route < below.route:
            expected = f"at least {below.route}, the route of rank {below.rank}: a higher level goes no lower"
            notes.note(f"levels[{place}].route", level.route, expected)


def _check_domains(scheme: Scheme, notes: Notes) -> None:
    if not scheme.domains:
        notes.note("domains", "none", "a list of domains")
    _check_once(notes, "domains", "name", (domain.name for domain in scheme.domains))
    places = {domain.name: place for place, domain in reversed(list(enumerate(scheme.domains)))}
    above = {domain.name: domain.same_as or domain.parent for domain in reversed(scheme.domains)}
    for place, domain in enumerate(scheme.domains):
        if domain.parent is not None and domain.parent not in places:
            notes.note(f"domains[{place}].parent", shown(domain.parent), "the name of a domain of this file")
        if domain.same_as is not None and places.get(domain.same_as, place) >= place:
            notes.note(f"domains[{place}].same_as", shown(domain.same_as), "the name of a domain further up")
        seen, at = {domain.name}, above.get(domain.name)
        while at is not None and at not in seen:
            seen.add(at)
            at = above.get(at)
        if at is not None and at == domain.name:
            notes.note(f"domains[{place}].parent", f"a circle from {shown(domain.name)} to itself", "a tree of domains")


def _check_indicators(scheme: Scheme, notes: Notes) -> None:
    if not scheme.indicators:
        notes.note("indicators", "none", "a list of indicators")
    _check_once(notes, "indicators", "key", (indicator.key for indicator in scheme.indicators))
    ranks = _ranks(scheme)
    names = {domain.name for domain in scheme.domains}
    for place, indicator in enumerate(scheme.indicators):
        path = f"indicators[{place}]"
        _check_rank(notes, f"{path}.level", indicator.level, ranks)
        for rank in indicator.shared_with:
            _check_rank(notes, f"{path}.shared_with", rank, ranks)
            if rank <= indicator.level != UNREAD:
                notes.note(f"{path}.shared_with", str(rank), f"ranks above its level, {indicator.level}")
        if indicator.domain and indicator.domain not in names:
            notes.note(f"{path}.domain", shown(indicator.domain), "the name of a domain of this file")
        for flag in indicator.flags:
            if flag not in INDICATOR_FLAGS:
                expected = f"any of {', '.join(sorted(INDICATOR_FLAGS))} (the engine alone raises the others)"
                notes.note(f"{path}.flags", flag, expected)


def _check_items(scheme: Scheme, notes: Notes) -> None:
    """Each list, one level of one domain, runs 1 to n in order. One mistake a list, at the first item out of step."""
    lists: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for place, indicator in enumerate(scheme.indicators):
        lists[indicator.level, indicator.domain].append((place, indicator.item))
    for (rank, domain), items in lists.items():
        if UNREAD in (rank, *(item for _, item in items)) or not domain:
            continue
        for number, (place, item) in enumerate(items, start=1):
            if item != number:
                expected = f"{number}: rank {rank} of {shown(domain)} holds {len(items)}, counted from 1 in order"
                notes.note(f"indicators[{place}].item", str(item), expected)
                break


def _check_rules(scheme: Scheme, notes: Notes, rule_places: Places) -> None:
    _check_once(notes, "rules", "key", (rule.key for rule in scheme.rules), rule_places)
    ranks = _ranks(scheme)
    kinds = [rule.kind for rule in scheme.rules]
    for kind in ONCE:
        if kinds.count(kind) != 1:
            notes.note("rules", f"{kinds.count(kind) or 'no'} rules of kind {kind}", "exactly one")
    if RuleKind.CLUSTER not in kinds:
        notes.note("rules", "no rule of kind cluster", "at least one")
    keys = {indicator.key for indicator in scheme.indicators}
    for path, parameters in _parameters(scheme, rule_places):
        match parameters:
            case ClusterParameters(level=level, count=count, domains=domains, indicates=indicates):
                _check_rank(notes, f"{path}.level", level, ranks)
                _check_rank(notes, f"{path}.indicates", indicates, ranks)
                if indicates <= level and UNREAD not in (indicates, level):
                    notes.note(f"{path}.indicates", str(indicates), f"a rank above {level}, the level counted")
                if domains > count != UNREAD:
                    notes.note(f"{path}.domains", str(domains), f"at most the count, {count}")
            case AgeParameters(indicators=named, under_months=months, unborn=unborn, indicates=indicates):
                _check_rank(notes, f"{path}.indicates", indicates, ranks)
                if not named:
                    notes.note(f"{path}.indicators", "none", "at least one indicator's key")
                for place, key in enumerate(named):
                    if key not in keys:
                        expected = "the key of an indicator of this file"
                        notes.note(f"{path}.indicators[{place}]", shown(key), expected)
                if months == 0 and not unborn:
                    notes.note(f"{path}.under_months", "0, and unborn false", "an age, or unborn true")
            case SeenBeforeParameters(raises_to=int(rank)):
                _check_rank(notes, f"{path}.raises_to", rank, ranks)


def _parameters(scheme: Scheme, rule_places: Places) -> Iterable[tuple[str, object]]:
    for place, rule in zip(rule_places, scheme.rules, strict=True):
        yield f"rules[{place}].parameters", rule.parameters


def _check_flag_rules(scheme: Scheme, notes: Notes, rule_places: Places) -> None:
    needed: dict[Flag, str] = dict.fromkeys(sorted(ENGINE_FLAGS | {Flag.PRE_BIRTH}), "the engine can raise it")
    for level in scheme.levels:
        raised = FLAGS_BY_BASIS[level.statutory_basis]
        if raised is not None:
            needed.setdefault(raised, f"rank {level.rank} raises it")
    for indicator in scheme.indicators:
        for carried in indicator.flags:
            needed.setdefault(carried, f"{shown(indicator.key)} carries it")
    seen: set[Flag] = set()
    asked_for = {evidence.slug for evidence in scheme.evidence}
    for path, parameters in _parameters(scheme, rule_places):
        if not isinstance(parameters, FlagParameters):
            continue
        for place, slug in enumerate(parameters.documents):
            if slug not in asked_for:
                notes.note(f"{path}.documents[{place}]", shown(slug), "the slug of a piece of evidence of this file")
        if parameters.flag in seen:
            notes.note(f"{path}.flag", f"{parameters.flag} a second time", "one rule a flag")
        if parameters.route is not None and parameters.flag in (Flag.JUDGED_HIGHER, Flag.JUDGED_LOWER):
            notes.note(f"{path}.route", parameters.route, "no route: the judged level's own route counts")
        seen.add(parameters.flag)
    for flag in sorted(needed.keys() - seen):
        notes.note("rules", f"no flag rule for {flag}", f"one, since {needed[flag]}")


def _check_limits(scheme: Scheme, notes: Notes) -> None:
    slugs = [limit.slug for limit in scheme.limits]
    _check_once(notes, "limits", "slug", slugs)
    for slug in LIMITS:
        if slug not in slugs:
            notes.note("limits", f"no limit {slug}", f"all of {', '.join(LIMITS)}")


def _check_rest(scheme: Scheme, notes: Notes) -> None:
    ranks = _ranks(scheme)
    _check_once(notes, "consent_reasons", "slug", (reason.slug for reason in scheme.consent_reasons))
    for place, reason in enumerate(scheme.consent_reasons):
        for rank in reason.accepted_at:
            _check_rank(notes, f"consent_reasons[{place}].accepted_at", rank, ranks)
    _check_once(notes, "evidence", "slug", (evidence.slug for evidence in scheme.evidence))
    _check_once(notes, "escalation_stages", "stage", (stage.stage for stage in scheme.escalation_stages))


def _check_rank(notes: Notes, path: str, rank: int, ranks: frozenset[int]) -> None:
    if rank != UNREAD and ranks and rank not in ranks:
        notes.note(path, str(rank), f"one of the ranks {', '.join(map(str, sorted(ranks)))}")


def _check_once(
    notes: Notes, section: str, name: str, values: Iterable[str | int], places: Places | None = None
) -> None:
    seen: dict[str | int, int] = {}
    for number, value in enumerate(values):
        place = places[number] if places is not None else number
        if value in ("", UNREAD):
            continue
        first = seen.setdefault(value, place)
        if first != place:
            found = f"{shown(value)} again, as in {section}[{first}]"
            notes.note(f"{section}[{place}].{name}", found, "each once")


def _ranks(scheme: Scheme) -> frozenset[int]:
    return frozenset(level.rank for level in scheme.levels) - {UNREAD}
