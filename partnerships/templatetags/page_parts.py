"""What every page says in the same words: dates, times, what is left of a limit, telephone numbers, statuses.

{{ referral.received_at|moment }}        4:30pm on Tuesday 24 November 2026
{% time_left clock.due_at %}             3 hours left
{% telephone_now "Telephone {} first." %}  Telephone the MASH, out of hours, on 01604 626938 first.
{% status "clock" clock.stage %}         a coloured tag: Due soon
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe

from partnerships import calling
from partnerships.calling import AN_ADDRESS, Call
from partnerships.hours import is_open
from partnerships.models import Partnership
from partnerships.navigation import Link, links
from partnerships.statuses import STATUSES, Status
from partnerships.typed import clean_text, clock_words

register = template.Library()

NUMBER = re.compile(r"(?<![\w+])\+?\d(?:[\d ]*\d)?(?!\w)")
WAYS = re.compile(f"{AN_ADDRESS.pattern}|{NUMBER.pattern}")
SHORT_NUMBERS = ("999", "101", "111", "112", "18000")
LONGEST_SHOWN = 36


@register.filter
def day(value: Any) -> str:
    """23 November 2026. An instant is told as its day in London; nothing is told as nothing."""
    if isinstance(value, dt.datetime):
        value = timezone.localdate(value) if timezone.is_aware(value) else value.date()
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value[:10])
        except ValueError:
            return value
    return f"{value.day} {value:%B} {value.year}" if isinstance(value, dt.date) else ""


@register.filter
def clock_time(value: Any) -> str:
    """4:30pm; on the hour 4pm; midday and midnight by name."""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
        value = value.time()
    return clock_words(value) if isinstance(value, dt.time) else ""


@register.filter
def moment(value: Any) -> str:
    """4:30pm on Tuesday 24 November 2026."""
    if not isinstance(value, dt.datetime):
        return day(value)
    here = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{clock_time(here)} on {here:%A} {day(here.date())}"


@register.filter
def instant(value: Any) -> Any:
    """An instant that was stored as text, in ISO 8601; anything else as it is."""
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


@register.simple_tag(takes_context=True)
def time_left(context: Context, due_at: dt.datetime | None) -> str:
    """`3 hours left`, `2 days and 4 hours left`, `20 minutes overdue`, from the page's `now`."""
    if due_at is None:
        return ""
    return left(due_at, context.get("now") or timezone.now())


