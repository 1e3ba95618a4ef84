"""Whatever is posted to a page of the form, there is an answer, and every text typed is stored or shown again.

Most posts are what somebody fills in, with one answer that can't be taken; some are whole, some are anything at all;
some are saved by script while somebody types, some come from a window that is behind another.

A small run here; `POSTS=10000 bin/test tests/integration/referrals/test_form_fuzz.py` for the great one.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partnerships import fields
from partnerships.permissions import Role
from partnerships.typed import DATE_PARTS, clean_line, read_date, read_time
from referrals.intake.answers import blank, seal
from referrals.intake.forms.threshold import NOTE
from referrals.intake.pages import PAGES, Step
from referrals.intake.views import situation_of
from referrals.models import Draft
from referrals.public.forms import STEPS
from tests.factories import World, make_world

POSTS = int(os.environ.get("POSTS", "240"))
STORY = "Robin came in with a bruise."
KINDS = ("one wrong", "one wrong", "one wrong", "whole", "anything")
ODD = (
    "31 February", "20025", "99999999999999999999", "-1", "٣", "²", "\u202egnp.exe", "שלום", "👩‍👩‍👧‍👦" * 40,
    "<b>x</b>", "{{ 7|add:7 }}", "=1+1", "\x00", "\ud800", "a\r\nb", "A" * 40_000, "“Pasted – from Word…”\u00a0\x0b",
    "yes", "no", "born", "unborn", "none", "other", "1", "0", "12:61", "midnight", "27", "2", "2019",
)  # fmt: skip
anything = st.one_of(st.sampled_from(ODD), st.text(max_size=60))
written = st.one_of(
    st.sampled_from(["She said “no”.", "שלום", "<b>x</b> & y", "{{ 7|add:7 }}", "\r\na\r\nb", "👩‍👧", 'O\'Neill "Jo"']),
    st.text(min_size=1, max_size=30),
)
ENTERED = {
    fields.DateField: [("3", "May", "2019"), ("29/2/2024", "", ""), ("1st", "1", "2020")],
    fields.TimeField: ["9:15am", "16.30", "midday"],
    fields.TelephoneField: ["01632 960 001", "+44 1632 960001 (ask for Jo)"],
    fields.EmailField: ["nora@example.org"],
}
MISTAKEN = {
    fields.DateField: [
        ("31", "2", "2019"),
        ("3", "5", "20025"),
        ("3", "", "2019"),
        ("x", "<b>", "\x00z"),
        ("1", "1", "19"),
    ],
    fields.TimeField: ["12:61", "half past", "noonish " * 9],
    fields.TelephoneField: ["no", "call me 01632 960001 " * 20],
    fields.EmailField: ["nora@", "a" * 300 + "@example.org"],
}
Posted = dict[str, list[str]]


class Target:
    """A page to post to: its address, its form as the draft has it now, and what is stored of it.

    `offers` is its form for a draft that has been begun: what is posted is made from it, whatever the draft has become.
    """

    def __init__(self, world: World, draft: Draft, page: Any) -> None:
        self.world, self.key, self.page, self.public = world, draft.pk, page, page in STEPS
        if self.public:
            self.address = reverse("tell_page", kwargs={"partnership": world.partnership.slug, "slug": page.slug})
            self.offers = page.form(at=timezone.now())
            return
        self.step = Step(page, 1 if page.group else 0)
        self.address = reverse(
            "refer_page", kwargs={"partnership": world.partnership.slug, "draft_id": draft.pk, **self.step.address}
        )

        self.offers, _ = self.form_and_seal()

    @property
    def draft(self) -> Draft:
        with scope(partnership=self.world.partnership):
            return Draft.objects.select_related("partnership").get(pk=self.key)

    def form_and_seal(self) -> tuple[Any, str]:
        """The page's form for the draft as it is now, and the seal of what is stored of it."""
        if self.public:
            return self.page.form(at=timezone.now()), ""
        draft = self.draft
        stored, situation = self.step.place.read(draft.answers), situation_of(draft, timezone.now())
        return self.page.form(situation=situation, number=self.step.number, stored=stored), seal(stored)

    def stored(self) -> dict[str, Any]:
        """What is stored, by the field's name."""
        answers = self.draft.answers
        if self.public:
            return self.page.form.shown(answers)
        told = self.step.place.read(answers) or {}
        return told | {NOTE + key: note for key, note in told.get("evidence", {}).items()}


def of_kind(table: dict[Any, list[Any]], field: Any) -> list[Any]:
    return next((table[kind] for kind in table if isinstance(field, kind)), [])


def offered(field: Any, *, exclusive: bool) -> list[str]:
    """The answers to choose from, those that stand by themselves or the others."""
    listed = [each for each in field.choices if str(each.value)]
    return [str(each.value) for each in listed if bool(getattr(each, "exclusive", False)) == exclusive]


