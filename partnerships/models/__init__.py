"""Who and where: partnerships, their agencies, teams and people, and the trail of what was done."""

from partnerships.models.audit import AuditEntry, AuditHead
from partnerships.models.partnership import Agency, ClosureDay, ContactPoint, Locality, Partnership, Team
from partnerships.models.people import Membership, User

__all__ = [
    "Agency",
    "AuditEntry",
    "AuditHead",
    "ClosureDay",
    "ContactPoint",
    "Locality",
    "Membership",
    "Partnership",
    "Team",
    "User",
]
