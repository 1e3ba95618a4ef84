"""Every stored field and every answer of the form has exactly one class: a new one without a class fails here."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from referrals.domain import classes
from referrals.domain.audiences import Audience, FieldClass
from referrals.domain.classes import FIELDS, OF_ANSWER, OF_FIELD, OF_SORT, OF_SORTED, SORT, WORKED_OUT
from referrals.intake.answers import CALLED_999
from referrals.intake.concerns import CONCERNS
from referrals.intake.pages import PAGES
from referrals.intake.source import DETAILS, SLUG
from referrals.models import Ask, Event, Letter, RiskRating
from referrals.public.forms import STEPS

C = FieldClass


def stored() -> dict[str, set[str]]:
    """Model → the fields that the database keeps of it, with those of many-to-many."""
    found = {}
    for model in apps.get_app_config("referrals").get_models(include_auto_created=True):
        fields = {field.name for field in model._meta.get_fields() if not field.auto_created or field.concrete}
        found[model.__name__] = fields
    return found


def unclassed(there: dict[str, set[str]]) -> list[str]:
    """Fields without a class, with two, or that the table names and nobody stores."""
    wrong = []
    for model in sorted({*there, *FIELDS}):
        stands, always = there.get(model, set()), set(OF_FIELD.get(model, {}))
        sorts = OF_SORTED.get(model, {"": {}})
        for sort, fields in sorts.items():
            row = f" ({sort})" if sort else ""
            wrong += [f"{model}.{name} has two classes" for name in always & set(fields)]
            wrong += [f"{model}.{name}{row} has no class" for name in stands - always - set(fields)]
        wrong += [f"{model}.{name} is not there" for name in always.union(*sorts.values()) - stands]
    return sorted(set(wrong))


def test_every_field_of_every_model_has_one_class(capsys: pytest.CaptureFixture[str]) -> None:
    there = stored()
    with capsys.disabled():
        print(f"\n{sum(map(len, there.values()))} fields of {len(there)} models, {len(C)} classes")
    assert len(there) > 30 and unclassed(there) == []


def test_a_new_field_without_a_class_fails() -> None:
    there = stored()
    more = {**there, "Child": there["Child"] | {"nickname"}, "Poem": {"words"}}
    assert unclassed(more) == ["Child.nickname has no class", "Poem.words has no class"]
    less = {**there, "Child": there["Child"] - {"gp"}}
    assert unclassed(less) == ["Child.gp is not there"]
    letters = {**there, "Letter": there["Letter"] | {"stamp"}}
    assert "Letter.stamp (parents) has no class" in unclassed(letters)


def asked() -> set[tuple[str, str]]:
    """Page and name of every answer that a form of the portal stores."""
    found = {(page.slug, name) for page in PAGES for name in page.form.base_fields}
    found |= {("evidence", "evidence"), ("evidence", "grades")}  # its questions are the threshold's own
    found.add((CALLED_999, "told_at"))  # a button's, beside the warning
    found |= {(concern.page, ask.name) for concern in CONCERNS for ask in concern.asks}
    found |= {place for step in STEPS for place in step.form.places.values()}
    return found | {(SLUG, name) for name in ("how", "who", "wish", *DETAILS)}


def test_every_answer_of_the_form_has_one_class(capsys: pytest.CaptureFixture[str]) -> None:
    told = asked()
    with capsys.disabled():
        print(f"\n{len(told)} answers of {len({page for page, _ in told})} pages")
    assert len(told) > 100 and [each for each in sorted(told) if classes.class_of_answer(*each) is None] == []
    named = {(page, name) for page, fields in OF_ANSWER.items() for name in fields if page != "concern"}
    assert named <= told, "the table names an answer that no form asks for"
    assert classes.class_of_answer("worry", "poem") is None and classes.class_of_answer("poem", "happened") is None


def test_every_sort_of_row_is_told_apart() -> None:
    assert set(SORT) == set(OF_SORT)
    assert set(OF_SORT["Letter"]) == set(Letter.Kind)
    for model, attribute in SORT.items():
        assert hasattr(apps.get_model("referrals", model), attribute)
    for model, names in WORKED_OUT.items():
        of = apps.get_model("referrals", model)
        assert all(isinstance(getattr(of, name), property) for each in names.values() for name in each.split())


def test_a_field_has_no_two_classes() -> None:
    with pytest.raises(ValueError, match="name has two classes"):
        classes.by_name({C.TOLD: "name", C.WORK: "name"})


def test_what_is_shown_to_nobody_and_what_is_walled_off() -> None:
    """The few lines of the table on which all else stands, said again by hand."""
    readers = {each: {one for one in Audience if each in one.reads} for each in C}
    at_work = {Audience.MASH, Audience.MANAGER}
    assert readers[C.SECRET] == set()
    assert readers[C.CONFIDENTIAL] == {Audience.OPENER}
    assert readers[C.MASH] == at_work and readers[C.MASH_CHECK] == at_work | {Audience.CHECKER}
    assert readers[C.WORK] == at_work | {Audience.EARLY_HELP}
    assert readers[C.REASON] == at_work | {Audience.EARLY_HELP, Audience.AREA}
    assert readers[C.HELP] == at_work | {Audience.EARLY_HELP, Audience.HELPER}
    assert readers[C.CAUTION] == at_work | {Audience.EARLY_HELP, Audience.REFERRER, Audience.AREA}
    assert Audience.PARENTS not in readers[C.REFERRER] | readers[C.LEVEL] | readers[C.REASON]
    assert Audience.NOBODY not in set().union(*readers.values())


def test_every_free_text_is_more_than_structure() -> None:
    """What somebody types is never called structure: only kinds, names of loops and the like are."""
    typed = (models.TextField, models.JSONField)
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("referrals").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, typed) and classes.class_of(model.__name__, field.name) is C.STRUCTURE
    ]
    assert wrong == []


def test_the_sorts_of_rows() -> None:
    def team(kind: str) -> Any:
        from partnerships.models import Team

        return Team(kind=kind)

    assert Ask(kind="question").sort == "question"
    assert Ask(kind="check", team=team("mash")).sort == "mash_check"
    assert Ask(kind="check", team=team("early_help")).sort == "check"
    assert {RiskRating(team=team(kind)).sort for kind in ("mash", "early_help")} == set(OF_SORT["RiskRating"])
    lines = [Event(for_referrer=True), *(Event(kind=kind) for kind in ("noted", "check_asked", "mash_check_asked"))]
    assert {each.sort for each in lines} == set(OF_SORT["Event"])