def left(due_at: dt.datetime, now: dt.datetime) -> str:
    """What is left until an instant, or how long ago it was, in its two greatest units."""
    minutes = int(abs((due_at - now).total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        told = [(days, "day"), (hours, "hour")]
    elif hours:
        told = [(hours, "hour"), (rest, "minute")]
    else:
        told = [(rest, "minute")]
    words = " and ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in told if count)
    if due_at > now:
        return f"{words or 'less than a minute'} left"
    return f"{words} overdue" if words else "due now"


@register.filter
def paragraphs(text: Any) -> SafeString:
    """Typed text as paragraphs: blank lines part them, single line ends stay; everything in it is escaped."""
    body = linebreaks(str(text or ""), autoescape=True).replace("<p>", '<p class="govuk-body">')
    return mark_safe(body)  # noqa: S308  escaped by `linebreaks` above


MOST_LINES, LONGEST_LINE = 40, 1_000
"""Of one block in print: how long a block takes to lay out grows with the square of its length."""


@register.filter
def in_print(text: Any) -> SafeString:
    """Typed text for a document, its lines as they were typed; what is long comes in blocks, one below the other."""
    made = blocks(clean_text(str(text or "")))
    return made[0] if len(made) == 1 else format_html_join("", "<div>{}</div>", ((block,) for block in made))


@register.filter
def letter_in_print(text: Any) -> SafeString:
    """The same in paragraphs, which blank lines part."""
    parted = filter(None, re.split(r"\n\s*\n", clean_text(str(text or ""))))
    return format_html_join("\n", "<p>{}</p>", ((block,) for part in parted for block in blocks(part)))


def blocks(text: str) -> list[SafeString]:
    lines = [piece for line in text.split("\n") for piece in pieces(line)]
    cut = [lines[start : start + MOST_LINES] for start in range(0, len(lines), MOST_LINES)]
    return [
        format_html("{}{}", first, format_html_join("", "<br>{}", ((line,) for line in rest))) for first, *rest in cut
    ]


def pieces(line: str) -> list[str]:
    """A line in parts that are not too long, each ending at a space where there is one."""
    parts = []
    while len(line) > LONGEST_LINE:
        end = line.rfind(" ", LONGEST_LINE // 2, LONGEST_LINE)
        end = LONGEST_LINE if end < 0 else end
        parts.append(line[:end])
        line = line[end:].lstrip(" ")
    return [*parts, line]


@register.filter
def advice(text: Any) -> SafeString:
    """A partnership's own words as paragraphs, with their telephone numbers and web addresses as links.

    Not a letter: somebody typed in it, and what was typed is no link of ours.
    """
    parted = re.split(r"\n\s*\n", clean_text(str(text or "")))
    made = []
    for first, *rest in (part.split("\n") for part in parted if part):
        made.append((reachable(first), format_html_join("", "<br>{}", ((reachable(line),) for line in rest))))
    return format_html_join("\n\n", '<p class="govuk-body">{}{}</p>', made)


@register.filter
def telephone(text: Any) -> SafeString:
    """A telephone number, or words with numbers in them, each number to be pressed on a telephone."""
    return linked(str(text or ""), NUMBER, lambda number: len(figures(number)) >= 3)


@register.filter
def pressed(text: Any, number: Any) -> Any:
    """A text in which one telephone number can be pressed; as it is where none is given."""
    before, found, after = str(text).partition(str(number or "\0"))
    return format_html("{}{}{}", before, telephone(found), after) if found else text


@register.filter
def reachable(text: Any) -> Any:
    """Our own sentences, each telephone number and each web address in them a link: years and counts are none."""
    if isinstance(text, SafeString) and {"<", "&"} & set(text):
        return text  # markup already; a template's own words are marked safe too
    return linked(str(text or ""), WAYS, lambda found: found.startswith("http") or dialled(found))


def linked(text: str, ways: re.Pattern[str], counts: Callable[[str], bool]) -> SafeString:
    """The text with a link in place of each way to reach somebody that counts as one."""
    at, made = 0, []
    for found in ways.finditer(text):
        if counts(found[0]):
            made.append((text[at : found.start()], link_to(found[0])))
            at = found.end()
    return format_html_join("", "{}{}", [*made, (text[at:], "")])


def link_to(way: str) -> SafeString:
    if way.startswith("http"):
        shown = way if len(way) <= LONGEST_SHOWN else f"{way[: LONGEST_SHOWN - 1]}…"
        return format_html('<a class="govuk-link" href="{}" rel="noreferrer">{}</a>', way, shown)
    return format_html('<a class="govuk-link" href="tel:{}">{}</a>', figures(way), way.replace(" ", "\u00a0"))


def figures(number: str) -> str:
    return number.replace(" ", "")


def dialled(number: str) -> bool:
    """Whether figures in a sentence are a number to call: with its area's code, or one of the short ones."""
    return figures(number) in SHORT_NUMBERS or (number[0] in "0+" and len(figures(number)) >= 8)


@register.simple_tag
def status(kind: str, value: Any) -> SafeString:
    """A status as a coloured tag; its word says as much as its colour. An unknown value is shown as it is, in grey."""
    known = STATUSES[kind].get(str(value)) or Status(str(value).replace("_", " ").capitalize(), "grey")
    if not known.colour:
        return format_html("{}", known.words)
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', known.colour, known.words)


@register.filter
def status_words(value: Any, kind: str) -> str:
    """The status's words alone, for a sentence."""
    known = STATUSES[kind].get(str(value))
    return known.words if known else str(value).replace("_", " ").capitalize()


@register.filter
def within(words: Any) -> str:
    """Words as they stand within a sentence: *Stepped up to the MASH* becomes *stepped up to the MASH*."""
    told = str(words or "")
    return told if told[:2].isupper() else told[:1].lower() + told[1:]


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[Link]:
    """The links at the head of the page, by what its reader may do."""
    request = context.get("request")
    return links(
        context.get("actor"),
        context.get("partnership"),
        request.path if request else "",
        counts=context.get("link_counts"),
    )


@register.simple_tag(takes_context=True)
def whom_to_call(context: Context, partnership: Partnership | None = None) -> Call:
    """Whom to telephone after 999 at this moment: of the page's partnership, or of another."""
    if partnership is None:
        return calling.now(context["partnership"], context["front_door_open"])
    return calling.now(partnership, is_open(partnership, timezone.now()))


@register.simple_tag(takes_context=True)
def telephone_now(context: Context, around: str, partnership: Partnership | None = None) -> SafeString:
    """A sentence with whom to telephone at this moment in place of its `{}`; it reads well without a number too."""
    before, number, after = whom_to_call(context, partnership).parts(around)
    shown = format_html("<strong>{}</strong>", telephone(number)) if number else ""
    return format_html("{}{}{}", reachable(before), shown, reachable(after))


@register.simple_tag
def telephone_at_any_time(partnership: Partnership, around: str) -> SafeString:
    """The same for what is read at another time than now, such as paper: by day, and at night."""
    before, number, after = calling.at_any_time(partnership).parts(around)
    return format_html("{}{}{}", reachable(before), telephone(number), reachable(after))


@register.filter
def open_hours(partnership: Partnership) -> str:
    """When its front door answers, within a sentence."""
    return calling.hours(partnership)


@register.filter
def any_actions(rows: Any) -> bool:
    """Whether any row of a summary list can be acted on; the others then keep that column free."""
    return any(row.get("actions") if isinstance(row, dict) else getattr(row, "actions", None) for row in rows or ())
