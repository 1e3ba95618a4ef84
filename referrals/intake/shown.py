"""What the pages of the form show beside their questions: people told of, the matrix, the level so far, contacts."""

from __future__ import annotations

from typing import Any

from partnerships.models import Partnership, User
from referrals.intake import addresses, summary
from referrals.intake.answers import AS_FIRST, GROUPS, Answers, ChildTold, Place
from referrals.intake.changed_since import changed_since
from referrals.intake.concerns import BY_FLAG, BY_PAGE, CONCERNS, Concern, duty_of, said_by
from referrals.intake.done import done
from referrals.intake.forms import Indicators, IntakeForm
from referrals.intake.indicator_search import Search, also_under
from referrals.intake.pages import PAGES, Step, find, tasks
from referrals.intake.screened import referrer_duty
from referrals.intake.situation import Situation
from referrals.models import Attachment, Draft
from referrals.retention.schedule import draft_ends_at
from thresholds.domain.reasons import under_age
from thresholds.domain.scheme import AgeParameters, Flag, RuleKind
from thresholds.matrix import Section, sections

CONTACTS = {
    **{concern.flag: concern.contacts for concern in CONCERNS},
    Flag.SECTION_47: ("front_door", "out_of_hours"),
    Flag.STRATEGY_DISCUSSION: ("front_door", "out_of_hours"),
}
"""The contact points that belong to a flag, by their kind."""

CHANGE = {"other-children": "Add or remove", "family": "Add or remove"}
BY_LEVEL = (RuleKind.HIGHEST, RuleKind.CLUSTER, RuleKind.AGE, RuleKind.NOTHING_CHOSEN)


def draft_line(draft: Draft) -> dict[str, Any]:
    """An unsent draft in a list: whom it is about, how far it is."""
    answers = Answers(draft.answers)
    names = [child.called for child in answers.children if child.is_told]
    return {
        "draft": draft,
        "about": " and ".join(names) or "a child not named yet",
        "href": addresses.of_tasks(draft),
        "worry_told": answers.is_worry_told,
        "worry": answers.said("worry", "happened"),
        "kept_until": draft_ends_at(draft.saved_at),
    }


def page_context(draft: Draft, situation: Situation, step: Step, form: IntakeForm, find: str = "") -> dict[str, Any]:
    """What this page shows beside its form. find: the words for which the indicators are searched."""
    slug = step.page.slug
    if slug in ("other-children", "family"):
        return {"lines": group_lines(draft, situation, "child" if slug == "other-children" else "person")}
    if isinstance(form, Indicators):
        search, known = Search(situation.scheme, find), situation.scheme.indicator
        return {
            **search.context(),
            "domains": matrix(situation, form, search),
            "hidden": [key for key in form["chosen"].value() or [] if known(key) and key not in search.shown],
            "level_href": addresses.of_level(draft, step.number),
            "so_far": so_far(situation, step.number),
            "begun_from": begun_from(situation, form),
            "child_short": form.child.short,
            "changed_since": draft.started_by
            and changed_since(
                partnership=draft.partnership, user=draft.started_by, slug=situation.scheme.slug, at=situation.at
            ),
        }
    if slug == "judged":
        return {"so_far": so_far(situation, step.number)}
    if slug == AS_FIRST:
        return as_first(situation)
    if slug in BY_PAGE:
        return of_concern(situation, BY_PAGE[slug], draft)
    if slug == "special":
        return {"specials": specials(situation, draft)}
    if slug == "worker-first":
        said = (situation.answers.said("involved", name) for name in ("worker_name", "lead_name"))
        return {"worker": "; ".join(filter(None, said))}
    return {}


def group_lines(draft: Draft, situation: Situation, group: str) -> list[dict[str, Any]]:
    """Each child or person of the draft: the name, and where to change it or take it out."""
    first = next(page for page in PAGES if page.group == group)
    people = {person.number: person for person in situation.answers.people}
    lines = []
    for number, _ in enumerate(situation.answers.group(GROUPS[group]), start=1):
        child: ChildTold | None = situation.answers.children[number - 1] if group == "child" else None
        person = people.get(number) if group == "person" else None
        lines.append(
            {
                "name": child.called if child else person.called if person else "Nobody named yet",
                "detail": person.relationship if person else "",
                "href": addresses.of_page(draft, Step(first, number)),
                "remove": addresses.of_removal(draft, group, number) if child or person else "",
                "change": "Change" if child or person else "Add somebody",
            }
        )
    return lines


