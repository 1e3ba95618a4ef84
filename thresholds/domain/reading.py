"""Reading a threshold file's content into a `Scheme`, with every mistake at once, and writing it out again.

    try:
        scheme = read_scheme(yaml_content, positions={"indicators[3].level": 214})
    except SchemeErrors as errors:
        for mistake in errors.mistakes:
            print(mistake)      # line 214: indicators[3].level: found 7, expected one of the ranks 1, 2, 3

`read_scheme(write_scheme(scheme)) == scheme`. The shape is docs/threshold-files.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thresholds.domain.consistency import check
from thresholds.domain.mistakes import Mistake, Notes, Part, SchemeErrors
from thresholds.domain.scheme import (
    AgeParameters,
    AlsoKnow,
    ClusterParameters,
    Colour,
    ConsentParameters,
    ConsentReason,
    Doing,
    Domain,
    EscalationStage,
    Evidence,
    Flag,
    FlagParameters,
    GoodReferral,
    Guidance,
    Indicator,
    Level,
    Limit,
    NoParameters,
    Parameters,
    Route,
    Rule,
    RuleKind,
    Scheme,
    SeenBeforeParameters,
    Starts,
    StatutoryBasis,
    StepWord,
    Unit,
)
from thresholds.domain.writing import write_scheme

__all__ = ["Mistake", "SchemeErrors", "read_scheme", "write_scheme"]


def read_scheme(data: Any, positions: Mapping[str, int] | None = None) -> Scheme:
    """A scheme from a mapping in the shape of a threshold file.

    `positions` gives the line, from 1, of each path (`levels[0].rank`), as far as it is known. Dates are dates or ISO
    strings. Raises `SchemeErrors` with every mistake, and nothing else whatever `data` is.
    """
    notes = Notes(positions)
    part = Part(data, "", notes)
    notes.raise_any()
    rules = [(place, rule) for place, each in enumerate(part.parts("rules")) if (rule := _rule(each)) is not None]
    scheme = Scheme(
        slug=part.slug("slug"),
        partnership=part.slug("partnership"),
        title=part.text("title"),
        document=part.text("document"),
        in_force_from=part.day("in_force_from"),
        in_force_to=part.day_or_none("in_force_to"),
        review_on=part.day_or_none("review_on"),
        step_word=part.one_of("step_word", StepWord) or StepWord.LEVEL,
        levels=tuple(_level(each) for each in part.parts("levels")),
        domains=tuple(_domain(each) for each in part.parts("domains")),
        indicators=tuple(_indicator(each) for each in part.parts("indicators")),
        rules=tuple(rule for _, rule in rules),
        limits=tuple(_limit(each) for each in part.parts("limits")),
        consent_reasons=tuple(_consent_reason(each) for each in part.parts("consent_reasons")),
        evidence=tuple(_evidence(each) for each in part.parts("evidence")),
        escalation_stages=tuple(_escalation_stage(each) for each in part.parts("escalation_stages")),
        guidance=_guidance(part.part("guidance")),
        plot_sheet=part.frozen("plot_sheet"),
        flag_notes=part.frozen("flag_notes"),
    )
    part.done()
    check(scheme, notes, [place for place, _ in rules])
    notes.raise_any(scheme)
    return scheme


def _level(part: Part) -> Level:
    level = Level(
        rank=part.whole("rank", least=1),
        name=part.text("name"),
        description=part.text("description"),
        colour=part.one_of("colour", Colour) or Colour.BLUE,
        statutory_basis=part.one_of("statutory_basis", StatutoryBasis) or StatutoryBasis.NONE,
        consent_needed=part.truth("consent_needed"),
        route=part.one_of("route", Route) or Route.MASH,
        expected_response=part.text("expected_response"),
        referrer_should=part.text("referrer_should"),
        source=part.text("source"),
    )
    part.done()
    return level


def _domain(part: Part) -> Domain:
    domain = Domain(part.text("name"), part.text_or_none("parent"), part.text_or_none("same_as"))
    part.done()
    return domain


def _indicator(part: Part) -> Indicator:
    indicator = Indicator(
        key=part.slug("key"),
        level=part.whole("level", least=1),
        domain=part.text("domain"),
        item=part.whole("item", least=1),
        label=part.text("label"),
        source=part.text("source"),
        shared_with=part.wholes("shared_with"),
        flags=part.some_of("flags", Flag),
    )
    part.done()
    return indicator


def _rule(part: Part) -> Rule | None:
    kind = part.one_of("kind", RuleKind)
    key = part.slug("key")
    explanation, source = part.text("explanation"), part.text("source")
    local_default = part.truth("local_default", absent=False)
    given = part.part("parameters")
    part.done()
    if kind is None:
        return None
    parameters = _parameters(kind, given)
    return None if parameters is None else Rule(key, kind, parameters, explanation, source, local_default)


def _parameters(kind: RuleKind, part: Part) -> Parameters | None:
    parameters: Parameters | None = NoParameters()
    if kind is RuleKind.CLUSTER:
        parameters = ClusterParameters(
            part.whole("level", least=1),
            part.whole("count", least=2),
            part.whole("domains", least=1),
            part.whole("indicates", least=1),
        )
    elif kind is RuleKind.FLAG:
        flag = part.one_of("flag", Flag)
        referrer, screener = part.text("referrer"), part.text("screener")
        route = None if part.take("route") is None else part.one_of("route", Route)
        shown = read_done(part)
        parameters = None if flag is None else FlagParameters(flag, referrer, screener, route, *shown)
    elif kind is RuleKind.AGE:
        parameters = AgeParameters(
            part.words("indicators"), part.whole("under_months"), part.truth("unborn"), part.whole("indicates", least=1)
        )
    elif kind is RuleKind.CONSENT:
        parameters = ConsentParameters(part.some_of("settled_by_flags", Flag))
    elif kind is RuleKind.SEEN_BEFORE:
        parameters = SeenBeforeParameters(
            part.whole("window_months", least=1),
            part.whole("at_least", least=1),
            part.whole_or_none("raises_to", least=1),
        )
    part.done()
    return parameters


def read_done(part: Part) -> tuple[tuple[Doing, ...], tuple[str, ...], bool]:
    """What shows that a sentence to the referrer is done: `done_by`, `documents`, `asks_more`, as far as said."""
    return (
        part.some_of("done_by", Doing),
        part.words("documents"),
        part.truth("asks_more", absent=False),
    )


def _limit(part: Part) -> Limit:
    limit = Limit(
        slug=part.slug("slug"),
        name=part.text("name"),
        amount=part.whole("amount", least=1),
        unit=part.one_of("unit", Unit) or Unit.CLOCK_HOURS,
        starts=part.one_of("starts", Starts) or Starts.RECEIVED,
        source=part.text("source"),
        local_default=part.truth("local_default", absent=False),
    )
    part.done()
    return limit


def _consent_reason(part: Part) -> ConsentReason:
    reason = ConsentReason(part.slug("slug"), part.text("label"), part.wholes("accepted_at"), part.text("source"))
    part.done()
    return reason


def _evidence(part: Part) -> Evidence:
    evidence = Evidence(part.slug("slug"), part.text("name"), part.text("when"), part.text("source"))
    part.done()
    return evidence


def _escalation_stage(part: Part) -> EscalationStage:
    stage = EscalationStage(
        stage=part.whole("stage", least=1),
        name=part.text("name"),
        people=part.text("people"),
        limit_working_days=part.whole_or_none("limit_working_days", least=1),
        source=part.text("source"),
    )
    part.done()
    return stage


def _guidance(part: Part) -> Guidance:
    guidance = Guidance(
        telephone_first=part.text_or_none("telephone_first"),
        consent=part.text_or_none("consent"),
        good_referral=tuple(_good_referral(each) for each in part.parts("good_referral")),
        practice_model=part.text_or_none("practice_model"),
        scale=part.text_or_none("scale"),
        before_referring=part.text_or_none("before_referring"),
        after=part.text_or_none("after"),
        also=tuple(_also(each) for each in part.parts("also")),
    )
    part.done()
    return guidance


def _good_referral(part: Part) -> GoodReferral:
    question = GoodReferral(part.text("question"), part.text("why"), part.text("source"))
    part.done()
    return question


def _also(part: Part) -> AlsoKnow:
    also = AlsoKnow(part.text("name"), part.text("text"), part.text("source"))
    part.done()
    return also
