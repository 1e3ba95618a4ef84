"""What an agency may be shown of a referral: field by field, each chosen by the screener, frozen when it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from partnerships.templatetags.page_parts import day
from referrals.intake.answers import Answers
from referrals.models import FamilyMember, Referral


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that could be shown: its key on the form, what it is called, what it says."""

    key: str
    label: str
    value: str


def fields(referral: Referral) -> list[Field]:
    """Everything that could be shown, in the order of a page; what is not known is not offered."""
    found: list[Field] = []
    children = list(referral.children.all())
    for number, child in enumerate(children, 1):
        of = f"Child {number}" if len(children) > 1 else "The child"
        born = day(child.date_of_birth) if child.date_of_birth else child.estimated_age
        told = (
            ("name", "name", child.name),
            ("born", "date of birth", born or (f"expected {day(child.expected_on)}" if child.expected_on else "")),
            ("sex", "sex", {"M": "Male", "F": "Female"}.get(child.sex, "")),
            ("other", "also known as", child.other_names),
            ("address", "address", ", ".join(part for part in (child.address, child.postcode) if part)),
            ("school", "school or nursery", child.school),
            ("gp", "GP", child.gp),
            ("nhs", "NHS number", child.nhs_number),
            ("upn", "UPN", child.upn),
        )
        found += [Field(f"child-{number}-{key}", f"{of}, {label}", value) for key, label, value in told if value]
    for number, person in enumerate(FamilyMember.objects.filter(referral=referral), 1):
        who = person.relationship or f"Family member {number}"
        born = f", born {day(person.date_of_birth)}" if person.date_of_birth else ""
        if person.name:
            found.append(Field(f"person-{number}", f"{who}, name and date of birth", f"{person.name}{born}"))
    answers = Answers(referral.answers)
    # Of what was told in confidence the agency tells who told, most of all to that agency itself.
    agency = referral.agency.name if referral.agency and not referral.in_confidence else ""
    told_of = (
        ("happened", "What the referrer saw", answers.said("worry", "happened")),
        ("impact", "What it does to the child", answers.said("impact", "impact")),
        ("agency", "Who referred", agency),
    )
    found += [Field(key, label, value) for key, label, value in told_of if value]
    return found


def chosen(referral: Referral, keys: list[str]) -> list[dict[str, str]]:
    """The extract as it is frozen: label and value, in the page's order."""
    wanted = set(keys)
    return [{"label": each.label, "value": each.value} for each in fields(referral) if each.key in wanted]
