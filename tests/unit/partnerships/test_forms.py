"""Fields and their messages: every one says what to do, keeps what was typed, and stands whatever is sent to it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from partnerships.forms import (
    UNREAD,
    CheckboxesField,
    CheckboxField,
    Choice,
    ChoiceField,
    DateField,
    EmailField,
    LongTextField,
    NumberField,
    PageForm,
    RadioField,
    RevisionField,
    TelephoneField,
    TextField,
    TimeField,
)

AT = dt.datetime(2026, 11, 24, 0, 30, tzinfo=dt.UTC)


class Every(PageForm):
    """One field of each kind."""

    name = TextField("Child’s name", missing="Enter the child’s name")
    happened = LongTextField("What happened?", called="what happened", max_length=20_000)
    shortly = LongTextField("In a few words", called="your words", max_words=3)
    email = EmailField()
    telephone = TelephoneField()
    age = NumberField("Age", least=0, most=18)
    called_at = TimeField("When did you telephone?")
    born_on = DateField("Date of birth", when="past", autocomplete="bday")
    expected_on = DateField("Expected date", when="future")
    sex = ChoiceField("Sex", [("F", "Female"), ("M", "Male")])
    telephoned = RadioField("Has somebody telephoned?", [Choice("yes", "Yes", reveals="called_at"), ("no", "No")])
    tried = CheckboxesField("What was tried?", [("talk", "A talk"), Choice("none", "None of these", exclusive=True)])
    declared = CheckboxField("What I told is true")
    revision = RevisionField()


GOOD = {"name": "Ann Example"}


def told(**data):
    """The form's errors by field, as sentences."""
    form = Every({**GOOD, **data}, at=AT)
    return {name: list(errors) for name, errors in form.errors.items()}


def cleaned(**data):
    form = Every({**GOOD, **data}, at=AT)
    assert form.errors == {}
    return form.cleaned_data


def test_only_what_has_a_message_has_to_be_answered():
    assert told(name="") == {"name": ["Enter the child’s name"]}
    assert told(name=" \x00\n") == {"name": ["Enter the child’s name"]}
    assert told() == {}


def test_what_is_empty_is_empty():
    answers = cleaned()
    assert answers["happened"] == ""
    assert answers["tried"] == []
    assert [answers[name] for name in ("age", "called_at", "born_on")] == [None] * 3


def test_too_long_says_how_long_and_counts_line_ends_once():
    line = "x" * 9 + "\r\n"
    assert told(happened=line * 2000) == {}
    assert told(happened="x" * 21_340) == {
        "happened": ["Shorten your answer to “What happened?” to 20,000 characters or fewer. You have typed 21,340."]
    }
    assert told(name="n" * 201) == {
        "name": ["Shorten the child’s name to 200 characters or fewer. You have typed 201."]
    }
    assert told(shortly="one two three four") == {
        "shortly": ["Shorten your words to 3 words or fewer. You have typed 4."]
    }


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("email", "ann at school", "Enter the email address in full, such as name@school.example.uk"),
        ("telephone", "ask at the desk", "Enter the telephone number in figures, such as 01632 960 001"),
        ("age", "seven", "Age must be a whole number, such as 7"),
        ("age", "4-5", "Age must be a whole number, such as 7"),
        ("age", "-1", "Age must be 0 or more"),
        ("age", "19", "Age must be 18 or less"),
        ("called_at", "tea time", "The time must be a time in figures, such as 4:30pm"),
        ("sex", "X", "Choose from the answers on this page"),
        ("telephoned", "perhaps", "Choose from the answers on this page"),
    ],
)
def test_each_mistake_has_its_own_sentence(field, typed, says):
    assert told(**{field: typed}) == {field: [says]}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("telephone", "01632 960 001 ext 12, ask for Jo"),
        ("telephone", "+44 1632 960001"),
        ("email", " ann@school.example.uk\n"),
        ("age", "7"),
        ("called_at", "4.30 pm"),
    ],
)
def test_what_people_really_type_is_taken(field, typed):
    assert told(**{field: typed}) == {}


