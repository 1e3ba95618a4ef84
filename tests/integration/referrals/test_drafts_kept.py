"""Drafts shared, reminded of and deleted; referrals deleted by the schedule alone, and never under a hold."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django_scopes import scope

from partnerships import members
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.intake import actions as intake
from referrals.intake import sharing
from referrals.intake.answers import Place
from referrals.models import Attachment, Child, Decision, Draft, Notice, Referral
from referrals.retention import actions
from referrals.retention.actions import purge, remind
from referrals.retention.schedule import as_page, ends_on, kept_for
from tests.factories import NOW, World, make_attachment, make_draft, make_letter, make_person, make_referral, make_world

pytestmark = pytest.mark.django_db
YEAR = dt.timedelta(days=365.25)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_leads_hear_of_what_is_shared_and_nothing_is_shared_with_nobody(world: World) -> None:
    writer, draft = world.person(Role.PRACTITIONER), make_draft(world)
    mine, page = signed_in(writer), f"/testshire/refer/{draft.pk}/"
    lead = world.person(Role.SAFEGUARDING_LEAD)
    lead.memberships.update(ended_at=NOW)
    for shown in (mine.get(page), mine.post(f"{page}share/", follow=True)):
        assert f"{world.school.name} has no other safeguarding lead on Front Door" in shown.content.decode()
    with scope(partnership=world.partnership):
        assert Draft.objects.get(pk=draft.pk).shared_at is None and not Notice.objects.exists()
    lead.memberships.update(ended_at=None)
    assert "share it with the safeguarding lead" in mine.get(page).content.decode()
    for _ in range(2):
        assert "It is shared" in mine.post(f"{page}share/", follow=True).content.decode()
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="draft_shared")
        assert told.to == lead and f"{page}take-over/" in told.body and "Robin" not in told.body
        members.end(membership=lead.memberships.get(), by=world.person(Role.ADMIN), at=NOW)
        unread = Notice.objects.get(subject__contains="nobody reads what you shared")
        assert unread.to == writer and page in unread.body
    assert "they have left since." in mine.get(page).content.decode()


def test_a_shared_draft_is_seen_and_taken_over_by_the_lead_alone(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    elsewhere = make_person(world, Role.SAFEGUARDING_LEAD, agency=world.practice)
    draft = make_draft(world)
    page, take = f"/testshire/refer/{draft.pk}/", f"/testshire/refer/{draft.pk}/take-over/"
    assert signed_in(lead).get(take).status_code == 404, "not before it is shared"
    mine = signed_in(writer)
    assert "Only you can see it" in mine.get(page).content.decode()
    assert mine.post(f"{page}share/")["Location"] == page
    assert "Stop sharing it" in mine.get(page).content.decode()
    listed = signed_in(lead).get("/testshire/referrals/").content.decode()
    assert "Shared with you" in listed and "Robin Marlow" in listed
    assert signed_in(lead).get(take).status_code == 200
    for other in (elsewhere, world.person(Role.SCREENER), make_world("othershire").person(Role.SAFEGUARDING_LEAD)):
        assert signed_in(other).get(take).status_code == 404
        assert signed_in(other).post(take).status_code == 404
    assert signed_in(lead).get(page).status_code == 404, "to write in it, it is taken over first"
    assert signed_in(lead).post(take)["Location"] == page
    assert signed_in(lead).get(page).status_code == 200
    assert "goes on with this draft" in mine.get(page).content.decode()
    assert f'href="{page}"' in mine.get("/testshire/notices/").content.decode(), "the notice leads there"
    with scope(partnership=world.partnership):
        assert [notice.to for notice in Notice.objects.filter(kind="draft_taken")] == [writer]
    verbs = list(
        AuditEntry.objects.filter(object_id=str(draft.pk), verb__startswith="draft.").values_list("verb", flat=True)
    )
    assert verbs == ["draft.shared", "draft.read_by_lead", "draft.taken_over"]


def test_what_its_first_writer_typed_since_is_kept_and_the_page_says_who_has_it(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    draft, mine = make_draft(world), signed_in(writer)
    page = f"/testshire/refer/{draft.pk}/"
    mine.post(f"{page}share/")
    before = mine.get(f"{page}worry/").content.decode()
    assert "What happened?" in before
    signed_in(lead).post(f"{page}take-over/")
    later = {"happened": "She told me more <b>today</b>.", "known_from": ["child"], "seen": "abc", "window": "k.1"}
    by_itself = mine.post(f"{page}worry/", later, headers={"X-Autosave": "1"})
    assert by_itself.status_code == 409 and f"{lead.name} has taken this draft over" in by_itself.json()["why"]
    told = mine.post(f"{page}worry/", later)
    assert told.status_code == 409
    for again in (told, mine.get(page), mine.get(f"{page}check/"), mine.get(f"{page}worry/")):
        assert again.context["typed"] == [
            ("What happened?", later["happened"]),
            ("How do you know?", "The child told me"),
        ]
        body = again.content.decode()
        assert f"{lead.name} goes on with this draft" in body and f"mailto:{lead.email}" in body
        assert "It is not sent yet" in body and "What you had written" in body and "Robin" in body
    with scope(partnership=world.partnership):
        assert "worry" not in Draft.objects.get(pk=draft.pk).answers, "nothing of the lead's is changed"
    for other in (make_person(world, Role.PRACTITIONER), world.person(Role.SCREENER)):
        assert signed_in(other).get(f"{page}worry/").status_code == 404


def test_what_a_lead_puts_away_or_leaves_unsent_is_told_to_who_began_it_who_can_send_it(world: World) -> None:
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    draft, mine = make_draft(world), signed_in(writer)
    with scope(partnership=world.partnership):
        Draft.objects.filter(pk=draft.pk).update(
            shared_at=NOW, answers={**draft.answers, "worry": {"happened": "My words."}}
        )
        sharing.take_over(draft=draft, by=lead, at=NOW)
        Draft.objects.filter(pk=draft.pk).update(answers=draft.answers)
    remind(at=NOW + dt.timedelta(days=22))
    page = f"/testshire/refer/{draft.pk}/"
    assert f"{writer.name}, who began it, is told" in signed_in(lead).get(f"{page}discard/").content.decode()
    signed_in(lead).post(f"{page}discard/")
    with scope(partnership=world.partnership):
        told = {each.kind: each.body for each in Notice.objects.filter(to=writer)}
    assert {"draft_left", "draft_put_away"} <= set(told)
    assert all(page in told[kind] and "Robin" not in told[kind] for kind in ("draft_left", "draft_put_away"))
    seen = mine.get(page).content.decode()
    assert "put away unsent" in seen and "My words." in seen and "Go on with it yourself" in seen
    again = mine.post("/testshire/refer/start/", {"taken": str(draft.pk)})["Location"]
    assert again != page and mine.post(f"{again}send/")["Location"] == f"{again}sent/"
    with scope(partnership=world.partnership):
        assert Referral.objects.get().answers["worry"] == {"happened": "My words."}
    for other in (lead, make_person(world, Role.PRACTITIONER)):
        assert signed_in(other).post("/testshire/refer/start/", {"taken": str(draft.pk)}).status_code == 404
    assert mine.post("/testshire/refer/start/", {"taken": "x"}).status_code == 404


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_shared_draft_that_becomes_an_allegation_is_its_writers_alone(world: World, by_itself: bool) -> None:
    """It may be about the lead with whom it is shared."""
    draft, mine = make_draft(world), signed_in(world.person(Role.PRACTITIONER))
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD))
    page, take = f"/testshire/refer/{draft.pk}/", f"/testshire/refer/{draft.pk}/take-over/"
    mine.post(f"{page}share/")
    assert "can read it, because you shared it" in mine.get(f"{page}check/").content.decode()
    impact = f"{page}child/1/impact/"
    told = {"safe": "yes", "concerns": "lado", "seen": mine.get(impact).context["seen"], "window": "k.1"}
    mine.post(impact, told, headers={"X-Autosave": "1"} if by_itself else {})
    said = mine.get(page).content.decode()
    assert "is not shared with the safeguarding lead of Testshire Primary any more" in said
    assert "Only you can see it. It tells of an allegation" in said and f'action="{page}share/"' not in said
    assert "because you shared it" not in mine.get(f"{page}check/").content.decode()
    assert lead.get(take).status_code == lead.post(take).status_code == 404
    assert "Shared with you" not in lead.get("/testshire/referrals/").content.decode()
    assert "tells of an allegation" in mine.post(f"{page}share/", follow=True).content.decode()
    with scope(partnership=world.partnership):
        row = Draft.objects.get()
        assert row.shared_at is None and row.started_by == world.person(Role.PRACTITIONER)
        Draft.objects.update(shared_at=NOW)
        with pytest.raises(intake.Refused, match="no more"):
            sharing.take_over(draft=row, by=world.person(Role.SAFEGUARDING_LEAD), at=NOW)
    assert lead.get(take).status_code == 404, "whatever the row says"


def test_the_lead_reads_a_shared_draft_as_it_stands_before_taking_it_over(world: World) -> None:
    draft = make_draft(world)
    with scope(partnership=world.partnership):
        told = {**draft.answers, "worry": {"happened": "Two bruises."}, "tried": {"tried": "We rang home."}}
        Draft.objects.filter(pk=draft.pk).update(shared_at=NOW, answers=told)
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD))
    read = lead.get(f"/testshire/refer/{draft.pk}/take-over/").content.decode()
    assert all(words in read for words in ("Two bruises.", "We rang home.", "Robin", "Take it over"))
    with scope(partnership=world.partnership):
        assert Draft.objects.get(pk=draft.pk).started_by == world.person(Role.PRACTITIONER), "reading takes nothing"


def test_who_began_it_changes_nothing_once_the_lead_has_it_however_late_they_looked(world: World) -> None:
    """Both press at one moment: whoever looked it up as its writer comes after the lead's taking it over."""
    writer, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        Draft.objects.filter(pk=draft.pk).update(shared_at=NOW)
        looked_up = Draft.objects.select_related("partnership", "agency", "started_by").get(pk=draft.pk)
        sharing.take_over(draft=draft, by=lead, at=NOW)
        save: Any = {"place": Place("worry"), "told": {"happened": "x"}, "seen": None}
        for late in (
            lambda: intake.discard_draft(draft=looked_up, by=writer, at=NOW),
            lambda: sharing.share(draft=looked_up, shared=True, by=writer, at=NOW),
            lambda: intake.save_page(draft=looked_up, **save, by=writer, at=NOW),
            lambda: intake.submit(draft=looked_up, by=writer, at=NOW),
        ):
            with pytest.raises(intake.Refused, match="taken this draft over"):
                late()
        row = Draft.objects.get(pk=draft.pk)
        assert (row.started_by, row.shared_at, row.discarded_at, row.sent_at) == (lead, None, None, None)
        assert not Referral.objects.exists()


