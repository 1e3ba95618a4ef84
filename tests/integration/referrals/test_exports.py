"""The statutory returns, from a referral's rows to the file that the inspectorate loads."""

from __future__ import annotations

import csv
import datetime as dt
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope
from openpyxl import load_workbook

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import Child, Decision, Referral, SameChild, Support
from tests.factories import NOW, World, make_referral, make_restricted, make_world

pytestmark = pytest.mark.django_db
PERIOD = {"first": "2026-11-01", "last": "2026-11-30"}


@pytest.fixture
def world() -> World:
    world = make_world("ownshire")
    world.partnership.la_code = "999"
    world.partnership.save()
    return world


def decide(
    world: World, referral: Referral, outcome: Outcome, *, level: int | None, at: dt.datetime = NOW, need: str = ""
) -> Decision:
    return Decision.objects.create(
        partnership=world.partnership,
        referral=referral,
        child=referral.children.get(),
        decided_level=level,
        outcome=outcome.value,
        primary_need=need,
        reason="Because.",
        at=at,
        by=world.person(Role.SCREENER),
    )


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def story(world: World) -> list[Referral]:
    """Ada twice, linked by a person: an assessment in September, a strategy discussion now. Ben goes to early help."""
    with scope(partnership=world.partnership):
        before = make_referral(world, received_at=NOW - dt.timedelta(days=60), child={"first_name": "Ada", "sex": "F"})
        now = make_referral(world, child={"first_name": "Ada", "sex": "F", "ethnicity": "WBRI"})
        other = make_referral(world, child={"first_name": "=Ben", "sex": "M"}, indicators=("health-2-01",))
        decide(world, before, Outcome.ASSESSMENT_SECTION_17, level=3, at=NOW - dt.timedelta(days=59))
        decide(world, now, Outcome.STRATEGY_DISCUSSION, level=4, need="N1")
        helped = decide(world, other, Outcome.EARLY_HELP, level=2)
        one, two = sorted([before.children.get(), now.children.get()], key=lambda child: child.pk)
        SameChild.objects.create(
            partnership=world.partnership,
            one=one,
            other=two,
            same=True,
            reason="The same name, birthday and school.",
            at=NOW,
            by=world.person(Role.SCREENER),
        )
        Support.objects.create(
            partnership=world.partnership,
            referral=other,
            child=other.children.get(),
            decision=helped,
            team=world.early_help,
            state=Support.State.ACTIVE,
            offered_at=NOW,
            accepted_at=NOW,
            accepted_by=world.person(Role.EARLY_HELP),
            lead="Erin Helper",
        )
    return [before, now, other]


def export(kind: str, folder: Path, **more: object) -> None:
    call_command("export", kind, "ownshire", out=str(folder), verbosity=0, **{**PERIOD, **more})


def test_annex_a_counts_the_same_child_once_and_her_referrals(world: World, tmp_path: Path) -> None:
    story(world)
    export("annex-a", tmp_path / "out")
    sheets = load_workbook(tmp_path / "out" / "annex-a.xlsx")
    assert sheets.sheetnames == ["List 1", "List 2", "List 3"]
    contacts = lines(tmp_path / "out" / "annex-a-list-1.csv")
    assert sorted(row["Gender"] for row in contacts) == ["a) Male", "b) Female"]
    assert {row["Contact Source"] for row in contacts} == {"e) 2A: Schools"}
    (referral,) = lines(tmp_path / "out" / "annex-a-list-3.csv")
    assert referral["Number of Referrals in Last 12 Months"] == "1"
    assert referral["Referral NFA?"] == "b) No"
    (helped,) = lines(tmp_path / "out" / "annex-a-list-2.csv")
    assert helped["Assessment start date"] == "24/11/2026"
    assert helped["Child Unique ID"] in {row["Child Unique ID"] for row in contacts}
    with scope(partnership=world.partnership):
        keys = [child.pk.hex[:20].upper() for child in Child.objects.filter(first_name="Ada")]
    assert referral["Child Unique ID"] == min(keys)


def test_the_dataset_joins_by_its_keys_and_no_name_is_a_formula(world: World, tmp_path: Path) -> None:
    story(world)
    export("ssd", tmp_path)
    people = {row["pers_person_id"]: row for row in lines(tmp_path / "ssd_person.csv")}
    assert sorted(row["pers_forename"] for row in people.values()) == ["'=Ben", "Ada"]
    for name, key in (
        ("ssd_contacts", "cont_person_id"),
        ("ssd_cin_episodes", "cine_person_id"),
        ("ssd_early_help_episodes", "earl_person_id"),
    ):
        rows = lines(tmp_path / f"{name}.csv")
        assert rows and {row[key] for row in rows} <= set(people), name


def test_the_census_is_well_formed_and_says_the_need(world: World, tmp_path: Path) -> None:
    story(world)
    export("cin", tmp_path)
    message = ET.parse(tmp_path / "cin-census.xml").getroot()
    assert message.findtext("Header/Source/LEA") == "999"
    (child,) = message.findall("Children/Child")
    assert child.findtext("CINdetails/PrimaryNeedCode") == "N1"
    assert child.findtext("CINdetails/CINreferralDate") == "2026-11-24"
    assert len(child.findtext("ChildIdentifiers/LAchildID") or "") == 20


def test_a_restricted_record_is_in_no_export_unless_it_is_asked_for(world: World, tmp_path: Path) -> None:
    rows = story(world)
    make_restricted(world, rows[1])
    export("ssd", tmp_path / "without")
    export("ssd", tmp_path / "whole", with_restricted=True)
    assert len(lines(tmp_path / "without" / "ssd_contacts.csv")) == 1
    assert len(lines(tmp_path / "whole" / "ssd_contacts.csv")) == 2
    told = list(AuditEntry.objects.filter(verb="export.made").values_list("detail__restricted", flat=True))
    assert told == [False, True]


def test_the_folder_is_its_owners_alone(world: World, tmp_path: Path) -> None:
    export("ssd", tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("census", "ownshire", "2026-11-01", "2026-11-30"), "There is no return census"),
        (("ssd", "atlantis", "2026-11-01", "2026-11-30"), "There is no partnership atlantis"),
        (("ssd", "ownshire", "soon", "2026-11-30"), "soon is no day"),
        (("ssd", "ownshire", "2026-11-30", "2026-11-01"), "--to is before --from"),
    ],
)
def test_bad_input_is_one_line(world: World, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    kind, partnership, first, last = arguments
    with pytest.raises(CommandError, match=said):
        call_command("export", kind, partnership, first=first, last=last, out=str(tmp_path))
