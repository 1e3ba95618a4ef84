"""The threshold for everybody: beside another area's, its history, its PDF, an indicator's lasting address."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from tests import schemes
from tests.factories import LONG_AGO, NOW, make_world
from thresholds import actions
from thresholds.domain.reading import read_scheme

pytestmark = pytest.mark.django_db


def otherwise() -> dict[str, Any]:
    """Another area: tiers, other words, hunger at tier 3."""
    told = schemes.content() | {"slug": "othershire-2026", "step_word": "tier"}
    for each in told["indicators"]:
        each["label"] = each["label"].replace("level", "tier").replace("Health worry 1", "Hungry, first kind")
    return told


def test_the_same_worry_in_two_areas_is_never_translated_by_itself(client: Client) -> None:
    make_world()
    make_world("othershire", content=otherwise())
    first = client.get("/compare/").content.decode()
    assert "Testshire" in first and "?area=othershire" in first
    page = client.get("/compare/?area=testshire").content.decode()
    assert "Health worry 2 of level 2" in page and "is not translated" in page
    told = {"area": "testshire", "indicators": ["health-2-02"], "age": "0", "given": "yes"}
    answer = client.post("/compare/", told)
    page = answer.content.decode()
    assert "Nothing is picked here yet, so nothing is indicated" in page
    assert [side.told is None for side in answer.context["sides"]] == [False, True]
    offered = answer.context["sides"][1].matches[0].offered
    assert offered and all("tier" in each.label for each in offered)
    picked = client.post("/compare/", told | {"othershire--health-2-02": "learning-3-02"})
    own, there = picked.context["sides"]
    assert (own.told.indicated_level, there.told.indicated_level) == (2, 3)
    assert "Tier 3" in picked.content.decode() and "Level 2" in picked.content.decode()
    more = client.post("/compare/", told | {"othershire--more": ["family-4-01", "no-such-key"]})
    assert more.context["sides"][1].told.indicated_level == 4
    assert "Do this for lado." in more.content.decode(), "what a referrer there must also do"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"indicators": []}, "Pick at least one indicator of your own area"),
        ({"indicators": ["health-2-02"], "age": "ninety"}, "must be a whole number"),
    ],
)
def test_what_is_wrong_is_said_and_kept(client: Client, told: dict[str, Any], message: str) -> None:
    make_world()
    answer = client.post("/compare/", {"area": "testshire", **told})
    assert answer.status_code == 422 and message in answer.content.decode()
    if told["indicators"]:
        assert 'id="own-health-2-02" name="indicators" type="checkbox" value="health-2-02" checked' in (
            answer.content.decode()
        )


def test_an_area_that_is_not_open_is_not_compared(client: Client) -> None:
    world = make_world()
    world.partnership.takes_referrals = False
    world.partnership.save()
    assert "No threshold is in force." in client.get("/compare/?area=testshire").content.decode()


@pytest.fixture
def two_versions() -> Any:
    """The first as always; from yesterday a second, with one indicator reworded and one gone."""
    world = make_world()
    told = schemes.content() | {"slug": "testshire-2027", "partnership": "testshire"}
    told["indicators"][0]["label"] = "A worry in new words"
    told["indicators"] = [each for each in told["indicators"] if each["key"] != "family-4-03"]
    draft = actions.import_draft(content=read_scheme(told), by=None, at=NOW)
    actions.publish(version=draft, holds_from=NOW - dt.timedelta(days=1), change_note="Plainer words.", by=None, at=NOW)
    return world


def test_the_history_says_what_changed(two_versions: Any, client: Client) -> None:
    page = client.get("/testshire/threshold/history/").content.decode()
    assert "Plainer words." in page and "2 differences from testshire-2026" in page
    assert "<del>" in page and "<ins>" in page and "Family worry 3 of level 4" in page


def test_an_indicator_has_an_address_that_lasts(two_versions: Any, client: Client) -> None:
    page = client.get("/testshire/threshold/indicator/health-1-01/").content.decode()
    assert "A worry in new words" in page and "Health worry 1 of level 1" in page
    assert "http://testserver/testshire/threshold/indicator/health-1-01/" in page
    gone = client.get("/testshire/threshold/indicator/family-4-03/").content.decode()
    assert "no part of the threshold in force" in gone and "testshire-2026" in gone
    assert client.get("/testshire/threshold/indicator/nothing/").status_code == 404


def test_the_whole_threshold_as_a_tagged_pdf(two_versions: Any, client: Client) -> None:
    answer = client.get("/testshire/threshold/testshire-2027.pdf")
    assert answer["Content-Type"] == "application/pdf" and "testshire-2027.pdf" in answer["Content-Disposition"]
    reader = PdfReader(BytesIO(answer.content))
    text = "".join(page.extract_text() for page in reader.pages)
    assert "A worry in new words" in text and "call 999 first" in text
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    assert reader.metadata.title == "Threshold for tests"
    assert client.get("/testshire/threshold/testshire-2027.pdf").content == answer.content
    draft = actions.import_draft(content=read_scheme(schemes.content() | {"slug": "a-draft"}), by=None, at=LONG_AGO)
    assert client.get(f"/testshire/threshold/{draft.slug}.pdf").status_code == 404


def test_the_search_finds_without_script(two_versions: Any, client: Client) -> None:
    page = client.get("/testshire/threshold/?q=new+WORDS").content.decode()
    assert "1 of 35 indicators" in page