def test_a_date_in_three_boxes_or_whole_in_one():
    assert cleaned(born_on_day="5", born_on_month="March", born_on_year="2021")["born_on"] == dt.date(2021, 3, 5)
    assert cleaned(born_on_day="5 / 3 / 2021")["born_on"] == dt.date(2021, 3, 5)


def test_a_date_is_held_to_today_in_london():
    today = {"day": "24", "month": "11", "year": "2026"}
    tomorrow = {**today, "day": "25"}
    yesterday = {**today, "day": "23"}

    def boxes(name, parts):
        return {f"{name}_{part}": typed for part, typed in parts.items()}

    assert told(**boxes("born_on", today)) == told(**boxes("expected_on", today)) == {}
    assert told(**boxes("born_on", tomorrow)) == {"born_on": ["Date of birth must be today or in the past"]}
    assert told(**boxes("expected_on", yesterday)) == {"expected_on": ["Expected date must be today or in the future"]}


def test_a_form_that_needs_today_must_be_told_when_it_is():
    with pytest.raises(TypeError, match="needs `at`"):
        Every(GOOD)


def test_a_date_error_names_its_boxes():
    form = Every({**GOOD, "born_on_day": "31", "born_on_month": "2", "born_on_year": "2021"}, at=AT)
    assert list(form.errors["born_on"]) == ["Date of birth must be a real date: February 2021 has 28 days"]
    assert form.errors["born_on"].as_data()[0].params == {"parts": ("day",)}


def test_a_missing_date_asks_for_all_of_it():
    class Asked(PageForm):
        seen_on = DateField("Last seen", missing="Enter the date the child was last seen")

    assert list(Asked({}).errors["seen_on"]) == ["Enter the date the child was last seen"]


def test_none_of_these_stands_alone():
    data = QueryDict("name=Ann&tried=talk&tried=none")
    assert list(Every(data, at=AT).errors["tried"]) == [
        "Choose “None of these” by itself, or the other answers without it"
    ]


def test_an_unreadable_revision_is_stale_and_no_error():
    assert cleaned(revision="7")["revision"] == 7
    for typed in ("", "-1", "seven", "9" * 5000, "²"):
        assert cleaned(revision=typed)["revision"] == UNREAD


def test_labels_and_hints_in_a_partnerships_own_words_leave_the_class_alone():
    form = Every(at=AT, labels={"age": "Tier"}, hints={"age": "As in the document"})
    assert (form.fields["age"].label, form.fields["age"].help_text) == ("Tier", "As in the document")
    assert Every(at=AT).fields["age"].label == "Age"


def test_choices_that_content_decides():
    class Level(PageForm):
        level = RadioField("Which level?", missing="Choose a level")

    form = Level({"level": "2"})
    form.fields["level"].offer([("1", "Universal"), ("2", "Early help")])
    assert form.is_valid()
    assert not Level({"level": "2"}).is_valid()


def test_saved_answers_come_back_as_they_were():
    form = Every(at=AT, initial={"born_on": "2021-03-05", "called_at": dt.time(16, 30), "tried": ["talk"]})
    assert form["born_on"].field.widget.decompress(form["born_on"].value()) == ["5", "3", "2021"]
    assert form["called_at"].value() == "4:30pm"


HOSTILE = st.one_of(
    st.text(st.characters(), max_size=60),
    st.sampled_from(["\x00", "\ud800", "9" * 4400, "x" * 40_000, "٣", "²", "1e9", "-", "👩‍👧", "%00", "../etc"]),
)
NAMES = [
    part
    for name, field in Every.base_fields.items()
    for part in ([f"{name}_{box}" for box in ("day", "month", "year")] if isinstance(field, DateField) else [name])
]


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(HOSTILE, max_size=3)))
def test_whatever_is_sent_is_answered_with_sentences(sent):
    data = QueryDict(mutable=True)
    for name, values in sent.items():
        data.setlist(name, values)
    form = Every(data, at=AT)
    form.is_valid()
    for errors in form.errors.values():
        assert all(str(error).strip() and "This field" not in str(error) for error in errors)
    for value in form.cleaned_data.values():
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value
