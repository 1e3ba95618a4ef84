"""A small scheme for tests, as the mapping that a file holds. `scheme()` reads it; change the mapping to try others.

Four levels; two domains, one with two sub-domains; three indicators a list. The numbers are small so that a test can
reach every rule with a handful of indicators.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from thresholds.domain.reading import read_scheme
from thresholds.domain.scheme import Flag, Scheme

DOMAINS = (("Development", None), ("Health", "Development"), ("Learning", "Development"), ("Family", None))
LISTED = ("Health", "Learning", "Family")
LEVELS = (
    (1, "Universal", "green", "none", False, "advice"),
    (2, "Early help", "yellow", "none", True, "early_help"),
    (3, "Targeted", "orange", "section_17", True, "early_help"),
    (4, "Statutory", "red", "section_47", False, "mash"),
)
FLAGS = {
    "health-2-01": ["neglect_tool"],
    "family-3-01": ["marac"],
    "learning-3-01": ["exploitation"],
    "health-4-01": ["section_47", "strategy_discussion"],
    "family-4-01": ["lado"],
}


def content() -> dict[str, Any]:
    """A fresh mapping each time, as `write_scheme` would give it."""
    return deepcopy(
        {
            "slug": "testshire-2026",
            "partnership": "testshire",
            "title": "Threshold for tests",
            "document": "Threshold for tests, Testshire, 2026",
            "in_force_from": "2026-01-01",
            "in_force_to": None,
            "review_on": "2027-01-01",
            "step_word": "level",
            "levels": [level(*each) for each in LEVELS],
            "domains": [{"name": name, "parent": parent} for name, parent in DOMAINS],
            "indicators": [
                indicator(rank, domain, item) for rank in range(1, 5) for domain in LISTED for item in range(1, 4)
            ],
            "rules": rules(),
            "limits": [
                limit("acknowledge", 1, "working_days", "received"),
                limit("decide", 24, "clock_hours", "received"),
                limit("outcome_in_writing", 5, "working_days", "decided"),
                limit("written_form", 24, "clock_hours", "called"),
                limit("escalation_stage", 5, "working_days", "raised"),
                limit("lado", 1, "working_days", "known"),
            ],
            "consent_reasons": [
                {
                    "slug": "significant_harm",
                    "label": "Asking would put the child at risk of significant harm",
                    "accepted_at": [2, 3, 4],
                    "source": "p. 5",
                },
                {"slug": "not_reached", "label": "The parents can't be reached", "accepted_at": [], "source": "p. 5"},
            ],
            "evidence": [{"slug": "plan", "name": "Plan", "when": "From level 2", "source": "p. 6"}],
            "escalation_stages": [
                {"stage": 1, "name": "Managers", "people": "Both managers", "limit_working_days": 5, "source": "p. 7"},
                {"stage": 2, "name": "Board", "people": "The board", "limit_working_days": None, "source": "p. 7"},
            ],
            "guidance": {
                "telephone_first": "Telephone where a child is at risk of harm.",
                "consent": "Ask first, unless asking brings harm.",
                "good_referral": [{"question": "Do they know?", "why": "They may help.", "source": "p. 8"}],
                "practice_model": None,
                "scale": None,
                "before_referring": None,
                "after": "Someone answers.",
                "also": [{"name": "Prevent", "text": "Tell Prevent.", "source": "p. 9"}],
            },
        }
    )


def scheme(**changed: Any) -> Scheme:
    """The scheme, with whole sections replaced by name."""
    return read_scheme(content() | changed)


def key(domain: str, rank: int, item: int) -> str:
    return f"{domain.lower()}-{rank}-{item:02}"


def level(rank: int, name: str, colour: str, basis: str, consent_needed: bool, route: str) -> dict[str, Any]:
    return {
        "rank": rank,
        "name": name,
        "description": f"Needs of level {rank}",
        "colour": colour,
        "statutory_basis": basis,
        "consent_needed": consent_needed,
        "route": route,
        "expected_response": "Someone answers.",
        "referrer_should": "Tell us.",
        "source": f"p. {rank}",
    }


def indicator(rank: int, domain: str, item: int) -> dict[str, Any]:
    name = key(domain, rank, item)
    return {
        "key": name,
        "level": rank,
        "shared_with": [],
        "domain": domain,
        "item": item,
        "label": f"{domain} worry {item} of level {rank}",
        "flags": FLAGS.get(name, []),
        "source": f"{domain}, level {rank}, item {item}",
    }


def rules() -> list[dict[str, Any]]:
    plain = ("highest", "judgement", "danger", "nothing_chosen")
    return [
        *(rule(kind, kind, {}) for kind in plain),
        rule("cluster-2", "cluster", {"level": 2, "count": 3, "domains": 2, "indicates": 3}),
        rule("cluster-3", "cluster", {"level": 3, "count": 4, "domains": 2, "indicates": 4}),
        rule(
            "baby",
            "age",
            {"indicators": ["family-2-01", "family-2-02"], "under_months": 12, "unborn": True, "indicates": 3},
        ),
        rule("under-13", "age", {"indicators": ["health-3-02"], "under_months": 156, "unborn": False, "indicates": 4}),
        rule("consent", "consent", {"settled_by_flags": ["section_47", "strategy_discussion"]}),
        rule("seen", "seen_before", {"window_months": 12, "at_least": 2, "raises_to": None}),
        *(flag_rule(flag) for flag in sorted(Flag)),
    ]


def rule(name: str, kind: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": name,
        "kind": kind,
        "parameters": parameters,
        "explanation": f"This is what {name} means.",
        "source": "p. 4",
        "local_default": False,
    }


def flag_rule(flag: Flag) -> dict[str, Any]:
    parameters = {"flag": flag.value, "referrer": f"Do this for {flag}.", "screener": f"Look at {flag}."}
    if flag in (Flag.LADO, Flag.MARAC):
        parameters["route"] = "mash"
    return rule(f"flag-{flag.replace('_', '-')}", "flag", parameters)


def limit(slug: str, amount: int, unit: str, starts: str) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": slug.replace("_", " ").capitalize(),
        "amount": amount,
        "unit": unit,
        "starts": starts,
        "source": "p. 10",
        "local_default": False,
    }