def test_no_longer_shared_is_no_longer_seen(world: World) -> None:
    draft, mine = make_draft(world), signed_in(world.person(Role.PRACTITIONER))
    mine.post(f"/testshire/refer/{draft.pk}/share/")
    mine.post(f"/testshire/refer/{draft.pk}/share/", {"stop": "1"})
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD))
    assert lead.post(f"/testshire/refer/{draft.pk}/take-over/").status_code == 404


def test_a_draft_is_reminded_of_once_then_deleted_with_its_files(
    world: World, settings: Any, capsys: Any, django_capture_on_commit_callbacks: Any
) -> None:
    draft, fresh = make_draft(world), make_draft(world)
    file = make_attachment(world, draft=draft)
    with scope(partnership=world.partnership):
        Draft.objects.filter(pk=fresh.pk).update(saved_at=NOW + dt.timedelta(days=20))
    assert remind(at=NOW + dt.timedelta(days=20)) == 0
    assert remind(at=NOW + dt.timedelta(days=22)) == 1 and remind(at=NOW + dt.timedelta(days=23)) == 0
    written_on = make_draft(world)
    with scope(partnership=world.partnership):
        lies_again = {"reminded_at": NOW - dt.timedelta(days=5), "revision": 7}
        Draft.objects.filter(pk=written_on.pk).update(**lies_again)
    assert remind(at=NOW + dt.timedelta(days=23)) == 1, "reminded once, written on, and lying again: once more"
    with scope(partnership=world.partnership):
        Notice.objects.filter(key__contains=str(written_on.pk)).delete()
        Draft.objects.filter(pk=written_on.pk).delete()
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="draft_reminder")
    assert "22 December 2026" in told.body and "Robin" not in told.body
    page = signed_in(world.person(Role.PRACTITIONER)).get(f"/testshire/refer/{draft.pk}/").content.decode()
    assert "22 December 2026" in page, "the page says it as well"
    with time_machine.travel(NOW + dt.timedelta(days=29), tick=False):
        call_command("purge", "--dry-run")
        said = capsys.readouterr().out
        assert str(draft.pk) in said and str(fresh.pk) not in said and "Would delete 1 drafts" in said
        with scope(partnership=world.partnership):
            assert Draft.objects.count() == 2
        with django_capture_on_commit_callbacks(execute=True):
            call_command("purge")
    with scope(partnership=world.partnership):
        assert [row.pk for row in Draft.objects.all()] == [fresh.pk] and not Attachment.objects.exists()
    assert not (Path(settings.ATTACHMENTS_DIR) / file.stored_as[:2] / file.stored_as).exists()
    assert AuditEntry.objects.filter(verb="draft.purged", object_id=str(draft.pk)).count() == 1


