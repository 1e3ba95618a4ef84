"""What the editor's pages show of a draft: each row in a line or two, and each change before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from thresholds import loading
from thresholds.domain.findings import Finding, findings
from thresholds.domain.mistakes import Mistake
from thresholds.domain.reading import SchemeErrors, read_scheme
from thresholds.domain.redline import BASIS_WORDS, STARTS_WORDS, UNIT_WORDS, Span, words_between
from thresholds.domain.rule_words import preview, sentence
from thresholds.domain.scheme import Rule, Scheme
from thresholds.domain.terms import (
    DOING_WORDS,
    FLAG_WORDS,
    ROUTE_WORDS,
    Doing,
    Flag,
    Route,
    Starts,
    StatutoryBasis,
    Unit,
)
from thresholds.editing.nouns import NOUNS, Noun, Row
from thresholds.models import Change, Indicator, SchemeVersion


@dataclass(frozen=True, slots=True)
class Read:
    """A draft as far as it can be read: its scheme where it is whole, else its mistakes and what could be read."""

    scheme: Scheme | None
    mistakes: tuple[Mistake, ...]
    partial: Scheme | None
    findings: tuple[Finding, ...]


def read(draft: SchemeVersion) -> Read:
    """Read a draft whatever it is like."""
    scheme: Scheme | None = None
    partial: Scheme | None = None
    mistakes: tuple[Mistake, ...] = ()
    try:
        scheme = partial = read_scheme(loading.as_mapping(draft))
    except SchemeErrors as errors:
        mistakes, partial = errors.mistakes, errors.scheme
    retired = Indicator.objects.retired().filter(version=draft).values_list("key", flat=True)
    return Read(scheme, mistakes, partial, findings(partial, set(retired)) if partial else ())


def lines(noun: Noun, row: Row, step: str) -> list[str]:
    """What stands below the name of a row on the page of its kind."""
    told = row.values
    match noun.slug:
        case "level":
            consent = "The family's agreement is needed." if told["consent_needed"] else "No agreement is needed."
            basis = BASIS_WORDS[StatutoryBasis(told["statutory_basis"])]
            return [
                told["description"],
                f"Goes to {ROUTE_WORDS[Route(told['route'])]}. {consent} It stands on {basis}.",
            ]
        case "domain":
            return [
                f"{words} {told[name]}" for name, words in (("parent", "Under"), ("same_as", "Continues")) if told[name]
            ]
        case "limit":
            unit = UNIT_WORDS[Unit(told["unit"])] + ("" if told["amount"] == 1 else "s")
            return [f"Within {told['amount']} {unit} from {STARTS_WORDS[Starts(told['starts'])]}."]
        case "reason":
            ranks = ", ".join(f"{step} {rank}" for rank in told["accepted_at"])
            return [f"Accepted at {ranks}." if ranks else f"Accepted at no {step}."]
        case "evidence":
            return [told["when"]]
        case "stage":
            days = told["limit_working_days"]
            limit = f"Within {days} working day{'' if days == 1 else 's'}." if days else "No limit."
            return [f"{told['people']} {limit}"]
        case "question" | "also":
            return [str(told[noun.columns[1]] or "")]
        case "rule":
            return [told["explanation"]]
        case "plot_column":
            ranks = ", ".join(f"{step} {rank}" for rank in told["levels"] or [])
            return [f"Stands for {ranks or f'no {step}'}. Grade: {told['grade'] or 'none'}."]
        case "plot_row":
            return [f"Plots {told['domain']}."]
        case "flag_note":
            return [*([f"About {FLAG_WORDS[Flag(told['flag'])]}."] if told["flag"] in set(Flag) else []), told["note"]]
    return []


def rule_preview(draft: SchemeVersion, rule: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """What a rule does in a sentence, what a screener will read where it fires, and what is odd or wrong about it.

    rule: as a file has it. It stands in the place of the draft's rule of the same key, or is added.
    """
    told = loading.as_mapping(draft)
    places = [place for place, each in enumerate(told["rules"]) if each["key"] == rule["key"]]
    place = places[0] if places else len(told["rules"])
    told["rules"][place : place + 1] = [dict(rule)]
    try:
        scheme = read_scheme(told)
    except SchemeErrors as errors:
        own = [str(each) for each in errors.mistakes if each.path.startswith(f"rules[{place}]")]
        return "", "", own or ["The draft is not whole, so what a screener will read can't be shown yet."]
    found: Rule = next(each for each in scheme.rules if each.key == rule["key"])
    odd = [each.sentence for each in findings(scheme) if each.rule == found.key]
    return sentence(scheme, found), preview(scheme, found), odd


COLUMN_WORDS = {
    "accepted_at": "Accepted at",
    "amount": "How long",
    "asks_more": "Asks for something else as well",
    "at_least": "How many contacts",
    "consent_needed": "Consent needed",
    "documents": "Documents that it asks for",
    "done_by": "Done as soon as a referral shows it",
    "expected_response": "What the referrer may expect",
    "indicates": "What it indicates",
    "limit_working_days": "Limit in working days",
    "local_default": "Local default",
    "place": "Place in its list",
    "referrer_should": "What the referrer is to do",
    "shared_with": "Shared with",
    "source": "Where it stands in the document",
    "statutory_basis": "Section of the Children Act",
    "under_months": "Under how many months",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One value before and after: as a redline where both are text, else in words."""

    name: str
    before: str
    after: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One change, as the draft's page lists it."""

    change: Change
    what: str
    fields: tuple[Field, ...]


def change_lines(changes: Iterable[Change]) -> list[Line]:
    return [Line(each, what_of(each), tuple(fields_of(each))) for each in changes]


def what_of(change: Change) -> str:
    noun = NOUNS.get(change.noun)
    if noun is None:
        return change.name
    return noun.one if not noun.added else f"the {noun.one} “{change.name}”"


def fields_of(change: Change) -> Iterable[Field]:
    """What differed, value by value; the parameters of a rule one by one."""
    if change.noun not in NOUNS:
        return
    before, after = flat(change.before), flat(change.after)
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new or (change.verb in (Change.Verb.RETIRED, Change.Verb.RESTORED)):
            continue
        label = COLUMN_WORDS.get(name, name.replace("_", " ").capitalize())
        if isinstance(old, str) and isinstance(new, str) and " " in old + new:
            yield Field(label, old, new, words_between(old, new))
        else:
            yield Field(label, said(old), said(new))


def flat(told: Any) -> dict[str, Any]:
    if not isinstance(told, Mapping):
        return {}
    inner = told.get("parameters")
    rest = {name: value for name, value in told.items() if name != "parameters"}
    return {**rest, **inner} if isinstance(inner, Mapping) else rest


def said(value: Any) -> str:
    """A value in words."""
    if value is None or value in ("", []):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(said(each) for each in value)
    if isinstance(value, str) and value in {flag.value for flag in Flag}:
        return FLAG_WORDS[Flag(value)]
    if isinstance(value, str) and value in set(Doing):
        return DOING_WORDS[Doing(value)]
    return str(value).replace("_", " ") if isinstance(value, str) and " " not in value else str(value)


def differing(form: Any, theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where a colleague's values differ from those in a form: the box's label, and what stands there now."""
    old, new = flat(theirs), flat(mine)
    found = []
    for name, value in old.items():
        if value != new.get(name):
            field = form.fields.get(name)
            found.append((field.label if field else name, said(value)))
    return found
