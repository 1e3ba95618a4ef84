"""Arbitrary data to every page of the form: never a failure, and what can be kept is never lost.

A small run here; `POSTS=10000 bin/test tests/integration/referrals/test_form_fuzz.py` for the great one.
"""

from __future__ import annotations

import html
import os
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships.permissions import Role
from partnerships.typed import clean_text
from referrals.intake.pages import PAGES
from referrals.models import Draft
from referrals.public.forms import STEPS
from tests.factories import World, make_world

POSTS = int(os.environ.get("POSTS", "240"))
STORY = "Robin came in with a bruise."
ODD = (
    "31 February", "20025", "99999999999999999999", "-1", "٣", "²", "\u202egnp.exe", "שלום", "👩‍👩‍👧‍👦" * 40,
    "<b>x</b>", "{{ 7|add:7 }}", "=1+1", "\x00", "\ud800", "a\r\nb", "A" * 40_000, "“Pasted – from Word…”\u00a0\x0b",
    "yes", "no", "born", "unborn", "none", "other", "1", "0", "12:61", "midnight", "27", "2", "2019",
)  # fmt: skip
values = st.one_of(st.sampled_from(ODD), st.text(max_size=60))
extra = st.dictionaries(st.text(min_size=1, max_size=12), values, max_size=3)


def names_of(form: Any) -> list[str]:
    fields = list(form.base_fields)
    dates = [f"{name}_{part}" for name in fields for part in ("day", "month", "year")]
    return [*fields, *dates, "seen", "doubts", "from", "later", "update", "upload"]


def addresses(world: World, draft: str) -> list[tuple[str, list[str]]]:
    form = [(f"{draft}{page.group + '/1/' if page.group else ''}{page.slug}/", names_of(page.form)) for page in PAGES]
    public = [
        (reverse("tell_page", kwargs={"partnership": world.partnership.slug, "slug": step.slug}), names_of(step.form))
        for step in STEPS
    ]
    return form + public


@pytest.mark.django_db
def test_whatever_is_posted_to_any_page_there_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world()
    client = Client(raise_request_exception=False)
    client.force_login(world.person(Role.PRACTITIONER))
    draft = client.post("/testshire/refer/start/")["Location"]
    client.post("/testshire/tell/start/")
    pages = addresses(world, draft)
    count = {"posts": 0, "kept": 0}

    @settings(
        max_examples=POSTS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(data=st.data(), page=st.sampled_from(pages), autosave=st.booleans())
    def post(data: Any, page: tuple[str, list[str]], autosave: bool) -> None:
        address, names = page
        chosen = data.draw(st.lists(st.sampled_from(names), max_size=12, unique=True))
        typed = {name: data.draw(values) for name in chosen} | data.draw(extra)
        body = urlencode(
            {
                name.encode("utf-8", "surrogatepass"): value.encode("utf-8", "surrogatepass")
                for name, value in typed.items()
            }
        )
        headers = {"X-Autosave": "1"} if autosave else {}
        answer = client.post(address, body, content_type="application/x-www-form-urlencoded", headers=headers)
        count["posts"] += 1
        assert answer.status_code < 500, (address, typed)
        lost = answer.status_code == 422 and b"field is required" in answer.content
        assert not lost, (address, typed)
        long_text = typed.get("happened", "")
        if not autosave and answer.status_code == 422 and clean_text(long_text) and "\x00" not in long_text:
            told = clean_text(long_text)[:40]
            assert told in clean_text(html.unescape(answer.content.decode())), (address, typed)
            count["kept"] += 1

    post()
    # After all that the draft still opens, page by page, and still takes a story and is sent.
    for address, _ in pages:
        assert client.get(address).status_code in (200, 302), address
    shown = client.get(f"{draft}worry/").content.decode()
    mark = shown.split('name="seen" value="')[1].split('"')[0]
    assert client.post(f"{draft}worry/", {"seen": mark, "happened": STORY, "later": "1"}).status_code == 302
    with scope(partnership=world.partnership):
        assert Draft.objects.get(channel="portal").answers["worry"]["happened"] == STORY
    assert client.get(f"{draft}check/").status_code == 200
    assert client.post(f"{draft}send/").status_code == 302
    with capsys.disabled():
        print(f"\n{count['posts']:,} arbitrary posts to {len(pages)} pages, no failure; {count['kept']} shown again")
