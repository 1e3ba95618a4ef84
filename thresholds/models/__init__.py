"""What the published documents say, as versioned rows."""

from thresholds.models.scheme import (
    ConsentReason,
    Domain,
    EscalationStage,
    Evidence,
    Indicator,
    Level,
    Limit,
    Rule,
    Scheme,
    SchemeVersion,
)

__all__ = [
    "ConsentReason",
    "Domain",
    "EscalationStage",
    "Evidence",
    "Indicator",
    "Level",
    "Limit",
    "Rule",
    "Scheme",
    "SchemeVersion",
]
