"""Sending a draft: everything in one transaction, once, and nothing of it lost."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from partnerships.models import AuditEntry, Locality, Team
from partnerships.permissions import Role
from referrals.intake.actions import (
    AlreadySent,
    ChangedMeanwhile,
    Refused,
    add_to_group,
    discard_draft,
    remove_from_group,
    save_page,
    start_draft,
    submit,
)
from referrals.intake.answers import Answers, Place, seal
from referrals.models import ChosenIndicator, Clock, Draft, Event, FamilyMember, Notice, Referral
from tests.factories import NOW, World, make_person, make_referral, make_world

pytestmark = pytest.mark.both_databases


WHO = {"first_name": "Robin", "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"}


def make_draft(world: World, **pages: Any) -> Draft:
    user = world.person(Role.PRACTITIONER)
    draft = start_draft(partnership=world.partnership, agency=world.school, by=user, at=NOW)
    of_child = {name: pages.pop(name) for name in ("impact", "indicators", "evidence", "judged") if name in pages}
    answers = {
        **draft.answers,
        "children": [{"who": WHO, "home": {"postcode": "TE1 2AB"}}],
        "worry": {"happened": "Robin came to school without a coat again, and hungry."},
        **{name.replace("_", "-"): told for name, told in pages.items()},
    }
    for child in answers["children"]:
        child.update(of_child)
    Draft.objects.filter(pk=draft.pk).update(answers=answers)
    draft.refresh_from_db()
    return draft


def send(draft: Draft, at: dt.datetime = NOW) -> Referral:
    return submit(draft=draft, by=draft.started_by, at=at)


def test_sending_writes_everything_at_once(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(
            world,
            indicators={"chosen": ["health-2-01", "health-4-01", "no-longer-there"]},
            evidence={"evidence": {"health-4-01": "A bruise on the left arm"}},
            people=[{"person": {"name": "Jo Marlow", "relationship": "Mother", "lives_with_child": "yes"}}, {}],
            consent={"informed": "yes", "given": "yes"},
            judged={"level": "4"},
            impact={"safe": "no"},
            telephone={"telephoned": "yes", "called_on": "2026-11-24", "called_time": "09:10"},
        )
        referral = send(draft)
        assert referral.answers == draft.answers
        assert referral.scheme_version == world.version
        assert (referral.indicated_level, referral.judged_level, referral.route) == (4, 4, "mash")
        assert referral.immediate_danger and referral.team == world.mash and referral.went_through_mash
        assert referral.screening["facts"]["indicators"][0] == "health-2-01"
        assert referral.screening["unknown_indicators"] == ["no-longer-there"]
        child = referral.children.get()
        assert (child.indicated_level, child.judged_level, child.route) == (4, 4, "mash")
        assert child.facts == referral.screening["facts"] and child.flags == referral.flags
        assert (child.name, child.date_of_birth, child.postcode) == ("Robin Marlow", dt.date(2019, 5, 1), "TE1 2AB")
        assert [each.name for each in FamilyMember.objects.filter(referral=referral)] == ["Jo Marlow"]
        notes = dict(ChosenIndicator.objects.filter(referral=referral).values_list("indicator__key", "evidence"))
        assert notes == {"health-2-01": "", "health-4-01": "A bruise on the left arm"}
        clocks = {clock.slug: clock for clock in Clock.objects.filter(referral=referral)}
        assert clocks["written_form"].met_at == NOW
        assert clocks["written_form"].started_at == dt.datetime(2026, 11, 24, 9, 10, tzinfo=dt.UTC)
        assert referral.next_due_at == min(clock.due_at for clock in clocks.values() if not clock.met_at)
        assert list(Event.objects.filter(referral=referral, for_referrer=True).values_list("kind", flat=True)) == [
            "sent",
            "routed",
        ]
        draft.refresh_from_db()
        assert draft.sent_at == NOW
    sent = AuditEntry.objects.get(verb="referral.sent")
    assert sent.object_id == str(referral.pk) and sent.detail["team"] == "mash"


def test_team_and_referrer_are_told_without_naming_a_child(world: World) -> None:
    with scope(partnership=world.partnership):
        colleague = make_person(world, Role.SCREENER, team=world.mash)
        referral = send(make_draft(world))
        notices = list(Notice.objects.filter(referral=referral))
        assert {notice.to for notice in notices} == {
            world.person(Role.SCREENER),
            colleague,
            world.person(Role.PRACTITIONER),
        }
        for notice in notices:
            told = notice.subject + notice.body
            assert "Robin" not in told and "Marlow" not in told and "coat" not in told
            assert referral.reference in told


def test_a_referral_goes_by_its_postcode_to_early_help(world: World) -> None:
    towns = {}
    for slug, prefix in (("west", "TE1"), ("sector", "TE12"), ("east", "TE2")):
        towns[slug] = Team.objects.create(
            partnership=world.partnership, slug=slug, name=slug.title(), kind=Team.Kind.EARLY_HELP
        )
        Locality.objects.create(team=towns[slug], postcode_prefix=prefix)
    early = {"indicators": {"chosen": ["health-2-01"]}, "consent": {"informed": "yes", "given": "yes"}}
    homes = {"TE1 2AB": "sector", "TE1 3AB": "west", "te2 9zz": "east", "TE12 9ZZ": "sector", "TE3 1AA": "early-help"}
    with scope(partnership=world.partnership):
        for postcode, slug in homes.items():
            draft = make_draft(world, **early, children=[{"who": WHO, "home": {"postcode": postcode}}])
            assert send(draft).team.slug == slug, postcode


@pytest.mark.parametrize(
    ("on", "time", "kept"),
    [
        ("2026-11-24", "15:15", dt.datetime(2026, 11, 24, 15, 15, tzinfo=dt.UTC)),
        ("2026-11-24", "", NOW),  # today, at no known time: from now on
        ("2026-11-25", "", dt.datetime(2026, 11, 25, tzinfo=dt.UTC)),
        ("2026-11-24", "08:00", None),  # it had passed
        ("2026-12-09", "15:15", None),  # so far ahead it hurries nobody
        ("", "15:15", None),
        ("never", "late", None),
    ],
)
def test_when_the_child_is_next_seen_stands_in_the_order_of_the_queue(
    world: World, on: str, time: str, kept: dt.datetime | None
) -> None:
    with scope(partnership=world.partnership):
        sooner = make_referral(world, received_at=NOW - dt.timedelta(hours=9))
        chosen = {"indicators": {"chosen": ["health-4-01"]}}
        row = send(make_draft(world, **chosen, impact={"safe": "yes", "next_seen_on": on, "next_seen_time": time}))
        assert row.next_seen_at == kept
        first = Referral.objects.in_queue(world.mash).first()
        assert first == (row if kept else sooner)


def test_advice_is_read_by_a_person_all_the_same(world: World) -> None:
    with scope(partnership=world.partnership):
        referral = send(make_draft(world, indicators={"chosen": ["health-1-01"]}))
        assert referral.route == "advice" and referral.team == world.early_help
        assert "asks for advice" in Event.objects.get(referral=referral, kind="routed").sentence
        assert Notice.objects.filter(referral=referral, to=world.person(Role.EARLY_HELP)).exists()


def test_nothing_chosen_goes_to_the_mash(world: World) -> None:
    with scope(partnership=world.partnership):
        referral = send(make_draft(world))
        assert referral.route == "mash" and "not_screened" in referral.flags and referral.indicated_level is None


def test_a_ticked_concern_raises_its_flag_and_its_route_but_no_level(world: World) -> None:
    early = {"indicators": {"chosen": ["health-2-01"]}, "consent": {"informed": "yes", "given": "yes"}}
    worry = {"happened": "A coach texts the child at night."}
    with scope(partnership=world.partnership):
        referral = send(make_draft(world, **early, worry=worry, impact={"concerns": ["lado"]}))
        assert (referral.indicated_level, referral.route) == (2, "mash") and "lado" in referral.flags
        assert any("position of trust" in reason["because"] for reason in referral.screening["reasons"])
        assert Clock.objects.filter(referral=referral, slug="lado").exists()


def test_each_child_is_kept_with_its_own_screening_and_indicators(world: World) -> None:
    ada = {
        "who": {**WHO, "first_name": "Ada", "date_of_birth": "2009-05-01"},
        "indicators": {"chosen": ["health-3-02"]},
        "evidence": {"evidence": {"health-3-02": "What Ada told"}},
    }
    bo = {"who": {**WHO, "first_name": "Bo"}, "indicators": {"chosen": ["health-2-02"]}, "judged": {"level": "4"}}
    cy = {"who": {**WHO, "first_name": "Cy"}, "impact": {"concerns": ["lado"]}, "as-first": {"fits": "same"}}
    consent = {"informed": "yes", "given": "yes"}
    with scope(partnership=world.partnership):
        referral = send(make_draft(world, children=[ada, bo, cy, {}], consent=consent))
        rows = list(referral.children.all())
        assert [(row.first_name, row.indicated_level, row.judged_level) for row in rows] == [
            ("Ada", 3, None), ("Bo", 2, 4), ("Cy", 4, None),
        ]  # fmt: skip
        assert (referral.indicated_level, referral.judged_level, referral.route) == (4, 4, "mash")
        assert set(referral.flags) == {flag for row in rows for flag in row.flags} >= {"lado", "judged_higher"}
        assert referral.screening["child"] == 3, "the under-13 rule looks at Cy, and never at Ada"
        chosen = ChosenIndicator.objects.filter(referral=referral).values_list("child__first_name", "indicator__key")
        assert sorted(chosen) == [("Ada", "health-3-02"), ("Bo", "health-2-02"), ("Cy", "health-3-02")]
        assert ChosenIndicator.objects.get(child=rows[2]).evidence == "What Ada told"
        assert all(len(row.facts["children"]) == 1 for row in rows)


def test_what_is_unsafe_to_use_stands_sealed_and_leaves_in_no_notice(world: World) -> None:
    secret = "12 Hidden Lane, he must never learn of it"
    person = {"name": "Jo Marlow", "telephone": "01632 960555", "safe_to_call": "no", "unsafe_because": secret}
    family = {"unsafe": "yes", "unsafe_what": secret, "not_told": "yes", "not_told_who": secret}
    with scope(partnership=world.partnership):
        draft = make_draft(world, people=[{"person": person}], family=family)
        referral = send(draft)
        assert FamilyMember.objects.get(referral=referral).unsafe_because == secret
        assert ("Must not be told", secret) in Answers(referral.answers).cautions
        notices = list(Notice.objects.filter(referral=referral))
        assert notices and not [notice for notice in notices if "Hidden" in notice.subject + notice.body]
    with connection.cursor() as cursor:
        for table in ("draft", "referral", "familymember"):
            cursor.execute(f"SELECT * FROM referrals_{table}")  # noqa: S608  the names above
            assert "Hidden" not in repr(cursor.fetchall()), table


def test_earlier_referrals_for_the_same_child_are_counted(world: World) -> None:
    other = make_world("othershire")
    make_referral(world, received_at=NOW - dt.timedelta(days=40))
    make_referral(world, received_at=NOW - dt.timedelta(days=20), child={"first_name": "ROBIN", "last_name": "marlow"})
    make_referral(world, received_at=NOW - dt.timedelta(days=10), child={"first_name": "Alex"})
    make_referral(
        world,
        received_at=NOW - dt.timedelta(days=5),
        child={"first_name": "", "last_name": "", "date_of_birth": None, "nhs_number": "9434765919"},
    )
    make_referral(other)
    with scope(partnership=world.partnership):
        details = {"nhs_number": "943 476 5919"}
        referral = send(make_draft(world, children=[{"who": WHO, "details": details}]))
        assert referral.screening["facts"]["previous_contacts"] == ["2026-10-15", "2026-11-04", "2026-11-19"]
        assert "seen_before" in referral.flags
        assert referral.children.get().nhs_number == "9434765919"


def test_sending_twice_gives_the_same_referral(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        first = send(draft)
        assert send(draft, at=NOW + dt.timedelta(hours=1)) == first
        assert Referral.objects.count() == 1
        assert AuditEntry.objects.filter(verb="referral.sent").count() == 1


def test_a_reference_already_taken_is_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from referrals.intake import actions

    drawn = iter([b"\x01" * 8, b"\x01" * 8, b"\x02" * 8])
    monkeypatch.setattr(actions.secrets, "token_bytes", lambda count: next(drawn))
    with scope(partnership=world.partnership):
        first, second = send(make_draft(world)), send(make_draft(world))
        assert first.reference != second.reference and Referral.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_presses_at_once_make_one_referral() -> None:
    with scopes_disabled():
        world = make_world()
        draft = make_draft(world)
    found: list[Any] = []
    together = threading.Barrier(50)

    def press() -> None:
        together.wait()
        try:
            with scope(partnership=world.partnership):
                found.append(submit(draft=draft, by=draft.started_by, at=NOW).reference)
        except Exception as error:  # told to the assertion below
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 50 and len(set(found)) == 1, found[:3]
    with scope(partnership=world.partnership):
        assert Referral.objects.count() == 1 and Clock.objects.filter(slug="decide").count() == 1
        assert Notice.objects.filter(kind="receipt").count() == 1


def test_nothing_told_is_not_sent_and_stays_a_draft(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world, worry={"happened": "   "})
        with pytest.raises(Refused, match="Tell us what worries you"):
            send(draft)
        draft.refresh_from_db()
        assert draft.sent_at is None and not Referral.objects.exists()


def test_a_page_saved_elsewhere_is_not_overwritten(world: World) -> None:
    place = Place("worry")
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        user, shown = draft.started_by, seal(place.read(draft.answers))
        save_page(draft=draft, place=place, told={"happened": "First"}, seen=shown, by=user, at=NOW)
        with pytest.raises(ChangedMeanwhile) as told:
            save_page(draft=draft, place=place, told={"happened": "Second"}, seen=shown, by=user, at=NOW)
        assert told.value.theirs == {"happened": "First"}
        draft.refresh_from_db()
        assert draft.answers["worry"] == {"happened": "First"} and draft.revision == 1
        save_page(draft=draft, place=Place("you"), told={"available": "Mornings"}, seen=seal(None), by=user, at=NOW)
        draft.refresh_from_db()
        assert draft.answers["worry"] == {"happened": "First"} and draft.revision == 2


def test_saving_what_is_there_already_is_no_conflict_and_no_change(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        same = save_page(
            draft=draft, place=Place("worry"), told=draft.answers["worry"], seen="old", by=draft.started_by, at=NOW
        )
        assert same.revision == 0


def test_children_are_added_and_taken_out(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        user = draft.started_by
        assert add_to_group(draft=draft, group="child", by=user, at=NOW) == 2
        assert add_to_group(draft=draft, group="child", by=user, at=NOW) == 2, "an empty one is given again"
        told = {"first_name": "Kit"}
        save_page(draft=draft, place=Place("who", "child", 2), told=told, seen=seal(None), by=user, at=NOW)
        with pytest.raises(LookupError):
            save_page(draft=draft, place=Place("who", "child", 3), told=told, seen=None, by=user, at=NOW)
        remove_from_group(draft=draft, group="child", number=1, out="0", by=user, at=NOW)
        draft.refresh_from_db()
        assert draft.answers["children"] == [{"who": told}]
        remove_from_group(draft=draft, group="child", number=1, out="1", by=user, at=NOW)
        draft.refresh_from_db()
        assert draft.answers["children"] == [{}]


def test_a_save_after_sending_is_told_so(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        referral = send(draft)
        with pytest.raises(AlreadySent) as told:
            save_page(draft=draft, place=Place("you"), told={"available": "x"}, seen=None, by=draft.started_by, at=NOW)
        assert told.value.referral == referral


def test_a_discarded_draft_is_neither_saved_nor_sent(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        discard_draft(draft=draft, by=draft.started_by, at=NOW)
        with pytest.raises(Refused):
            send(draft)
        assert not Draft.objects.unsent().exists()


def test_a_partnership_without_a_team_keeps_the_draft_and_says_whom_to_telephone(world: World) -> None:
    with scope(partnership=world.partnership):
        draft = make_draft(world)
        Team.objects.filter(kind=Team.Kind.MASH).update(kind=Team.Kind.EARLY_HELP, is_default=False)
        with pytest.raises(Refused, match="Telephone Front Line"):
            send(draft)
        draft.refresh_from_db()
        assert draft.sent_at is None and not Referral.objects.exists()
