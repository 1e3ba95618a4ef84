"""The statutory returns, line by line: Annex A, the Standard Safeguarding Dataset, the Children in Need census.

Pure: a child's contact in, the cells of a line out. What counts as a *referral* to social care, among all contacts, is
said once, in `Contact.is_referral`. Labels, columns and codes are those of the published lists; what could not be
checked against its original is marked *unverified* where it stands.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass

from referrals.domain.lifecycle import Outcome

UNBORN_AGE = -1
LONGEST_ID = 20

GENDERS = {"M": "a) Male", "F": "b) Female", "U": "c) Not stated/recorded", "": "c) Not stated/recorded"}

ETHNICITIES = (
    *("WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND"),
    *("APKN", "ABAN", "AOTH", "BCRB", "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT"),
)
NOT_OBTAINED = "NOBT"

SOURCES: dict[str, str] = {
    "1A": "Individual",
    "1B": "Individual",
    "1C": "Individual",
    "1D": "Individual",
    "2A": "Schools",
    "2B": "Education services",
    "3A": "Health services",
    "3B": "Health services",
    "3C": "Health services",
    "3D": "Health services",
    "3E": "Health services",
    "3F": "Health services",
    "4": "Housing",
    "5A": "LA services",
    "5B": "LA services",
    "5C": "LA services",
    "5D": "LA services",
    "6": "Police",
    "7": "Other legal agency",
    "8": "Other",
    "9": "Anonymous",
    "10": "Unknown",
}
"""The census's source of referral, in its order, with the group that Annex A names."""

UNKNOWN_SOURCE = "10"
EXTERNAL_AUTHORITY = "5C"
LETTERS = (*"abcdefghijklmnop", "p1", *"qrstu")
"""Annex A's letter of each source, in the same order: 5D came later, as p1."""

STATUTORY = (Outcome.ASSESSMENT_SECTION_17, Outcome.STRATEGY_DISCUSSION)


def source_label(code: str) -> str:
    """Annex A's words for a source: `e) 2A: Schools`. An unknown code is *unknown*."""
    code = code if code in SOURCES else UNKNOWN_SOURCE
    letter = LETTERS[list(SOURCES).index(code)]
    return f"{letter}) {code}: {SOURCES[code]}"


def ethnicity_label(code: str) -> str:
    """Annex A's words for an ethnicity: `a) WBRI`; not asked is *not yet obtained*."""
    code = code if code in ETHNICITIES else NOT_OBTAINED
    return f"{'abcdefghijklmnopqrst'[ETHNICITIES.index(code)]}) {code}"


def short_id(key: uuid.UUID) -> str:
    """A child's identifier as the returns allow it: 20 letters and digits, no hyphen, the same for the same key."""
    return key.hex[:LONGEST_ID].upper()