def entered(data: Any, name: str, field: Any) -> Posted:
    """An answer that this field takes."""
    if isinstance(field, fields.CheckboxesField):
        return {name: data.draw(st.lists(st.sampled_from(offered(field, exclusive=False)), max_size=3))}
    if isinstance(field, fields.Chosen):
        return {name: [data.draw(st.sampled_from(offered(field, exclusive=False)))]}
    if isinstance(field, fields.DateField):
        return dated(name, data.draw(st.sampled_from(ENTERED[fields.DateField])))
    if known := of_kind(ENTERED, field):
        return {name: [data.draw(st.sampled_from(known))]}
    return {name: [data.draw(written)[: field.max_length]]}


def mistaken(data: Any, name: str, field: Any) -> Posted:
    """An answer that can't be taken: too long, no such date, none of the choices, nothing where something must be."""
    if isinstance(field, fields.Chosen):
        return {name: [*offered(field, exclusive=False)[:2], "no such answer"]}
    if isinstance(field, fields.DateField):
        return dated(name, data.draw(st.sampled_from(MISTAKEN[fields.DateField])))
    if known := of_kind(MISTAKEN, field):
        return {name: [data.draw(st.sampled_from(known))]}
    if field.required and data.draw(st.booleans()):
        return {name: [data.draw(st.sampled_from(["", " \r\n", "\x00"]))]}
    return {name: [data.draw(written) + "x" * field.max_length]}


def dated(name: str, parts: tuple[str, str, str]) -> Posted:
    return {f"{name}_{part}": [value] for part, value in zip(DATE_PARTS, parts, strict=True)}


def a_post(data: Any, form: Any, kind: str) -> Posted:
    """What somebody posts to this page."""
    if kind == "anything":
        names = [*form.fields, *(f"{name}_{part}" for name in form.fields for part in DATE_PARTS)]
        names += ["seen", "doubts", "from", "later", "update", "upload"]
        chosen = data.draw(st.lists(st.sampled_from(names), max_size=12, unique=True))
        more = data.draw(st.dictionaries(st.text(min_size=1, max_size=12), anything, max_size=3))
        return {name: [data.draw(anything)] for name in chosen} | {name: [text] for name, text in more.items()}
    names = data.draw(st.lists(st.sampled_from(list(form.fields)), max_size=6, unique=True)) if form.fields else []
    required = [name for name, field in form.fields.items() if field.required]
    posted: Posted = {}
    for name in {*names, *required}:
        posted |= entered(data, name, form.fields[name])
    if kind == "one wrong" and form.fields:
        name = data.draw(st.sampled_from(list(form.fields)))
        posted |= mistaken(data, name, form.fields[name])
    return posted


def as_sent(posted: Posted) -> tuple[bytes, dict[str, str]]:
    """The body of the request, and what the server reads of each box: half a character can't be sent."""
    pairs = [(name, text) for name in posted for text in posted[name]]
    coded = [tuple(each.encode("utf-8", "surrogatepass") for each in pair) for pair in pairs]
    read = dict(tuple(each.decode("utf-8", "replace") for each in pair) for pair in coded)
    return urlencode(coded).encode(), read


def boxes(page: str) -> dict[str, str]:
    """What stands in each box of a page that can be typed into."""
    found = {}
    for tag, text in re.findall(r"<textarea\b([^>]*)>(.*?)</textarea>", page, re.DOTALL):
        found[re.findall(r'\bname="([^"]*)"', tag)[0]] = html.unescape(text)
    for tag in re.findall(r"<input\b([^>]*)>", page):
        if not re.search(r'type="(?:radio|checkbox|hidden|submit)"', tag):
            value = re.findall(r'\bvalue="([^"]*)"', tag)
            found[re.findall(r'\bname="([^"]*)"', tag)[0]] = html.unescape(value[0]) if value else ""
    return found


def is_let_go(form: Any, name: str, read: dict[str, str]) -> bool:
    """What can't be read inside an answer that was not chosen; the name of whoever wishes to stay unknown."""
    if read.get("wish") == "anonymous" and name in ("name", "telephone", "email"):
        return True
    holders = {
        (asked, str(choice.value))
        for asked, field in form.fields.items()
        for choice in getattr(field, "choices", ())
        if name in getattr(choice, "reveals", ())
    }
    return bool(holders) and not any(read.get(asked) == value for asked, value in holders)


def shown_again(form: Any, read: dict[str, str], page: str) -> list[tuple[str, bool]]:
    """Each box that holds text, and whether a page that was refused shows it with that text in it."""
    there = boxes(page)
    given_back = html.unescape(page) if "What you typed was not saved" in page else ""
    found = []
    for name, field in form.fields.items():
        dated = isinstance(field, fields.DateField)
        clean = clean_line if dated else getattr(field, "clean_typed", None)
        for box in [f"{name}_{part}" for part in DATE_PARTS] if dated else [name]:
            if clean and (text := clean(read.get(box, ""))):
                found.append((box, clean(there.get(box, "")) == text or text in clean(given_back)))
    return found


