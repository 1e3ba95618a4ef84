"""The classes of what is stored, who reads, and which audience may read which class: one table. Pure.

Which field has which class stands in `referrals.domain.classes`.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class FieldClass(StrEnum):
    """What a field tells of a child, a family, a referrer, or of the thinking of those who decide."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> FieldClass:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    STRUCTURE = "structure", "Keys, relations, counters and kinds: they hold a record together"
    SECRET = "secret", "Tokens, hashes, keys of the search, leases: shown to nobody"  # noqa: S105
    RUNNING = "running", "Where a referral stands: its reference, its instants, its queue, what is due"
    PARTNERSHIP = "partnership", "The partnership’s own texts, choices and notices, which name no child"
    INITIALS = "initials", "A child’s initials, worked out of its name"
    NAME = "name", "A child’s first and last name"
    COUNTED = "counted", "What national returns count of a child: birth, sex, ethnicity, disability, numbers"
    TOLD = "told", "What else the referrer told: the family, the home, the worry, documents, what came after sending"
    CAUTION = "caution", "What is unsafe to use or must be kept from somebody"
    REFERRER = "referrer", "Who referred, and how they are reached"
    CONFIDENTIAL = "confidential", "Who told in confidence"
    SCREENED = "screened", "What the threshold indicates: levels, route, flags, the indicators chosen"
    REASONED = "reasoned", "Why the threshold indicates it, in what was weighed"
    OUTCOME = "outcome", "What was decided to happen"
    LEVEL = "level", "The level that was decided"
    REPLY = "reply", "What the front door and the referrer say to one another: letters, questions, challenges"
    FAMILY = "family", "What the parents and the child are told, and letters to parents"
    LETTER = "letter", "Letters to a partner agency or another area"
    NEED = "need", "The need by the national codes, and who leads early help"
    REASON = "reason", "Why it was decided so"
    STORY = "story", "What happened, in sentences for those who work on it"
    WORK = "work", "Notes, sign-offs, pauses, who may see it: between those who work on it"
    CHECK = "check", "What an early help team asked an agency, with the extract, and its answer"
    MASH_CHECK = "mash_check", "The same of the MASH’s"
    MASH = "mash", "How great the MASH rated the risk, and that it asked whom"
    HELP = "help", "Early help: what the team needs to know, its plan, reviews and end"
    ARRIVED = "arrived", "What came along from another area"


C = FieldClass
NOTHING: frozenset[FieldClass] = frozenset()
ON_PAPER = frozenset({C.STRUCTURE, C.RUNNING})
IN_ANY_HANDS = ON_PAPER | {C.PARTNERSHIP}
OF_THE_CHILD = frozenset({C.INITIALS, C.NAME, C.COUNTED, C.TOLD})
WORKING = frozenset(FieldClass) - {C.SECRET, C.CONFIDENTIAL}


@unique
class Audience(StrEnum):
    """Somebody who reads, by what they read; and the classes that they may."""

    who: str
    reads: frozenset[FieldClass]

    def __new__(cls, value: str, who: str, reads: frozenset[FieldClass]) -> Audience:
        member = str.__new__(cls, value)
        member._value_ = value
        member.who = who
        member.reads = reads
        return member

    NOTICE = "notice", "Who is sent an email, or reads the calendar or the wall board", IN_ANY_HANDS
    ADMIN = "admin", "The partnership’s admin", IN_ANY_HANDS
    REFERRER = (
        "referrer",
        "Who referred, and who leads their agency",
        IN_ANY_HANDS | OF_THE_CHILD | {C.CAUTION, C.REFERRER, C.SCREENED, C.OUTCOME, C.LEVEL, C.REPLY},
    )
    CHECKER = "checker", "Who answers a check for a partner agency", IN_ANY_HANDS | {C.CHECK, C.MASH_CHECK}
    PARENTS = "parents", "Parents or carers, by letter", ON_PAPER | {C.NAME, C.OUTCOME, C.FAMILY}
    AGENCY = "agency", "A partner agency, by letter", ON_PAPER | {C.INITIALS, C.OUTCOME, C.LETTER}
    AREA = (
        "area",
        "Another area, by what is sent on",
        ON_PAPER
        | OF_THE_CHILD
        | {C.CAUTION, C.REFERRER, C.SCREENED, C.REASONED, C.OUTCOME, C.LEVEL, C.NEED, C.REASON, C.FAMILY}
        | {C.STORY, C.REPLY, C.ARRIVED},
    )
    RETURNS = (
        "returns",
        "A statutory return",
        ON_PAPER | {C.NAME, C.COUNTED, C.SCREENED, C.OUTCOME, C.LEVEL, C.NEED},
    )
    HELPER = (
        "helper",
        "Early help, of a child whose referral stays with the MASH",
        IN_ANY_HANDS | OF_THE_CHILD | {C.NEED, C.HELP},
    )
    EARLY_HELP = "early_help", "Early help, of a referral in its own queue", WORKING - {C.MASH, C.MASH_CHECK}
    MASH = "mash", "Screeners and seniors of the MASH", WORKING
    MANAGER = "manager", "Managers, also by an evidence pack", WORKING
    OPENER = "opener", "Who opens who told in confidence, each time in the trail", ON_PAPER | {C.CONFIDENTIAL}
    NOBODY = "nobody", "Everybody else: other agencies, other partnerships, who is signed out", NOTHING
