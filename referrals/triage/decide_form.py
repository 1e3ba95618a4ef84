"""The decision on one child, or on several alike. Nothing is chosen beforehand but what its author kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partnerships.forms import (
    CheckboxesField,
    Choice,
    ChoiceField,
    LongTextField,
    PageForm,
    RadioField,
    RevisionField,
    TextField,
)
from partnerships.models import Partnership, Team, User
from referrals.domain.deciding import FACTORS, NO_FACTOR, PRIMARY_NEEDS, Teller, needs_authority
from referrals.domain.lifecycle import Outcome
from referrals.models import Child, Decision, Referral
from referrals.triage.forms import LONGEST_REASON
from thresholds.domain.scheme import Scheme

NO_LEVEL = "none"
BY_HAND = "by_hand"
OWES_AN_EXPLANATION = (Outcome.ADVICE, Outcome.NO_FURTHER_ACTION)
"""Outcomes under which the referrer stays alone with the worry, and so is owed the reasons."""

TELLERS = [Choice(teller.value, teller.label) for teller in Teller]


def text(label: str, *, rows: int = 3, **kwargs: Any) -> LongTextField:
    return LongTextField(label, max_length=LONGEST_REASON, rows=rows, **kwargs)


class DecideForm(PageForm):
    """`revision` is the referral's when the form was shown. Which fields it has depends on the referral.

    others: the other children of the referral that have no decision yet. teams: the early help teams to choose from,
    where the MASH decides. people: who may authorise going on without consent, where the family has not agreed.
    places: the partnerships to which a child can be sent on; lives_in: those in whose area the home is, by their word.
    """

    decided_level = RadioField("Which {step} is it?", missing="Choose the {step} that you decide on")
    outcome = RadioField(
        "What happens now?",
        hint="The sentence below each goes into the letter to the referrer.",
        missing="Choose what happens now",
    )
    support_team = ChoiceField("Which early help team takes it on?")
    handover = text(
        "What does that team need to know?",
        hint="Worries, strengths, what was agreed, and anything unsafe for a visitor. The team reads this and the "
        "child’s details, not what the MASH gathered.",
        called="what the team needs to know",
        rows=5,
    )
    transfer_to = ChoiceField(
        "Where is the child sent on to?",
        hint="There it is a new contact, screened anew. It stays open here until somebody there has confirmed it.",
    )
    transfer_elsewhere = TextField(
        "Which other area?",
        hint="One that is not on Front Door. You send it by hand, then write down how, to whom, and their receipt.",
        called="the other area",
        max_length=200,
    )
    primary_need = ChoiceField(
        "Primary need",
        [Choice(code, f"{code}: {words}") for code, words in PRIMARY_NEEDS.items()],
        missing="Choose the primary need. N9 and N0 say that there is none, or that it is not known",
    )
    factors = CheckboxesField(
        "Factors",
        [Choice(code, f"{code}: {words}", exclusive=code == NO_FACTOR) for code, words in FACTORS.items()],
        hint="As many as are known, by the national codes.",
        small=True,
    )
    reason = text(
        "Why? For the record",
        hint="What you weighed, what you checked and with whom. The referrer does not see it.",
        called="the reason",
        missing="Give the reason for the decision",
        rows=6,
    )
    authorised_by = ChoiceField("Who authorised going on without the family’s agreement?")
    authorised_because = text(
        "Why does it go on without their agreement?", called="why it goes on without their agreement"
    )
    told_referrer = text(
        "What do you tell the referrer?",
        hint="It goes into the letter, between the outcome and what to do for who disagrees. "
        "Write what happens next and what the referrer goes on doing. Name no child and nothing that is not theirs to "
        "know.",
        called="what you tell the referrer",
        rows=6,
    )
    parents_told_by = RadioField(
        "Who tells the parents or carers?", TELLERS, missing="Say who tells the parents or carers"
    )
    told_parents = text(
        "What are they told, or why are they not told?", called="what the parents are told, or why they are not"
    )
    child_told_by = RadioField("Who tells the child?", TELLERS, missing="Say who tells the child")
    told_child = text(
        "What is the child told, or why not?",
        hint="In words for this child’s age.",
        called="what the child is told, or why not",
    )
    also = CheckboxesField("For which other children is it the same?", small=True)
    revision = RevisionField()

    def __init__(
        self,
        *args: Any,
        scheme: Scheme,
        referral: Referral,
        others: Sequence[Child] = (),
        teams: Sequence[Team] = (),
        places: Sequence[Partnership] = (),
        lives_in: Sequence[Partnership] = (),
        people: Sequence[User] = (),
        judged: int | None = None,
        consent_given: bool = True,
        kept: Decision | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, initial={**written(kept), "revision": referral.revision}, **kwargs)
        self.judged = judged
        self.consent_given = consent_given
        self.teams = {team.slug: team for team in teams}
        self.places = {place.slug: place for place in places}
        self.people = {str(person.pk): person for person in people}
        self.others = {str(child.pk): child for child in others}
        self.offer_levels(scheme)
        named: Any = self.fields
        named["support_team"].offer([Choice(slug, team.name) for slug, team in self.teams.items()])
        named["authorised_by"].offer([Choice(pk, person.name) for pk, person in self.people.items()])
        named["also"].offer([Choice(pk, child.name) for pk, child in self.others.items()])
        if referral.restricted and not people:
            named[
                "authorised_by"
            ].help_text = "Nobody who is named on this referral can. Name whoever authorises it first."
        self.offer_places(lives_in)
        reveals: dict[Outcome, tuple[str, ...]] = {
            Outcome.EARLY_HELP: ("support_team", "handover") if teams else (),
            Outcome.TRANSFER: ("transfer_to", "transfer_elsewhere"),
        }
        named["outcome"].offer(
            [Choice(each.value, each.label, hint=each.meaning, reveals=reveals.get(each, ())) for each in Outcome]
        )
        absent = [
            *(() if teams else ("support_team", "handover")),
            *(() if not consent_given else ("authorised_by", "authorised_because")),
            *(() if others else ("also",)),
        ]
        for name in absent:
            del self.fields[name]

    def offer_places(self, lives_in: Sequence[Partnership]) -> None:
        to: Any = self.fields["transfer_to"]
        to.offer([*(Choice(slug, place.name) for slug, place in self.places.items()), Choice(BY_HAND, "Another area")])
        names = [place.name for place in lives_in]
        if len(names) == 1:
            to.help_text = f"The home’s postcode is in the area of {names[0]}. {to.help_text}"
        elif names:
            several = f"{', '.join(names[:-1])} and {names[-1]}"
            to.help_text = f"{several} each say that the home’s postcode is in their area: ask them. {to.help_text}"

    def offer_levels(self, scheme: Scheme) -> None:
        word = scheme.step_word.value
        level: Any = self.fields["decided_level"]
        level.label = f"Which {word} is it?"
        level.error_messages["required"] = f"Choose the {word} that you decide on"
        level.offer(
            [
                *(
                    Choice(str(each.rank), f"{word.capitalize()} {each.rank}: {each.name}", hint=each.description)
                    for each in scheme.levels
                ),
                Choice(NO_LEVEL, f"No {word}", hint="For example, where another area takes it over"),
            ]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.owes_an_explanation:
            self.ask_for(
                "told_referrer", "Tell the referrer why: they see it otherwise than you, or stay with the worry"
            )
        if cleaned.get("parents_told_by") == Teller.NOBODY.value:
            self.ask_for("told_parents", "Say why the parents or carers are not told")
        if cleaned.get("child_told_by") == Teller.NOBODY.value:
            self.ask_for("told_child", "Say why the child is not told")
        if cleaned.get("outcome") == Outcome.EARLY_HELP.value:
            self.ask_for("support_team", "Choose the early help team that takes it on")
            self.ask_for("handover", "Say what the early help team needs to know")
        if cleaned.get("outcome") == Outcome.TRANSFER.value:
            self.ask_for("transfer_to", "Choose where the child is sent on to")
            if cleaned.get("transfer_to") == BY_HAND:
                self.ask_for("transfer_elsewhere", "Enter the name of the other area")
        if self.needs_authority:
            self.ask_for("authorised_by", "The family has not agreed. Say who authorised going on without that")
            self.ask_for("authorised_because", "Say why it goes on without the family’s agreement")
        return cleaned

    def ask_for(self, name: str, message: str) -> None:
        """An answer that what was chosen makes needed."""
        if name in self.fields and not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, message)

    @property
    def needs_authority(self) -> bool:
        said = self.cleaned_data.get("outcome")
        return needs_authority(Outcome(said), consent_given=self.consent_given) if said else False

    @property
    def owes_an_explanation(self) -> bool:
        """The referrer judged the need higher, or is left with it."""
        lower = self.judged is not None and self.level is not None and self.level < self.judged
        return lower or self.cleaned_data.get("outcome") in {each.value for each in OWES_AN_EXPLANATION}

    @property
    def level(self) -> int | None:
        said = self.cleaned_data.get("decided_level") or NO_LEVEL
        return None if said == NO_LEVEL else int(said)

    @property
    def also_for(self) -> list[Child]:
        """The other children of whom the same is decided."""
        return [self.others[pk] for pk in self.cleaned_data.get("also") or () if pk in self.others]

    @property
    def decision(self) -> dict[str, Any]:
        """The decision as `actions.decide` takes it. Only what belongs to the outcome counts."""
        said = self.cleaned_data
        outcome = Outcome(said["outcome"])
        early_help, alone = outcome is Outcome.EARLY_HELP, self.needs_authority
        place = said.get("transfer_to", "") if outcome is Outcome.TRANSFER else ""
        return {
            "decided_level": self.level,
            "outcome": outcome,
            "primary_need": said["primary_need"],
            "factors": tuple(said["factors"]),
            **{name: said[name] for name in PLAIN},
            "handover": said.get("handover", "") if early_help else "",
            "support_team": self.teams.get(said.get("support_team", "")) if early_help else None,
            "authorised_by": self.people.get(said.get("authorised_by", "")) if alone else None,
            "authorised_because": said.get("authorised_because", "") if alone else "",
            "transfer_to": self.places.get(place),
            "transfer_elsewhere": said.get("transfer_elsewhere", "") if place == BY_HAND else "",
            "revision": said["revision"],
        }


PLAIN = ("reason", "told_referrer", "parents_told_by", "told_parents", "child_told_by", "told_child")
"""What is kept as it was written."""


def written(kept: Decision | None) -> dict[str, Any]:
    """What its author wrote before, for the form."""
    if kept is None:
        return {}
    return {
        **{name: getattr(kept, name) for name in PLAIN},
        "decided_level": NO_LEVEL if kept.decided_level is None else str(kept.decided_level),
        "outcome": kept.outcome,
        "primary_need": kept.primary_need,
        "factors": kept.factors,
        "handover": kept.handover,
        "support_team": kept.support_team.slug if kept.support_team else "",
        "authorised_by": str(kept.authorised_by_id or ""),
        "authorised_because": kept.authorised_because,
        "transfer_to": kept.transfer_to.slug if kept.transfer_to else BY_HAND if kept.transfer_elsewhere else "",
        "transfer_elsewhere": kept.transfer_elsewhere,
    }
