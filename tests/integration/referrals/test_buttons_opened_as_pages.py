"""A button's address that is opened as a page, after signing in again or by a reload, leads back to where it is."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.permissions import Role
from referrals.models import Draft
from tests.factories import World, make_draft, make_person, make_referral


def signed_in(world: World, role: Role = Role.PRACTITIONER) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def the_draft(world: World) -> tuple[Draft, str]:
    draft = make_draft(world)
    return draft, f"/testshire/refer/{draft.pk}/"


def test_sending_while_signed_out_says_so_and_leads_back_to_the_button(world: World) -> None:
    draft, address = the_draft(world)
    pressed = Client().post(f"{address}send/")
    said = pressed.content.decode()
    assert pressed.status_code == 403
    assert "Nothing was sent or saved just now." in said and "it is not sent yet" in said
    assert f"?next={address}send/" in said
    back = signed_in(world).get(f"{address}send/", follow=True)
    assert back.redirect_chain == [(f"{address}check/", 302)]
    assert "This referral is not sent yet" in back.content.decode() and "Send the referral" in back.content.decode()
    with scope(partnership=world.partnership):
        draft.refresh_from_db()
        assert draft.sent_at is None


def test_reloading_a_sent_or_a_refused_sending_shows_a_page(world: World) -> None:
    client = signed_in(world)
    draft, address = the_draft(world)
    assert client.post(f"{address}send/").status_code == 422
    assert client.get(f"{address}send/", follow=True).redirect_chain == [(f"{address}check/", 302)]
    with scope(partnership=world.partnership):
        draft.answers = {**draft.answers, "worry": {"happened": "A bruise."}}
        draft.save()
    assert client.post(f"{address}send/").status_code == 302
    reloaded = client.get(f"{address}send/", follow=True)
    assert reloaded.redirect_chain[-1] == (f"{address}sent/", 302)
    assert "not sent yet" not in reloaded.content.decode()


def test_a_colleagues_draft_stays_not_found(world: World) -> None:
    _, address = the_draft(world)
    client = Client()
    client.force_login(make_person(world, Role.PRACTITIONER, agency=world.practice))
    assert client.get(f"{address}send/").status_code == 404


def test_every_other_button_leads_to_the_page_above_it(world: World) -> None:
    _, address = the_draft(world)
    client = signed_in(world)
    assert client.get(f"{address}share/")["Location"] == address
    assert client.head(f"{address}share/")["Location"] == address
    assert client.get("/testshire/refer/start/")["Location"] == "/testshire/refer/"
    referral = make_referral(world)
    kwargs = {"partnership": "testshire", "referral_id": referral.pk}
    claimed = signed_in(world, Role.SCREENER).get(reverse("referral_claim", kwargs=kwargs))
    assert claimed["Location"] == f"/testshire/triage/{referral.pk}/"
    assert client.put(f"{address}share/").status_code == 405


def test_the_public_forms_button_leads_to_checking(client: Client, world: World) -> None:
    world.partnership.public_form = True
    world.partnership.save()
    client.post("/testshire/tell/start/")
    assert client.get("/testshire/tell/send/")["Location"] == "/testshire/tell/check/"
