"""The guided form as data: its sections, its pages, their order, and who sees which.

One thing a page, in the order in which a worried person thinks. Views and templates hold none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any

from referrals.intake import forms
from referrals.intake.answers import AS_FIRST, AUTOSAVED, GROUPS, Place
from referrals.intake.concerns import CONCERNS, Concern
from referrals.intake.forms.base import IntakeForm
from referrals.intake.inside import inside
from referrals.intake.situation import Situation

Predicate = Callable[[Situation, int], bool]
"""Whether a draft has a page. The number is the child's or person's; 0 for a page that stands once."""


@dataclass(frozen=True, slots=True)
class Section:
    """One line of the task list."""

    slug: str
    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `title` may name the `{child}` or `{person}` of a repeated page, and the scheme's `{step}` word.

    group: "child" or "person" where the page stands once for each. shown: who sees it.
    """

    slug: str
    title: str
    form: type[IntakeForm]
    section: Section
    group: str = ""
    shown: Predicate = lambda situation, number: True
    template: str = "referrals/intake/page.html"


@dataclass(frozen=True, slots=True)
class Step:
    """A page at its place in one draft's order: for a repeated page, of one child or person."""

    page: Page
    number: int = 0

    @property
    def place(self) -> Place:
        return Place(self.page.slug, self.page.group, self.number)

    @property
    def address(self) -> dict[str, Any]:
        """What names this page in an address, below the draft."""
        if not self.page.group:
            return {"slug": self.page.slug}
        return {"group": self.page.group, "number": self.number, "slug": self.page.slug}

    def title(self, situation: Situation) -> str:
        """The page's heading, in this draft's words."""
        child = person = ""
        if self.page.group == "child":
            told = situation.answers.children[self.number - 1]
            child = (told.name if self.page.section is CHILD else "") or told.short
        elif self.page.group == "person":
            person = "Who is in the family?" if self.number == 1 else "Who else is in the family?"
        title = self.page.title.format(child=child, person=person, step=situation.step_word)
        return title[:1].upper() + title[1:]

    def tab_title(self, situation: Situation) -> str:
        """The title for the browser's tab and its history: the heading without a name, since both are kept."""
        if self.page.group != "child":
            return self.title(situation)
        child = f"child {self.number}"
        return self.page.title.format(child=child, step=situation.step_word)


def has_its_own(situation: Situation, number: int) -> bool:
    """Whether a child has pages of the threshold of its own: not where it is as for the first."""
    return not situation.answers.worry_of(number).as_first


def may_be_as_first(situation: Situation, number: int) -> bool:
    """Whether a child is asked to be as the first: where something was chosen for that one, or was when it was said."""
    chosen = situation.answers.worry_of(1).is_chosen
    return number > 1 and (chosen or bool(Place(AS_FIRST, "child", number).read(situation.answers.raw)))


def page_of(concern: Concern) -> Page:
    """The page of one special concern: asked where it was ticked for a child, or an indicator raises it."""
    return Page(
        concern.page,
        concern.title,
        forms.CONCERN_FORMS[concern.page],
        SPECIAL,
        shown=lambda situation, number: bool(situation.children_with(concern)),
        template="referrals/intake/concern.html",
    )


CHILD = Section("child", "The child", "Who you are worried about, and any brothers or sisters")
FAMILY = Section("family", "Family and household", "Parents, carers and who lives in the home")
YOU = Section("you", "You", "How and when we can reach you")
INVOLVED = Section("involved", "Who helps already", "Other practitioners, early help, a social worker")
WORRY = Section("worry", "Your worry", "What happened, what works well, what needs to happen")
LEVEL = Section("level", "Indicators", "What fits in the published threshold, and your own view")
SPECIAL = Section("special", "Special concerns", "What else to do for the concerns that you named")
TRIED = Section("tried", "What has been tried", "By you or by others, and what came of it")
CONSENT = Section("consent", "Consent", "Whether the family knows, and whether they agree")
ATTACH = Section("attach", "Documents", "Assessments and plans that exist")
SECTIONS = (CHILD, FAMILY, YOU, INVOLVED, WORRY, LEVEL, SPECIAL, TRIED, CONSENT, ATTACH)

