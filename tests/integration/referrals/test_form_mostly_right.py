"""Every page filled in as people do, nearly right: what was typed is stored, or shown again, to the last word.

Each example fills in one page as it stands (its own boxes, answers and hidden marks), spoils none or one of the boxes,
and posts it: pressed, put aside, autosaved, or from a window that was opened before the page was saved elsewhere. Then
every text that was typed is looked for in the boxes of the answer or, where the answer leads on, in those of the page
opened again.

A small run here; `POSTS=10000 bin/test tests/integration/referrals/test_form_mostly_right.py` for the great one.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import lxml.html
import pytest
from django.test import Client
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships.permissions import Role
from partnerships.typed import clean_line
from referrals.intake.concerns import CONCERNS
from referrals.intake.pages import PAGES
from referrals.models import Draft
from referrals.public.forms import STEPS
from tests import schemes
from tests.factories import World, make_world

POSTS = int(os.environ.get("POSTS", "120"))
RIGHT = {"day": "3", "month": "5", "year": "2019", "email": "jo@school.example", "tel": "01632 960 001"}
"""What fits a box, by the end of its name or by its kind; any other box takes a sentence."""

BAD = (
    "31 February", "20025", "99999999999999999999", "-1", "٣", "²", "\u202egnp.exe", "שלום", "👩‍👩‍👧‍👦" * 40,
    "<b>x</b>", "{{ 7|add:7 }}", "=1+1", "ab\x00cd", "a\r\nb", "A" * 40_000, "word " * 4_500, "12:61", "no @ all",
    "“Pasted – from Word…”\u00a0\x0b", "</textarea><script>x</script>", "&amp; &#39; \\", "half past four",
)  # fmt: skip
TOO_LONG = ("A" * 40_000, "word " * 4_500, "ß" * 20_001)
SENTENCES = ("Robin held the arm still.", "He said “I fell”.", "Zoë & Jo’s flat, 3 Sample Row", "<none> 100% sure?")
NOT_KEPT = {"find"}
"""Boxes that ask for something to be looked for, and hold nothing that anybody tells."""


@dataclass
class Blank:
    """A page as a browser has it: its address, the boxes for text, what may be chosen, and what is hidden in it."""

    address: str
    boxes: list[tuple[str, str]]
    choices: dict[str, tuple[str, list[str]]]
    hidden: dict[str, str]
    inside: dict[str, tuple[str, str]]

    def is_let_go(self, name: str, chosen: dict[str, Any]) -> bool:
        """A date or a time inside an answer that was not chosen, where it can't be read; and, on the public form, who
        it is that wishes to stay unknown."""
        if chosen.get("wish") == "anonymous" and name in ("name", "telephone", "email"):
            return True
        holder = self.inside.get(name)
        is_read = name.rsplit("_", 1)[-1] in ("day", "month", "year", "time")
        if holder is None or not is_read:
            return False
        said = chosen.get(holder[0], "")
        return holder[1] not in (said if isinstance(said, list) else [said])


def read(address: str, content: bytes) -> Blank:
    found = Blank(address, [], {}, {}, {})
    for each in lxml.html.fromstring(content.decode()).xpath("//main//input[@data-aria-controls]"):
        for box in each.xpath(f"//*[@id='{each.get('data-aria-controls')}']//*[@name]"):
            found.inside[box.get("name")] = (each.get("name"), each.get("value"))
    for each in fields(content):
        kind, name = each.get("type", each.tag), each.get("name")
        if kind == "hidden":
            found.hidden[name] = each.get("value", "")
        elif each.tag == "select":
            found.choices[name] = ("radio", [option.get("value", "") for option in each.iter("option")])
        elif kind in ("radio", "checkbox"):
            found.choices.setdefault(name, (kind, []))[1].append(each.get("value", "on"))
        elif kind not in ("file", "submit", "search") and name not in NOT_KEPT:
            found.boxes.append((name, kind))
    return found


def fields(content: bytes) -> list[Any]:
    """What of the page's own form has a name."""
    forms = lxml.html.fromstring(content.decode()).xpath("//main//form[@novalidate or .//input[@name='seen']]")
    return [each for form in forms for each in form.xpath(".//input[@name] | .//textarea[@name] | .//select[@name]")]


def held(content: bytes) -> dict[str, str]:
    """What stands in the boxes of a page, by their names."""
    found = {}
    for each in fields(content):
        if each.tag == "textarea":
            found[each.get("name")] = (each.text or "").removeprefix("\n")
        elif each.tag == "input" and each.get("type") not in ("hidden", "radio", "checkbox", "file"):
            found[each.get("name")] = each.get("value", "")
    return found


def fitting(name: str, kind: str) -> Any:
    part = name.rsplit("_", 1)[-1]
    if part in RIGHT or kind in RIGHT:
        return st.just(RIGHT.get(part) or RIGHT[kind])
    if part == "time":
        return st.sampled_from(["4:30pm", "09.15", "midday"])
    if name in ("nhs_number", "upn", "postcode"):
        return st.just({"nhs_number": "999 000 0018", "upn": "A123456789012", "postcode": "ME4 4AA"}[name])
    return st.sampled_from(SENTENCES)


def spoken(text: str) -> str:
    """A text as far as it says something: not its spaces, nor how a number, a date or a time is written."""
    text = clean_line(text)
    if re.fullmatch(r"[\d\s.:apm+()-]{1,20}|midday", text):
        text = {"midday": "12:00", "4:30pm": "16:30", "09.15": "09:15"}.get(text, text).strip(" /.,-").lstrip("0")
    return re.sub(r"[\s\ufffd]", "", text).casefold()  # a page can hold no NUL: it stands as U+FFFD


