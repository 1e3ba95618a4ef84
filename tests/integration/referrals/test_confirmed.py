"""What a referrer reads once it is sent: each child's level, that the form is done, the copy with what came since."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from pypdf import PdfReader

from partnerships.models import Partnership, User
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.domain.danger import Later
from referrals.intake import concerns
from referrals.management.commands.seed_demo import seed_partnership
from referrals.models import Attachment, Draft, Referral
from tests.factories import NOW, World, make_attachment, make_draft, make_referral, make_world
from thresholds.loading import version_in_force

pytestmark = pytest.mark.usefixtures("a_morning")

WHO = {"last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"}
TWO = {
    "children": [
        {"who": {**WHO, "first_name": "Robin"}, "indicators": {"chosen": ["health-4-01"]}},
        {"who": {**WHO, "first_name": "Kit"}, "indicators": {"chosen": ["health-2-02"]}},
        {"who": {**WHO, "first_name": "Wren"}},
    ],
    "worry": {"happened": "A bruise."},
    "consent": {"informed": "yes", "given": "yes"},
}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def practitioner(world: World) -> Client:
    client = Client()
    client.force_login(world.person(Role.PRACTITIONER))
    return client


@pytest.mark.django_db
def test_each_childs_own_level_and_way_is_confirmed() -> None:
    world = make_world()
    draft = make_draft(world)
    with scope(partnership=world.partnership):
        Draft.objects.filter(pk=draft.pk).update(answers=TWO)
    client = practitioner(world)
    sent = client.post(f"/testshire/refer/{draft.pk}/send/", follow=True)
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
        names = {each.rank: each.name for each in referral.scheme_version.levels.all()}
        word = referral.scheme_version.step_word
    for shown in (text(sent), text(client.get(f"/testshire/referrals/{referral.pk}/"))):
        assert f"Robin Marlow : {word.capitalize()} 4, {names[4]}. On its own: MASH." in shown
        assert f"Kit Marlow : {word.capitalize()} 2, {names[2]}. On its own: Early help." in shown
        assert f"Wren Marlow : No {word} indicated. On its own: MASH. No indicator was chosen for this child" in shown
        assert "The whole referral goes to the MASH, because at least one child does." in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("called", "says"), [("2026-11-23", "That is in time: it was due at"), ("2026-11-01", "It was due at")]
)
def test_the_form_is_not_asked_for_once_it_is_sent(called: str, says: str) -> None:
    seed_partnership(settings.BASE_DIR / "fixtures" / "partnerships" / "northamptonshire.yaml", at=timezone.now())
    client = Client()
    user = User.objects.get(email="practitioner@northamptonshire.example")
    client.force_login(user)
    draft = client.post("/northamptonshire/refer/start/")["Location"]
    partnership = Partnership.objects.get(slug="northamptonshire")
    with scope(partnership=partnership):
        row = Draft.objects.get()
        key = version_in_force(partnership, NOW).indicators.filter(level__rank=4).first().key
        child = {"who": {**WHO, "first_name": "Robin"}, "indicators": {"chosen": [key]}}
        call = {"telephoned": "yes", "called_on": called, "called_time": "16:00", "called_whom": "Jo and the MASH"}
        row.answers = {"children": [child], "worry": {"happened": "A bruise."}, "telephone": call}
        row.save()
    sent = text(client.post(f"{draft}send/", follow=True))
    with scope(partnership=partnership):
        referral = Referral.objects.get()
    assert "section_47" in referral.flags
    for shown in (sent, text(client.get(f"/northamptonshire/referrals/{referral.pk}/"))):
        assert "This was the written form, and it is sent" in shown and says in shown
        assert not re.search(r"send (this|the)( online)? form", shown, re.IGNORECASE), "that is done"


@pytest.mark.django_db
def test_the_copy_lists_the_documents_and_what_was_added_since() -> None:
    world = make_world()
    referral = make_referral(world, answers={"worry": {"happened": "A bruise."}})
    make_attachment(world, referral=referral)
    prue = world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        added = additions.add_information(
            referral=referral, text="He said it again.", later=Later.NO, token="a" * 32, by=prue, at=NOW
        ).addendum
        later = make_attachment(world, referral=referral)
        Attachment.objects.filter(pk=later.pk).update(addendum=added, name="photograph.pdf")
        additions.correct(
            referral=referral, about="First name", text="Robyn", reason="A slip.", token="b" * 32, by=prue, at=NOW
        )
    answer = practitioner(world).get(f"/testshire/referrals/{referral.pk}/copy.pdf")
    told = " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split())
    documents, _, since = told.partition("Added since")
    assert "Documents that came with it" in documents and "plan.pdf" in documents
    assert "photograph.pdf" not in documents, "it came with what was added"
    for words in (
        "More information",
        "He said it again.",
        prue.name,
        "photograph.pdf",
        "Correction: First name",
        "Robyn",
        "A slip.",
    ):
        assert words in since, words


@pytest.mark.django_db
def test_a_concern_is_ticked_in_the_partnerships_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    neglect = next(each for each in concerns.CONCERNS if each.slug == "neglect")
    own = type(neglect)(
        **{**{name: getattr(neglect, name) for name in neglect.__slots__}, "ticked_as": "Not looked after"}
    )
    client = practitioner(world)
    draft = client.post("/testshire/refer/start/")["Location"]
    assert neglect.ticked_as in text(client.get(f"{draft}child/1/impact/"))
    monkeypatch.setitem(concerns.OWN, ("testshire", "neglect"), own)
    assert "Not looked after" in text(client.get(f"{draft}child/1/impact/"))


@pytest.mark.django_db
def test_no_page_says_how_many_there_are_since_answers_change_it() -> None:
    world = make_world()
    client = practitioner(world)
    draft = client.post("/testshire/refer/start/")["Location"]
    address = f"{draft}child/1/indicators/"

    def caption() -> list[str]:
        return re.findall(r'<p class="govuk-caption-l">([^<]*)</p>', client.get(address).content.decode())

    before, seen = caption(), client.get(address).content.decode().split('name="seen" value="')[1].split('"')[0]
    client.post(address, {"seen": seen, "chosen": "health-4-01", "update": "1"})
    assert caption() == before == ["Indicators"]
