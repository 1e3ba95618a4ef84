"""What was typed inside an answer that is not chosen: kept in the draft as it was typed, back when it is chosen, and
nobody's business until then: not checked, not screened, not sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.models import Draft, Referral
from tests.factories import World

NOT_CHOSEN = {
    "telephoned": "no", "called_on_day": "31", "called_on_month": "2", "called_on_year": "2026",
    "called_time": "12:61pm", "called_whom": "Mrs Unsaid of the duty desk",
}  # fmt: skip
RIGHT = {
    "telephoned": "yes", "called_on_day": "1", "called_on_month": "2", "called_on_year": "2026",
    "called_time": "noon", "called_whom": "Mrs Unsaid of the duty desk",
}  # fmt: skip


@pytest.fixture
def writer(world: World, client: Client) -> Client:
    client.force_login(world.person(Role.PRACTITIONER))
    return client


@pytest.fixture
def draft(writer: Client) -> str:
    start = writer.post("/testshire/refer/start/")["Location"]
    assert post(writer, f"{start}worry/", {"happened": "A bruise."}).status_code == 302
    return start


def post(client: Client, address: str, typed: dict[str, Any], **more: Any) -> Any:
    seen = re.findall(r'name="seen" value="([^"]*)"', client.get(address).content.decode())[0]
    return client.post(address, {"seen": seen, **typed}, **more)


def stored(world: World) -> dict[str, Any]:
    with scope(partnership=world.partnership):
        return Draft.objects.get().answers["telephone"]


def test_it_is_kept_as_it_was_typed_comes_back_and_is_put_right(world: World, writer: Client, draft: str) -> None:
    page = f"{draft}telephone/"
    assert post(writer, page, NOT_CHOSEN).status_code == 302
    assert stored(world)["as_typed"] == {"called_on": ["31", "2", "2026"], "called_time": "12:61pm"}

    again = writer.get(page).content.decode()
    assert 'value="31"' in again and 'value="12:61pm"' in again and 'value="Mrs Unsaid' in again
    assert "can’t be read" not in again, "it is asked after once it counts"

    chosen = post(writer, page, {**NOT_CHOSEN, "telephoned": "yes"})
    assert chosen.status_code == 422
    said = chosen.content.decode()
    assert "February 2026 has 28 days" in said and 'value="12:61pm"' in said

    assert post(writer, page, RIGHT).status_code == 302
    assert "as_typed" not in stored(world)
    assert stored(world)["called_on"] == "2026-02-01" and stored(world)["called_time"] == "12:00"


def test_it_is_kept_while_somebody_types(world: World, writer: Client, draft: str) -> None:
    page = f"{draft}telephone/"
    answer = post(writer, page, NOT_CHOSEN, headers={"X-Autosave": "1"})
    assert answer.json()["unread"] == []
    assert stored(world)["as_typed"]["called_time"] == "12:61pm"

    answer = post(writer, page, {**NOT_CHOSEN, "telephoned": "yes"}, headers={"X-Autosave": "1"})
    assert len(answer.json()["unread"]) == 2, "once it counts, the page says what can't be read"
    again = writer.get(page).content.decode()
    assert 'value="12:61pm"' in again and again.count("can’t be read yet") == 2
    assert "“12:61pm”, as it was typed" in writer.get(f"{draft}check/").content.decode()


def test_it_stops_nobody_from_sending_and_is_not_sent(world: World, writer: Client, draft: str) -> None:
    assert post(writer, f"{draft}telephone/", NOT_CHOSEN).status_code == 302
    assert post(writer, f"{draft}involved/", {"lead": "no", "lead_name": "Mr Unled"}).status_code == 302
    checked = writer.get(f"{draft}check/")
    assert checked.status_code == 200
    for text in ("12:61pm", "Mrs Unsaid", "Mr Unled"):
        assert text not in checked.content.decode(), text
    assert writer.post(f"{draft}send/").status_code == 302
    with scope(partnership=world.partnership):
        sent = Referral.objects.get()
        told = str(sent.answers)
        assert "A bruise." in told
        for text in ("12:61pm", "Mrs Unsaid", "Mr Unled", "'31'"):
            assert text not in told, text
        assert "Mrs Unsaid" in str(Draft.objects.get().answers), "the draft keeps it, as long as drafts are kept"