def test_discarded_and_sent_drafts_go_sooner_and_the_referral_stays(world: World) -> None:
    gone, sent = make_draft(world), make_draft(world)
    referral = make_referral(world)
    document = make_attachment(world, draft=sent, referral=referral)
    with scope(partnership=world.partnership):
        Draft.objects.filter(pk=gone.pk).update(discarded_at=NOW, saved_at=NOW + dt.timedelta(days=7))
        Draft.objects.filter(pk=sent.pk).update(sent_at=NOW)
        Referral.objects.filter(pk=referral.pk).update(token=sent.pk)
    assert [each.name for each in purge(at=NOW + dt.timedelta(days=8), dry_run=False)] == [str(gone.pk)]
    assert [each.name for each in purge(at=NOW + dt.timedelta(days=29), dry_run=False)] == [str(sent.pk)]
    with scope(partnership=world.partnership):
        assert Attachment.objects.get(pk=document.pk).referral == referral
    page = signed_in(world.person(Role.PRACTITIONER)).get(f"/testshire/refer/{sent.pk}/sent/")
    assert page.status_code == 200 and referral.reference in page.content.decode()


def decided(world: World, outcome: Outcome, **child: Any) -> Referral:
    referral = make_referral(world, child=child)
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        Decision.objects.create(
            partnership=world.partnership, referral=referral, outcome=outcome.value, reason="x", at=NOW, by=sam
        )
        Referral.objects.filter(pk=referral.pk).update(state="decided", decided_at=NOW, decided_by=sam)
    make_letter(world, referral)
    make_attachment(world, referral=referral)
    return referral


