"""Who and where: partnerships, their agencies, teams and people, and the trail of what was done."""

from partnerships.models.audit import AuditEntry, AuditHead
from partnerships.models.invitation import Invitation
from partnerships.models.partnership import Agency, ClosureDay, ContactPoint, Locality, Partnership, Team
from partnerships.models.people import Membership, User
from partnerships.models.sessions import Session

__all__ = [
    "Agency",
    "AuditEntry",
    "AuditHead",
    "ClosureDay",
    "ContactPoint",
    "Invitation",
    "Locality",
    "Membership",
    "Partnership",
    "Session",
    "Team",
    "User",
]