def kept(form: Any, read: dict[str, str], stored: dict[str, Any], unread: list[str]) -> list[tuple[str, bool]]:
    """Each answer typed, and whether it stands in what is stored, or is said not to have been read."""
    found = []
    for name, field in form.fields.items():
        told = stored.get(name) or ""
        if isinstance(field, fields.DateField):
            typed = any(clean_line(read.get(f"{name}_{part}", "")) for part in DATE_PARTS)
        else:
            typed = isinstance(field, fields.Written) and bool(field.clean_typed(read.get(name, "")))
        if not typed:
            continue
        if str(field.label) in unread or is_let_go(form, name, read):
            same = True
        elif isinstance(field, fields.DateField):
            date = read_date(*(read.get(f"{name}_{part}", "") for part in DATE_PARTS))
            same = date is not None and told == date.isoformat()
        elif isinstance(field, fields.TimeField):
            time = read_time(read[name])
            same = time is not None and told == time.strftime("%H:%M")
        else:
            same = told == field.clean_typed(read[name])
        found.append((name, same))
    return found


def begin_anew(world: World, draft: Draft, answers: dict[str, Any]) -> None:
    with scope(partnership=world.partnership):
        Draft.objects.filter(pk=draft.pk).update(answers=answers)


@pytest.mark.django_db
def test_whatever_is_posted_nothing_typed_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world()
    client = Client(raise_request_exception=False)
    client.force_login(world.person(Role.PRACTITIONER))
    start = client.post("/testshire/refer/start/")["Location"]
    client.post("/testshire/tell/start/")
    with scope(partnership=world.partnership):
        by_channel = {draft.channel: draft for draft in Draft.objects.all()}
    begun = {**blank(), "children": [{"indicators": {"chosen": ["health-4-01", "health-2-02"]}}]}
    begin_anew(world, by_channel["portal"], begun)
    targets = [Target(world, by_channel["portal"], page) for page in PAGES]
    targets += [Target(world, by_channel["public"], step) for step in STEPS]
    posts: Counter[str] = Counter()
    answers: Counter[str] = Counter()

    @settings(
        max_examples=POSTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # the draft remembers what was posted before, so that no post can be made smaller
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(
        data=st.data(),
        target=st.sampled_from(targets),
        kind=st.sampled_from(KINDS),
        behind=st.integers(0, 9),
        anew=st.integers(0, 4),
    )
    def post(data: Any, target: Target, kind: str, behind: int, anew: int) -> None:
        posted = a_post(data, target.offers, kind)
        if anew == 0:
            begin_anew(world, by_channel["portal"], begun)
        form, seen = target.form_and_seal()
        autosave = data.draw(st.integers(0, 4)) == 0
        if kind != "anything":
            posted["seen"] = ["an older seal" if behind == 0 else seen]
        body, read = as_sent(posted)
        headers = {"X-Autosave": "1"} if autosave else {}
        answer = client.post(target.address, body, content_type="application/x-www-form-urlencoded", headers=headers)
        status, page = answer.status_code, answer.content.decode()
        assert status in (200, 302, 409, 422), (target.address, status, posted)
        assert "field is required" not in page, (target.address, posted)
        posts["saved while typed" if autosave and not target.public else kind] += 1
        if "X-Autosave" in headers and not target.public:
            outcome = "saved while typed" if status == 200 else "refused while typed: the text stays in the window"
            checked = kept(form, read, target.stored(), answer.json()["unread"]) if status == 200 else []
        elif status in (200, 302):
            outcome, checked = "saved", kept(form, read, target.stored(), [])
        else:
            outcome, checked = f"refused ({status})", shown_again(form, read, page)
        answers[outcome] += 1
        answers[f"{outcome}, with text"] += bool(checked)
        answers[f"{outcome}, texts there"] += len(checked)
        assert not [name for name, there in checked if not there], (target.address, status, posted)

    post()
    # After all that the draft still opens, page by page, and still takes a story and is sent.
    for target in targets:
        assert client.get(target.address).status_code in (200, 302), target.address
    shown = client.get(f"{start}worry/").content.decode()
    mark = shown.split('name="seen" value="')[1].split('"')[0]
    assert client.post(f"{start}worry/", {"seen": mark, "happened": STORY, "later": "1"}).status_code == 302
    with scope(partnership=world.partnership):
        assert Draft.objects.get(channel="portal").answers["worry"]["happened"] == STORY
    assert client.get(f"{start}check/").status_code == 200
    assert client.post(f"{start}send/").status_code == 302
    assert answers["refused (422), with text"] > POSTS / 10, "too few posts are refused for this to show anything"
    with capsys.disabled():
        print(f"\n{sum(posts.values()):,} posts to {len(targets)} pages, no failure, nothing lost: {dict(posts)}")
        for name, count in sorted(answers.items()):
            print(f"  {count:>7,}  {name}")
