"""Working from a queue: filters, kept views, many at once, absence and cover, notes, what stands beside in the list."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client
from django_scopes import scope, scopes_disabled

from partnerships.hours import LONDON
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.asking.actions import withdraw_ask
from referrals.clocks.sweep import sweep
from referrals.domain.lifecycle import Outcome
from referrals.intake.sending import tell_people
from referrals.models import Absence, Event, Notice, Referral, SavedView, SignOff
from referrals.triage import actions, assigning, notes
from referrals.triage.moves import Elsewhere, Refused, TakenBy
from tests.factories import NOW, World, make_check, make_person, make_referral, make_world, pressing_again, sign

pytestmark = pytest.mark.usefixtures("a_morning")

QUEUE = "/testshire/queue/mash/"


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def names(answer: Any) -> list[str]:
    return re.findall(r"(\w+) Marlow</a>", answer.content.decode())


def test_filters_stand_in_the_address_and_narrow_the_list(world: World) -> None:
    sam = world.person(Role.SCREENER)
    make_referral(world, child={"first_name": "Plain"})
    make_referral(world, child={"first_name": "Trusted"}, indicators=("family-4-01",))
    make_referral(world, child={"first_name": "Again"}, facts={"previous_contacts": ["2026-11-01"]})
    waiting = make_referral(world, child={"first_name": "Asked"})
    Referral.objects.filter(pk=waiting.pk).update(waiting_for="referrer", owner=sam, state="in_hand")
    client = client_of(sam)
    for query, expected in (
        ("flag=lado", {"Trusted"}),
        ("seen=yes", {"Again"}),
        ("show=waiting", {"Asked"}),
        (f"owner={sam.pk}", {"Asked"}),
        ("agency=prim&level=4", {"Plain", "Trusted", "Again", "Asked"}),
        ("agency=practice", set()),
        ("level=99999999999999&flag=%00&owner=x&consent=%ff", {"Plain", "Trusted", "Again", "Asked"}),
    ):
        assert set(names(client.get(f"{QUEUE}?{query}"))) == expected, query
    assert names(client.get("/testshire/queue/all/")) == [], "a screener has one queue: there is no list of all"
    assert len(names(client_of(world.person(Role.MANAGER)).get("/testshire/queue/all/"))) == 4
    page = client.get(f"{QUEUE}filter/?flag=lado").content.decode()
    assert "Keep this view" in page and 'value="lado" selected' in page
    counts = client.get(f"{QUEUE}counts/").json()
    assert counts["mash"]["all"] == 4 and counts["mash"]["waiting"] == 1 and counts["mash"]["mine"] == 1


def test_a_kept_view_is_ones_own_or_the_teams(world: World) -> None:
    sam, erin = world.person(Role.SCREENER), world.person(Role.EARLY_HELP)
    client = client_of(sam)
    for name, shared in (("Only LADO", "yes"), ("Mine alone", "no")):
        assert client.post(f"{QUEUE}filter/?flag=lado", {"name": name, "shared": shared}).status_code == 302
    sol = client_of(make_person(world, Role.SCREENER, team=world.mash))
    page = sol.get(f"{QUEUE}filter/").content.decode()
    assert "Only LADO" in page and "Mine alone" not in page and f"{QUEUE}?flag=lado" in page
    assert "Only LADO" not in client_of(erin).get("/testshire/queue/early-help/filter/").content.decode()
    view = SavedView.objects.get(name="Mine alone")
    assert sol.post(f"/testshire/queue-views/{view.pk}/forget/").status_code == 404
    assert client.post(f"/testshire/queue-views/{view.pk}/forget/").status_code == 302
    assert SavedView.objects.count() == 1


def test_a_view_of_all_queues_is_shown_to_who_sees_them_all(world: World) -> None:
    saved = {"name": "After the strategy meeting", "shared": "yes"}
    manager = client_of(world.person(Role.MANAGER))
    assert manager.post("/testshire/queue/all/filter/", saved).status_code == 302
    erin = client_of(world.person(Role.EARLY_HELP)).get("/testshire/queue/early-help/filter/").content.decode()
    assert saved["name"] not in erin
    assert saved["name"] in client_of(make_person(world, Role.MANAGER)).get(f"{QUEUE}filter/").content.decode()


def test_many_are_assigned_at_once_and_each_row_says_what_became_of_it(world: World) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    rows = [make_referral(world, child={"first_name": f"Row{n}"}) for n in range(3)]
    elsewhere = make_referral(world, indicators=("health-2-02",))
    client = client_of(manager)
    page = client.get(QUEUE).content.decode()
    picked = re.findall(r'name="chosen" id="pick-\d" value="([^"]+)"', page)
    assert len(picked) == 3
    actions.claim(referral=rows[0], by=sam, at=NOW)
    asked = client.post(f"{QUEUE}assign/", {"chosen": [*picked, f"{elsewhere.pk}:0", "x"]}).content.decode()
    assert "Assign 3 referrals" in asked and "1 of those that were ticked is not in a queue" in asked
    done = client.post(f"{QUEUE}assign/", {"chosen": picked, "to": str(sol.pk)}).content.decode()
    assert done.count("Assigned to Sol Second.") == 2
    assert f"It has moved on since the list was shown: {sam.name} has it." in done
    assert Counter(Referral.objects.filter(team=world.mash).values_list("owner", flat=True)) == {sol.pk: 2, sam.pk: 1}
    assert Notice.objects.filter(kind="assigned", to=sol).count() == 2
    assert AuditEntry.objects.filter(verb="referral.claimed", by=manager).count() == 2
    nothing = client.post(f"{QUEUE}assign/", follow=True).content.decode()
    assert "Choose at least one referral" in nothing
    erin = client_of(world.person(Role.EARLY_HELP))
    assert erin.post(f"{QUEUE}assign/", {"chosen": picked, "to": str(sol.pk)}).status_code == 404


def test_what_waits_again_and_what_is_asked_no_more_is_told(world: World) -> None:
    sam, manager, checker = (world.person(role) for role in (Role.SCREENER, Role.MANAGER, Role.CHECKER))
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    check = make_check(world, row)
    withdraw_ask(ask=check, by=sol, at=NOW)
    assert set(Notice.objects.filter(kind="ask_withdrawn").values_list("to", flat=True)) == {sam.pk}
    assert set(Notice.objects.filter(kind="check_withdrawn").values_list("to", flat=True)) == {checker.pk}
    actions.release(referral=row, by=sam, at=NOW)
    assert set(Notice.objects.filter(kind="waiting").values_list("to", flat=True)) == {sol.pk}
    Referral.objects.filter(pk=row.pk).update(
        state="decided", decided_by=manager, decided_at=NOW, immediate_danger=True
    )
    actions.reopen(referral=row, reason="He is back in the house.", by=sol, at=NOW)
    assert set(Notice.objects.filter(kind="danger").values_list("to", flat=True)) == {sam.pk}
    assert set(Notice.objects.filter(kind="reopened").values_list("to", flat=True)) == {manager.pk}


def test_what_is_sent_on_and_nobodys_is_handed_out_with_others(world: World) -> None:
    manager, sol = world.person(Role.MANAGER), make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    sent_on, waiting = make_referral(world), make_referral(world)
    Referral.objects.filter(pk=sent_on.pk).update(state="sent_on")
    picked = [f"{row.pk}:{row.revision}" for row in (sent_on, waiting)]
    done = client_of(manager).post(f"{QUEUE}assign/", {"chosen": picked, "to": str(sol.pk)}).content.decode()
    assert done.count("Assigned to Sol Second.") == 2
    states = Referral.objects.filter(owner=sol).values_list("pk", "state")
    assert set(states) == {(sent_on.pk, "sent_on"), (waiting.pk, "in_hand")}


def test_what_an_absent_colleague_has_goes_to_the_cover_or_back_to_its_queue(world: World) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    mine = [actions.claim(referral=make_referral(world), by=sam, at=NOW) for _ in range(2)]
    client = client_of(sol)
    typed = {
        "who": str(sam.pk),
        "back_on_day": "1",
        "back_on_month": "12",
        "back_on_year": "2026",
        "cover": str(sol.pk),
    }
    page = client.post("/testshire/absences/", typed, follow=True).content.decode()
    assert "2 went to the cover, 0 to the queue. They and the managers are told." in page and "1 December 2026" in page
    assert set(Referral.objects.values_list("owner", flat=True)) == {sol.pk}
    with pytest.raises(Refused, match="is away until 1 December 2026. Sol Second covers"):
        assigning.assign(referral=mine[0], to=sam, seen=None, by=manager, at=NOW)
    with pytest.raises(Refused, match="is away until"):
        actions.reassign(referral=mine[0], to=sam, by=sol, at=NOW)
    _, handed = assigning.mark_absent(
        partnership=world.partnership, user=sol, until=NOW + dt.timedelta(days=3), cover=sam, by=manager, at=NOW
    )
    assert (handed.to_cover, handed.to_queue) == (0, 2), "the cover is away too: nothing is stuck"
    assert set(Referral.objects.values_list("state", "owner")) == {("waiting", None)}
    absence = Absence.objects.get(user=sam, ended_at=None)
    assert client_of(sam).post(f"/testshire/absences/{absence.pk}/end/").status_code == 302
    assert assigning.assign(referral=mine[0], to=sam, seen=None, by=manager, at=NOW).owner == sam
    assert client_of(world.person(Role.EARLY_HELP)).post(f"/testshire/absences/{absence.pk}/end/").status_code == 404


def test_whom_a_colleague_says_to_be_away_hears_of_it_and_so_do_the_managers(world: World) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    typed = {"who": str(sam.pk), "back_on_day": "31", "back_on_month": "12", "back_on_year": "9999"}
    refused = client_of(sol).post("/testshire/absences/", typed | {"cover": str(sol.pk)}).content.decode()
    assert "more than a year ahead" in refused and "9999" in refused
    assert Referral.objects.get(pk=row.pk).owner == sam
    until = dt.datetime(2027, 7, 1, tzinfo=LONDON)
    assigning.mark_absent(partnership=world.partnership, user=sam, until=until, cover=sol, by=sol, at=NOW)
    words = {each.to: each.body for each in Notice.objects.filter(kind="absent")}
    assert set(words) == {sam, manager}
    assert "Sol Second said that you are away until 1 July 2027" in words[sam], "by the day in London"
    assert "1 went to Sol Second" in words[manager] and "/testshire/absences/" in words[sam]
    with pytest.raises(Refused, match="is away until 1 July 2027"):
        assigning.assign(referral=Referral.objects.get(pk=row.pk), to=sam, seen=None, by=manager, at=NOW)
    assigning.mark_absent(partnership=world.partnership, user=sol, until=until, cover=None, by=sol, at=NOW)
    assert Notice.objects.filter(kind="absent").count() == 2, "of one's own absence nobody need be warned"


def test_notes_are_for_those_who_work_on_it_and_next_seen_moves_it_up(world: World) -> None:
    sam, later = world.person(Role.SCREENER), NOW + dt.timedelta(hours=5)
    first = make_referral(world, child={"first_name": "First"}, received_at=NOW - dt.timedelta(minutes=9))
    second = make_referral(world, child={"first_name": "Second"})
    client = client_of(sam)
    one = f"/testshire/triage/{second.pk}/"
    assert "Write the note" in client.post(f"{one}note/", {"note": " "}).content.decode()
    client.post(f"{one}note/", {"note": "Rang the <b>school</b>."})
    assert "Rang the &lt;b&gt;school&lt;/b&gt;." in client.get(one).content.decode()
    assert not Event.objects.get(kind="noted").for_referrer
    assert names(client.get(QUEUE)) == ["First", "Second"]
    typed = {"on_day": "24", "on_month": "11", "on_year": "2026", "time": "3pm"}
    assert client.post(f"{one}next-seen/", typed).status_code == 302
    assert names(client.get(QUEUE)) == ["Second", "First"]
    assert "3pm on Tuesday" in client.get(QUEUE).content.decode()
    assert notes.say_when_next_seen(referral=second, when=None, by=sam, at=later).next_seen_at is None
    with pytest.raises(Elsewhere):
        notes.add_note(referral=first, note="x", by=world.person(Role.EARLY_HELP), at=NOW)


def test_next_and_previous_stay_within_the_list(world: World) -> None:
    sam = world.person(Role.SCREENER)
    for n in range(3):
        then = NOW - dt.timedelta(minutes=9 - n)
        make_referral(world, child={"first_name": f"Lado{n}"}, indicators=("family-4-01",), received_at=then)
        make_referral(world, child={"first_name": f"Other{n}"}, received_at=then)
    client = client_of(sam)
    page = client.get(f"{QUEUE}?flag=lado").content.decode()
    address = re.search(r'href="([^"]+)">Lado0', page)[1].replace("&amp;", "&")
    seen = []
    while address:
        page = client.get(address).content.decode()
        seen.append(re.search(r"(\w+) Marlow</h1>", page)[1])
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == ["Lado0", "Lado1", "Lado2"]
    assert f'href="{QUEUE}?flag=lado"' in page and 'rel="prev"' in page
    assert (
        "In this list"
        not in client.get(f"/testshire/triage/{Referral.objects.first().pk}/?list=nowhere").content.decode()
    )


def test_what_comes_where_nobody_works_is_told_to_the_managers_at_once(world: World) -> None:
    manager, sam = world.person(Role.MANAGER), world.person(Role.SCREENER)
    world.person(Role.EARLY_HELP).memberships.update(ended_at=NOW)

    def told(row: Referral) -> set[tuple[Any, str]]:
        return {(each.to, each.kind) for each in Notice.objects.filter(referral=row).select_related("to")}

    sent = make_referral(world, indicators=("health-2-02",))
    tell_people(sent, by=None, at=NOW)
    assert told(sent) == {(manager, "nobody_there")}
    assert "Nobody works in that queue." in Notice.objects.get(referral=sent).body
    sweep(at=NOW + dt.timedelta(days=9))
    assert (manager, "clock_due_soon") in told(sent), "from the first step, not an hour after the last"
    down = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    actions.step_down(referral=down, reason="Fits.", team=world.early_help, by=sam, at=NOW)
    sign(world, down)
    assert (manager, "nobody_there") in told(down)
    helped = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    said = {"decided_level": 4, "outcome": Outcome.EARLY_HELP, "reason": "x", "told_referrer": "y"}
    actions.decide(referral=helped, **said, support_team=world.early_help, revision=helped.revision, by=sam, at=NOW)
    assert (manager, "support") in told(helped)
    read = make_referral(world)
    tell_people(read, by=None, at=NOW)
    assert told(read) == {(sam, "waiting")}, "where somebody works it is theirs alone"


HANDS, ROWS, WANTED = 20, 200, 5
"""So many people, referrals, and people who go for each of them."""


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_take_each_referral_exactly_once() -> None:
    """Two hundred referrals on PostgreSQL, twenty on SQLite, where one writes at a time; five hands go for each."""
    world = make_world()
    rows = [make_referral(world) for _ in range(20 if connection.vendor == "sqlite" else ROWS)]
    hands = [make_person(world, Role.SCREENER, name=f"Hand {n}", team=world.mash) for n in range(HANDS)]
    won: Counter[Any] = Counter()
    lost: Counter[str] = Counter()
    wrong: list[str] = []

    def work(user: Any, offset: int) -> None:
        try:
            with scope(partnership=world.partnership):
                for row in (row for n, row in enumerate(rows) if (n + offset) % (HANDS // WANTED) == 0):
                    try:
                        pressing_again(partial(actions.claim, referral=row, by=user, at=NOW))
                        won[row.pk] += 1
                    except TakenBy as taken:
                        lost[taken.name] += 1
        except Exception as error:  # what a thread raises must not be lost
            wrong.append(repr(error))
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=work, args=(user, n)) for n, user in enumerate(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scopes_disabled():
        claimed = Event.objects.filter(kind="claimed").values_list("referral", flat=True)
        owners = Referral.objects.values_list("owner", flat=True)
        assert not wrong, wrong[:3]
        assert sorted(claimed) == sorted(row.pk for row in rows) == sorted(won), "each exactly once"
        assert set(won.values()) == {1} and None not in set(owners)
        assert sum(lost.values()) == len(rows) * (WANTED - 1) and set(lost) <= {user.name for user in hands}


def test_a_proposal_is_not_stuck_with_whoever_is_away(world: World) -> None:
    """With a cover it is theirs to change; without one its signers hear, and sent back it goes to the queue."""
    sam, senior, manager = (world.person(role) for role in (Role.SCREENER, Role.SENIOR, Role.MANAGER))
    sol = make_person(world, Role.SCREENER, name="Sol Cover", team=world.mash)
    until = NOW + dt.timedelta(days=3)

    def proposed(by: Any) -> Referral:
        row = actions.claim(referral=make_referral(world), by=by, at=NOW)
        said = {"decided_level": None, "outcome": Outcome.NO_FURTHER_ACTION, "reason": "x", "told_referrer": "y"}
        actions.decide(referral=row, **said, revision=row.revision, by=by, at=NOW)
        return Referral.objects.get(pk=row.pk)

    covered = proposed(sam)
    _, handed = assigning.mark_absent(
        partnership=world.partnership, user=sam, until=until, cover=sol, by=manager, at=NOW
    )
    covered = Referral.objects.get(pk=covered.pk)
    assert (handed.to_cover, covered.state, covered.owner) == (1, "proposed", sol)
    waiting = SignOff.objects.waiting().get(referral=covered)
    assert waiting.proposed_by == sam and covered.waits_for == ["sign_off"], "it waits for the same signature"
    actions.send_back(sign_off=waiting, said="Say more.", by=senior, at=NOW)
    assert (Referral.objects.get(pk=covered.pk).owner, Referral.objects.get(pk=covered.pk).state) == (sol, "in_hand")
    alone = proposed(sol)
    assigning.mark_absent(partnership=world.partnership, user=sol, until=until, cover=None, by=manager, at=NOW)
    assert Referral.objects.get(pk=alone.pk).state == "proposed", "nobody need propose it anew"
    told = {each.to for each in Notice.objects.filter(referral=alone, kind="sign_off_alone")}
    assert told == {senior, manager}
    actions.send_back(sign_off=SignOff.objects.waiting().get(referral=alone), said="No.", by=senior, at=NOW)
    after = Referral.objects.get(pk=alone.pk)
    assert (after.state, after.owner) == ("waiting", None), "not back to somebody who is away"
