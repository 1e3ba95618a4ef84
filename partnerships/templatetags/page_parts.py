"""What every page says in the same words: dates, times, what is left of a limit, telephone numbers, statuses.

{{ referral.received_at|moment }}        4:30pm on Tuesday 24 November 2026
{% time_left clock.due_at %}             3 hours left
{% status "clock" clock.stage %}         a coloured tag: Due soon
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe

from partnerships.models import Partnership
from partnerships.navigation import Call, Link, call_now, links
from partnerships.statuses import STATUSES, Status

register = template.Library()

NUMBER = re.compile(r"(?<![\w+])\+?\d(?:[\d ]*\d)?(?!\w)")


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
    if not isinstance(value, (dt.datetime, dt.time)):
        return ""
    if value.minute == 0 and value.hour in (0, 12):
        return "midday" if value.hour else "midnight"
    minutes = f":{value.minute:02}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes}{'pm' if value.hour >= 12 else 'am'}"


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


@register.filter
def telephone(text: Any) -> SafeString:
    """A telephone number, or words with numbers in them, each number to be pressed on a telephone."""
    typed, at = str(text or ""), 0
    made: list[tuple[str, str]] = []
    for found in NUMBER.finditer(typed):
        figures = found[0].replace(" ", "")
        if len(figures) < 3:
            continue
        shown = found[0].replace(" ", "\u00a0")
        made.append(
            (typed[at : found.start()], format_html('<a class="govuk-link" href="tel:{}">{}</a>', figures, shown))
        )
        at = found.end()
    made.append((typed[at:], ""))
    return format_html_join("", "{}{}", made)


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


@register.simple_tag
def whom_to_call(partnership: Partnership, front_door_open: bool) -> Call:
    """Whom to telephone after 999 at this moment."""
    return call_now(partnership, front_door_open)


@register.filter
def any_actions(rows: Any) -> bool:
    """Whether any row of a summary list can be acted on; the others then keep that column free."""
    return any(row.get("actions") if isinstance(row, dict) else getattr(row, "actions", None) for row in rows or ())
