"""Whatever is posted to a page of the form, there is an answer, and every text typed is stored or shown again.

Most posts are a page filled in as people do, nearly right: its own boxes, answers and hidden marks, with none or one of
the boxes spoilt, or every date, time and number of it unreadable, so that they stand inside answers that were not
chosen too. A few are anything at all. Each is pressed, put aside, autosaved, or sent from a window that was opened
before the page was saved elsewhere. Then every text is looked for in the boxes of the answer or, where the answer leads
on, in those of the page opened again; and none that stands beside a chosen answer in what would be sent.

A small run here; `POSTS=10000 bin/test tests/integration/referrals/test_form_posts.py` for the great one.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import lxml.html
import pytest
from django.test import Client
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships.permissions import Role
from partnerships.typed import clean_line
from referrals.intake.concerns import CONCERNS
from referrals.intake.inside import told_alone
from referrals.intake.pages import INSIDE, PAGES
from referrals.models import Draft
from referrals.public.forms import STEPS
from tests import schemes
from tests.factories import World, make_world

POSTS = int(os.environ.get("POSTS", "240"))
RIGHT = {"day": "3", "month": "5", "year": "2019", "email": "jo@school.example", "tel": "01632 960 001"}
"""What fits a box, by the end of its name or by its kind; any other box takes a sentence."""

BAD = (
    "31 February", "20025", "99999999999999999999", "-1", "٣", "²", "\u202egnp.exe", "שלום", "👩‍👩‍👧‍👦" * 40,
    "<b>x</b>", "{{ 7|add:7 }}", "=1+1", "ab\x00cd", "a\r\nb", "A" * 40_000, "word " * 4_500, "12:61", "no @ all",
    "“Pasted – from Word…”\u00a0\x0b", "</textarea><script>x</script>", "&amp; &#39; \\", "half past four",
)  # fmt: skip
TOO_LONG = ("A" * 40_000, "word " * 4_500, "ß" * 20_001)
UNREADABLE = ("31 February", "half past four", "12:61", "soon", "20025", "“3”", "ſeven", "x" * 300)
READ = {"day", "month", "year", "time", "tel", "age", "upn"}
"""The boxes that are read, and not only kept: by the end of their name or by their kind."""

SENTENCES = ("Robin held the arm still.", "He said “I fell”.", "Zoë & Jo’s flat, 3 Sample Row", "<none> 100% sure?")
NOT_KEPT = {"find"}
"""Boxes that ask for something to be looked for, and hold nothing that anybody tells."""

ANYTHING = st.sampled_from((*BAD, "\ud800", "yes", "no", "born", "unborn", "none", "1", "")) | st.text(max_size=60)
STORY = "Robin came in with a bruise."


@dataclass
class Blank:
    """A page as a browser has it: its address, the boxes for text, what may be chosen, and what is hidden in it.

    inside: a box's name → the question and the answer that it stands inside.
    """

    address: str
    boxes: list[tuple[str, str]]
    choices: dict[str, tuple[str, list[str]]]
    hidden: dict[str, str]
    inside: dict[str, tuple[str, str]]

    @property
    def names(self) -> list[str]:
        return [*(name for name, _ in self.boxes), *self.choices, *self.hidden, "later", "update", "upload", "from"]

    def is_beside(self, name: str, body: dict[str, Any]) -> bool:
        """Whether a box stands inside one answer, and another one was chosen."""
        question, answer = self.inside.get(name, ("", ""))
        return body.get(question, "") not in ("", [], answer)


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
    text = "".join(str(unicodedata.decimal(each, each)) for each in clean_line(text))
    if re.fullmatch(r"[\d\s.:apm+()-]{1,20}|midday", text):
        text = {"midday": "12:00", "4:30pm": "16:30", "09.15": "09:15"}.get(text, text).strip(" /.,-").lstrip("0")
    return re.sub(r"[\s\ufffd]", "", text).casefold()  # a page can hold no NUL: it stands as U+FFFD


def is_there(name: str, text: str, there: dict[str, str]) -> bool:
    """Whether a text stands in its box; one of nothing but spaces needs not."""
    said = spoken(text)
    return not said or said == spoken(there.get(name, ""))


def chosen_on(data: Any, page: Blank) -> dict[str, Any]:
    """An answer, or none, to everything that may be chosen."""
    found: dict[str, Any] = {}
    for name, (kind, values) in page.choices.items():
        if kind == "checkbox":
            found[name] = data.draw(st.lists(st.sampled_from(values), max_size=3, unique=True), label=name)
        else:
            found[name] = data.draw(st.sampled_from([*values, ""]), label=name)
    return found


def typed_on(data: Any, page: Blank) -> dict[str, str]:
    """A text for every box: all that fit, one of them spoilt, or none of those that are read to be read."""
    typed = {name: data.draw(fitting(name, kind), label=name) for name, kind in page.boxes}
    spoil = data.draw(st.sampled_from(["none", "one", "one", "unreadable"]), label="spoil")
    if spoil == "one" and page.boxes:
        spoilt = data.draw(st.sampled_from([name for name, _ in page.boxes]), label="spoilt")
        typed[spoilt] = data.draw(st.sampled_from(TOO_LONG) | st.sampled_from(BAD), label="bad")
    if spoil == "unreadable":
        for name, kind in page.boxes:
            if name.rsplit("_", 1)[-1] in READ or kind in READ or name in page.inside:
                typed[name] = data.draw(st.sampled_from(UNREADABLE), label=name)
    return typed


def anything_on(data: Any, page: Blank) -> dict[str, Any]:
    """Some of the page's own names and some of nobody's, with anything at all in them."""
    some = st.dictionaries(st.sampled_from(page.names), ANYTHING, max_size=12)
    return {**data.draw(st.dictionaries(st.text(min_size=1, max_size=12), ANYTHING, max_size=3)), **data.draw(some)}


def coded(body: dict[str, Any]) -> bytes:
    """The body of the request. Half a character goes as the bytes that a browser could never send."""
    pairs = [(name, text) for name, value in body.items() for text in (value if isinstance(value, list) else [value])]
    return urlencode([tuple(each.encode("utf-8", "surrogatepass") for each in pair) for pair in pairs]).encode()


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


class Begun:
    """The drafts of the guided and of the public form, and what stands in them before each post."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before = {
            row.pk: whole_answers() if row.channel == "portal" else deepcopy(row.answers) for row in self.rows()
        }
        self.anew()

    def rows(self) -> list[Draft]:
        with scope(partnership=self.world.partnership):
            return list(Draft.objects.order_by("pk"))

    def anew(self) -> None:
        with scope(partnership=self.world.partnership):
            for row in self.rows():
                row.answers = deepcopy(self.before[row.pk])
                row.save(update_fields=["answers"])

    def to_be_sent(self) -> str:
        """What of them would be sent, as text."""
        return json.dumps([told_alone(row.answers, INSIDE) for row in self.rows()], ensure_ascii=False)