PAGES = (
    Page("who", "Who is {child}?", forms.ChildWho, CHILD, "child"),
    Page("details", "More about {child}", forms.ChildDetails, CHILD, "child"),
    Page("home", "Where is {child}?", forms.ChildHome, CHILD, "child"),
    Page("other-children", "Any other children?", forms.AnotherChild, CHILD, template="referrals/intake/group.html"),
    Page("person", "{person}", forms.Person, FAMILY, "person"),
    Page(
        "family", "The family, and being in touch safely", forms.Family, FAMILY, template="referrals/intake/group.html"
    ),
    Page(
        "you",
        "How can we reach you?",
        forms.You,
        YOU,
        shown=lambda situation, number: not situation.answers.page("source"),
        template="referrals/intake/you.html",
    ),
    Page("involved", "Who helps already?", forms.Involved, INVOLVED),
    Page(
        "worker-first",
        "Talk with the child's worker first",
        forms.GoToThemFirst,
        INVOLVED,
        shown=lambda situation, number: situation.goes_to_the_worker_first,
        template="referrals/intake/worker_first.html",
    ),
    Page("worry", "What worries you?", forms.Worry, WORRY),
    Page("impact", "What is it like for {child}?", forms.Impact, WORRY, "child"),
    Page(
        "telephone",
        "Has somebody telephoned?",
        forms.Telephone,
        WORRY,
        template="referrals/intake/telephone.html",
    ),
    Page("strengths", "Strengths", forms.Strengths, WORRY),
    Page("next", "What should come next?", forms.NextSteps, WORRY),
    Page(
        AS_FIRST,
        "Does the same fit {child}?",
        forms.AsFirst,
        LEVEL,
        "child",
        shown=may_be_as_first,
        template="referrals/intake/as_first.html",
    ),
    Page(
        "indicators",
        "Which indicators fit {child}?",
        forms.Indicators,
        LEVEL,
        "child",
        shown=has_its_own,
        template="referrals/intake/indicators.html",
    ),
    Page(
        "evidence",
        "What did you see or hear of {child}?",
        forms.Evidence,
        LEVEL,
        "child",
        shown=lambda situation, number: (
            has_its_own(situation, number)
            and any(map(situation.scheme.indicator, situation.answers.worry_of(number).indicators))
        ),
    ),
    Page(
        "judged",
        "Your own view of the {step} for {child}",
        forms.Judged,
        LEVEL,
        "child",
        shown=has_its_own,
        template="referrals/intake/judged.html",
    ),
    *map(page_of, CONCERNS),
    Page(
        "special",
        "What else to do",
        forms.Special,
        SPECIAL,
        shown=lambda situation, number: bool(situation.others),
        template="referrals/intake/special.html",
    ),
    Page("tried", "What was tried so far?", forms.Tried, TRIED),
    Page(
        "consent",
        "Do they know, and do they agree?",
        forms.Consent,
        CONSENT,
        template="referrals/intake/consent.html",
    ),
    Page("attach", "Add documents", forms.Attach, ATTACH, template="referrals/intake/attach.html"),
)

INSIDE = {page.slug: boxes for page in PAGES if (boxes := inside(page.form.base_fields))}
"""The boxes that stand inside an answer, by the slug of their page."""


class Progress(StrEnum):
    """How far a section is."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Task:
    """A section on the task list: how far it is, and the page to open."""

    section: Section
    progress: Progress
    step: Step


def steps(situation: Situation) -> list[Step]:
    """Every page of this draft in its order, the repeated ones once for each child and person."""
    found: list[Step] = []
    for group, pages in groupby(PAGES, key=attrgetter("group")):
        together = list(pages)
        numbers = range(1, len(situation.answers.group(GROUPS[group])) + 1) if group else [0]
        found.extend(Step(page, number) for number in numbers for page in together if page.shown(situation, number))
    return found


def find(situation: Situation, slug: str, group: str = "", number: int = 0) -> Step | None:
    """The page at an address, or None where this draft has no such page."""
    return next((step for step in steps(situation) if step.place == Place(slug, group, number)), None)


def neighbours(situation: Situation, step: Step) -> tuple[Step | None, Step | None]:
    """The pages before and after this one."""
    ordered = steps(situation)
    if step not in ordered:
        return None, None
    at = ordered.index(step)
    return (ordered[at - 1] if at else None), (ordered[at + 1] if at + 1 < len(ordered) else None)


def is_saved(situation: Situation, step: Step) -> bool:
    """Whether the page was saved; one that asks for another child or person, once there was none to add."""
    stored = step.place.read(situation.answers.raw)
    return stored is not None and AUTOSAVED not in stored and stored.get("another", "no") == "no"


def tasks(situation: Situation) -> list[Task]:
    """The task list: each section that this draft has, and its first page that was not saved yet."""
    found = []
    ordered = steps(situation)
    for section in SECTIONS:
        mine = [step for step in ordered if step.page.section is section]
        if not mine:
            continue
        open_ones = [step for step in mine if not is_saved(situation, step)]
        if not open_ones:
            progress = Progress.DONE
        else:
            progress = Progress.NOT_STARTED if len(open_ones) == len(mine) else Progress.IN_PROGRESS
        found.append(Task(section, progress, open_ones[0] if open_ones else mine[0]))
    return found
