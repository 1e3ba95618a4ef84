"""The special concerns as content: the file that is there, a partnership's own words, and mistakes told one by one."""

from __future__ import annotations

import datetime as dt

import pytest

from referrals.domain.concern import Concern, read_concerns
from referrals.intake.answers import Answers
from referrals.intake.concerns import BY_FLAG, CONCERNS, FILE, duty_of, said_by
from tests import schemes
from thresholds.domain.mistakes import SchemeErrors
from thresholds.domain.scheme import Doing
from thresholds.domain.screening import read_facts, screen, write_facts
from thresholds.domain.terms import Flag
from thresholds.files import with_lines

TEXT = FILE.read_text(encoding="utf-8")


def test_a_partnership_says_it_in_its_own_words_and_the_others_as_all() -> None:
    neglect = BY_FLAG[Flag.NEGLECT_TOOL]
    thurrock = duty_of("thurrock", Flag.NEGLECT_TOOL)
    assert "Pre-Assessment Tool" in thurrock.sentence and thurrock.documents == ("gcp2", "pre_assessment_tool")
    assert duty_of("northamptonshire", Flag.NEGLECT_TOOL) == neglect.duty == duty_of("unheard-of", Flag.NEGLECT_TOOL)
    own = said_by("sandwell", BY_FLAG[Flag.LADO])
    assert own.signs == BY_FLAG[Flag.LADO].signs and "MASH" in own.duty.sentence
    assert own.duty.asks_more and not own.duty.is_done({Doing.FORM}, ())


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("flag: fgm", "flag: fmg", "flag: found 'fmg', expected one of"),
        ("flag: fgm", "flag: lado", "0 concerns with the flag fgm, expected one"),
        ("kind: yes_no", "kind: maybe", "kind: found 'maybe', expected one of text, line, yes_no, choice"),
        ("title: Exploitation", "titel: Exploitation", "unknown key 'titel'"),
        ("    position-of-trust:", "    position:", "unknown concern 'position'"),
        ("done_by: [form]", "done_by: [fax]", "done_by[0]: found 'fax', expected one of call, form, due_date"),
        ("ticked_as: Neglect", "ticked_as: Neglect\n  asks_more: perhaps", "asks_more: found 'perhaps', expected true"),
    ],
)
def test_a_mistake_is_told_with_its_line(right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    with pytest.raises(SchemeErrors) as errors:
        read_concerns(*with_lines(TEXT.replace(right, wrong, 1)))
    assert told in str(errors.value) and "line " in str(errors.value)


@pytest.mark.parametrize("concern", [each for each in CONCERNS if each.tick == each.flag], ids=lambda each: each.slug)
def test_what_was_ticked_stands_in_the_facts_that_a_replay_reads(concern: Concern) -> None:
    answers = Answers({"children": [{"impact": {"concerns": [concern.tick]}}]})
    facts = answers.facts_of(1, on=dt.date(2026, 11, 24))
    kept = read_facts(write_facts(facts))
    assert kept == facts and concern.flag in kept.concerns
    assert concern.flag in screen(schemes.scheme(), kept).flags
