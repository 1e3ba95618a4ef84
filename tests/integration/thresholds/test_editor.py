"""The editor of a draft: every part, its order, what is retired, two admins at once, and what is kept of all of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from tests.factories import NOW, World
from tests.integration.thresholds.editing import at, change, filled, new_draft, second_admin, signed_in, text
from thresholds import actions as version_actions
from thresholds.domain.reading import read_scheme, write_scheme
from thresholds.domain.redline import redline
from thresholds.domain.scheme import Doing, Duty
from thresholds.domain.terms import Flag
from thresholds.editing import actions
from thresholds.editing.nouns import NOUNS
from thresholds.loading import load
from thresholds.models import Change, Indicator, SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World, time_machine: Any) -> Client:
    time_machine.move_to(NOW, tick=False)
    return signed_in(world, Role.ADMIN)


@pytest.fixture
def draft(world: World) -> SchemeVersion:
    return new_draft(world)


def row(draft: SchemeVersion, noun: str, name: str) -> Any:
    """The row of that key, slug or name."""
    return next(
        each
        for each in NOUNS[noun].rows(draft)
        if name in (each.name, getattr(each.thing, "key", None), getattr(each.thing, "slug", None))
    )


@pytest.mark.parametrize("noun", NOUNS)
def test_every_form_saved_as_it_is_changes_nothing(
    world: World, admin: Client, draft: SchemeVersion, noun: str
) -> None:
    before = write_scheme(load(draft))
    for each in NOUNS[noun].rows(draft):
        answer = change(world, admin, draft, noun, each.pk)
        assert answer.status_code == 302, text(answer)
    draft.refresh_from_db()
    assert write_scheme(load(draft)) == before
    assert draft.revision == 0
    assert not draft.changes.exclude(verb="drafted").exists()


EDITS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "document",
        "The document",
        {"title": "New title", "review_on_year": "2028"},
        {"title": "New title", "review_on": "2028-01-01"},
    ),
    ("level", "Targeted", {"route": "mash", "consent_needed": None}, {"route": "mash", "consent_needed": False}),
    ("domain", "Learning", {"name": "School", "parent": "Family"}, {"name": "School", "parent": "Family"}),
    ("indicator", "health-2-01", {"label": "Hungry", "flags": ["lado"]}, {"label": "Hungry", "flags": ["lado"]}),
    ("rule", "cluster-2", {"count": "4", "local_default": "on"}, {"local_default": True}),
    ("rule", "baby", {"indicators": ["health-2-01"], "unborn": None}, {}),
    ("rule", "flag-lado", {"route": "", "referrer": "Ring the LADO."}, {}),
    ("rule", "flag-lado", {"done_by": ["call", "form"], "documents": ["plan"], "asks_more": "on"}, {}),
    ("rule", "consent", {"settled_by_flags": []}, {}),
    ("rule", "seen", {"raises_to": "2"}, {}),
    ("limit", "decide", {"amount": "8", "unit": "working_hours"}, {"amount": 8, "unit": "working_hours"}),
    ("reason", "not_reached", {"accepted_at": ["2", "3"]}, {"accepted_at": [2, 3]}),
    ("evidence", "plan", {"when": "Always"}, {"when": "Always"}),
    ("stage", "Board", {"limit_working_days": "3"}, {"limit_working_days": 3}),
    ("guidance", "Guidance texts", {"scale": "0 is worst.", "after": ""}, {"scale": "0 is worst.", "after": None}),
    ("question", "Do they know?", {"why": "It helps."}, {"why": "It helps."}),
    ("also", "Prevent", {"text": "Tell them."}, {"text": "Tell them."}),
]


@pytest.mark.parametrize(
    ("noun", "name", "given", "after"), EDITS, ids=[f"{each[0]}-{'-'.join(each[2])}" for each in EDITS]
)
def test_each_part_is_changed_with_before_and_after_in_the_trail(
    world: World,
    admin: Client,
    draft: SchemeVersion,
    noun: str,
    name: str,
    given: dict[str, Any],
    after: dict[str, Any],
) -> None:
    target = row(draft, noun, name)
    before = target.values
    answer = change(world, admin, draft, noun, target.pk, **given)
    assert answer.status_code == 302, text(answer)
    draft.refresh_from_db()
    now = NOUNS[noun].find(draft, target.pk)
    assert now
    told = draft.changes.first()
    assert told
    assert (told.verb, told.noun, told.by, told.revision) == ("changed", noun, world.person(Role.ADMIN), 1)
    for column, value in after.items():
        assert str(now.values[column]) == str(value)
        assert (told.before[column], str(told.after[column])) == (NOUNS[noun] and as_json(before[column]), str(value))
    assert set(told.before) == {column for column in before if before[column] != now.values[column]}
    assert AuditEntry.objects.get(verb="threshold.changed").detail["after"] == told.after
    load(draft)
    shown = text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert "</strong> changed " in shown


def as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_a_rule_keeps_its_other_numbers(world: World, admin: Client, draft: SchemeVersion) -> None:
    change(world, admin, draft, "rule", row(draft, "rule", "baby").pk, indicators=["health-2-01"], unborn=None)
    assert draft.rules.get(key="baby").parameters == {
        "indicators": ["health-2-01"],
        "under_months": 12,
        "unborn": False,
        "indicates": 3,
    }


def test_what_a_flag_asks_of_the_referrer_is_done_by_what_the_admin_says(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    told = {"referrer": "Ring us.", "done_by": ["call"], "documents": ["plan"]}
    rule_pk = row(draft, "rule", "flag-lado").pk
    assert change(world, admin, draft, "rule", rule_pk, **told).status_code == 302
    assert draft.rules.get(key="flag-lado").parameters == {
        "flag": "lado",
        "screener": "Look at lado.",
        "route": "mash",
        **told,
    }
    rule = load(draft).flag_rule(Flag.LADO)
    assert rule and rule.parameters.duty == Duty("Ring us.", (Doing.CALL,), ("plan",))  # type: ignore[union-attr]
    page = text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert "somebody telephoned the front door" in page
    shown = text(admin.get(at(world, "threshold_row", version=draft.slug, noun="rule", pk=rule_pk)))
    assert "It counts as done where somebody telephoned the front door and Plan was added." in shown
    address = at(world, "threshold_retire", version=draft.slug, noun="evidence", pk=row(draft, "evidence", "plan").pk)
    assert "flag-lado asks for it" in text(admin.post(address)) and not row(draft, "evidence", "plan").retired


def keys(draft: SchemeVersion, rank: int = 2, domain: str = "Health") -> list[str]:
    rows = Indicator.objects.current().filter(version=draft, level__rank=rank, domain__name=domain)
    assert [each.item for each in rows] == list(range(1, len(rows) + 1))
    return [each.key for each in rows]


def post_move(world: World, admin: Client, draft: SchemeVersion, noun: str, **sent: Any) -> Any:
    return admin.post(at(world, "threshold_move", version=draft.slug, noun=noun), sent, follow=True)


def test_the_order_is_changed_by_steps_or_at_once(world: World, admin: Client, draft: SchemeVersion) -> None:
    one, two, three = (row(draft, "indicator", f"health-2-0{n}").pk for n in (1, 2, 3))
    post_move(world, admin, draft, "indicator", down=one)
    assert keys(draft) == ["health-2-02", "health-2-01", "health-2-03"]
    assert "stands at that end" in text(post_move(world, admin, draft, "indicator", up=two))
    post_move(world, admin, draft, "indicator", row=three, before=two)
    assert keys(draft) == ["health-2-03", "health-2-02", "health-2-01"]
    post_move(world, admin, draft, "indicator", row=three, before=0)
    assert keys(draft) == ["health-2-02", "health-2-01", "health-2-03"]
    load(draft)
    assert draft.changes.filter(verb="moved").count() == 3
    assert draft.changes.filter(verb="moved").last().after == {"place": 2}  # type: ignore[union-attr]


def test_an_indicator_goes_to_another_list_and_is_counted_there(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    pk = row(draft, "indicator", "health-2-01").pk
    assert change(world, admin, draft, "indicator", pk, level="3", domain="Family").status_code == 302
    assert keys(draft) == ["health-2-02", "health-2-03"]
    assert keys(draft, 3, "Family") == ["family-3-01", "family-3-02", "family-3-03", "health-2-01"]
    load(draft)


def test_levels_change_places_and_everything_that_names_them_follows(world: World, draft: SchemeVersion) -> None:
    pk = draft.levels.get(rank=2).pk
    actions.move(draft=draft, noun="level", pk=pk, to="down", by=world.person(Role.ADMIN), at=NOW)
    assert list(draft.levels.values_list("rank", "name"))[1:3] == [(2, "Targeted"), (3, "Early help")]
    assert draft.rules.get(key="cluster-2").parameters == {"level": 3, "count": 3, "domains": 2, "indicates": 2}
    assert draft.indicators.get(key="health-2-01").level.rank == 3
    actions.move(draft=draft, noun="level", pk=pk, to="up", by=world.person(Role.ADMIN), at=NOW)
    scheme = load(draft)
    assert [each.name for each in scheme.levels] == [each.name for each in load(world.version).levels]
    assert scheme.rules == load(world.version).rules


def test_a_level_is_taken_out_once_nothing_stands_on_it(world: World, admin: Client, draft: SchemeVersion) -> None:
    pk = draft.levels.get(rank=2).pk
    address = at(world, "threshold_retire", version=draft.slug, noun="level", pk=pk)
    assert "9 indicators stand at it" in text(admin.post(address))
    for each in draft.indicators.filter(level__rank=2):
        actions.retire(
            draft=draft, noun="indicator", pk=each.pk, out_of_rules=True, by=world.person(Role.ADMIN), at=NOW
        )
    assert "cluster-2 speaks of it" in text(admin.get(address))
    pk_rule = row(draft, "rule", "cluster-2").pk
    actions.retire(draft=draft, noun="rule", pk=pk_rule, by=world.person(Role.ADMIN), at=NOW)
    assert retire(admin, address).status_code == 302
    assert list(draft.levels.values_list("rank", "name")) == [(1, "Universal"), (2, "Targeted"), (3, "Statutory")]
    assert draft.consent_reasons.get(slug="significant_harm").accepted_at == [2, 3]
    assert draft.rules.get(key="under-13").parameters["indicates"] == 3
    assert draft.indicators.retired().count() == 9
    pk = NOUNS["level"].rows(draft)[0].pk
    assert admin.get(at(world, "threshold_row", version=draft.slug, noun="level", pk=pk)).status_code == 200


def retire(admin: Client, address: str, **sent: str) -> Any:
    """Ask, and confirm what was shown."""
    return admin.post(address, {"seen": admin.get(address).context["row"].seen, **sent})


def test_what_is_retired_keeps_its_key_and_comes_back(world: World, admin: Client, draft: SchemeVersion) -> None:
    pk = row(draft, "indicator", "family-2-01").pk
    address = at(world, "threshold_retire", version=draft.slug, noun="indicator", pk=pk)
    assert "These rules name it: baby" in text(admin.get(address))
    assert retire(admin, address).status_code == 302
    page = text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert "It names an indicator that is retired: family-2-01." in page
    assert "This draft is not whole" in page
    admin.post(at(world, "threshold_restore", version=draft.slug, noun="indicator", pk=pk))
    assert keys(draft, 2, "Family") == ["family-2-02", "family-2-03", "family-2-01"]
    assert retire(admin, address, out_of_rules="on").status_code == 302
    assert draft.rules.get(key="baby").parameters["indicators"] == ["family-2-02"]
    scheme = load(draft)
    assert scheme.indicator("family-2-01") is None
    version_actions.publish(version=draft, holds_from=NOW, by=None, at=NOW)
    again = version_actions.draft_from(version=draft, by=world.person(Role.ADMIN), at=NOW)
    assert [each.key for each in again.indicators.retired()] == ["family-2-01"]
    assert load(again).indicators == scheme.indicators


@pytest.mark.parametrize(
    ("noun", "name", "why"),
    [
        ("limit", "acknowledge", "Every threshold has this clock"),
        ("domain", "Health", "12 indicators stand in it"),
        ("domain", "Development", "2 domains stand below it"),
    ],
)
def test_what_others_stand_on_stays(
    world: World, admin: Client, draft: SchemeVersion, noun: str, name: str, why: str
) -> None:
    address = at(world, "threshold_retire", version=draft.slug, noun=noun, pk=row(draft, noun, name).pk)
    for answer in (admin.get(address), admin.post(address)):
        assert why in text(answer)
    assert not row(draft, noun, name).retired


ADDED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "level",
        "",
        {
            "name": "Worst",
            "description": "x",
            "route": "mash",
            "statutory_basis": "section_47",
            "expected_response": "x",
            "referrer_should": "x",
            "colour": "red",
            "source": "p. 1",
        },
    ),
    ("domain", "", {"name": "Online life", "parent": "Development"}),
    ("indicator", "", {"label": "Bruised", "domain": "Health", "level": "2", "flags": ["lado"], "source": "p. 1"}),
    (
        "rule",
        "cluster",
        {"level": "3", "count": "3", "domains": "1", "indicates": "4", "explanation": "x", "source": "p. 1"},
    ),
    (
        "rule",
        "age",
        {"indicators": ["health-2-01"], "under_months": "6", "indicates": "4", "explanation": "x", "source": "p. 1"},
    ),
    ("limit", "", {"name": "Ring back", "amount": "2", "unit": "clock_hours", "starts": "received", "source": "p. 1"}),
    ("reason", "", {"label": "Abroad", "accepted_at": ["2"], "source": "p. 1"}),
    ("evidence", "", {"name": "Chronology", "when": "Always", "source": "p. 1"}),
    ("stage", "", {"name": "Court", "people": "Both", "source": "p. 1"}),
    ("question", "", {"question": "Who else knows?", "why": "x", "source": "p. 1"}),
    ("also", "", {"name": "MARAC", "text": "x", "source": "p. 1"}),
    ("plot_column", "", {"name": "Step 2", "levels": ["2"], "grade": "low"}),
    ("plot_row", "", {"name": "How they learn", "domain": "Learning"}),
    ("flag_note", "", {"note": "Local reading.", "flag": "lado", "indicators": ["health-2-01"]}),
]


@pytest.mark.parametrize(("noun", "kind", "given"), ADDED, ids=[f"{each[0]}{each[1]}" for each in ADDED])
def test_each_part_is_added_at_the_end_and_taken_away_again(
    world: World, admin: Client, draft: SchemeVersion, noun: str, kind: str, given: dict[str, Any]
) -> None:
    address = at(world, "threshold_add", version=draft.slug, noun=noun) + (f"?kind={kind}" if kind else "")
    assert admin.get(address).status_code == 200
    empty = admin.post(address, {})
    assert empty.status_code == 422
    assert "There is a problem" in text(empty)
    before = load(draft)
    answer = admin.post(address, given)
    assert answer.status_code == 302, text(answer)
    draft.refresh_from_db()
    new = [each for each in NOUNS[noun].rows(draft) if not each.retired][-1]
    load(draft)
    told = draft.changes.first()
    assert told
    assert (told.verb, told.before) == ("added", None)
    if noun == "indicator":
        new = row(draft, noun, "health-2-new")
        assert keys(draft)[-1] == "health-2-new"
    assert "Added" in text(
        admin.get(at(world, "threshold_difference"), {"before": world.version.slug, "after": draft.slug})
    )
    address = at(world, "threshold_retire", version=draft.slug, noun=noun, pk=new.pk)
    assert "A colleague changed this since" in text(admin.post(address, {"seen": "what was there before"}))
    assert admin.post(address, {"seen": new.seen}).status_code == 302
    draft.refresh_from_db()
    assert load(draft) == before
    assert draft.changes.first().before  # type: ignore[union-attr]


def test_two_admins_at_one_thing_see_both_texts_and_lose_none(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    colleague = Client()
    colleague.force_login(second_admin(world))
    pk = row(draft, "level", "Targeted").pk
    address = at(world, "threshold_row", version=draft.slug, noun="level", pk=pk)
    mine = filled(admin.get(address)) | {"description": "My own words", "name": "Mine"}
    assert change(world, colleague, draft, "level", pk, description="The colleague’s words").status_code == 302
    refused = admin.post(address, mine)
    assert refused.status_code == 422
    page = text(refused)
    for words in ("A colleague changed this while you were writing", "The colleague’s words", "My own words", "Mine"):
        assert words in page
    assert draft.levels.get(pk=pk).description == "The colleague’s words"
    assert admin.post(address, filled(refused)).status_code == 302
    level = draft.levels.get(pk=pk)
    assert (level.description, level.name) == ("My own words", "Mine")
    page = text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert "Second Admin" in page
    assert page.index("put in: </span>My own ") < page.index("put in: </span>The colleague’s ")


def test_a_change_elsewhere_in_the_draft_is_no_hindrance(world: World, admin: Client, draft: SchemeVersion) -> None:
    mine, other = row(draft, "indicator", "health-2-01").pk, row(draft, "indicator", "health-2-02").pk
    address = at(world, "threshold_row", version=draft.slug, noun="indicator", pk=mine)
    sent = filled(admin.get(address)) | {"label": "My words"}
    change(world, admin, draft, "indicator", other, label="Other words")
    post_move(world, admin, draft, "indicator", down=mine)
    assert admin.post(address, sent).status_code == 302


def test_what_was_taken_out_meanwhile_gives_back_what_was_typed(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    pk = row(draft, "also", "Prevent").pk
    address = at(world, "threshold_row", version=draft.slug, noun="also", pk=pk)
    sent = filled(admin.get(address)) | {"text": "Words that took an hour"}
    actions.retire(draft=draft, noun="also", pk=pk, by=world.person(Role.ADMIN), at=NOW)
    answer = admin.post(address, sent)
    assert answer.status_code == 404
    assert "Words that took an hour" in text(answer)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_save_at_once_leave_one_text_and_one_refusal(world: World) -> None:
    draft = new_draft(world)
    target = row(draft, "indicator", "health-2-01")
    start, outcome = threading.Barrier(2), []

    def save(label: str) -> None:
        try:
            start.wait(10)
            actions.change(
                draft=draft,
                noun="indicator",
                pk=target.pk,
                values={"label": label},
                seen=target.seen,
                by=world.person(Role.ADMIN),
                at=NOW,
            )
            outcome.append(label)
        except ChangedMeanwhile:
            outcome.append("refused")
        except Exception as error:  # told below: a thread's own error would be lost
            outcome.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(label,)) for label in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert "refused" in outcome
    (kept,) = set(outcome) - {"refused"}
    assert draft.indicators.get(pk=target.pk).label == kept
    draft.refresh_from_db()
    assert (draft.revision, draft.changes.filter(verb="changed").count()) == (1, 1)


def test_a_draft_is_discarded_and_its_trail_stays(world: World, admin: Client, draft: SchemeVersion) -> None:
    address = at(world, "threshold_discard", version=draft.slug)
    page = admin.get(address)
    change(world, admin, draft, "indicator", row(draft, "indicator", "health-2-01").pk, label="New")
    refused = admin.post(address, {"revision": page.context["draft"].revision})
    assert refused.status_code == 422
    assert "A colleague changed this draft" in text(refused)
    assert admin.post(address, {"revision": 1}).status_code == 302
    assert not SchemeVersion.objects.filter(pk=draft.pk).exists()
    verbs = list(AuditEntry.objects.filter(detail__draft=draft.slug).values_list("verb", flat=True))
    assert {"threshold.drafted", "threshold.changed", "threshold.discarded"} == set(verbs)
    with pytest.raises(Refused, match="discarded"):
        actions.move(draft=draft, noun="level", pk=1, to="up", by=world.person(Role.ADMIN), at=NOW)


def test_a_published_version_is_edited_by_no_action(world: World) -> None:
    pk = world.version.indicators.first().pk
    for action, more in (
        (actions.change, {"values": {"label": "x"}, "seen": ""}),
        (actions.move, {"to": "up"}),
        (actions.retire, {}),
        (actions.restore, {}),
    ):
        with pytest.raises(Refused, match="published and can't change"):
            action(draft=world.version, noun="indicator", pk=pk, by=world.person(Role.ADMIN), at=NOW, **more)
    assert Change.objects.filter(version=world.version).exclude(verb="imported").count() == 0


@pytest.mark.parametrize("typed", ["", " ", "\x00", "x" * 601, "x" * 40_000])
def test_words_that_cannot_stand_are_asked_for_again(
    world: World, admin: Client, draft: SchemeVersion, typed: str
) -> None:
    first = row(draft, "indicator", "health-2-01")
    answer = change(world, admin, draft, "indicator", first.pk, label=typed)
    assert answer.status_code == 422
    assert "There is a problem" in text(answer)
    assert typed.strip("\x00 ") in answer.content.decode()
    assert draft.indicators.get(pk=first.pk).label == first.name


def test_a_document_of_tiers_is_asked_in_tiers_and_each_text_by_its_name(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    SchemeVersion.objects.filter(pk=draft.pk).update(step_word="tier")
    added = text(admin.post(at(world, "threshold_add", version=draft.slug, noun="indicator"), {}))
    assert "Choose the tier" in added and "At which tier?" in added and "At which level?" not in added
    guidance = row(draft, "guidance", "Guidance texts").pk
    asked = text(change(world, admin, draft, "guidance", guidance, scale="x" * 20_001))
    assert "Shorten the text “The scale, and which end is which” to 20,000 characters or fewer." in asked


HOSTILE = ["\x00", "x" * 40_000, "<script>alert(1)</script>", "9" * 5000, "-1", "{}", "٣"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_forms_are_answered(world: World, admin: Client, draft: SchemeVersion, typed: str) -> None:
    for noun, kind in NOUNS.items():
        every = 12 if noun == "rule" and typed == "\x00" else 1  # a rule's form is as its kind is
        for each in kind.rows(draft)[:every]:
            address = at(world, "threshold_row", version=draft.slug, noun=noun, pk=each.pk)
            sent = dict.fromkeys(filled(admin.get(address)), typed)
            assert admin.post(address, sent).status_code in (302, 422)
            assert admin.post(address, sent | {"preview": "1"}).status_code in (200, 302, 422)
    for sent in ({"up": typed}, {"row": typed, "before": typed}, {}):
        assert admin.post(at(world, "threshold_move", version=draft.slug, noun="indicator"), sent).status_code == 404
    for query in ({"q": typed}, {"level": typed}, {"moved": typed, "row": typed}):
        answer = admin.get(at(world, "threshold_part", version=draft.slug, noun="indicator"), query)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()


def test_odd_addresses_are_not_found(world: World, admin: Client, draft: SchemeVersion) -> None:
    for noun, pk in (
        ("version", 1),
        ("indicator", 10**30),
        ("also", 0),
        ("also", 9),
        ("indicator", world.version.indicators.first().pk),
        ("document", world.version.pk),
    ):
        for name in ("threshold_row", "threshold_retire", "threshold_restore"):
            address = at(world, name, version=draft.slug, noun=noun, pk=pk)
            assert admin.post(address, {"label": "x"}).status_code == 404, address
    assert admin.get(at(world, "threshold_add", version=draft.slug, noun="document")).status_code == 404
    assert admin.get(at(world, "threshold_add", version=draft.slug, noun="rule") + "?kind=highest").status_code == 404
    assert admin.get(at(world, "threshold_part", version=world.version.slug, noun="rule")).status_code == 404


def test_the_plot_sheet_and_the_notes_on_flags_are_edited_told_apart_and_taken_out_of_the_draft_and_in_again(
    world: World, admin: Client, draft: SchemeVersion
) -> None:
    sheet = {
        "columns": [{"name": "Step 2", "levels": [2], "grade": each} for each in ("low", "high")],
        "rows": [{"name": "Health", "domain": "Health"}, {"name": "Learning", "domain": "Learning"}],
    }
    SchemeVersion.objects.filter(pk=draft.pk).update(plot_sheet=sheet, flag_notes={"health-2-01": "Local reading."})
    draft.refresh_from_db()
    before = load(draft)
    for noun in ("plot_column", "plot_row", "flag_note"):
        for each in NOUNS[noun].rows(draft):
            assert change(world, admin, draft, noun, each.pk).status_code == 302
    draft.refresh_from_db()
    assert load(draft) == before and draft.revision == 0, "saved as they are, they change nothing"

    assert change(world, admin, draft, "plot_column", 2, levels=["3"]).status_code == 302
    assert change(world, admin, draft, "plot_row", 2, name="How they learn").status_code == 302
    assert change(world, admin, draft, "flag_note", 1, note="Read here as neglect.").status_code == 302
    learning = row(draft, "domain", "Learning")
    assert change(world, admin, draft, "domain", learning.pk, name="School").status_code == 302
    top = row(draft, "level", "Statutory")
    move = at(world, "threshold_move", version=draft.slug, noun="level")
    assert admin.post(move, {"up": str(top.pk)}).status_code == 302
    draft.refresh_from_db()
    assert draft.plot_sheet["columns"][1]["levels"] == [4], "a column goes with its level"
    assert admin.post(move, {"down": str(top.pk)}).status_code == 302
    draft.refresh_from_db()
    assert draft.plot_sheet == {
        "columns": [sheet["columns"][0], {"name": "Step 2", "levels": [3], "grade": "high"}],
        "rows": [sheet["rows"][0], {"name": "How they learn", "domain": "School"}],
    }
    assert draft.flag_notes == {"health-2-01": "Read here as neglect."}
    told = [(each.part, each.what.value, each.sentence) for each in redline(before, load(draft))]
    assert ("Plot sheet: columns", "changed", "It now stands for level 3; it stood for level 2.") in told
    assert ("Plot sheet: rows", "reworded", "") in told and ("Plot sheet: rows", "retired", "") not in told
    assert ("Notes on flags", "reworded", "") in told and not [each for each in told if "sheet changed" in each[2]]

    two = ["health-2-01", "health-2-02"]
    assert change(world, admin, draft, "flag_note", 1, flag="lado", indicators=two).status_code == 302
    draft.refresh_from_db()
    assert draft.flag_notes == [{"flag": "lado", "indicators": two, "note": "Read here as neglect."}]
    assert [each.name for each in NOUNS["flag_note"].rows(draft)] == ["Health worry 1 of level 2, and 1 more"]
    mapping = write_scheme(load(draft))
    assert read_scheme(mapping).flag_notes == load(draft).flag_notes
    for noun in ("plot_column", "plot_column", "plot_row", "plot_row", "flag_note"):
        each = NOUNS[noun].rows(draft)[0]
        address = at(world, "threshold_retire", version=draft.slug, noun=noun, pk=each.pk)
        assert admin.post(address, {"seen": each.seen}).status_code == 302
        draft.refresh_from_db()
    assert load(draft).plot_sheet is None and not load(draft).flag_notes