def test_a_referral_goes_by_what_was_decided_whole_and_never_under_a_hold(world: World, capsys: Any) -> None:
    advice = decided(world, Outcome.ADVICE)
    harm = decided(world, Outcome.STRATEGY_DISCUSSION, date_of_birth=dt.date(2020, 3, 1))
    held = decided(world, Outcome.ADVICE)
    waiting = make_referral(world)
    with pytest.raises(CommandError, match="Give --reason"):
        call_command("hold", held.reference, "--partnership", "testshire")
    call_command("hold", held.reference, "--partnership", "testshire", "--reason", "An inquiry")
    for reason in ("A court", "An inquiry of another court"):
        with pytest.raises(CommandError, match="held already, since .*: An inquiry That reason stands"):
            call_command("hold", held.reference, "--partnership", "testshire", "--reason", reason)
    call_command("hold", held.reference, "--partnership", "testshire", "--reason", "An inquiry")
    with pytest.raises(CommandError, match="Shorten the reason to 400"):
        call_command("hold", waiting.reference, "--partnership", "testshire", "--reason", "x" * 401)
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=held.pk).hold_reason == "An inquiry"
    assert AuditEntry.objects.filter(verb="referral.held").count() == 1
    with pytest.raises(CommandError, match="no referral XXX"):
        call_command("hold", "XXX", "--partnership", "testshire", "--reason", "x")

    def names(after: dt.timedelta, dry_run: bool = True) -> list[str]:
        return sorted(each.name for each in purge(at=NOW + after, dry_run=dry_run))

    assert names(2.9 * YEAR) == [] and names(3.1 * YEAR) == [advice.reference]
    assert names(18.1 * YEAR) == [advice.reference]
    assert names(18.5 * YEAR) == sorted([advice.reference, harm.reference])
    assert names(3.1 * YEAR, dry_run=False) == [advice.reference]
    with scope(partnership=world.partnership):
        assert set(Referral.objects.all()) == {harm, held, waiting}
        for model in (Child, Decision, Attachment):
            assert not model.objects.filter(referral_id=advice.pk).exists(), model
    call_command("hold", held.reference, "--partnership", "testshire", "--lift")
    assert names(3.1 * YEAR, dry_run=False) == [held.reference]
    call_command("verify_audit")
    assert "purged" in str(list(AuditEntry.objects.filter(verb="referral.purged").values_list("verb", flat=True)))


