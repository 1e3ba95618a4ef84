"""What happens to one referral. Every row names its partnership; a query without one raises (django-scopes)."""

from referrals.models.absence import Absence, SavedView
from referrals.models.addendum import Addendum
from referrals.models.ask import Ask, RiskRating
from referrals.models.attachment import Attachment
from referrals.models.child import Child, ChosenIndicator, FamilyMember
from referrals.models.clock import Clock, ClockPause, Heartbeat, LateReason
from referrals.models.decision import Decision
from referrals.models.disagreement import Disagreement, DisagreementStage
from referrals.models.document import Document
from referrals.models.draft import Draft
from referrals.models.event import Event
from referrals.models.letter import Letter, LetterText
from referrals.models.notice import CalendarAddress, Notice, NoticeChoice
from referrals.models.referral import Referral
from referrals.models.replay import Replay, ReplayedCase
from referrals.models.restricted import RestrictedAccess
from referrals.models.same_child import LookupKey, SameChild
from referrals.models.second import SecondScreening
from referrals.models.sign_off import SignOff
from referrals.models.support import PlanReview, Support, SupportGivenOn
from referrals.models.transfer import Arrival, Transfer

__all__ = [
    "Addendum",
    "Arrival",
    "Transfer",
    "Ask",
    "RiskRating",
    "Disagreement",
    "DisagreementStage",
    "PlanReview",
    "Support",
    "SupportGivenOn",
    "Attachment",
    "Absence",
    "CalendarAddress",
    "Child",
    "ChosenIndicator",
    "Clock",
    "ClockPause",
    "Decision",
    "Document",
    "Draft",
    "Event",
    "FamilyMember",
    "Heartbeat",
    "LateReason",
    "Letter",
    "LetterText",
    "LookupKey",
    "Notice",
    "NoticeChoice",
    "Referral",
    "SecondScreening",
    "SignOff",
    "RestrictedAccess",
    "SameChild",
    "SavedView",
    "Replay",
    "ReplayedCase",
]
