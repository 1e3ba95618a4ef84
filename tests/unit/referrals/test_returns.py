"""The statutory returns, line by line, as the people who load them expect."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain import returns
from referrals.domain.lifecycle import Outcome
from referrals.domain.returns import Contact, EarlyHelp, Person

ON = dt.date(2027, 3, 31)
GIRL = Person(
    uuid.UUID("12345678-1234-4234-9234-123456789012"),
    *("Ada", "Marlow", "F", "WBRI"),
    born=dt.date(2019, 5, 1),
    disabilities=("LD",),
    upn="A123456789012",
)
BABY = Person(uuid.UUID(int=5), unborn=True, expected_on=dt.date(2027, 6, 1), sex="U")
CONTACT = Contact(
    uuid.UUID(int=9),
    GIRL,
    dt.date(2026, 11, 24),
    "2A",
    Outcome.STRATEGY_DISCUSSION,
    statutory=True,
    primary_need="N1",
    flags=frozenset({"private_fostering"}),
    decided_on=dt.date(2026, 11, 25),
    team="MASH",
    worker="Sam Screener",
    before=2,
)


def test_annex_a_reads_as_the_inspectorate_lists_it() -> None:
    assert returns.annex_contact(CONTACT, ON) == [
        *("12345678123442349234", "b) Female", "a) WBRI", "01/05/2019", 7, "24/11/2026", "e) 2A: Schools")
    ]
    assert returns.annex_referral(CONTACT, ON)[5:] == [
        *("24/11/2026", "e) 2A: Schools", "b) No", 2, "MASH", "Sam Screener")
    ]
    episode = EarlyHelp(uuid.UUID(int=3), BABY, dt.date(2027, 1, 4), organisation="Early Help East")
    assert returns.annex_early_help(episode, ON)[1:] == [
        *("c) Not stated/recorded", "t) NOBT", "", -1, "04/01/2027", "", "Early Help East")
    ]
    for name, columns in returns.ANNEX_A.items():
        assert len(columns) == {"List 1": 7, "List 2": 8, "List 3": 11}[name]


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("1A", "a) 1A: Individual"),
        ("3A", "g) 3A: Health services"),
        ("3F", "l) 3F: Health services"),
        ("4", "m) 4: Housing"),
        ("5A", "n) 5A: LA services"),
        ("5C", "p) 5C: LA services"),
        ("5D", "p1) 5D: LA services"),
        ("6", "q) 6: Police"),
        ("7", "r) 7: Other legal agency"),
        ("8", "s) 8: Other"),
        ("9", "t) 9: Anonymous"),
        ("10", "u) 10: Unknown"),
        ("", "u) 10: Unknown"),
    ],
)
def test_each_source_has_its_letter(code: str, label: str) -> None:
    assert returns.source_label(code) == label


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [
        (Outcome.ADVICE, ["ADVICE_FLAG"]),
        (Outcome.EARLY_HELP, ["OTHER_OUTCOMES_EXIST_FLAG"]),
        (Outcome.ASSESSMENT_SECTION_17, ["NEW_REFERRAL_FLAG"]),
        (Outcome.STRATEGY_DISCUSSION, ["NEW_REFERRAL_FLAG", "CP_ENQUIRY_FLAG"]),
        (Outcome.ALREADY_OPEN, ["EXISTING_REFERRAL_FLAG"]),
        (Outcome.NO_FURTHER_ACTION, ["NFA_FLAG"]),
        (None, []),
    ],
)
def test_a_contacts_outcome_has_every_key_and_says_how_many(outcome: Outcome | None, raised: list[str]) -> None:
    told = json.loads(returns.contact_outcome(Contact(uuid.UUID(int=1), GIRL, ON, "6", outcome)))
    assert list(told) == [*returns.CONTACT_FLAGS, "NUMBER_OF_OUTCOMES", "COMMENTS"]
    assert [key for key in returns.CONTACT_FLAGS if told[key] == "Y"] == raised
    assert told["NUMBER_OF_OUTCOMES"] == len(raised)


def test_private_fostering_is_an_outcome_beside_the_decision() -> None:
    assert json.loads(returns.contact_outcome(CONTACT))["PRIVATE_FOSTERING_FLAG"] == "Y"


@pytest.mark.parametrize(
    ("outcome", "statutory", "is_referral"),
    [
        (Outcome.ASSESSMENT_SECTION_17, False, True),
        (Outcome.STRATEGY_DISCUSSION, True, True),
        (Outcome.NO_FURTHER_ACTION, True, True),
        (Outcome.NO_FURTHER_ACTION, False, False),
        (Outcome.EARLY_HELP, True, False),
        (Outcome.ADVICE, False, False),
        (None, True, False),
    ],
)
def test_what_social_care_took_on_is_a_referral(outcome: Outcome | None, statutory: bool, is_referral: bool) -> None:
    contact = Contact(uuid.UUID(int=1), GIRL, ON, "6", outcome, statutory=statutory)
    assert contact.is_referral is is_referral


def test_every_line_has_a_cell_a_column() -> None:
    episode = EarlyHelp(uuid.UUID(int=3), BABY, dt.date(2027, 1, 4))
    for person in (GIRL, BABY):
        assert len(returns.ssd_person(person)) == len(returns.SSD["ssd_person"])
    assert len(returns.ssd_contact(CONTACT)) == len(returns.SSD["ssd_contacts"])
    assert len(returns.ssd_early_help(episode)) == len(returns.SSD["ssd_early_help_episodes"])
    assert len(returns.ssd_cin_episode(CONTACT)) == len(returns.SSD["ssd_cin_episodes"])


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 17))
def test_a_birthday_is_the_day_on_which_the_age_changes(born: dt.date, years: int) -> None:
    birthday = dt.date(born.year + years, born.month, 28 if (born.month, born.day) == (2, 29) else born.day)
    if (born.month, born.day) == (2, 29):
        birthday = dt.date(born.year + years, 3, 1)
    assert returns.age_on(born, False, birthday) == years
    if years:
        assert returns.age_on(born, False, birthday - dt.timedelta(days=1)) == years - 1 or born.day == 29


@given(st.uuids())
def test_an_identifier_is_twenty_letters_and_digits(key: uuid.UUID) -> None:
    told = returns.short_id(key)
    assert len(told) == returns.LONGEST_ID and told.isalnum()