def british(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def age_on(born: dt.date | None, unborn: bool, on: dt.date) -> int | None:
    """Whole years on a day; -1 for an unborn child; None where it is not known.

    >>> age_on(dt.date(2020, 2, 29), False, dt.date(2026, 2, 28))
    5
    """
    if unborn:
        return UNBORN_AGE
    if born is None or born > on:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Person:
    """A child as the returns know it. key: one for the same child, whatever contact tells of it."""

    key: uuid.UUID
    first_name: str = ""
    last_name: str = ""
    sex: str = ""
    ethnicity: str = ""
    born: dt.date | None = None
    unborn: bool = False
    expected_on: dt.date | None = None
    disabilities: tuple[str, ...] = ()
    nhs_number: str = ""
    upn: str = ""

    @property
    def id(self) -> str:
        return short_id(self.key)

    def annex_a(self, on: dt.date) -> list[str | int]:
        """The five cells that begin each of Annex A's lines."""
        age = age_on(self.born, self.unborn, on)
        gender = GENDERS.get(self.sex, "d) Neither")
        born = "" if self.unborn else british(self.born)
        return [self.id, gender, ethnicity_label(self.ethnicity), born, "" if age is None else age]


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact about one child, and what was decided for it.

    statutory: the level decided is one of section 17 or 47. before: earlier referrals within 12 months.
    """

    key: uuid.UUID
    person: Person
    on: dt.date
    source: str
    outcome: Outcome | None = None
    statutory: bool = False
    primary_need: str = ""
    flags: frozenset[str] = frozenset()
    decided_on: dt.date | None = None
    team: str = ""
    worker: str = ""
    before: int = 0

    @property
    def id(self) -> str:
        return short_id(self.key)

    @property
    def is_referral(self) -> bool:
        """Whether social care took it on: an assessment, a strategy discussion, or nothing further at such a level."""
        if self.outcome in STATUTORY:
            return True
        return self.outcome is Outcome.NO_FURTHER_ACTION and self.statutory

    @property
    def no_further_action(self) -> bool:
        return self.outcome is Outcome.NO_FURTHER_ACTION


@dataclass(frozen=True, slots=True)
class EarlyHelp:
    """One episode of early help for one child."""

    key: uuid.UUID
    person: Person
    began: dt.date
    ended: dt.date | None = None
    reason: str = ""
    end_reason: str = ""
    organisation: str = ""
    worker: str = ""


PERSON_CELLS = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
ANNEX_A = {
    "List 1": (*PERSON_CELLS, "Date of Contact", "Contact Source"),
    "List 2": (
        *PERSON_CELLS,
        "Assessment start date",
        "Assessment completion date",
        "Organisation completing assessment",
    ),
    "List 3": (
        *PERSON_CELLS,
        "Date of Referral",
        "Referral Source",
        "Referral NFA?",
        "Number of Referrals in Last 12 Months",
        "Allocated Team",
        "Allocated Worker",
    ),
}
"""Annex A's lists and their columns."""


def annex_contact(contact: Contact, on: dt.date) -> list[str | int]:
    return [*contact.person.annex_a(on), british(contact.on), source_label(contact.source)]


def annex_early_help(episode: EarlyHelp, on: dt.date) -> list[str | int]:
    began, ended = british(episode.began), british(episode.ended)
    return [*episode.person.annex_a(on), began, ended, episode.organisation]


def annex_referral(contact: Contact, on: dt.date) -> list[str | int]:
    no_further = "a) Yes" if contact.no_further_action else "b) No"
    where: list[str | int] = [source_label(contact.source), no_further, contact.before, contact.team, contact.worker]
    return [*contact.person.annex_a(on), british(contact.on), *where]


SSD: dict[str, tuple[str, ...]] = {
    "ssd_person": (
        *("pers_legacy_id", "pers_person_id", "pers_upn", "pers_forename", "pers_surname", "pers_sex", "pers_gender"),
        *("pers_ethnicity", "pers_dob", "pers_single_unique_id", "pers_upn_unknown", "pers_send_flag"),
        *("pers_expected_dob", "pers_death_date", "pers_is_mother", "pers_nationality"),
    ),
    "ssd_contacts": (
        *("cont_contact_id", "cont_person_id", "cont_contact_date", "cont_contact_source_code"),
        *("cont_contact_source_desc", "cont_contact_outcome_json"),
    ),
    "ssd_early_help_episodes": (
        *("earl_episode_id", "earl_person_id", "earl_episode_start_date", "earl_episode_end_date"),
        *("earl_episode_reason", "earl_episode_end_reason", "earl_episode_organisation", "earl_episode_worker_id"),
    ),
    "ssd_cin_episodes": (
        *("cine_referral_id", "cine_person_id", "cine_referral_date", "cine_cin_primary_need_code"),
        *("cine_referral_source_code", "cine_referral_source_desc", "cine_referral_outcome_json", "cine_referral_nfa"),
        *("cine_close_reason", "cine_close_date", "cine_referral_team", "cine_referral_worker_id"),
    ),
}
"""The dataset's tables and their columns, in its order."""

CONTACT_FLAGS = (
    *("NEW_REFERRAL_FLAG", "EXISTING_REFERRAL_FLAG", "CP_ENQUIRY_FLAG", "NFA_FLAG", "NON_AGENCY_ADOPTION_FLAG"),
    *("PRIVATE_FOSTERING_FLAG", "ADVICE_FLAG", "MISSING_FLAG", "OLA_CP_FLAG", "OTHER_OUTCOMES_EXIST_FLAG"),
)
REFERRAL_FLAGS = (
    *("SINGLE_ASSESSMENT_FLAG", "NFA_FLAG", "STRATEGY_DISCUSSION_FLAG", "CLA_REQUEST_FLAG"),
    *("NON_AGENCY_ADOPTION_FLAG", "PRIVATE_FOSTERING_FLAG", "CP_TRANSFER_IN_FLAG", "CP_CONFERENCE_FLAG"),
    *("CARE_LEAVER_FLAG", "OTHER_OUTCOMES_EXIST_FLAG"),
)
"""The keys of a referral's outcome: unverified against the published dataset."""

RAISED: dict[Outcome, tuple[tuple[str, ...], str]] = {
    Outcome.ADVICE: (("ADVICE_FLAG",), ""),
    Outcome.EARLY_HELP: (("OTHER_OUTCOMES_EXIST_FLAG",), "Early help"),
    Outcome.ASSESSMENT_SECTION_17: (("NEW_REFERRAL_FLAG",), ""),
    Outcome.STRATEGY_DISCUSSION: (("NEW_REFERRAL_FLAG", "CP_ENQUIRY_FLAG"), ""),
    Outcome.LADO: (("OTHER_OUTCOMES_EXIST_FLAG",), "Passed to the LADO"),
    Outcome.TRANSFER: (("OTHER_OUTCOMES_EXIST_FLAG",), "Transferred to another area"),
    Outcome.ALREADY_OPEN: (("EXISTING_REFERRAL_FLAG",), ""),
    Outcome.NO_FURTHER_ACTION: (("NFA_FLAG",), ""),
}
"""Which keys of a contact's outcome each of our outcomes raises, and the comment where no key says it."""


def outcome_json(keys: tuple[str, ...], raised: tuple[str, ...], comment: str) -> str:
    """Every key, Y or N, how many are Y, and the comment."""
    told: dict[str, str | int] = {key: "Y" if key in raised else "N" for key in keys}
    return json.dumps({**told, "NUMBER_OF_OUTCOMES": len(raised), "COMMENTS": comment})


def contact_outcome(contact: Contact) -> str:
    raised, comment = RAISED[contact.outcome] if contact.outcome else ((), "")
    if "private_fostering" in contact.flags and contact.outcome:
        raised = (*raised, "PRIVATE_FOSTERING_FLAG")
    return outcome_json(CONTACT_FLAGS, raised, comment)


def referral_outcome(contact: Contact) -> str:
    raised = {
        Outcome.ASSESSMENT_SECTION_17: ("SINGLE_ASSESSMENT_FLAG",),
        Outcome.STRATEGY_DISCUSSION: ("STRATEGY_DISCUSSION_FLAG",),
        Outcome.NO_FURTHER_ACTION: ("NFA_FLAG",),
    }
    return outcome_json(REFERRAL_FLAGS, raised.get(contact.outcome, ()) if contact.outcome else (), "")


def ssd_person(person: Person) -> list[str]:
    born = "" if person.unborn else iso(person.born)
    known = [person.upn, person.first_name, person.last_name, person.sex or "U", ""]
    number = [person.nhs_number, "" if person.upn else upn_unknown(person), "", iso(person.expected_on)]
    return ["", person.id, *known, person.ethnicity or NOT_OBTAINED, born, *number, "", "", ""]


def ssd_contact(contact: Contact) -> list[str]:
    code = contact.source if contact.source in SOURCES else UNKNOWN_SOURCE
    return [contact.id, contact.person.id, iso(contact.on), code, SOURCES[code], contact_outcome(contact)]


def ssd_early_help(episode: EarlyHelp) -> list[str]:
    when = [iso(episode.began), iso(episode.ended), episode.reason, episode.end_reason]
    return [short_id(episode.key), episode.person.id, *when, episode.organisation, episode.worker]


def ssd_cin_episode(contact: Contact) -> list[str]:
    code = contact.source if contact.source in SOURCES else UNKNOWN_SOURCE
    closed = iso(contact.decided_on) if contact.no_further_action else ""
    told = [contact.primary_need or "N0", code, SOURCES[code], referral_outcome(contact)]
    ended = ["Y" if contact.no_further_action else "N", "", closed]
    return [contact.id, contact.person.id, iso(contact.on), *told, *ended, contact.team, contact.worker]


def upn_unknown(person: Person) -> str:
    """Why there is no UPN: UN1 where no school has given one yet, else UN4. Unverified: read from the census's list."""
    return "UN1" if person.unborn or person.born is None else "UN4"