def whole_answers() -> dict[str, Any]:
    """A draft to which every page belongs: two children, each concern ticked, a worker, indicators chosen."""
    child = {
        "who": {"first_name": "Robin", "born": "born"},
        "impact": {"concerns": [each.tick for each in CONCERNS], "safe": "no"},
        "indicators": {"chosen": ["health-4-01", "family-3-01"]},
    }
    return {
        "children": [child, {"who": {"first_name": "Ada", "born": "born"}}],
        "people": [{"person": {"name": "Jo Marlow"}}],
        "involved": {"worker": "yes", "worker_name": "Sal"},
        "telephone": {"telephoned": "yes"},
        "worry": {"happened": "A bruise."},
    }


def addresses(world: World, draft: str) -> list[str]:
    number = {"child": "child/2/", "person": "person/1/", "": ""}
    first = {"indicators", "evidence", "judged", "impact"}
    form = [f"{draft}{'child/1/' if page.slug in first else number[page.group]}{page.slug}/" for page in PAGES]
    return [*form, *(f"/{world.partnership.slug}/tell/{step.slug}/" for step in STEPS)]


@pytest.mark.django_db
def test_whatever_is_typed_is_stored_or_shown_again(capsys: pytest.CaptureFixture[str]) -> None:
    content = schemes.content()
    content["guidance"]["before_referring"] = "Talk with the worker first."
    world = make_world(content={**content, "partnership": "testshire"})
    client = Client(raise_request_exception=False)
    client.force_login(world.person(Role.PRACTITIONER))
    address = client.post("/testshire/refer/start/")["Location"]
    client.post("/testshire/tell/start/")
    before: dict[Any, Any] = {}

    def rows() -> list[Draft]:
        with scope(partnership=world.partnership):
            return list(Draft.objects.order_by("pk"))

    def as_before() -> None:
        with scope(partnership=world.partnership):
            for row in rows():
                row.answers = deepcopy(before[row.pk])
                row.save(update_fields=["answers"])

    for row in rows():
        before[row.pk] = whole_answers() if row.channel == "portal" else deepcopy(row.answers)
    as_before()
    pages = []
    for each in addresses(world, address):
        shown = client.get(each)
        assert shown.status_code == 200, f"{each} does not belong to the draft: {shown.get('Location')}"
        pages.append(read(each, shown.content))
    of_the_form = [page for page in pages if "seen" in page.hidden]
    assert len(of_the_form) == len(PAGES)
    count: Counter[str] = Counter()
    refused_on: set[str] = set()

    @settings(
        max_examples=POSTS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(data=st.data(), page=st.sampled_from(pages))
    def post(data: Any, page: Blank) -> None:
        how = data.draw(st.sampled_from(["press", "press", "press", "later", "autosave", "stale"]), label="how")
        if how != "press" and "seen" not in page.hidden:
            how = "press"
        typed = {name: data.draw(fitting(name, kind), label=name) for name, kind in page.boxes}
        if page.boxes and data.draw(st.integers(0, 3), label="spoil"):
            spoilt = data.draw(st.sampled_from([name for name, _ in page.boxes]), label="spoilt")
            typed[spoilt] = data.draw(st.sampled_from(TOO_LONG) | st.sampled_from(BAD), label="bad")
        chosen: dict[str, Any] = {}
        for name, (kind, values) in page.choices.items():
            if kind == "checkbox":
                chosen[name] = data.draw(st.lists(st.sampled_from(values), max_size=3, unique=True), label=name)
            else:
                chosen[name] = data.draw(st.sampled_from([*values, ""]), label=name)
        body = {**page.hidden, **chosen, **typed}
        headers = {"X-Autosave": "1"} if how == "autosave" else {}
        if how == "later":
            body["later"] = "1"
        if how == "stale":
            body["seen"] = "0" * 16
        as_before()
        answer = client.post(page.address, body, headers=headers)
        count["posts"] += 1
        assert answer.status_code in (200, 302, 409, 422), (page.address, body)
        unread: list[str] = []
        if answer.status_code in (409, 422) and how != "autosave":
            seen, what = answer.content, "refused"
            refused_on.add(page.address)
        else:
            unread = answer.json().get("unread", []) if how == "autosave" else []
            seen, what = client.get(page.address).content, "autosaved" if how == "autosave" else "stored"
        there = held(seen)
        lost = {name: text for name, text in typed.items() if not is_there(name, text, there)}
        lost = {name: text for name, text in lost.items() if what == "refused" or not page.is_let_go(name, chosen)}
        if unread:  # what can't be read stays in the page, which says so; the rest is stored
            what, lost = "autosaved in part", {} if len(lost) <= 3 * len(unread) else lost
        assert not lost, (page.address, how, answer.status_code, lost, {name: there.get(name) for name in lost})
        count[what] += 1
        count["texts"] += len([text for text in typed.values() if spoken(text)])

    post()
    with capsys.disabled():
        told = ", ".join(f"{count[what]:,} {what}" for what in ("stored", "refused", "autosaved", "autosaved in part"))
        print(
            f"\n{count['posts']:,} posts to {len(pages)} pages, nearly right: {told} ({len(refused_on)} pages refused "
            f"one); {count['texts']:,} texts, each stored or shown again"
        )
    assert count["refused"] > POSTS / 20, "the strategy reaches the page that is shown again"
    assert count["stored"] > POSTS / 20


def is_there(name: str, text: str, there: dict[str, str]) -> bool:
    """Whether a text stands in its box; one of nothing but spaces needs not."""
    said = spoken(text)
    return not said or said == spoken(there.get(name, ""))