@pytest.mark.django_db
def test_whatever_is_posted_nothing_typed_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    content = schemes.content()
    content["guidance"]["before_referring"] = "Talk with the worker first."
    world = make_world(content={**content, "partnership": "testshire"})
    client = Client(raise_request_exception=False)
    client.force_login(world.person(Role.PRACTITIONER))
    address = client.post("/testshire/refer/start/")["Location"]
    client.post("/testshire/tell/start/")
    begun = Begun(world)
    pages = []
    for each in addresses(world, address):
        shown = client.get(each)
        assert shown.status_code == 200, f"{each} does not belong to the draft: {shown.get('Location')}"
        pages.append(read(each, shown.content))
    of_the_form = [page for page in pages if page.address.startswith(address) and "seen" in page.hidden]
    assert len(of_the_form) == len(PAGES)
    count: Counter[str] = Counter()
    refused_on: set[str] = set()

    @settings(
        max_examples=POSTS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(
        data=st.data(), page=st.sampled_from([*pages, *(page for page in pages if page.inside)]), kind=st.integers(0, 4)
    )
    def post(data: Any, page: Blank, kind: int) -> None:
        how = data.draw(st.sampled_from(["press", "press", "press", "later", "autosave", "stale"]), label="how")
        if how in ("later", "autosave") and page not in of_the_form or how == "stale" and "seen" not in page.hidden:
            how = "press"
        typed = {} if kind == 0 else typed_on(data, page)
        body = anything_on(data, page) if kind == 0 else {**page.hidden, **chosen_on(data, page), **typed}
        headers = {"X-Autosave": "1"} if how == "autosave" else {}
        body |= {"later": {"later": "1"}, "stale": {"seen": "0" * 16, "window": ""}}.get(how, {})
        begun.anew()
        answer = client.post(
            page.address, coded(body), content_type="application/x-www-form-urlencoded", headers=headers
        )
        count["posts"] += 1
        assert answer.status_code in (200, 302, 409, 422), (page.address, body)
        assert b"field is required" not in answer.content, (page.address, body)
        if answer.status_code in (409, 422) and how != "autosave":
            seen, what = answer.content, "refused"
            refused_on.add(page.address)
        else:
            opened = client.get(page.address)
            assert opened.status_code in (200, 302), (page.address, body)
            seen, what = opened.content, "autosaved" if how == "autosave" else "stored"
        count[what] += 1
        if kind == 0:
            count["anything"] += 1
            return
        there = held(seen)
        lost = {name: text for name, text in typed.items() if not is_there(name, text, there)}
        if body.get("wish") == "anonymous":  # the public form writes down nobody who wishes to stay unknown
            lost = {name: text for name, text in lost.items() if name not in ("name", "telephone", "email")}
        assert not lost, (page.address, how, answer.status_code, lost, {name: there.get(name) for name in lost})
        count["texts"] += len([text for text in typed.values() if spoken(text)])
        if what != "refused":
            beside = [typed[name] for name, _ in page.boxes if page.is_beside(name, body)]
            told = [clean_line(text) for name, text in typed.items() if not page.is_beside(name, body)]
            sent = begun.to_be_sent()
            for text in {clean_line(each) for each in beside} - set(told) - {"3", "5", "2019"}:
                assert not text or json.dumps(text, ensure_ascii=False) not in sent, (page.address, text)
                count["kept and not to be sent"] += 1

    post()
    # After all that the draft still opens, page by page, still takes a story, and is sent.
    for page in pages:
        assert client.get(page.address).status_code in (200, 302), page.address
    seen = read("", client.get(f"{address}worry/").content).hidden["seen"]
    assert client.post(f"{address}worry/", {"seen": seen, "happened": STORY, "later": "1"}).status_code == 302
    assert client.get(f"{address}check/").status_code == 200
    assert client.post(f"{address}send/").status_code == 302
    with capsys.disabled():
        ends = ", ".join(f"{count[what]:,} {what}" for what in ("stored", "refused", "autosaved"))
        print(
            f"\n{count['posts']:,} posts to {len(pages)} pages ({count['anything']:,} of anything at all): {ends} "
            f"({len(refused_on)} pages refused one); {count['texts']:,} texts, each stored or shown again, "
            f"{count['kept and not to be sent']:,} of them beside a chosen answer, kept and not to be sent"
        )
    for what in ("refused", "stored"):
        assert count[what] > POSTS / 20, f"the strategy reaches a page that is {what}"
    assert count["kept and not to be sent"] > POSTS / 50
