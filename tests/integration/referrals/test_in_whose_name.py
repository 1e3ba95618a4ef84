"""In the name of which agency a worry goes: whose lead follows it, where somebody has roles in several or moves."""

from __future__ import annotations

import pytest
from django.test import Client
from django_scopes import scope

from partnerships import members
from partnerships.members import Post
from partnerships.models import Agency, AuditEntry, Membership, User
from partnerships.permissions import Role
from referrals.intake import sharing
from referrals.intake.actions import Refused
from referrals.models import Draft, Notice, Referral
from tests.factories import NOW, World, make_draft, make_person, make_referral, sign_in

pytestmark = pytest.mark.django_db
CHOOSE = "Choose for which of your agencies you tell of it"


def also(world: World, user: User, role: Role, agency: Agency) -> None:
    Membership.objects.create(user=user, partnership=world.partnership, role=role.value, agency=agency)


def move(world: World, user: User, agency: Agency | None) -> None:
    """The admin lets a practitioner work for another agency, or for none any more."""
    held = Membership.objects.get(user=user, role=Role.PRACTITIONER.value, ended_at__isnull=True)
    by = world.person(Role.ADMIN)
    if agency is None:
        members.end(membership=held, by=by, at=NOW)
    else:
        members.change(membership=held, post=Post(Role.PRACTITIONER, agency), by=by, at=NOW)


def begin(world: World, client: Client) -> str:
    """A draft that tells of a worry; gives its address."""
    page = client.post("/testshire/refer/start/")["Location"]
    tell(world, page.split("/")[3])
    return page


def tell(world: World, key: object) -> None:
    with scope(partnership=world.partnership):
        draft = Draft.objects.get(pk=key)
        told = {**draft.answers, "worry": {"happened": "He came without a coat again."}}
        Draft.objects.filter(pk=draft.pk).update(answers=told)


def followed_by(world: World, lead: User) -> list[Referral]:
    page = sign_in(lead).get("/testshire/referrals/")
    return [line["referral"] for line in page.context["lines"]]


