"""The partnership's own words: drafted, shown, approved by a second person; letters to others; the reader's answer."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.models import User
from partnerships.permissions import Role
from referrals import outbox
from referrals.disagreement.actions import raise_disagreement
from referrals.domain.lifecycle import Outcome
from referrals.letters import texts_kept, writing
from referrals.models import Disagreement, Event, FamilyMember, Letter, LetterText, Notice, Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_person, make_referral, make_world, sign

pytestmark = pytest.mark.django_db
OWN = "Hello {{ referrer }}. {{ reference }}\n\n{{ words }}\n\n{{ what_next }}\n\n{{ if_in_danger }}\n\n{{ signature }}"


@pytest.fixture
def world(time_machine: Any) -> Any:
    time_machine.move_to(NOW, tick=False)
    made = make_world()
    with scope(partnership=made.partnership):
        yield made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def hidden(client: Client, address: str) -> dict[str, Any]:
    """What the form carries of when it was shown."""
    form = client.get(address).context["form"]
    return {name: form[name].value() for name in ("token", "revision")}


def decided(world: World, **child: Any) -> Referral:
    referral = make_referral(world, child={"first_name": "Robin", "last_name": "Marlow", **child})
    sam = world.person(Role.SCREENER)
    row = actions.claim(referral=referral, by=sam, at=NOW)
    actions.decide(
        referral=row,
        decided_level=2,
        outcome=Outcome.EARLY_HELP,
        reason="The police already know the uncle.",
        told_referrer="A family worker calls on Friday.",
        revision=row.revision,
        by=sam,
        at=NOW,
    )
    sign(world, row, at=NOW)
    return Referral.objects.get(pk=referral.pk)


def test_own_words_are_drafted_approved_by_a_second_person_and_hold_from_then_on(world: World) -> None:
    author, second = world.person(Role.ADMIN), make_person(world, Role.ADMIN)
    admin, other = signed_in(author), signed_in(second)
    page = at(world, "letter_text", kind="acknowledgement")
    edit, approve = (at(world, f"letter_text_{what}", kind="acknowledgement") for what in ("edit", "approve"))
    assert "words that come with Front Door" in admin.get(page).content.decode()
    assert admin.post(edit, {"subject": "Hello", "body": "Hi {{ nobody }}"}).status_code == 302
    shown = admin.get(page).content.decode()
    assert "There is no place called “nobody”" in shown and "Approve: let it hold" not in shown
    seen = {"seen": LetterText.objects.get().written_at.isoformat()}
    admin.post(edit, {"subject": "We have it: {{ reference }}", "body": OWN, **seen})
    assert {each.to for each in Notice.objects.filter(kind="letter_text")} == {second, world.person(Role.MANAGER)}
    assert "Hello Alex Example." in other.get(page).content.decode()
    draft = LetterText.objects.get()
    seen = {"seen": draft.written_at.isoformat()}
    assert "a second person must approve it" in admin.post(approve, seen, follow=True).content.decode()
    assert "changed since you read it" in other.post(approve, {}, follow=True).content.decode()
    assert writing.in_force(world.partnership, "acknowledgement")[2] is None
    other.post(approve, seen)
    referral = make_referral(world)
    letter = actions.acknowledge(referral=referral, words="", by=world.person(Role.SCREENER), at=NOW)
    assert letter.subject == f"We have it: {referral.reference}"
    assert letter.body.startswith("Hello Practitioner") and "{{" not in letter.body
    assert letter.text_version == LetterText.objects.get(state="in_force")


def test_a_later_version_leaves_what_was_sent_as_it_was_and_every_version_is_kept(world: World) -> None:
    author, second = world.person(Role.ADMIN), world.person(Role.MANAGER)
    for n, body in enumerate((OWN, OWN.replace("Hello", "Good day"))):
        draft = texts_kept.save_draft(
            partnership=world.partnership,
            kind="acknowledgement",
            subject=f"S{n}",
            body=body,
            seen=None,
            by=author,
            at=NOW,
        )
        texts_kept.approve(draft=draft, seen_at=draft.written_at, by=second, at=NOW)
        if n == 0:
            letter = actions.acknowledge(
                referral=make_referral(world), words="", by=world.person(Role.SCREENER), at=NOW
            )
    letter.refresh_from_db()
    assert letter.body.startswith("Hello") and letter.text_version.number == 1
    assert [(each.number, each.state) for each in LetterText.objects.all()] == [(2, "in_force"), (1, "superseded")]


def test_a_text_that_was_changed_since_it_was_read_is_not_approved(world: World) -> None:
    author, second = world.person(Role.ADMIN), world.person(Role.MANAGER)
    told: dict[str, Any] = {"partnership": world.partnership, "kind": "outcome", "by": author}
    first = texts_kept.save_draft(subject="A", body=writing.standard("outcome")[1], seen=None, at=NOW, **told)
    texts_kept.save_draft(subject="B", body="{{ reference }}", seen=NOW, at=NOW + dt.timedelta(minutes=1), **told)
    with pytest.raises(texts_kept.Refused, match="changed since you read it"):
        texts_kept.approve(draft=first, seen_at=NOW, by=second, at=NOW)
    with pytest.raises(texts_kept.Refused, match="can’t be used yet"):
        texts_kept.approve(draft=first, seen_at=NOW + dt.timedelta(minutes=1), by=second, at=NOW)


def test_two_at_a_letters_text_never_write_over_one_another_unsaid(world: World) -> None:
    one, two = signed_in(world.person(Role.ADMIN)), signed_in(make_person(world, Role.ADMIN, name="Ada Second"))
    edit, away = (at(world, f"letter_text_{what}", kind="acknowledgement") for what in ("edit", "discard"))
    both = [{"subject": "S", "body": f"Hello {word}"} for word in ("first", "second")]
    for _ in range(2):  # the second is the same press
        assert two.post(edit, both[1]).status_code == 302
    late = one.post(edit, both[0])
    shown = late.content.decode()
    assert late.status_code == 422 and "Ada Second wrote a draft" in shown
    assert "Hello second" in shown and "Hello first</textarea>" in shown
    assert LetterText.objects.get().body == "Hello second"
    assert "changed since you read it" in one.post(away, {}, follow=True).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', shown)
    assert seen and one.post(edit, {**both[0], "seen": seen[1]}).status_code == 302
    assert LetterText.objects.get().body == "Hello first"


def test_the_admin_who_keeps_the_words_sees_no_child(world: World) -> None:
    decided(world, first_name="Zephyrine")
    admin = signed_in(world.person(Role.ADMIN))
    for name in ("letter_text", "letter_text_edit"):
        assert "Zephyrine" not in admin.get(at(world, name, kind="parents")).content.decode()
    assert admin.get(at(world, "letter_text", kind="nothing")).status_code == 404
    assert signed_in(world.person(Role.SCREENER)).get(at(world, "letter_texts")).status_code == 404


def test_parents_are_written_to_only_where_it_is_safe_and_that_is_recorded(world: World, time_machine: Any) -> None:
    referral = decided(world)
    screener = signed_in(world.person(Role.SCREENER))
    new = at(world, "letter_new", referral_id=referral.pk, kind="parents")
    assert "What we decided: Early help." in screener.get(new).content.decode()
    told = {"recipient": "Pat Marlow\n1 High Street", "words": "Somebody calls on Friday.", **hidden(screener, new)}
    assert screener.post(new, told).status_code == 422, "whether it is safe must be said"
    for _ in range(2):
        no = {"safe": "no", "safe_because": "He opens the post.", **hidden(screener, new)}
        assert screener.post(new, no).status_code == 302
    assert not Letter.objects.to_others().exists()
    assert Event.objects.get(kind="letter_not_safe").note == "He opens the post."
    assert screener.post(new, {"safe": "yes", "safe_because": "Asked her"}).status_code == 422
    yes = {**told, "safe": "yes", "safe_because": "Asked her on the telephone"}
    stopped = screener.post(new, yes)
    stale = stopped.content.decode()
    assert "He opens the post." in stale, "it was recorded since this form was shown that it is not safe"
    assert stopped.context["form"]["safe"].value() == "", "and so it is asked anew"
    assert "He opens the post." in screener.get(new).content.decode(), "whoever writes next reads it too"
    assert screener.post(new, yes | hidden(screener, new)).status_code == 302
    letter = Letter.objects.to_others().get()
    assert letter.body.startswith("Dear Pat Marlow,") and "Robin" in letter.body
    for never in ("Practitioner", "level", "uncle", "Testshire Primary", referral.reference, "Marlow wrote"):
        assert never not in letter.body, never
    assert (letter.recipient, letter.addressed_to) == (told["recipient"], None)
    record, never = at(world, "referral", referral_id=referral.pk), "Found not safe to write at"
    shown = screener.get(record).content.decode()
    assert "Print it and send it." in shown and never not in shown, "what was found unsafe before it was written"
    time_machine.move_to(NOW + dt.timedelta(minutes=9), tick=False)
    found = {"safe": "no", "safe_because": "He opens the post again.", **hidden(screener, new)}
    assert screener.post(new, found).status_code == 302
    shown = screener.get(record).content.decode()
    assert never in shown and "do not send it" in shown and "Print it and send it." not in shown


@pytest.mark.parametrize(
    ("recipient", "how", "kept"),
    [
        ("Mr Lee Grant, 3 Dock Street", "Asked her.", False),
        ("Mr Grant\n3 Dock Street", "He is the father.", False),
        ("Lee Grant", "Social care spoke with Lee Grant, who is in prison and knows.", True),
        ("Grant Street School, Ms Jo Marlow", "Asked her.", True),
        ("Mrs Jo Marlow", "Asked her.", True),
    ],
)
def test_to_write_to_who_harms_the_child_is_thought_of_twice(
    world: World, recipient: str, how: str, kept: bool
) -> None:
    referral = decided(world)
    FamilyMember.objects.create(
        partnership=world.partnership, referral=referral, order=9, name="Lee Grant", relationship="Father", alleged=True
    )
    answers = referral.answers | {
        "people": [{"person": {"name": "Lee Grant", "relationship": "Father", "alleged": "yes"}}],
        "family": {"not_told": "yes", "not_told_who": "Lee must not hear of it."},
    }
    Referral.objects.filter(pk=referral.pk).update(answers=answers)
    screener = signed_in(world.person(Role.SCREENER))
    new = at(world, "letter_new", referral_id=referral.pk, kind="parents")
    shown = screener.get(new).content.decode()
    for words in (
        "Before anybody telephones, writes or visits",
        "Lee must not hear of it.",
        "Said to be a source of harm",
    ):
        assert words in shown
    told = {"recipient": recipient, "words": "Somebody calls.", "safe": "yes", "safe_because": how}
    answer = screener.post(new, told | hidden(screener, new))
    assert answer.status_code == (302 if kept else 422) and Letter.objects.to_others().exists() == kept
    if not kept:
        said = answer.content.decode()
        assert "Lee Grant is said to be a source of harm. Say by name how you know" in said
        assert recipient.split("\n")[0] in said and how in said
        assert screener.post(new, told | hidden(screener, new) | {"safe": "no"}).status_code == 302


@pytest.mark.parametrize("kind", ["parents", "agency", "transfer"])
def test_what_was_decided_since_is_in_no_letter_whose_writer_has_not_read_it(world: World, kind: str) -> None:
    referral, sam = decided(world), world.person(Role.SCREENER)
    screener, new = signed_in(sam), at(world, "letter_new", referral_id=referral.pk, kind=kind)
    told = {"recipient": "Pat Marlow", "words": "We offer you help.", "safe": "yes", "safe_because": "Asked her."}
    typed = told | hidden(screener, new)
    actions.reopen(referral=referral, reason="A broken arm.", by=sam, at=NOW)
    row = actions.claim(referral=Referral.objects.get(pk=referral.pk), by=sam, at=NOW)
    actions.decide(
        referral=row,
        outcome=Outcome.STRATEGY_DISCUSSION,
        decided_level=4,
        reason="An injury.",
        revision=row.revision,
        by=sam,
        at=NOW,
    )
    stale = screener.post(new, typed)
    shown = stale.content.decode()
    for words in ("Not written: this referral has moved on", "A broken arm.", "Strategy discussion", typed["words"]):
        assert words in shown
    assert "We offer you help.</textarea>" in shown and not Letter.objects.to_others().exists()
    assert screener.post(new, told).status_code == 200, "and one that does not say what it showed"
    assert not Letter.objects.to_others().exists()
    again = typed | {"revision": stale.context["form"]["revision"].value()}
    assert screener.post(new, again).status_code == 302
    assert Letter.objects.to_others().count() == 1


def test_a_letter_pressed_twice_is_one_and_two_letters_are_two(world: World) -> None:
    referral = decided(world)
    screener = signed_in(world.person(Role.SCREENER))
    new = at(world, "letter_new", referral_id=referral.pk, kind="agency")
    typed = {"recipient": "Example Health", "words": "Please visit.", **hidden(screener, new)}
    for _ in range(2):
        assert screener.post(new, typed).status_code == 302
    assert Letter.objects.to_others().count() == 1 and Event.objects.filter(kind="letter_written").count() == 1
    screener.post(new, typed | {"words": "Please telephone."})
    screener.post(new, typed | hidden(screener, new))
    assert Letter.objects.to_others().count() == 3, "other words, and the same in a letter of its own"


def test_letters_to_others_are_not_the_referrers(world: World) -> None:
    referral = decided(world)
    screener = signed_in(world.person(Role.SCREENER))
    for kind in ("agency", "transfer"):
        new = at(world, "letter_new", referral_id=referral.pk, kind=kind)
        told = {"recipient": "Example Health", "words": "Please visit at once: a secret.", **hidden(screener, new)}
        assert screener.post(new, told).status_code == 302
    practitioner = signed_in(world.person(Role.PRACTITIONER))
    page = practitioner.get(at(world, "referral_track", referral_id=referral.pk)).content.decode()
    assert "a secret" not in page and "passed to you" not in page
    for letter in Letter.objects.to_others():
        address = at(world, "letter", referral_id=referral.pk, letter_id=letter.pk)
        assert practitioner.get(address).status_code == 404
    assert "a secret" in screener.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    outbox.deliver_due(at=NOW)
    assert all("a secret" not in str(message.message()) for message in mail.outbox)
    assert screener.get(at(world, "letter_new", referral_id=referral.pk, kind="outcome")).status_code == 404


def test_the_reader_agrees_or_challenges_once_and_a_challenge_is_heard(world: World) -> None:
    referral = decided(world)
    letter = Letter.objects.get(referral=referral, kind="outcome")
    practitioner = signed_in(world.person(Role.PRACTITIONER))
    where = {"referral_id": referral.pk, "letter_id": letter.pk}
    assert "I see it differently" in practitioner.get(at(world, "letter", **where)).content.decode()
    assert practitioner.post(at(world, "letter_challenge", **where), {"words": ""}).status_code == 422
    said = {"words": "The baby was not seen."}
    assert practitioner.post(at(world, "letter_challenge", **where), said).status_code == 302
    letter.refresh_from_db()
    assert (letter.answer, letter.answer_words) == ("challenged", "The baby was not seen.")
    raised = Disagreement.objects.get(referral=referral)
    assert raised.words == "The baby was not seen." and referral.clocks.filter(slug="escalation_stage").count() == 1
    told = Notice.objects.filter(kind__startswith="disagreement_")
    assert {each.to for each in told} == {letter.sent_by, world.person(Role.MANAGER)}
    assert all("baby" not in each.body + each.subject for each in told)
    practitioner.post(at(world, "letter_agree", **where))
    letter.refresh_from_db()
    assert letter.answer == "challenged", "who changes their mind says so at the challenge"
    for _ in range(2):  # the second is the same press
        again = practitioner.post(at(world, "letter_challenge", **where), {"words": "Once more"})
    raised.refresh_from_db()
    assert again.status_code == 302 and raised.words.endswith("Once more") and raised.words.count("Once more") == 1
    page = signed_in(world.person(Role.SCREENER)).get(at(world, "referral", referral_id=referral.pk)).content.decode()
    assert f"{world.person(Role.PRACTITIONER).name} sees it differently" in page and "The baby was not seen." in page


def test_a_letter_that_is_challenged_while_a_disagreement_is_open_becomes_part_of_it_and_is_heard(world: World) -> None:
    referral = decided(world)
    prue, manager = world.person(Role.PRACTITIONER), world.person(Role.MANAGER)
    raise_disagreement(referral=referral, words="The baby was not seen.", by=prue, at=NOW)
    before = set(Notice.objects.values_list("pk", flat=True))
    letter = Letter.objects.get(referral=referral, kind="outcome")
    where = {"referral_id": referral.pk, "letter_id": letter.pk}
    for _ in range(2):  # the second is the same press
        sent = signed_in(prue).post(at(world, "letter_challenge", **where), {"words": "She was hit again."})
        assert sent.status_code == 302
    made = Disagreement.objects.get(referral=referral)
    assert made.words.startswith("The baby was not seen.") and made.words.count("She was hit again.") == 1
    assert referral.clocks.filter(slug="escalation_stage").count() == 1, "the stage goes on"
    told = Notice.objects.exclude(pk__in=before).filter(kind__startswith="disagreement_")
    assert {each.to for each in told} == {letter.sent_by, manager}
    assert all("hit" not in each.body + each.subject for each in told)
    theirs = at(world, "referral_disagreement", referral_id=referral.pk)
    assert "She was hit again." in signed_in(world.person(Role.SCREENER)).get(theirs).content.decode()


def test_a_lead_neither_agrees_in_a_colleagues_place_nor_settles_their_challenge(world: World) -> None:
    referral = decided(world)
    letter = Letter.objects.get(referral=referral, kind="outcome")
    tess, lead = (signed_in(world.person(role)) for role in (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD))
    where = {"referral_id": referral.pk, "letter_id": letter.pk}
    assert "I agree" not in lead.get(at(world, "letter", **where)).content.decode()
    refused = lead.post(at(world, "letter_agree", **where), follow=True).content.decode()
    assert "to a colleague of yours, who alone can agree" in refused
    tess.post(at(world, "letter_agree", **where))
    letter.refresh_from_db()
    assert (letter.answer, letter.answered_by) == ("agreed", world.person(Role.PRACTITIONER))
    read = lead.get(at(world, "letter", **where)).content.decode()
    assert f"{world.person(Role.PRACTITIONER).name} agreed at" in read
    assert tess.post(at(world, "letter_challenge", **where), {"words": "New bruises."}).status_code == 302
    letter.refresh_from_db()
    assert (letter.answer, letter.answer_words) == ("challenged", "New bruises.")
    there = at(world, "disagreement", referral_id=referral.pk)
    assert "It is resolved: record how" not in lead.get(there).content.decode()
    typed = {"step": "resolve", "result": "stands", "resolution": "We are content."}
    shown = lead.post(there, typed).content.decode()
    assert "settles this for your agency at this stage." in shown and "We are content." in shown
    raised = Disagreement.objects.get(referral=referral)
    assert raised.is_open
    assert tess.post(there, typed).status_code == 302
    raised.refresh_from_db()
    assert raised.resolved_by == world.person(Role.PRACTITIONER)