def test_a_year_mistyped_and_a_partnership_that_fails_hold_up_no_other(world: World, monkeypatch: Any) -> None:
    other = make_world("elsewhere")
    expected = decided(world, Outcome.STRATEGY_DISCUSSION, date_of_birth=None, expected_on=dt.date(9999, 1, 1))
    due, theirs = decided(world, Outcome.ADVICE), decided(other, Outcome.ADVICE)
    at, real = NOW + 4 * YEAR, actions.purge_one
    assert {each.name for each in purge(at=at, dry_run=True)} == {due.reference, theirs.reference}

    def broken(partnership: Any, **how: Any) -> Any:
        if partnership == world.partnership:
            raise ValueError
        return real(partnership, **how)

    monkeypatch.setattr(actions, "purge_one", broken)
    with pytest.raises(ValueError):
        purge(at=at, dry_run=False)
    with scope(partnership=other.partnership):
        assert not Referral.objects.exists()
    with scope(partnership=world.partnership):
        assert set(Referral.objects.all()) == {expected, due}


@pytest.mark.parametrize(
    ("outcomes", "births", "last"),
    [
        (["advice"], [dt.date(2019, 5, 1)], dt.date(2029, 11, 24)),
        (["early_help", "advice"], [dt.date(2019, 5, 1)], dt.date(2032, 11, 24)),
        (["strategy_discussion", "advice"], [dt.date(2010, 1, 1), dt.date(2024, 2, 29)], dt.date(2049, 3, 1)),
        (["lado"], [dt.date(2001, 1, 1)], dt.date(2036, 11, 24)),
        (["lado"], [dt.date(9999, 1, 1)], dt.date.max),
        (["what nobody knows"], [], dt.date(2051, 11, 24)),
    ],
)
def test_the_longest_rule_decides(outcomes: list[str], births: list[dt.date], last: dt.date) -> None:
    assert ends_on(kept_for(outcomes, withdrawn=False), dt.date(2026, 11, 24), births) == last


def test_the_schedule_is_printed_as_it_is(settings: Any) -> None:
    assert (settings.BASE_DIR / "docs" / "retention.md").read_text() == as_page()