def test_who_only_answers_checks_for_an_agency_sends_nothing_in_its_name(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    other = make_person(world, Role.SAFEGUARDING_LEAD, agency=world.practice)
    also(world, writer, Role.CHECKER, world.practice)
    client = sign_in(writer)
    page = begin(world, client)
    assert f"It goes from {writer.name}, {world.school.name}." in client.get(page).content.decode()
    assert client.post(f"{page}send/")["Location"] == f"{page}sent/"
    assert len(followed_by(world, lead)) == 1 and followed_by(world, other) == []


def test_who_tells_of_worries_for_several_agencies_says_for_which(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    also(world, writer, Role.SAFEGUARDING_LEAD, world.practice)
    client = sign_in(writer)
    page = begin(world, client)
    check = client.get(f"{page}check/").content.decode()
    assert world.school.name in check and world.practice.name in check and " checked" not in check
    for choice in ({}, {"agency": "elsewhere"}):
        wrong = client.post(f"{page}send/", choice)
        assert wrong.status_code == 422 and "There is a problem" in wrong.content.decode()
    assert CHOOSE in client.post(f"{page}send/").content.decode()
    assert "Choose with the safeguarding lead of which" in client.post(f"{page}share/", follow=True).content.decode()
    alone = client.post(f"{page}share/", {"agency": "practice"}, follow=True).content.decode()
    assert f"{world.practice.name} has no other safeguarding lead on Front Door" in alone, "they lead there themselves"
    make_person(world, Role.SAFEGUARDING_LEAD, agency=world.practice)
    shared = client.post(f"{page}share/", {"agency": "practice"}, follow=True).content.decode()
    assert f"the safeguarding lead of {world.practice.name} can read it" in shared
    assert client.post(f"{page}send/", {"agency": "school"})["Location"] == f"{page}sent/"
    (sent,) = followed_by(world, lead)
    assert sent.agency == world.school and sent.referrer_details["agency"] == world.school.name
    with scope(partnership=world.partnership):
        assert Draft.objects.get().shared_at is None
    sibling = client.post(f"/testshire/referrals/{sent.pk}/sibling/")["Location"]
    with scope(partnership=world.partnership):
        assert Draft.objects.get(pk=sibling.split("/")[3]).agency == world.school


def test_who_moves_writes_shares_and_sends_in_the_name_of_the_new_agency(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    other = make_person(world, Role.SAFEGUARDING_LEAD, agency=world.practice)
    draft, unshared = make_draft(world, by=writer), make_draft(world, by=writer)
    page, take = f"/testshire/refer/{draft.pk}/", f"/testshire/refer/{draft.pk}/take-over/"
    tell(world, draft.pk)
    sign_in(writer).post(f"{page}share/")
    move(world, writer, world.practice)
    assert sign_in(lead).get(take).status_code == 404, "what is written from now on is not theirs to read"
    with scope(partnership=world.partnership):
        heard = Notice.objects.get(kind="shared_left", to=lead)
    assert "They refer for another agency now" in heard.body and str(draft.pk) not in heard.body
    assert "Shared with you" not in sign_in(lead).get("/testshire/referrals/").content.decode()
    with scope(partnership=world.partnership), pytest.raises(Refused, match="shared with you no more"):
        sharing.take_over(draft=Draft.objects.get(pk=draft.pk), by=lead, at=NOW)
    client = sign_in(writer)
    seen = client.get(page).content.decode()
    assert f"You began this at {world.school.name}. It goes in the name of {world.practice.name} now" in seen
    assert "Only you can see it" in seen
    client.post(f"{page}share/")
    assert sign_in(other).get(take).status_code == 200 and sign_in(lead).get(take).status_code == 404
    tried = f"/testshire/refer/{unshared.pk}/tried/"
    client.post(tried, {"tried": "We rang.", "later": "1", "seen": client.get(tried).context["seen"]})
    with scope(partnership=world.partnership):
        assert Draft.objects.get(pk=unshared.pk).agency == world.practice
    assert f"{writer.name}, {world.practice.name}" in client.get(f"{page}check/").content.decode()
    assert client.post(f"{page}send/").status_code == 302
    assert len(followed_by(world, other)) == 1 and followed_by(world, lead) == []
    assert AuditEntry.objects.filter(verb="draft.in_name_of").count() == 2


def test_what_somebody_shared_and_left_is_still_there_to_be_taken_over(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    draft = make_draft(world, by=writer)
    sign_in(writer).post(f"/testshire/refer/{draft.pk}/share/")
    move(world, writer, None)
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="shared_left")
    assert told.to == lead and f"/refer/{draft.pk}/take-over/" in told.body and "Robin" not in told.body
    assert sign_in(lead).post(f"/testshire/refer/{draft.pk}/take-over/").status_code == 302


def test_a_referral_sent_before_the_move_stays_with_the_agency_that_sent_it(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    referral = make_referral(world)
    page = f"/testshire/referrals/{referral.pk}/"
    assert followed_by(world, writer) == [referral] and sign_in(writer).get(page).status_code == 200
    move(world, writer, world.practice)
    assert followed_by(world, lead) == [referral] and followed_by(world, writer) == []
    mine = sign_in(writer).get("/testshire/referrals/").content.decode()
    assert f"What you sent for {world.school.name} stays there" in mine and "not sent any referral" not in mine
    for name in ("", "copy.pdf", "add/", "correct/", "withdraw/", "disagreement/"):
        assert sign_in(writer).get(page + name).status_code == 404 and sign_in(lead).get(page + name).status_code == 200
    assert sign_in(writer).post(f"{page}sibling/").status_code == 404
    move(world, writer, world.school)
    assert followed_by(world, writer) == [referral], "back again"
