"""After the decision: a disagreement through its stages, and early help from the offer to its end."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django_scopes import scope

from partnerships.audit import faults
from partnerships.models import Membership
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.clocks.sweep import sweep
from referrals.disagreement import actions as disagreeing
from referrals.domain.lifecycle import Outcome
from referrals.models import Clock, Decision, Disagreement, Notice, Referral, Support
from referrals.support import actions as supporting
from referrals.triage import actions
from referrals.triage.moves import Refused
from tests.factories import NOW, World, make_person, make_referral, make_support, send, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

DAY = dt.timedelta(days=1)


def of(world: World, address: str, /, **parts: Any) -> str:
    return reverse(address, kwargs={"partnership": world.partnership.slug, **parts})


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def decided(world: World) -> Referral:
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
        actions.decide(
            referral=row,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="Secret reason.",
            told_referrer="We meet today.",
            revision=row.revision,
            by=sam,
            at=NOW,
        )
        return Referral.objects.get(pk=row.pk)


def test_a_challenge_goes_through_the_partnerships_own_stages(world: World) -> None:
    row = decided(world)
    tess, sam, mo = (sign_in(world.person(role)) for role in (Role.PRACTITIONER, Role.SCREENER, Role.MANAGER))
    hers, theirs = (of(world, name, referral_id=row.pk) for name in ("disagreement", "referral_disagreement"))
    assert "Challenge the decision" in page(tess.get(of(world, "referral_track", referral_id=row.pk)))
    assert "1" in page(tess.get(hers)) and "Managers (within 5 working days)" in page(tess.get(hers))
    assert sam.get(theirs).status_code == 404
    assert "Say in a sentence how you see it" in page(tess.post(hers, {"words": ""}))
    tess.post(hers, {"words": "Nobody has seen him."})
    tess.post(hers, {"words": "Nobody has seen him."})
    with scope(partnership=world.partnership):
        made = Disagreement.objects.get(referral=row)
        clock = Clock.objects.get(referral=row, slug="escalation_stage")
        assert clock.due_at == dt.datetime(2026, 12, 1, 23, 59, 59, tzinfo=dt.UTC)
        told = {notice.to for notice in Notice.objects.filter(kind__startswith="disagreement", referral=row)}
        assert told == {world.person(Role.SCREENER), world.person(Role.MANAGER)}
    for reader in (tess, sam, mo):
        shown = page(reader.get(hers if reader is tess else theirs))
        assert "Nobody has seen him." in shown and "Stage 1: Managers" in shown
        assert reader is not tess or "Secret reason." not in shown
    assert "Say who talked with whom" in page(sam.post(theirs, {"step": "answer", "answer": "Kept words"}))
    send(sam, theirs, step="answer", spoke="Sam with Tess, by telephone", answer="He is seen tomorrow.")
    assert "He is seen tomorrow." in page(tess.get(hers))
    tess.post(hers, {"step": "move-on", "because": "Tomorrow is too late.", "seen": "1"})
    tess.post(hers, {"step": "move-on", "because": "Tomorrow is too late.", "seen": "1"})
    with scope(partnership=world.partnership):
        made.refresh_from_db()
        assert made.stage == 2 and made.stages.count() == 2
        assert made.stages.get(number=2).due_at is None, "the document sets this stage no limit"
        with pytest.raises(Refused, match="last stage"):
            disagreeing.move_on(disagreement=made, seen=2, because="On.", by=world.person(Role.MANAGER), at=NOW)
    mo.post(theirs, {"step": "resolve", "result": "changed", "resolution": "He is seen today."})
    shown = page(tess.get(hers))
    assert "Resolved" in shown and "He is seen today." in shown and "Challenge again" in shown
    with scope(partnership=world.partnership):
        assert not Clock.objects.filter(referral=row, slug="escalation_stage", met_at__isnull=True).exists()
        assert not list(faults(world.partnership))


def test_what_is_typed_of_a_disagreement_while_the_other_side_acts_is_given_back(world: World) -> None:
    row = decided(world)
    prue, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    sam, mo = world.person(Role.SCREENER), world.person(Role.MANAGER)
    hers, theirs = (of(world, name, referral_id=row.pk) for name in ("disagreement", "referral_disagreement"))
    shown = {person.pk: sign_in(person) for person in (prue, lead, sam, mo)}

    def typed(person: Any, address: str, said: dict[str, str]) -> str:
        """What the page says to who typed this; it stands on it, to be copied."""
        response = shown[person.pk].post(address, said)
        told, words = page(response), list(said.values())[-1]
        assert response.status_code == 409 and "What you typed" in told and words in told, told
        return told

    shown[prue.pk].post(hers, {"words": "Nobody has seen him."})
    assert "challenged already" in typed(lead, hers, {"words": "He limps."})
    answer = {"step": "answer", "seen": "1", "spoke": "By telephone"}
    shown[sam.pk].post(theirs, {**answer, "answer": "He is seen tomorrow."})
    assert f"{sam.name} answered" in typed(mo, theirs, {**answer, "answer": "He is seen today."})
    assert shown[sam.pk].post(theirs, {**answer, "answer": "He is seen tomorrow."}).status_code == 302, "the same press"
    on = {"step": "move-on", "seen": "1"}
    shown[prue.pk].post(hers, {**on, "because": "Too late."})
    told = typed(mo, theirs, {**on, "because": "We can’t agree."})
    assert "has gone on to stage 2" in told and 'name="seen" value="2"' in told
    late = {**answer, "answer": "Written for the first stage."}
    assert "has gone on to stage 2" in typed(sam, theirs, late)
    ends = {"step": "resolve", "result": "stands", "resolution": "All agree."}
    shown[mo.pk].post(theirs, ends)
    assert shown[mo.pk].post(theirs, ends).status_code == 302, "the same press"
    assert f"{mo.name} recorded at" in typed(prue, hers, {**ends, "resolution": "Nobody agrees."})
    assert "was resolved" in typed(sam, theirs, {**answer, "answer": "One answer more."})
    with scope(partnership=world.partnership):
        made = Disagreement.objects.get(referral=row)
        assert (made.words, made.resolution, made.stage) == ("Nobody has seen him.", "All agree.", 2)
        assert [each.answer for each in made.stages.all()] == ["He is seen tomorrow.", ""]


def test_somebody_is_named_at_each_stage_told_and_called_late(world: World) -> None:
    row = decided(world)
    sam, manager, lead = (world.person(role) for role in (Role.SCREENER, Role.MANAGER, Role.SAFEGUARDING_LEAD))
    prue, outsider = world.person(Role.PRACTITIONER), world.person(Role.EARLY_HELP)
    tess, his = sign_in(prue), sign_in(sam)
    hers, theirs = (of(world, name, referral_id=row.pk) for name in ("disagreement", "referral_disagreement"))
    tess.post(hers, {"words": "Nobody has seen him."})
    with scope(partnership=world.partnership):
        made = Disagreement.objects.get(referral=row)
        first = made.stages.get()
        assert (first.for_us, first.for_them_user) == (sam, prue), "who decided, and who challenged"
        clock = Clock.objects.get(referral=row, slug="escalation_stage")
        assert f"({sam.name} answers)" in clock.name
    assert "Choose who acts for the front door" in page(send(his, theirs, step="name", person=""))
    assert send(his, theirs, step="name", person=str(outsider.pk)).status_code == 200, "not of that queue"
    assert send(his, theirs, step="name", person=str(manager.pk)).status_code == 302
    assert "Choose who acts for your agency" in page(send(tess, hers, step="name-theirs"))
    assert send(tess, hers, step="name-theirs", person=str(lead.pk)).status_code == 302
    with scope(partnership=world.partnership):
        named = {each.to for each in Notice.objects.filter(kind="disagreement_named")}
        assert named == {sam, manager, lead}, "who acts is told, and with whom they talk"
        clock.refresh_from_db()
        assert f"({manager.name} answers)" in clock.name
    for hours in (0, 2):
        sweep(at=clock.due_at + dt.timedelta(hours=hours))
    with scope(partnership=world.partnership):
        late = Notice.objects.filter(kind="clock_overdue", referral=row, to=manager)
        assert late.exists() and all("“A stage of a disagreement” was due" in each.body for each in late)
        assert not [each for each in late if manager.name in each.body], "an email goes through any hands"
    with time_machine.travel(clock.due_at + dt.timedelta(hours=3), tick=False):
        for user, address in ((prue, hers), (sam, theirs)):
            assert f"{manager.name} is late with it." in page(sign_in(user).get(address))
    with scope(partnership=world.partnership):
        disagreeing.move_on(disagreement=made, seen=1, because="No answer.", by=prue, at=NOW)
        second = made.stages.get(number=2)
        assert (second.for_us, second.for_them_user) == (manager, lead), "the one manager, the one lead"
        with pytest.raises(Refused, match="does not answer for this referral"):
            disagreeing.name_for_us(disagreement=made, person=outsider, by=sam, at=NOW)
        by_name = disagreeing.name_for_them(disagreement=made, person=None, other="Head Teacher", by=prue, at=NOW)
        assert (by_name.for_them, by_name.for_them_user) == ("Head Teacher", None)
    assert "Head Teacher" in page(his.get(theirs))


def test_a_stages_time_is_what_the_document_says(world: World) -> None:
    from pathlib import Path

    from thresholds.files import read_file

    fixtures = Path(__file__).parents[3] / "fixtures"
    expected = {
        "medway-2024": [5, 5, 5, None],
        "northamptonshire-2018": [5, 5],
        "thurrock-2023": [5, 5, 5, 5],
        "sandwell-2021": [5, 5, 5],
    }
    for slug, days in expected.items():
        scheme = read_file(fixtures / f"{slug}.yaml")
        limits = [disagreeing.limit_of(scheme, stage) for stage in disagreeing.stages_of(scheme)]
        assert [limit and limit.amount for limit in limits] == days, slug


def test_early_help_is_accepted_reviewed_and_closed(world: World) -> None:
    support = make_support(world)
    erin = sign_in(world.person(Role.EARLY_HELP))
    assert "Robin Marlow" in page(erin.get(of(world, "supports")))
    there = of(world, "support", support_id=support.pk)

    def step(name: str, **typed: str) -> str:
        return page(erin.post(of(world, "support_step", support_id=support.pk, name=name), typed, follow=True))

    assert "Say who leads" in step("accept", plan="Kept words")
    shown = step("accept", lead="Lea Leader", plan="A parenting course.")
    assert "Early help has begun." in shown and "Next: review the plan by 22 January 2027" in shown
    assert "review" in shown and "Accept, with" not in shown
    with time_machine.travel(NOW + 40 * DAY, tick=False):
        erin.force_login(world.person(Role.EARLY_HELP))
        assert 'name="number" value="1"' in page(
            erin.get(of(world, "support_step", support_id=support.pk, name="review"))
        )
        for _ in range(2):
            shown = step("review", progress="better", words="Bedtimes are calm.", number="1")
        assert "Review 1: better." in shown and "Next: review the plan by 26 February 2027" in shown
        with pytest.raises(Refused, match="reviewed meanwhile"), scope(partnership=world.partnership):
            supporting.review(
                support=support, number=5, progress="same", words="Odd.", by=world.person(Role.EARLY_HELP), at=NOW
            )
        shown = step("close", ending="met", words="They manage by themselves.")
    assert "Early help is closed." in shown and "needs met" in shown
    assert "They manage by themselves." in page(erin.get(there))
    with scope(partnership=world.partnership):
        assert support.reviews.count() == 1
        assert not Clock.objects.filter(referral=support.referral, met_at__isnull=True).exists()
    track = page(
        sign_in(world.person(Role.PRACTITIONER)).get(of(world, "referral_track", referral_id=support.referral_id))
    )
    assert "Early help has ended." in track and "They manage" not in track


def test_early_help_stepped_up_is_with_the_mash_with_its_history(world: World) -> None:
    support = make_support(world)
    with scope(partnership=world.partnership):
        erin = world.person(Role.EARLY_HELP)
        supporting.step_up_support(support=support, reason="A bruise now.", by=erin, at=NOW)
        row = Referral.objects.get(pk=support.referral_id)
        assert (row.state, row.team, row.owner, row.went_through_mash) == ("waiting", world.mash, None, True)
        assert row.next_due_at == NOW + DAY
        support.refresh_from_db()
        assert (support.state, support.ending) == ("closed", "stepped_up")
        supporting.step_up_support(support=support, reason="A bruise now.", by=erin, at=NOW)
        revision = Referral.objects.get(pk=row.pk).revision
        assert revision == row.revision, "the same press"
        assert supporting.step_up_support(support=support, reason="Two now.", by=erin, at=NOW).closed_at == NOW
        assert Referral.objects.get(pk=row.pk).revision == revision + 1, "whoever decides it reads this first"
        sam = world.person(Role.SCREENER)
        assert Notice.objects.filter(referral=row, kind="waiting", to=sam).count() == 2
    assert "A bruise now." in page(sign_in(world.person(Role.SCREENER)).get(of(world, "referral", referral_id=row.pk)))


def test_a_step_up_of_early_help_that_was_closed_meanwhile_goes_to_the_mash(world: World) -> None:
    support, erin = make_support(world), world.person(Role.EARLY_HELP)
    colleague = make_person(world, Role.EARLY_HELP, team=world.early_help)
    with scope(partnership=world.partnership):
        supporting.close(support=support, ending="declined", words="They said no.", by=colleague, at=NOW)
    there = of(world, "support_step", support_id=support.pk, name="step-up")
    for _ in range(2):
        shown = page(sign_in(erin).post(there, {"reason": "New bruises tonight."}, follow=True))
        assert "The referral is with the MASH now" in shown
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=support.referral_id)
        assert (row.state, row.team) == ("waiting", world.mash)
        assert Notice.objects.filter(referral=row, kind="waiting", to=world.person(Role.SCREENER)).count() == 1
        support.refresh_from_db()
        assert (support.ending, support.closing_words) == ("declined", "They said no.")
    assert "New bruises tonight." in page(
        sign_in(world.person(Role.SCREENER)).get(of(world, "referral", referral_id=row.pk))
    )


@pytest.mark.parametrize("proposed", [False, True])
def test_a_step_up_takes_what_early_help_had_opened_again_to_the_mash(world: World, proposed: bool) -> None:
    support, erin = make_support(world), world.person(Role.EARLY_HELP)
    with scope(partnership=world.partnership):
        actions.reopen(referral=support.referral, reason="Look again.", by=erin, at=NOW)
        row = actions.claim(referral=Referral.objects.get(pk=support.referral_id), by=erin, at=NOW)
        if proposed:
            Referral.objects.filter(pk=row.pk).update(state="proposed")
        supporting.step_up_support(support=support, reason="A bruise now.", by=erin, at=NOW)
        row = Referral.objects.get(pk=support.referral_id)
        assert (row.state, row.team, row.owner) == ("waiting", world.mash, None)


def test_a_step_up_of_a_child_who_was_sent_on_since_is_refused_with_whom_to_telephone(world: World) -> None:
    support = make_support(world)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=support.referral_id).update(state="sent_on")
        Decision.objects.filter(pk=support.decision_id).update(outcome="transfer")
    there = of(world, "support_step", support_id=support.pk, name="step-up")
    shown = page(sign_in(world.person(Role.EARLY_HELP)).post(there, {"reason": "New bruises."}))
    assert "Telephone the MASH." in shown and "New bruises.</textarea>" in shown
    with scope(partnership=world.partnership):
        assert Support.objects.get(pk=support.pk).state == "offered"


def test_what_a_colleague_wrote_of_early_help_meanwhile_is_no_press_of_ones_own(world: World) -> None:
    support, erin = make_support(world), world.person(Role.EARLY_HELP)
    colleague = sign_in(make_person(world, Role.EARLY_HELP, team=world.early_help))
    hers = sign_in(erin)

    def both(name: str, first: dict[str, str], second: dict[str, str]) -> str:
        there = of(world, "support_step", support_id=support.pk, name=name)
        colleague.post(there, first)
        return page(hers.post(there, second))

    lead = {"lead": "Lea Leader", "plan": "A course."}
    shown = both("accept", lead, {**lead, "plan": "Another plan."})
    assert "Lea Leader leads." in shown and "Another plan.</textarea>" in shown
    first = {"progress": "better", "words": "Calm.", "number": "1"}
    shown = both("review", first, {**first, "words": "Not calm at all."})
    assert "Read that review first" in shown and "Review 1: better." in shown and "Calm." in shown
    assert "Not calm at all.</textarea>" in shown and 'name="number" value="2"' in shown
    with scope(partnership=world.partnership):
        assert [each.words for each in support.reviews.all()] == ["Calm."]
    hers.post(of(world, "support_step", support_id=support.pk, name="review"), {**first, "number": "2"})
    shown = both("close", {"ending": "met", "words": "Well."}, {"ending": "moved", "words": "They have gone."})
    assert "closed it at" in shown and "needs met." in shown and "They have gone.</textarea>" in shown


def test_what_the_mash_decided_for_early_help_reaches_the_team_by_its_handover_alone(world: World) -> None:
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        row = actions.claim(referral=make_referral(world, indicators=("health-3-01",), team=world.mash), by=sam, at=NOW)
        actions.decide(
            referral=row,
            decided_level=3,
            outcome=Outcome.EARLY_HELP,
            reason="Secret reason.",
            told_referrer="",
            handover="The dog bites.",
            support_team=world.early_help,
            revision=row.revision,
            by=sam,
            at=NOW,
        )
        support = Support.objects.get(referral=row)
        assert Notice.objects.filter(kind="support", to=world.person(Role.EARLY_HELP)).count() == 1
        elsewhere = make_person(world, Role.EARLY_HELP)
    erin = sign_in(world.person(Role.EARLY_HELP))
    shown = page(erin.get(of(world, "support", support_id=support.pk)))
    assert "The dog bites." in shown and "Robin Marlow" in shown and "Secret reason." not in shown
    assert erin.get(of(world, "referral", referral_id=row.pk)).status_code == 404
    assert sign_in(elsewhere).get(of(world, "support", support_id=support.pk)).status_code == 404


def test_early_help_that_never_began_is_told_to_who_decided_it_the_managers_and_the_referrer(world: World) -> None:
    sam, prue, manager = (world.person(role) for role in (Role.SCREENER, Role.PRACTITIONER, Role.MANAGER))
    with scope(partnership=world.partnership):
        row = actions.claim(referral=make_referral(world, indicators=("health-3-01",), team=world.mash), by=sam, at=NOW)
        more = {"reason": "Help.", "told_referrer": "", "handover": "Two dogs.", "support_team": world.early_help}
        early = {"decided_level": 3, "outcome": Outcome.EARLY_HELP, **more}
        actions.decide(referral=row, **early, revision=row.revision, by=sam, at=NOW)
        support = Support.objects.get(referral=row)
    erin = sign_in(world.person(Role.EARLY_HELP))
    close = of(world, "support_step", support_id=support.pk, name="close")
    assert "It has not begun. Whoever decided it" in page(erin.get(close))
    for _ in range(2):
        shown = page(erin.post(close, {"ending": "declined", "words": "The father sent us away."}, follow=True))
    assert "closed before it began. Whoever decided it, the managers and the referrer are told." in shown
    with scope(partnership=world.partnership):
        told = {each.to: each for each in Notice.objects.filter(kind="support_not_begun")}
        assert set(told) == {sam, manager, prue} and Notice.objects.filter(kind="support_not_begun").count() == 3
        for each in told.values():
            assert "Robin" not in each.body and "father" not in each.body
        assert "open the referral again" in told[sam].body and "declined" in told[sam].body
        assert "did not begin" in told[prue].body and "declined" not in told[prue].body
        assert "If it gets worse, telephone" in told[prue].body
    track = page(sign_in(prue).get(of(world, "referral_track", referral_id=row.pk)))
    assert "Early help did not begin." in track and "Early help has ended." not in track


def test_where_who_decided_it_has_left_their_team_hears_that_early_help_never_began(world: World) -> None:
    support = make_support(world)
    colleague = make_person(world, Role.EARLY_HELP, team=world.early_help)
    Membership.objects.filter(user=world.person(Role.EARLY_HELP)).update(ended_at=NOW)
    other = make_person(world, Role.EARLY_HELP, team=world.early_help)
    with scope(partnership=world.partnership):
        supporting.close(support=support, ending="declined", words="They said no.", by=colleague, at=NOW)
        told = {each.to for each in Notice.objects.filter(kind="support_not_begun")}
    assert told == {other, world.person(Role.MANAGER), world.person(Role.PRACTITIONER)}


def paused_since(clock: Clock, at: dt.datetime | None) -> None:
    with scope(partnership=clock.partnership):
        Clock.objects.filter(pk=clock.pk).update(paused_at=at)


def test_an_offer_that_nobody_takes_is_late_first_with_its_team_then_with_the_managers(world: World) -> None:
    sam, erin, manager = (world.person(role) for role in (Role.SCREENER, Role.EARLY_HELP, Role.MANAGER))
    with scope(partnership=world.partnership):
        row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
        said = {"decided_level": 4, "outcome": Outcome.EARLY_HELP, "reason": "x", "told_referrer": "y"}
        actions.decide(referral=row, **said, support_team=world.early_help, revision=row.revision, by=sam, at=NOW)
        row, support = Referral.objects.get(pk=row.pk), Support.objects.get(referral=row)
        clock = Clock.objects.get(referral=row, slug="support_accepted")
        assert clock.due_at == row.next_due_at == dt.datetime(2026, 12, 1, 23, 59, 59, tzinfo=dt.UTC)
    for hours in (0, 2, 4):
        sweep(at=clock.due_at + dt.timedelta(hours=hours))
    with scope(partnership=world.partnership):
        told = Notice.objects.filter(referral=row, kind="clock_overdue").select_related("to")
        assert {each.to for each in told} == {sam, erin, manager}
        hers = next(each for each in told if each.to == erin)
        assert "To accept early help" in hers.body and of(world, "support", support_id=support.pk) in hers.body
        assert str(row.pk) not in hers.body, "she can't open the referral"
    accept = of(world, "support_step", support_id=support.pk, name="accept")
    hers, ours = of(world, "support", support_id=support.pk), of(world, "supports")
    by = "by 11:59pm on Tuesday 1 December 2026"
    for late_by, said in ((-DAY, "1 day left"), (DAY, "1 day overdue")):
        with time_machine.travel(clock.due_at + late_by, tick=False):
            client = sign_in(erin)
            listed, one = page(client.get(ours)), page(client.get(hers))
            assert f"Accept {by}" in listed and ("Overdue</strong>" in listed) == (late_by == DAY)
            assert f"with a lead practitioner and a plan, {by}" in one and said in one
    paused_since(clock, clock.due_at)
    with time_machine.travel(clock.due_at + DAY, tick=False):
        listed = page(sign_in(erin).get(ours))
        assert "Overdue</strong>" not in listed and "Since 24 November 2026" in listed, "what stands still is not late"
    paused_since(clock, None)
    with time_machine.travel(clock.due_at + DAY, tick=False):
        sign_in(erin).post(accept, {"lead": "Lea Leader", "plan": "A parenting course."})
    with scope(partnership=world.partnership):
        clock.refresh_from_db()
        assert clock.met_by == erin and not Notice.objects.filter(kind="clock_late", to=erin).exists()


def test_opened_again_before_it_was_accepted_it_is_offered_no_more(world: World) -> None:
    support = make_support(world)
    with scope(partnership=world.partnership):
        actions.reopen(referral=support.referral, reason="New.", by=world.person(Role.EARLY_HELP), at=NOW)
        support.refresh_from_db()
        assert support.state == "closed"
        assert Clock.objects.get(referral=support.referral, slug="support_accepted").met_at


def test_early_help_that_is_closed_reads_nothing_that_is_corrected_since(world: World) -> None:
    """A refuge's postcode is not for a team that helps no more, and may not open the referral."""
    answers = {"children": [{"who": {"first_name": "Robin"}, "home": {"same_home": "no", "postcode": "ME4 4AA"}}]}
    support, erin = make_support(world, answers=answers), world.person(Role.EARLY_HELP)
    where, tess = of(world, "support", support_id=support.pk), world.person(Role.PRACTITIONER)

    def correct(postcode: str, at: dt.datetime) -> str:
        with scope(partnership=world.partnership):
            row = Referral.objects.get(pk=support.referral_id)
            said = {"about": "Postcode", "answer": "child/1/home/postcode", "reason": "Moved.", "token": postcode}
            additions.correct(referral=row, text=postcode, **said, by=tess, at=at)
            Referral.objects.filter(pk=row.pk).update(team=world.mash)
        return page(sign_in(erin).get(where))

    assert "ME7 1AA" in correct("ME7 1AA", NOW)
    with scope(partnership=world.partnership):
        Support.objects.filter(pk=support.pk).update(state="closed", ending="met", closed_at=NOW + DAY, closed_by=erin)
    shown = correct("TN23 9ZZ", NOW + 2 * DAY)
    assert "TN23" not in shown and "ME7 1AA" in shown
