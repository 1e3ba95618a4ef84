"""A draft's answers through the engine: for the level so far, and for the sending."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from referrals.intake.answers import Answers
from thresholds.domain.reasons import Reason
from thresholds.domain.scheme import Flag, FlagParameters, RuleKind, Scheme
from thresholds.domain.screening import Facts, Screening, screen

TICKABLE = (
    Flag.LADO,
    Flag.FGM,
    Flag.PREVENT,
    Flag.MARAC,
    Flag.NRM,
    Flag.EXPLOITATION,
    Flag.PRIVATE_FOSTERING,
    Flag.NEGLECT_TOOL,
)
"""The special concerns that a referrer may tick beside the indicators, in the order of the page."""

SPECIAL = (*TICKABLE, Flag.PRE_BIRTH, Flag.STRATEGY_DISCUSSION, Flag.SECTION_47)
"""The flags whose sentence for the referrer stands on the page of special concerns."""


def ticked(answers: Answers, scheme: Scheme) -> tuple[Flag, ...]:
    """The special concerns that the referrer ticked and for which this scheme has a rule."""
    said = set(answers.concerns)
    return tuple(flag for flag in TICKABLE if flag.value in said and scheme.flag_rule(flag))


def screen_answers(
    answers: Answers, scheme: Scheme, *, on: dt.date, previous_contacts: tuple[dt.date, ...] = ()
) -> tuple[Facts, Screening]:
    """The facts of the answers and what the scheme says of them.

    A special concern that was ticked raises its flag as an indicator's would, and moves the route where the scheme's
    flag rule says so: upwards alone, and never the level.
    """
    facts = answers.facts(on=on, previous_contacts=previous_contacts)
    screening = screen(scheme, facts)
    return facts, with_ticked(screening, scheme, ticked(answers, scheme))


def with_ticked(screening: Screening, scheme: Scheme, flags: tuple[Flag, ...]) -> Screening:
    new = [flag for flag in flags if flag not in screening.flags]
    route, reasons = screening.route, list(screening.reasons)
    for flag in new:
        rule = scheme.flag_rule(flag)
        if rule is None or not isinstance(rule.parameters, FlagParameters):
            continue
        least = rule.parameters.route
        moved = least is not None and least > route
        route = max(route, least) if least else route
        leads = f" It goes at least to {least.words}." if moved and least else ""
        said = f"The referrer says that this is part of it: {flag.words}.{leads} {rule.explanation}"
        reasons.append(Reason(rule.key, RuleKind.FLAG, (), said.strip(), rule.source))
    return replace(screening, flags=tuple(sorted({*screening.flags, *new})), route=route, reasons=tuple(reasons))


def special_flags(screening: Screening, scheme: Scheme) -> tuple[Flag, ...]:
    """The flags raised for which the scheme tells the referrer what else to do, in the order of the page."""
    raised = set(screening.flags)
    return tuple(flag for flag in SPECIAL if flag in raised and scheme.flag_rule(flag))


def referrer_sentence(scheme: Scheme, flag: Flag) -> str:
    """What the scheme tells the referrer to do where this flag is raised; empty where it says nothing."""
    rule = scheme.flag_rule(flag)
    return rule.parameters.referrer if rule and isinstance(rule.parameters, FlagParameters) else ""