def helps(situation: Situation) -> dict[str, str]:
    """Help for an indicator, by its key: what else it raises, and for which age it means more."""
    scheme, found = situation.scheme, {}
    again = also_under(scheme)
    for indicator in scheme.indicators:
        told = [f"Also raises: {', '.join(flag.words for flag in indicator.flags)}."] if indicator.flags else []
        for rule in scheme.rules_of(RuleKind.AGE):
            age = rule.parameters
            if isinstance(age, AgeParameters) and indicator.key in age.indicators:
                told.append(f"For a child {under_age(age)}: {scheme.step(age.indicates)} at least.")
        told += [again[indicator.key]] if indicator.key in again else []
        if told:
            found[indicator.key] = " ".join(told)
    return found


def matrix(situation: Situation, form: Indicators, search: Search) -> list[dict[str, Any]]:
    """The scheme's indicators by top-level domain, each list from the lowest step to the highest, as searched for."""
    scheme = situation.scheme
    chosen = set(form["chosen"].value() or [])
    help_of = helps(situation)
    roots: dict[str, dict[str, Any]] = {}
    for section in sections(scheme):
        root = scheme.root(section.domain.name)
        lists = lists_of(section, situation.step_word, chosen, search, help_of)
        if not lists:
            continue
        place = roots.setdefault(root, {"name": root, "id": f"domain-{len(roots) + 1}", "chosen": 0, "parts": []})
        place["chosen"] += sum(item["checked"] for each in lists for item in each["items"])
        place["parts"].append({"name": section.domain.name if section.domain.name != root else "", "lists": lists})
    found = list(roots.values())
    if form.outdated:
        items = [{"key": key, "label": key, "checked": key in chosen, "help": ""} for key in form.outdated]
        part = {"name": "", "lists": [{"step": "Chosen from an earlier threshold", "items": items}]}
        found.append({"name": "No longer in the threshold", "id": "outdated", "chosen": len(items), "parts": [part]})
    return found


def lists_of(
    section: Section, word: str, chosen: set[str], search: Search, help_of: dict[str, str]
) -> list[dict[str, Any]]:
    """The lists of one domain, from the lowest step to the highest; those in which nothing is found are left out."""
    lists = [
        {
            "step": f"{word.capitalize()}{'s' if len(each.levels) > 1 else ''} "
            + " and ".join(str(level.rank) for level in each.levels),
            "colour": each.levels[0].colour.value if each.levels else "blue",
            "name": " / ".join(level.name for level in each.levels),
            "items": [
                {
                    "key": one.key,
                    "label": one.label,
                    "checked": one.key in chosen,
                    "help": help_of.get(one.key, ""),
                    "domain": one.domain,
                }
                for one in each.indicators
                if one.key in search.shown
            ],
        }
        for each in section.lists
    ]
    return [each for each in lists if each["items"]]


def begun_from(situation: Situation, form: Indicators) -> str:
    """The name of the child whose choice is ticked to begin with, and not saved yet for this one."""
    return situation.answers.children[0].short if form.begun_with_first else ""


def as_first(situation: Situation) -> dict[str, Any]:
    """What was chosen for the first child, to be compared with the next."""
    scheme, worry = situation.scheme, situation.answers.worry_of(1)
    return {
        "first": situation.answers.children[0],
        "first_chosen": [indicator.label for key in worry.indicators if (indicator := scheme.indicator(key))],
        "first_judged": scheme.step(worry.judged_level) if worry.judged_level is not None else "",
    }


def so_far(situation: Situation, number: int) -> dict[str, Any]:
    """What the threshold indicates of one child for what is stored, and why. Indicated, not decided."""
    screening = situation.screening_of(number)
    level = situation.scheme.level(screening.indicated_level)
    return {
        "level": level,
        "step": situation.scheme.step(screening.indicated_level),
        "chosen": len(situation.answers.worry_of(number).indicators),
        "child": situation.answers.children[number - 1].short if situation.of_several else "",
        "why": [reason.because for reason in screening.reasons if reason.kind in BY_LEVEL],
    }


