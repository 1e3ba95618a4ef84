"""What the published documents say, as versioned rows."""

from thresholds.models.scheme import (
    Approval,
    Change,
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
    "Approval",
    "Change",
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
