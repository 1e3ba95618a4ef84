"""Deciding on several children by pages: each its own decision, authority without consent, the second person, stale."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.additions.actions import add_information
from referrals.domain.danger import Later
from referrals.models import Decision, Event, Letter, Referral, SignOff
from referrals.triage import actions
from tests.factories import NOW, World, add_child, make_person, make_referral, sign_in
from thresholds.domain.screening import read_facts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_morning")]
AGREES_NOT = {"consent": {"informed": True, "given": False}}
ASSESSMENT = {
    "decided_level": "3",
    "outcome": "assessment_section_17",
    "reason": "The home worries us.",
    "told_referrer": "A social worker visits this week.",
    "primary_need": "N1",
    "parents_told_by": "letter",
    "child_told_by": "worker",
}
NOTHING = {
    **ASSESSMENT,
    "decided_level": "1",
    "outcome": "no_further_action",
    "reason": "She lives with an aunt.",
    "told_referrer": "She is safe with her aunt.",
    "primary_need": "N9",
    "parents_told_by": "decider",
}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def taken(world: World, *names: str, facts: dict[str, Any] | None = None) -> Referral:
    """Taken by the screener: Robin, and a child for each further name, all at level 3."""
    referral = make_referral(world, indicators=("health-3-01",), facts=facts, team=world.mash)
    with scope(partnership=world.partnership):
        for order, name in enumerate(names, 2):
            of_child = {"first_name": name, "last_name": "Marlow", "order": order}
            facts_of = read_facts(referral.screening["facts"])
            add_child(world, referral, facts_of, referral.screening, ("health-3-01",), of_child)
        return actions.claim(referral=referral, by=world.person(Role.SCREENER), at=NOW)


def address(referral: Referral, step: str = "") -> str:
    return f"/testshire/triage/{referral.pk}/{step}"


def revision(world: World, referral: Referral) -> int:
    with scope(partnership=world.partnership):
        return Referral.objects.values_list("revision", flat=True).get(pk=referral.pk)


def keep(world: World, client: Client, referral: Referral, number: int, told: dict[str, Any]) -> Any:
    sent = {**told, "revision": revision(world, referral)}
    return client.post(address(referral, f"decide/{number}/"), sent, follow=True)


def test_three_children_two_alike_and_one_letter_that_names_each(world: World) -> None:
    referral = taken(world, "Wren", "Finch")
    client = sign_in(world.person(Role.SCREENER))
    overview = text(client.get(address(referral, "decide/")))
    assert overview.count("Not yet started") == 3 and "Decide and send the letter" not in overview
    with scope(partnership=world.partnership):
        finch = referral.children.get(first_name="Finch")
    kept = text(keep(world, client, referral, 1, {**ASSESSMENT, "also": [str(finch.pk)]}))
    assert "What you decided of these 2 children is kept. It is not sent yet." in kept
    assert kept.count("Not yet started") == 1
    too_early = client.post(address(referral, "decide/"), {"revision": revision(world, referral)}, follow=True)
    assert "A child has no decision yet." in text(too_early)
    with scope(partnership=world.partnership):
        assert not Letter.objects.exists()
    whole = text(keep(world, client, referral, 2, {**ASSESSMENT, "told_referrer": "Wren’s own worker rings you."}))
    assert "Decide and send the letter" in whole and "Wren’s own worker rings you." in whole
    done = client.post(address(referral, "decide/"), {"revision": revision(world, referral)}, follow=True)
    assert "is decided, and the letter has been sent" in text(done)
    with scope(partnership=world.partnership):
        letter = Letter.objects.get()
        assert {each.child.first_name: each.state for each in Decision.objects.select_related("child")} == {
            "Robin": "final",
            "Wren": "final",
            "Finch": "final",
        }
    assert letter.body.count("For R.M. and F.M. we decided") == 1 and letter.body.count("For W.M. we decided") == 1


def test_a_letter_to_the_parents_that_was_promised_is_asked_for_until_it_is_written(world: World) -> None:
    referral = taken(world, "Wren")
    client = sign_in(world.person(Role.SCREENER))
    keep(world, client, referral, 1, {**ASSESSMENT, "parents_told_by": "worker"})
    keep(world, client, referral, 2, {**ASSESSMENT, "told_referrer": ""})
    asked = "a letter is to tell the parents, and none is written yet"
    assert asked not in text(client.get(address(referral)))
    client.post(address(referral, "decide/"), {"revision": revision(world, referral)})
    assert asked in text(client.get(address(referral)))
    told = {
        "safe": "yes",
        "safe_because": "The school spoke with her.",
        "recipient": "Ms Marlow\n1 High Street",
        "words": "We visit on Monday.",
        "revision": revision(world, referral),
    }
    assert "The letter is written and kept." in text(
        client.post(address(referral, "letters/new/parents/"), told, follow=True)
    )
    assert asked not in text(client.get(address(referral)))
    with scope(partnership=world.partnership):
        to_parents = Letter.objects.get(kind=Letter.Kind.PARENTS)
    assert "Robin" in to_parents.body and "Wren" in to_parents.body and "home worries us" not in to_parents.body


def test_going_on_without_consent_stands_on_somebody_elses_authority(world: World) -> None:
    referral = taken(world, facts=AGREES_NOT)
    screener, senior = world.person(Role.SCREENER), world.person(Role.SENIOR)
    client = sign_in(screener)
    sent = {**ASSESSMENT, "revision": 1}
    refused = text(client.post(address(referral, "decide/"), sent))
    assert "The family has not agreed. Say who authorised going on without that" in refused
    assert "The home worries us.</textarea>" in refused
    own = {**sent, "authorised_by": str(screener.pk), "authorised_because": "Now."}
    assert "Select a valid choice" not in text(client.post(address(referral, "decide/"), own))
    with scope(partnership=world.partnership):
        assert not Decision.objects.exists()
    given = {**sent, "authorised_by": str(senior.pk), "authorised_because": "They fled once before."}
    preview = text(client.post(address(referral, "decide/"), {**given, "preview": "1"}))
    assert f"Authorised by {senior.name}" in preview and "They fled once before." in preview
    done = text(client.post(address(referral, "decide/"), given, follow=True))
    assert f"Authorised by {senior.name}" in done
    with scope(partnership=world.partnership):
        made = Decision.objects.get()
    assert (made.authorised_by, made.authorised_because) == (senior, "They fled once before.")


def test_authority_belongs_to_outcomes_that_need_it(world: World) -> None:
    referral = taken(world, facts=AGREES_NOT)
    told = {**ASSESSMENT, "decided_level": "4", "outcome": "strategy_discussion", "revision": 1}
    told |= {"authorised_by": str(world.person(Role.SENIOR).pk), "authorised_because": "Typed, then chosen otherwise."}
    sign_in(world.person(Role.SCREENER)).post(address(referral, "decide/"), told)
    with scope(partnership=world.partnership):
        made = Decision.objects.get()
    assert (made.authorised_by, made.authorised_because) == (None, "")


def test_sent_back_taken_back_and_signed(world: World) -> None:
    referral = taken(world, "Wren")
    author, signer = sign_in(world.person(Role.SCREENER)), sign_in(world.person(Role.SENIOR))
    keep(world, author, referral, 1, ASSESSMENT)
    keep(world, author, referral, 2, NOTHING)
    proposed = text(author.post(address(referral, "decide/"), {"revision": revision(world, referral)}, follow=True))
    assert "It waits for a second person now." in proposed
    assert (
        f"{world.person(Role.MANAGER).name} or {world.person(Role.SENIOR).name} can sign it, and are told." in proposed
    )
    assert author.get(address(referral, "sign-off/")).status_code == 404
    back = {"answer": "back", "said": "Who saw Wren?"}
    assert "has gone back to its author" in text(signer.post(address(referral, "sign-off/"), back, follow=True))
    for step in ("", "decide/", "decide/2/"):
        assert "Sent back to be changed:" in (shown := text(author.get(address(referral, step)))), step
        assert "Who saw Wren?" in shown
    changed = {**NOTHING, "reason": "School saw her at her aunt’s on Monday."}
    keep(world, author, referral, 2, changed)
    author.post(address(referral, "decide/"), {"revision": revision(world, referral)})
    assert "Sent back to be changed:" not in text(author.get(address(referral)))
    # What the second person reads is void once its author takes it back; the slower word changes nothing.
    form = signer.get(address(referral, "sign-off/"))
    assert "School saw her at her aunt’s on Monday." in text(form)
    assert "The proposal is yours again." in text(author.post(address(referral, "take-back/"), follow=True))
    late = text(signer.post(address(referral, "sign-off/"), {"answer": "sign", "said": "Fine by me."}))
    assert "This waits for no signature any more." in late and "Fine by me.</textarea>" in late
    with scope(partnership=world.partnership):
        states = list(SignOff.objects.order_by("proposed_at", "state").values_list("state", flat=True))
        assert sorted(states) == ["sent_back", "void"] and not Letter.objects.exists()
    author.post(address(referral, "decide/"), {"revision": revision(world, referral)})
    # Nor does it sign what was proposed anew meanwhile, unread.
    unread = {"answer": "sign", "said": "Fine by me.", "read": form.context["form"]["read"].value()}
    anew = signer.post(address(referral, "sign-off/"), unread)
    assert "It was proposed anew since you read it." in text(anew) and "Fine by me.</textarea>" in text(anew)
    with scope(partnership=world.partnership):
        assert SignOff.objects.waiting().exists() and not Letter.objects.exists()
    signed = text(
        signer.post(
            address(referral, "sign-off/"),
            {
                "answer": "sign",
                "said": "",
                "read": anew.context["form"]["read"].value(),
                "revision": anew.context["form"]["revision"].value(),
            },
            follow=True,
        )
    )
    assert f"Signed off by {world.person(Role.SENIOR).name}." in signed
    with scope(partnership=world.partnership):
        told = Event.objects.get(referral=referral, kind="decided").sentence
        assert f"and {world.person(Role.SENIOR).name} signed it off" in told
        assert Letter.objects.count() == 1


def test_what_is_told_since_it_was_proposed_is_read_before_it_is_signed(world: World) -> None:
    referral, signer = taken(world), sign_in(world.person(Role.SENIOR))
    author, there = sign_in(world.person(Role.SCREENER)), address(referral, "sign-off/")
    author.post(address(referral, "decide/"), {**NOTHING, "revision": revision(world, referral)})
    form = signer.get(there)
    assert "Since it was proposed" not in text(form)
    with scope(partnership=world.partnership):
        said = {"text": "Her new partner moved in today.", "later": Later.NO, "token": "a" * 32}
        add_information(referral=referral, **said, by=world.person(Role.PRACTITIONER), at=NOW)
    shown = text(signer.get(there))
    assert "Since it was proposed" in shown and "Her new partner moved in today." in shown
    typed = {"answer": "sign", "said": "Fine by me."}
    unread = {name: form.context["form"][name].value() for name in ("read", "revision")}
    stale = signer.post(there, typed | unread)
    for words in (
        "Not signed: this referral has moved on",
        "Her new partner moved in today.",
        "Fine by me.</textarea>",
    ):
        assert words in text(stale), words
    assert "proposed a decision" not in text(stale), "what is new, no more"
    with scope(partnership=world.partnership):
        assert SignOff.objects.waiting().exists() and not Letter.objects.exists()
    read = {name: stale.context["form"][name].value() for name in ("read", "revision")}
    assert "is signed off" in text(signer.post(there, typed | read, follow=True))


def test_a_form_of_one_child_gone_stale_shows_both_and_keeps_what_was_typed(world: World) -> None:
    referral = taken(world, "Wren")
    seen = revision(world, referral)
    first = sign_in(world.person(Role.SCREENER))
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    with scope(partnership=world.partnership):
        actions.reassign(referral=referral, to=sol, by=world.person(Role.SCREENER), at=NOW)
    second = sign_in(sol)
    keep(world, second, referral, 1, {**ASSESSMENT, "reason": "Sol’s own reason."})
    stale = first.post(address(referral, "decide/1/"), {**ASSESSMENT, "revision": seen})
    shown = text(stale)
    for words in ("Not decided: this referral has moved on", "Sol Second", "The home worries us.</textarea>"):
        assert words in shown, words
    assert "Sol’s own reason." in shown
    old_page = second.post(address(referral, "decide/"), {"revision": seen}, follow=True)
    assert "This referral has moved on since you opened the form." in text(old_page)
    with scope(partnership=world.partnership):
        assert [each.reason for each in Decision.objects.kept()] == ["Sol’s own reason."]


def test_handed_over_with_what_was_written_so_far(world: World) -> None:
    referral = taken(world, "Wren")
    author, sol = sign_in(world.person(Role.SCREENER)), make_person(world, Role.SCREENER, name="Sol", team=world.mash)
    keep(world, author, referral, 1, ASSESSMENT)
    hand = {"to": str(sol.pk), "revision": revision(world, referral)}
    assert "has changed hands" in text(author.post(address(referral, "reassign/"), hand, follow=True))
    other = sign_in(sol)
    assert "Child and family assessment" in text(other.get(address(referral, "decide/")))
    assert "Sol has this referral and decides it." in text(author.get(address(referral, "decide/"), follow=True))
    keep(world, other, referral, 2, ASSESSMENT)
    other.post(address(referral, "decide/"), {"revision": revision(world, referral)})
    with scope(partnership=world.partnership):
        by = {each.child.first_name: each.by.name for each in Decision.objects.select_related("child", "by")}
        assert by == {"Robin": world.person(Role.SCREENER).name, "Wren": "Sol"}
        assert Letter.objects.get().sent_by == sol


def test_whoever_decides_reads_who_must_not_be_told_before_they_say_who_tells_the_parents(world: World) -> None:
    referral = taken(world)
    with scope(partnership=world.partnership):
        told = referral.answers | {"family": {"not_told": "yes", "not_told_who": "Lee must not hear of it."}}
        Referral.objects.filter(pk=referral.pk).update(answers=told)
    page = text(sign_in(world.person(Role.SCREENER)).get(address(referral, "decide/")))
    assert page.index("Lee must not hear of it.") < page.index('name="parents_told_by"')