def specials(situation: Situation, draft: Draft) -> list[dict[str, Any]]:
    """What else is raised, with the scheme's word to the referrer, what of it is done, and whom to tell."""
    attached = list(Attachment.objects.there().filter(draft=draft))
    return [special(situation, flag, attached) for flag in situation.others]


def of_concern(situation: Situation, concern: Concern, draft: Draft) -> dict[str, Any]:
    """What the page of a special concern shows above its questions."""
    names = [child.short for child in situation.children_with(concern)] if situation.of_several else []
    return {
        "concern": said_by(situation.partnership.slug, concern),
        "special": special(situation, concern.flag, list(Attachment.objects.there().filter(draft=draft))),
        "concern_children": " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))),
    }


def special(situation: Situation, flag: Flag, attached: list[Attachment]) -> dict[str, Any]:
    duty, beside = referrer_duty(situation.scheme, flag), duty_of(situation.partnership.slug, flag)
    already = done(situation, duty if duty.sentence else beside, attached)
    return {
        "flag": flag,
        "words": flag.words[0].upper() + flag.words[1:],
        "sentence": duty.sentence,
        "done": already.told,
        "is_done": already.whole,
        "duty": beside.sentence,
        "contacts": contacts(situation.partnership, flag),
    }


def contacts(partnership: Partnership, flag: Flag) -> list[Any]:
    kinds = CONTACTS.get(flag, ())
    if flag in BY_FLAG:
        kinds = said_by(partnership.slug, BY_FLAG[flag]).contacts
    return list(partnership.contact_points.filter(kind__in=kinds)) if kinds else []


def untraceable(draft: Draft, situation: Situation) -> list[dict[str, str]]:
    """The children of whom nothing was told by which they could be found: what a sentence calls each, and where to say
    who it is."""
    unknown = [child for child in situation.answers.children if not child.is_traceable]
    asked = [(child, find(situation, "who", "child", child.number)) for child in unknown]
    return [
        {"short": child.short, "href": f"{addresses.of_page(draft, step)}?from=check"} for child, step in asked if step
    ]


def checked_sections(draft: Draft, situation: Situation) -> list[dict[str, Any]]:
    """The cards for checking, each with its way to change it, under their sections; a repeated one can be added to."""
    hrefs = {task.section: task.progress.value for task in tasks(situation)}
    return [
        {
            "title": section.title,
            "progress": hrefs.get(section, ""),
            "cards": [
                {
                    "title": card.title,
                    "rows": card.rows,
                    "sheet": card.sheet,
                    "unanswered": "; ".join(card.unanswered),
                    "remarks": remarks(situation, card.step),
                    "actions": [
                        {
                            "text": CHANGE.get(card.step.page.slug, "Change"),
                            "href": f"{addresses.of_page(draft, card.step)}?from=check",
                        }
                    ],
                    "id": card_id(card.step.place),
                }
                for card in cards
            ],
        }
        for section, cards in summary.by_section(summary.cards(situation))
    ]


def remarks(situation: Situation, step: Step) -> list[str]:
    """What is missing of one page's answers that others will need."""
    if step.page.slug not in REMARKED:
        return []
    stored = step.place.read(situation.answers.raw)
    return step.page.form(situation=situation, number=step.number, stored=stored).remarks()


REMARKED = ("person", "family", "impact", "indicators")
"""The pages whose answers may want a remark before sending."""

ANSWERED_ON = (
    Place("consent"),
    Place("who", "child", 1),
    Place("involved"),
    Place("worry"),
    Place("tried"),
    Place("you"),
)
"""The page on which each of the six questions is answered, in their order."""


def questions(draft: Draft, situation: Situation, user: User) -> list[dict[str, Any]]:
    """The six questions of a good referral, each with the page on which more can be said."""
    checks = summary.quality(situation, referrer_name=user.name, telephone=user.telephone)
    pages = [find(situation, place.slug, place.group, place.number) for place in ANSWERED_ON]
    return [
        {"check": check, "href": f"{addresses.of_page(draft, step)}?from=check" if step else ""}
        for check, step in zip(checks, pages, strict=True)
    ]


def card_id(place: Place) -> str:
    return "-".join(part for part in (place.group, str(place.number or ""), place.slug) if part)
