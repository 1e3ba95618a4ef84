"""A draft's effect on past referrals: its figures against a plain loop, stopped, resumed; who sees what of it."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.models import Child, Replay, ReplayedCase
from referrals.replay import actions, running
from tests import schemes
from tests.factories import NOW, World, make_referral, make_restricted, make_world
from thresholds import actions as threshold_actions
from thresholds import approval
from thresholds.domain.reading import read_scheme
from thresholds.domain.screening import read_facts, screen
from thresholds.loading import load
from thresholds.models import SchemeVersion

pytestmark = pytest.mark.django_db


def clock(at: dt.datetime = NOW) -> Any:
    """A clock that moves by a second each time somebody looks."""
    seconds = iter(range(10**6))
    return lambda: at + dt.timedelta(seconds=next(seconds))


def changed_content() -> dict[str, Any]:
    """One indicator goes up, a cluster is harder to reach, level 3 goes to the MASH."""
    told = schemes.content()
    told |= {"slug": "testshire-draft"}
    moved = next(each for each in told["indicators"] if each["key"] == "health-2-03")
    moved["level"], moved["item"] = 3, 4
    told["indicators"].sort(key=lambda e: (e["level"], schemes.LISTED.index(e["domain"]), e["item"]))
    next(rule for rule in told["rules"] if rule["key"] == "cluster-2")["parameters"]["count"] = 4
    told["levels"][2]["route"] = "mash"
    return told


@pytest.fixture
def draft(world: World) -> SchemeVersion:
    content = read_scheme(changed_content() | {"partnership": "testshire"})
    return threshold_actions.import_draft(content=content, by=world.person(Role.ADMIN), at=NOW)


@pytest.fixture
def past(world: World) -> list[Any]:
    """Forty referrals over ten weeks, some of two children, of every kind."""
    chance = random.Random(4)
    keys = [each["key"] for each in schemes.content()["indicators"]]
    made = []
    for n in range(40):
        referral = make_referral(
            world,
            indicators=("health-2-03",) if n in (20, 39) else tuple(chance.sample(keys, chance.randint(1, 4))),
            facts={
                "judged_level": chance.choice([None, 1, 2, 3, 4]),
                "consent": {"given": chance.choice([True, None])},
                "children": [{"date_of_birth": "2019-05-01"}],
            },
            received_at=NOW - dt.timedelta(days=70 - n * 1.7),
            child={"sex": chance.choice(["F", "M", ""])},
        )
        if n % 5 == 0:
            with scope(partnership=world.partnership):
                child = referral.children.get()
                child.pk, child.order = None, 1
                child.facts = {**child.facts, "indicators": chance.sample(keys, 2)}
                child._state.adding = True
                child.save()
        made.append(referral)
    return made


def naive(world: World, draft: SchemeVersion, since: dt.date | None = None) -> dict[str, Any]:
    """Every referral, one by one, as anybody would write it down."""
    before, after = load(world.version), load(draft)
    levels: Counter[tuple[int, int]] = Counter()
    load_of: Counter[tuple[str, str]] = Counter()
    changed = set()
    with scope(partnership=world.partnership):
        for referral in world.partnership.referrals.all():
            if since and referral.received_at.date() < since:
                continue
            routes = []
            for child in referral.children.all():
                one, two = (screen(scheme, read_facts(child.facts)) for scheme in (before, after))
                levels[one.indicated_level or 0, two.indicated_level or 0] += 1
                routes.append((one.route, two.route))
                if (one.indicated_level, one.route) != (two.indicated_level, two.route):
                    changed.add(child.pk)
            for when, place in (("before", 0), ("after", 1)):
                load_of["MASH" if max(r[place] for r in routes) == "mash" else "Early Help", when] += 1
    return {"levels": levels, "load": load_of, "changed": changed}


def work_through(replay: Replay, **how: Any) -> Replay:
    now = clock()
    while running.go_on(replay.pk, partnership=replay.partnership_id, now=now, **how):
        pass
    replay.refresh_from_db()
    return replay


def start(world: World, draft: SchemeVersion, since: dt.date | None = None) -> Replay:
    with scope(partnership=world.partnership):
        return actions.start_replay(version=draft, since=since, by=world.person(Role.ADMIN), at=NOW)


@pytest.mark.parametrize("since", [None, dt.date(2026, 10, 20)])
@pytest.mark.parametrize("chunk", [3, 2000])
def test_the_figures_are_those_of_a_plain_loop(
    world: World, draft: SchemeVersion, past: list[Any], since: dt.date | None, chunk: int
) -> None:
    replay = work_through(start(world, draft, since), chunk=chunk)
    slow = naive(world, draft, since)
    assert replay.state == Replay.State.DONE and replay.done == replay.total
    figures = replay.figures
    assert {(was, now): n for was, now, n in figures["levels"]} == slow["levels"]
    load_of: Counter[tuple[str, str]] = Counter()
    for _, queue, when, n in figures["load"]:
        load_of[queue, when] += n
    assert load_of == slow["load"]
    with scope(partnership=world.partnership):
        assert set(ReplayedCase.objects.values_list("child_id", flat=True)) == slow["changed"]
        places = list(ReplayedCase.objects.values_list("place", flat=True))
    assert len(slow["changed"]) == figures["changed"] >= 3
    assert places == sorted(set(places))


def test_a_killed_worker_loses_one_chunk_and_no_figure(
    world: World, draft: SchemeVersion, past: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = start(world, draft)

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Killed

    for chunks in (1, 2, 1):
        turn = running.Turn.one_chunk
        left = iter([turn] * chunks + [dies])
        monkeypatch.setattr(running.Turn, "one_chunk", lambda self, now, left=left: next(left)(self, now))
        replay.refresh_from_db()
        now = clock(replay.lease_until or NOW)
        next(iter([now(), now()]))
        with pytest.raises(Killed):
            running.go_on(replay.pk, partnership=replay.partnership_id, now=now, chunk=4)
        monkeypatch.setattr(running.Turn, "one_chunk", turn)
        assert not running.go_on(replay.pk, partnership=replay.partnership_id, now=lambda: NOW, chunk=4), (
            "the lease of the killed one still holds"
        )
    replay.refresh_from_db()
    assert (replay.state, replay.done) == (Replay.State.RUNNING, 16)
    later = clock(replay.lease_until + dt.timedelta(seconds=1))
    assert running.go_on_with_all(now=later) == 1
    replay.refresh_from_db()
    slow = naive(world, draft)
    assert replay.state == Replay.State.DONE and replay.done == 40
    assert {(was, now): n for was, now, n in replay.figures["levels"]} == slow["levels"]
    with scope(partnership=world.partnership):
        assert ReplayedCase.objects.count() == len(slow["changed"])


def test_one_at_a_time_for_a_draft_and_stopped_when_asked(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    first, second = start(world, draft), start(world, draft)
    assert first.pk == second.pk
    now = clock()
    assert running.go_on(first.pk, partnership=first.partnership_id, now=now, length=dt.timedelta(0), chunk=5)
    with scope(partnership=world.partnership):
        assert actions.cancel_replay(replay=first, by=world.person(Role.ADMIN), at=NOW)
    assert not running.go_on(first.pk, partnership=first.partnership_id, now=now)
    with scope(partnership=world.partnership):
        assert not actions.cancel_replay(replay=first, by=world.person(Role.ADMIN), at=NOW)
    first.refresh_from_db()
    assert (first.state, first.done) == (Replay.State.CANCELLED, 5)
    assert start(world, draft).pk != first.pk


def test_a_worker_that_was_overtaken_writes_nothing(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    replay = start(world, draft)
    real = running.end_of_chunk

    def overtaken(*args: Any) -> Any:
        Replay.objects.filter(pk=replay.pk).update(lease="00000000-0000-0000-0000-000000000001")
        return real(*args)

    running.end_of_chunk = overtaken
    try:
        assert not running.go_on(replay.pk, partnership=replay.partnership_id, now=clock())
    finally:
        running.end_of_chunk = real
    replay.refresh_from_db()
    assert (replay.done, replay.figures) == (0, {})


def test_what_fails_three_times_is_given_up(
    world: World, draft: SchemeVersion, past: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = start(world, draft)
    monkeypatch.setattr(running, "cases", lambda *_: 1 / 0)
    for failures in (1, 2, 3):
        assert not running.go_on(replay.pk, partnership=replay.partnership_id, now=clock())
        replay.refresh_from_db()
        assert replay.failures == failures
    assert (replay.state, replay.fault) == (Replay.State.FAILED, "ZeroDivisionError")
    assert not running.go_on(replay.pk, partnership=replay.partnership_id, now=clock())


def test_a_draft_changed_meanwhile_changes_nothing_in_it(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    replay = start(world, draft)
    assert running.go_on(replay.pk, partnership=replay.partnership_id, now=clock(), length=dt.timedelta(0), chunk=5)
    draft.levels.filter(rank=3).update(route="early_help")
    slow = None
    draft.levels.filter(rank=3).update(route="mash")
    slow = naive(world, draft)
    draft.levels.filter(rank=3).update(route="early_help")
    replay = work_through(replay, chunk=7)
    with scope(partnership=world.partnership):
        assert set(ReplayedCase.objects.values_list("child_id", flat=True)) == slow["changed"]


def test_children_without_facts_are_left_out_and_counted(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    with scope(partnership=world.partnership):
        first = Child.objects.order_by("pk").values_list("pk", flat=True)[:3]
        Child.objects.filter(pk__in=list(first)).update(facts={})
    replay = work_through(start(world, draft))
    assert replay.left_out == 3
    assert replay.figures["children"] == 48 - 3


# --- pages ---


def at(name: str, **parts: Any) -> str:
    return reverse(name, kwargs={"partnership": "testshire", "version": "testshire-draft", **parts})


def as_(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


@pytest.mark.usefixtures("a_morning")
def test_from_the_question_to_the_cases(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    admin = as_(world, Role.ADMIN)
    assert "Somebody has to look at the result" in admin.get(at("threshold_effect")).content.decode()
    assert admin.post(at("threshold_effect_start"), {"reach": "since"}).status_code == 422
    admin.post(at("threshold_effect_start"), {"reach": "all"})
    with scope(partnership=world.partnership):
        replay = Replay.objects.get()
    assert "0 of 28 referrals" in admin.get(at("threshold_effect")).content.decode()
    assert not approval.effect_is_seen(draft)
    work_through(replay)
    told = admin.get(at("threshold_effect_progress")).json()
    assert told == {"state": "done", "done": 28, "total": 28, "open": False}
    admin.head(at("threshold_effect"))
    draft.refresh_from_db()
    assert not approval.effect_is_seen(draft), "nobody has looked yet"
    page = admin.get(at("threshold_effect")).content.decode()
    draft.refresh_from_db()
    assert approval.effect_is_seen(draft) and draft.effect_seen_by == world.person(Role.ADMIN)
    for words in (
        "“Health worry 3 of level 2” moves from level 2 to level 3.",
        "Testshire Primary",
        "a week before",
    ):
        assert words in page
    assert "The same as a table" not in page, "no week is shown: it would tell of one child"
    cases = admin.get(at("threshold_effect_cases") + "?before_level=2&after_level=3").content.decode()
    assert "From level 2 to level 3" in cases
    with scope(partnership=world.partnership):
        case = ReplayedCase.objects.filter(before_level=2, after_level=3).first()
    shown = admin.get(at("threshold_effect_case", case_id=case.pk)).content.decode()
    assert "Under this draft" in shown
    for name in ("Robin", "Marlow", "TES-TEST", "1 May 2019", "2019-05-01", "Open the referral"):
        assert name not in shown + cases + page, name
    assert AuditEntry.objects.filter(verb="replayed_case.read", object_id=str(case.pk)).count() == 1
    manager = as_(world, Role.MANAGER).get(at("threshold_effect_case", case_id=case.pk)).content.decode()
    assert "Open the referral" in manager


def test_what_is_restricted_is_in_no_effect_and_no_case_of_one(
    world: World, draft: SchemeVersion, past: list[Any]
) -> None:
    """Neither its facts nor its number, whether it was restricted before the effect was worked out or since."""
    make_restricted(world, past[39])
    replay = work_through(start(world, draft))
    assert (replay.total, replay.done) == (39, 39)
    with scope(partnership=world.partnership):
        assert not ReplayedCase.objects.filter(child__referral=past[39]).exists()
        case = ReplayedCase.objects.filter(child__referral=past[20]).earliest("place")
        listed = ReplayedCase.objects.exclude(child__referral=past[20]).count()
    make_restricted(world, past[20])
    for role in (Role.ADMIN, Role.MANAGER):
        client = as_(world, role)
        assert client.get(at("threshold_effect_case", case_id=case.pk)).status_code == 404
        assert f"{listed} children would move" in client.get(at("threshold_effect_cases")).content.decode()


def test_a_result_of_an_earlier_revision_counts_for_nothing(
    world: World, draft: SchemeVersion, past: list[Any]
) -> None:
    work_through(start(world, draft))
    SchemeVersion.objects.filter(pk=draft.pk).update(revision=draft.revision + 1)
    page = as_(world, Role.ADMIN).get(at("threshold_effect")).content.decode()
    assert "The draft was changed since this was worked out" in page
    draft.refresh_from_db()
    assert not approval.effect_is_seen(draft)


def test_small_numbers_are_hidden_from_an_admin_alone(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    work_through(start(world, draft))
    assert "not shown" in as_(world, Role.ADMIN).get(at("threshold_effect")).content.decode()
    assert "not shown" not in as_(world, Role.MANAGER).get(at("threshold_effect")).content.decode()


def test_who_never_sees_a_child_goes_through_whole_months(world: World, draft: SchemeVersion, past: list[Any]) -> None:
    """What two days differ by, and the order in which cases came, would tell of one child of one day."""
    day = {"reach": "since", "since_day": "20", "since_month": "10", "since_year": "2026"}
    ends = dt.datetime(2026, 11, 1, tzinfo=dt.UTC) - dt.timedelta(microseconds=1)

    def asked(client: Client, **form: str) -> Replay:
        client.post(at("threshold_effect_start"), form)
        with scope(partnership=world.partnership):
            return work_through(Replay.objects.open().get())

    with time_machine.travel(NOW, tick=False) as clock_at:
        admin, manager = as_(world, Role.ADMIN), as_(world, Role.MANAGER)
        assert admin.post(at("threshold_effect_start"), day).status_code == 422
        for reach, since in (("quarter", dt.date(2026, 8, 1)), ("year", dt.date(2025, 11, 1)), ("all", None)):
            clock_at.shift(60)
            replay = asked(admin, reach=reach)
            assert (replay.since, replay.until) == (since, ends), reach
        with scope(partnership=world.partnership):
            keys = list(ReplayedCase.objects.filter(replay=replay).order_by("pk").values_list("pk", flat=True))
        listed = admin.get(at("threshold_effect_cases")).content.decode()
        places = [listed.index(str(key)) for key in keys[:25]]
        assert len(places) > 2 and places == sorted(places)
        clock_at.shift(60)
        replay = asked(manager, **day)
        assert (replay.since, replay.until) == (dt.date(2026, 10, 20), NOW + dt.timedelta(minutes=4))


def test_a_partnership_without_past_referrals_has_an_empty_effect(world: World, draft: SchemeVersion) -> None:
    work_through(start(world, draft))
    assert "There are no past referrals" in as_(world, Role.ADMIN).get(at("threshold_effect")).content.decode()


# --- the command ---


def run(*args: str) -> str:
    out = StringIO()
    call_command("replay", *args, stdout=out)
    return out.getvalue()


def test_the_command_says_the_same(world: World, draft: SchemeVersion, past: list[Any], tmp_path: Any) -> None:
    told = json.loads(run("testshire-2026", "--draft", "testshire-draft", "--format", "json"))
    slow = naive(world, draft)
    assert {(r["before"] or 0, r["after"] or 0): r["children"] for r in told["levels"]} == slow["levels"]
    assert {case["child"] for case in told["cases"]} == {str(pk) for pk in slow["changed"]}
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(changed_content()))
    assert json.loads(run("testshire-2026", "--draft", str(path), "--format", "json"))["levels"] == told["levels"]
    table = run("testshire-2026", "--draft", str(path), "--since", "2026-01-01")
    assert "would move" in table and "“Health worry 3 of level 2” moves from level 2 to level 3." in table


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere", "--draft", "testshire-draft"), "There is no threshold version nowhere"),
        (("testshire-2026", "--draft", "nowhere.yaml"), "no such file"),
        (("testshire-2026", "--draft", "testshire-draft", "--since", "soon"), "is no day"),
        (("testshire-2026", "--draft", "othershire-2026"), "is a threshold of othershire"),
    ],
)
def test_the_command_on_bad_input(world: World, draft: SchemeVersion, args: tuple[str, ...], message: str) -> None:
    make_world("othershire")
    with pytest.raises(CommandError, match=message):
        run(*args)
