"""A rule in sentences: what it does, by its numbers; and what a screener will read where it fires.

    sentence(scheme, rule)   "At least 3 indicators of level 2, over at least 2 domains, indicate level 3."
    preview(scheme, rule)    the reason that the engine gives for a contact made up so that the rule fires

The preview is no imitation: the engine screens the made-up contact, and its own reason is shown.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from thresholds.domain.facts import Child, Consent, Facts
from thresholds.domain.reasons import under_age
from thresholds.domain.scheme import (
    ENGINE_FLAGS,
    FLAGS_BY_BASIS,
    AgeParameters,
    ClusterParameters,
    ConsentParameters,
    Duty,
    Flag,
    FlagParameters,
    Indicator,
    Rule,
    RuleKind,
    Scheme,
    SeenBeforeParameters,
)
from thresholds.domain.screening import screen

__all__ = ["KIND_WORDS", "carriers", "done_sentence", "example", "fires", "listed_at", "preview", "sentence"]

ON = date(2026, 1, 5)
"""The day of every made-up contact."""

KIND_WORDS: dict[RuleKind, str] = {
    RuleKind.HIGHEST: "The highest indicator counts",
    RuleKind.CLUSTER: "Several indicators together",
    RuleKind.FLAG: "What a flag asks for",
    RuleKind.AGE: "An indicator means more under an age",
    RuleKind.JUDGEMENT: "The referrer's own judgement",
    RuleKind.DANGER: "Immediate danger",
    RuleKind.CONSENT: "Consent",
    RuleKind.NOTHING_CHOSEN: "No indicator chosen",
    RuleKind.SEEN_BEFORE: "Earlier contacts",
}


def sentence(scheme: Scheme, rule: Rule) -> str:
    """What the rule does, with its numbers, in one sentence."""
    step, said = scheme.step_word, rule.parameters
    match said:
        case ClusterParameters():
            over = "1 domain" if said.domains == 1 else f"{said.domains} domains"
            return (
                f"At least {said.count} indicators of {step} {said.level}, over at least {over}, "
                f"indicate {step} {said.indicates}."
            )
        case AgeParameters():
            count = len(said.indicators)
            named = "1 indicator" if count == 1 else f"any of {count} indicators"
            return f"With a child {under_age(said) or 'of no age'}, {named} means at least {step} {said.indicates}."
        case FlagParameters():
            leads = f" It goes at least to {said.route.words}." if said.route else ""
            done = f" {done_sentence(scheme, said.duty)}" if said.done_by or said.documents else ""
            return f"{said.flag.words[0].upper()}{said.flag.words[1:]}.{leads}{done}"
        case ConsentParameters():
            flags = ", ".join(flag.words for flag in said.settled_by_flags)
            return f"Consent is not asked after in the MASH where this is raised: {flags or 'nothing'}."
        case SeenBeforeParameters():
            contacts = "1 earlier contact" if said.at_least == 1 else f"{said.at_least} earlier contacts"
            raises = f"indicate at least {step} {said.raises_to}" if said.raises_to else "are shown, and raise nothing"
            return f"{contacts} or more in {said.window_months} months {raises}."
    return f"{KIND_WORDS[rule.kind]}."


def done_sentence(scheme: Scheme, duty: Duty) -> str:
    """What shows a referrer that the sentence to them is done, in one sentence."""
    names = [each.name for each in scheme.evidence if each.slug in duty.documents]
    added = [f"{' or '.join(names)} was added"] if names else []
    what = [each.words for each in duty.done_by] + added
    told = f"It counts as done where {' and '.join(what)}." if what else "Nothing shows that it is done."
    return f"{told} It asks for more, which stays to do." if what and duty.asks_more else told


def preview(scheme: Scheme, rule: Rule) -> str:
    """What a screener reads where the rule fires; empty where nothing makes it fire, or it is no reason by itself."""
    facts = example(scheme, rule)
    if facts is None:
        return ""
    return next((reason.because for reason in screen(scheme, facts).reasons if reason.rule == rule.key), "")


def fires(scheme: Scheme, rule: Rule) -> bool:
    """Whether a contact can be made up for which the rule is a reason. Flags that the engine raises count as such."""
    if isinstance(rule.parameters, FlagParameters):
        facts = example(scheme, rule)
        return facts is not None and rule.parameters.flag in screen(scheme, facts, explain=False).flags
    return bool(preview(scheme, rule))


def listed_at(scheme: Scheme, rank: int) -> list[Indicator]:
    """The indicators that count at a rank."""
    return [each for each in scheme.indicators if each.level == rank]


def carriers(scheme: Scheme, flag: Flag) -> list[Indicator]:
    """The indicators that raise a flag: by carrying it, or by a level that stands on it."""
    by_level = {level.rank for level in scheme.levels if FLAGS_BY_BASIS[level.statutory_basis] is flag}
    return [each for each in scheme.indicators if flag in each.flags or each.level in by_level]


def is_raised(scheme: Scheme, flag: Flag) -> bool:
    """Whether anything raises a flag: an indicator, a level that can be come to, or the engine itself."""
    return flag in ENGINE_FLAGS | {Flag.PRE_BIRTH} or _flagged(scheme, flag) is not None


def example(scheme: Scheme, rule: Rule) -> Facts | None:
    """A contact for which the rule fires; None where there can be none."""
    said = rule.parameters
    agreed = Consent(informed=True, given=True)
    match said:
        case ClusterParameters():
            chosen = _cluster(scheme, said)
            return None if chosen is None else Facts(indicators=chosen, consent=agreed, on=ON)
        case AgeParameters():
            return _young(scheme, said)
        case FlagParameters():
            return _flagged(scheme, said.flag)
        case SeenBeforeParameters():
            return Facts(indicators=_lowest(scheme), previous_contacts=said.at_least, consent=agreed, on=ON)
    match rule.kind:
        case RuleKind.HIGHEST:
            return Facts(indicators=_lowest(scheme), consent=agreed, on=ON) if scheme.indicators else None
        case RuleKind.JUDGEMENT:
            top = max((level.rank for level in scheme.levels), default=0)
            return Facts(indicators=_lowest(scheme), judged_level=top, consent=agreed, on=ON)
        case RuleKind.DANGER:
            return Facts(indicators=_lowest(scheme), immediate_danger=True, consent=agreed, on=ON)
        case RuleKind.CONSENT:
            needing = [level.rank for level in scheme.levels if level.consent_needed]
            waiting = [each.key for each in scheme.indicators if each.level in needing]
            return Facts(indicators=tuple(waiting[:1]), consent=Consent(given=False), on=ON) if waiting else None
    return Facts(on=ON)


def _lowest(scheme: Scheme) -> tuple[str, ...]:
    ordered = sorted(scheme.indicators, key=lambda each: each.level)
    return tuple(each.key for each in ordered[:1])


def _cluster(scheme: Scheme, cluster: ClusterParameters) -> tuple[str, ...] | None:
    """Just enough indicators over just enough domains, so that no rule that asks for more fires too."""
    by_root: dict[str, list[str]] = defaultdict(list)
    for each in listed_at(scheme, cluster.level):
        by_root[scheme.root(each.domain)].append(each.key)
    lists = sorted(by_root.values(), key=len, reverse=True)
    if len(lists) < cluster.domains or sum(map(len, lists)) < cluster.count:
        return None
    chosen = [keys[0] for keys in lists[: cluster.domains]]
    chosen += [key for keys in lists for key in keys if key not in chosen]
    return tuple(chosen[: max(cluster.count, cluster.domains)])


def _young(scheme: Scheme, age: AgeParameters) -> Facts | None:
    known = [each for key in age.indicators if (each := scheme.indicator(key))]
    if not known or not (age.under_months > 0 or age.unborn):
        return None
    lowest = min(known, key=lambda each: each.level)
    child = Child(date_of_birth=ON) if age.under_months > 0 else Child(expected_on=ON + timedelta(days=60))
    return Facts(indicators=(lowest.key,), children=(child,), consent=Consent(informed=True, given=True), on=ON)


def _flagged(scheme: Scheme, flag: Flag) -> Facts | None:
    agreed, lowest = Consent(informed=True, given=True), _lowest(scheme)
    if flag is Flag.NOT_SCREENED:
        return Facts(on=ON)
    raised = carriers(scheme, flag)
    if raised:
        return Facts(indicators=(raised[0].key,), consent=agreed, on=ON)
    match flag:
        case Flag.IMMEDIATE_DANGER:
            return Facts(indicators=lowest, immediate_danger=True, consent=agreed, on=ON)
        case Flag.PRE_BIRTH:
            unborn = Child(expected_on=ON + timedelta(days=60))
            return Facts(indicators=lowest, children=(unborn,), consent=agreed, on=ON)
        case Flag.SEEN_BEFORE:
            seen = [r.parameters.at_least for r in scheme.rules if isinstance(r.parameters, SeenBeforeParameters)]
            return Facts(indicators=lowest, previous_contacts=max(*seen, 1, 1), consent=agreed, on=ON)
        case Flag.CONSENT_TO_SETTLE:
            return _held(scheme)
        case Flag.JUDGED_HIGHER:
            top = max((level.rank for level in scheme.levels), default=0)
            return Facts(indicators=lowest, judged_level=top, consent=agreed, on=ON)
        case Flag.JUDGED_LOWER:
            highest = max(scheme.indicators, key=lambda each: each.level, default=None)
            return Facts(indicators=(highest.key,), judged_level=1, consent=agreed, on=ON) if highest else None
    return _by_its_level(scheme, flag)


def _by_its_level(scheme: Scheme, flag: Flag) -> Facts | None:
    """A contact that comes to a level that stands on the flag by a rule, where no indicator of that level is listed."""
    lowest, agreed = _lowest(scheme), Consent(informed=True, given=True)
    tried = [example(scheme, rule) for rule in scheme.rules if not isinstance(rule.parameters, FlagParameters)]
    tried += [Facts(indicators=lowest, judged_level=level.rank, consent=agreed, on=ON) for level in scheme.levels]
    return next((each for each in tried if each and flag in screen(scheme, each, explain=False).flags), None)


def _held(scheme: Scheme) -> Facts | None:
    """A contact that waits for consent: at a level that needs it, or judged to be at one with nothing chosen."""
    refused, lowest = Consent(given=False), _lowest(scheme)
    needing = [level.rank for level in scheme.levels if level.consent_needed]
    tried = [
        Facts(indicators=(each.key,), consent=refused, on=ON) for each in scheme.indicators if each.level in needing
    ]
    tried += [
        Facts(indicators=chosen, judged_level=rank, consent=refused, on=ON)
        for chosen in (lowest, ())
        for rank in needing
    ]
    held = (each for each in tried if Flag.CONSENT_TO_SETTLE in screen(scheme, each, explain=False).flags)
    return next(held, None)
