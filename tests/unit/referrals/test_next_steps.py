"""What may be done next, held to a table that a practitioner can read, on records that are in no database."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from partnerships.access import Actor
from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import Role
from referrals.models import Referral
from referrals.triage.next_steps import BY_NAME, STEPS, next_steps

TABLE = Path(__file__).parents[2] / "golden" / "next_steps.csv"
ROWS = list(csv.DictReader(line for line in TABLE.open(encoding="utf-8") if not line.startswith("#")))

PARTNERSHIP = Partnership(pk=1, slug="testshire")
TEAMS = {
    "mash": Team(pk=1, kind="mash", name="MASH", partnership=PARTNERSHIP),
    "early_help": Team(pk=2, kind="early_help", name="Early Help East", partnership=PARTNERSHIP),
    "early_help_elsewhere": Team(pk=3, kind="early_help", name="Early Help West", partnership=PARTNERSHIP),
}
ME, COLLEAGUE = User(name="Me"), User(name="Colleague")


def actor(who: str, queue: str = "mash") -> Actor:
    """Somebody of that role: a senior of the queue's own team, or of another."""
    role = Role(who.removesuffix("_elsewhere"))
    team = TEAMS["mash"] if role is Role.SCREENER else TEAMS[queue] if role is Role.SENIOR else TEAMS.get(who)
    if who == "senior_elsewhere":
        team = TEAMS["early_help_elsewhere"]
    membership = Membership(user=ME, partnership=PARTNERSHIP, role=role.value, team=team)
    return Actor(ME, PARTNERSHIP, (membership,), role.permissions)


def referral(queue: str, state: str, owner: str, flags: tuple[str, ...] = ()) -> Referral:
    people = {"nobody": None, "self": ME, "colleague": COLLEAGUE}
    channel = "transfer" if state.startswith("arrived_") else "portal"
    state, team = state.removeprefix("arrived_"), TEAMS[queue]
    return Referral(
        partnership=PARTNERSHIP, team=team, state=state, owner=people[owner], flags=list(flags), channel=channel
    )


@pytest.mark.parametrize("row", ROWS, ids=["-".join(list(row.values())[:4]) for row in ROWS])
def test_the_table(row: dict[str, str]) -> None:
    offered = next_steps(
        referral(row["queue"], row["state"], row["owner"]), actor(row["role"], row["queue"]), done={"disagreement"}
    )
    assert " ".join(step.name for step in offered) == row["steps"]


def test_the_table_knows_every_step_but_those_that_only_some_referrals_have() -> None:
    named = {name for row in ROWS for name in row["steps"].split()}
    assert named == {step.name for step in STEPS} - {"lado", "withdrawal", "disagreement"}
    heard = ("screener", "senior", "manager")
    for who in ("screener", "early_help", "senior", "senior_elsewhere", "manager", "admin", "checker", "practitioner"):
        offered = BY_NAME["disagreement"].shows(referral("mash", "decided", "colleague"), actor(who))
        assert offered is (who in heard), who


def test_the_lado_is_told_where_the_referral_carries_that_flag() -> None:
    flagged = referral("mash", "decided", "colleague", ("lado",))
    assert BY_NAME["lado"].shows(flagged, actor("screener"))
    assert not BY_NAME["lado"].shows(flagged, actor("manager"))


def test_what_is_done_is_not_offered_again() -> None:
    offered = next_steps(referral("mash", "in_hand", "self"), actor("screener"), done={"acknowledge"})
    assert "acknowledge" not in [step.name for step in offered]


def test_nobody_signed_in_is_offered_nothing() -> None:
    assert next_steps(referral("mash", "waiting", "nobody"), Actor(None, PARTNERSHIP)) == []
