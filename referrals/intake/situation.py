"""What a page of the form has to know: the partnership, its threshold in force, and what was told so far."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from partnerships.models import Partnership
from referrals.intake.answers import LONDON, Answers, ChildTold
from referrals.intake.concerns import Concern
from referrals.intake.screened import OTHERS, Screened, all_together, screen_children, special_flags
from referrals.intake.told import time_in_words
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.domain.scheme import Flag, Limit, Route, Scheme, Starts, StatutoryBasis
from thresholds.domain.screening import Screening, screen
from thresholds.domain.together import Together


@dataclass(frozen=True)
class Situation:
    """One draft at one moment. `at` is the request's."""

    partnership: Partnership
    scheme: Scheme
    answers: Answers
    at: dt.datetime

    @property
    def step_word(self) -> str:
        """The document's own word for a step of need: level or tier."""
        return self.scheme.step_word.value

    @property
    def written_form(self) -> Limit | None:
        """By when the written form is to follow, where it follows something: a call, or the moment of the worry."""
        limit = self.scheme.limit("written_form")
        return limit if limit and limit.starts in (Starts.CALLED, Starts.CONCERN) else None

    @cached_property
    def written_form_due(self) -> dt.datetime | None:
        """By when this form is to be sent, where the call or the worry that starts its clock was told."""
        limit = self.written_form
        if limit is None:
            return None
        start = self.answers.called_at if limit.starts is Starts.CALLED else self.answers.concern_at
        return due(limit, start, calendar_of(self.partnership)) if start else None

    @property
    def start_in_words(self) -> str:
        """The time from which the written form would be counted, where it was told in words alone; else empty."""
        limit, page = self.written_form, self.answers.page("telephone")
        if limit is None or self.written_form_due:
            return ""
        if limit.starts is Starts.CALLED:
            return time_in_words(page.get("called_time")) if page.get("telephoned") == "yes" else ""
        return time_in_words(page.get("concern_time"))

    @property
    def not_counted(self) -> list[str]:
        """What is said where the time was told in words: nothing is counted from a time that can't be read."""
        if not self.start_in_words or self.written_form is None:
            return []
        return [
            f"You gave the time as “{self.start_in_words}”. That is kept as you said it, but the time for this form is "
            "counted only from a time in figures, such as 3:30pm: until there is one, it does not run."
        ]

    @property
    def telephone_is_due(self) -> bool:
        """It goes to the MASH, or safety is in doubt, the document wants that telephoned, and nobody has yet."""
        urgent = self.answers.safety_in_doubt or (self.answers.is_worry_told and self.together.route is Route.MASH)
        telephoned = self.answers.page("telephone").get("telephoned") == "yes"
        return urgent and not telephoned and bool(self.scheme.guidance.telephone_first)

    @property
    def asks_when_it_arose(self) -> bool:
        """The written form's clock starts when the worry arose, so that moment is asked for."""
        return self.written_form is not None and self.written_form.starts is Starts.CONCERN

    @property
    def asks_child_in_need(self) -> bool:
        """Section 17 decides a level, or moves the route by the referrer's word."""
        by_level = any(
            level.statutory_basis in (StatutoryBasis.SECTION_17, StatutoryBasis.BOTH) for level in self.scheme.levels
        )
        return by_level or self.scheme.flag_rule(Flag.SECTION_17) is not None

    @property
    def goes_to_the_worker_first(self) -> bool:
        """The child has a worker already, and the document says whom to talk with before referring."""
        involved = self.answers.page("involved")
        has_one = "yes" in (involved.get("worker"), involved.get("lead"))
        return has_one and bool(self.scheme.guidance.before_referring)

    @property
    def of_several(self) -> bool:
        """The referral tells of more than one child."""
        return len(self.answers.children) > 1

    @cached_property
    def screened(self) -> list[Screened]:
        """What the threshold says so far of each child; earlier contacts are looked for when the referral is sent."""
        return screen_children(self.answers, self.scheme, on=self.at.astimezone(LONDON).date())

    @cached_property
    def together(self) -> Together:
        """What that comes to for the one referral."""
        return all_together(self.screened)

    def screening_of(self, number: int) -> Screening:
        """What the threshold says so far of one child; of one not told of yet, what it says of nothing chosen."""
        on = self.at.astimezone(LONDON).date()
        found = next((each.screening for each in self.screened if each.number == number), None)
        return found or screen(self.scheme, self.answers.facts_of(number, on=on))

    @cached_property
    def special(self) -> tuple[Flag, ...]:
        """What asks something more of the referrer so far."""
        return special_flags(set(self.together.flags), self.scheme)

    @property
    def others(self) -> tuple[Flag, ...]:
        """Of these, the ones that stand together on one page."""
        return tuple(flag for flag in self.special if flag in OTHERS)

    def children_with(self, concern: Concern) -> list[ChildTold]:
        """The children for whom a special concern was ticked, or an indicator raises it."""
        ticked = {worry.number for worry in self.answers.worries if concern.tick in worry.concerns}
        raised = {each.number for each in self.screened if concern.flag in each.screening.flags}
        return [child for child in self.answers.children if child.number in ticked | raised]
