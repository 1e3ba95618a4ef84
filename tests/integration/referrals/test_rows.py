"""Many rows in one statement: as whole as rows made one by one, and refused where those would be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django_scopes import scope

from partnerships import audit, rows
from partnerships.audit import Told, faults
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals import outbox
from referrals.models import Notice, NoticeChoice
from tests.factories import NOW, World, make_referral, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def world() -> Any:
    made = make_world()
    with scope(partnership=made.partnership):
        yield made


def word(world: World, key: str, to: Role = Role.SCREENER, **changed: Any) -> outbox.Word:
    told = {"kind": "test", "subject": "Front Door: “Ω” \\ 'x'", "body": "Line\n\ttab, {brace}, NULL, ☂.\n", **changed}
    return outbox.Word(referral=told.pop("referral", None), to=world.person(to), key=key, **told)


def test_many_notices_are_as_whole_as_one(world: World) -> None:
    referral = make_referral(world)
    person = world.person(Role.MANAGER)
    NoticeChoice.objects.create(partnership=world.partnership, user=person, how="digest", changed_at=NOW)
    one = outbox.tell(
        partnership=world.partnership,
        referral=referral,
        kind="test",
        to=world.person(Role.SCREENER),
        key="one",
        subject=word(world, "x").subject,
        body=word(world, "x").body,
        at=NOW,
    )
    many = [word(world, f"many-{number}", referral=referral) for number in range(150)]
    outbox.tell_all(
        partnership=world.partnership, words=[*many, word(world, "held", Role.MANAGER), word(world, "one")], at=NOW
    )
    assert one is not None and Notice.objects.count() == 152, "what was told is not told again"
    named = {each.attname for each in Notice._meta.concrete_fields} - {"id", "key"}
    first = Notice.objects.get(pk=one.pk)
    for each in Notice.objects.filter(key__startswith="many-"):
        assert {name: getattr(each, name) for name in named} == {name: getattr(first, name) for name in named}
    held = Notice.objects.get(key="held")
    assert held.digest and held.next_attempt_at > NOW and held.referral is None


def test_what_is_too_long_is_refused_and_never_cut_short(world: World) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("needs PostgreSQL, which holds a column to its length")
    with pytest.raises(DataError), transaction.atomic():
        outbox.tell_all(partnership=world.partnership, words=[word(world, "k" * 161)], at=NOW)
    assert not Notice.objects.exists()


def test_a_row_that_breaks_a_rule_is_refused(world: World) -> None:
    told = [("test.done", "test", str(number)) for number in range(3)]
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.write(
            AuditEntry,
            ("verb", "noun", "object_id"),
            told,
            alike={"partnership_id": world.partnership.pk, "at": NOW, "sequence": 1, "hash": "x", "previous_hash": "x"},
        )


def test_many_entries_of_the_trail_hold_as_one_chain(world: World) -> None:
    for _ in range(2):
        entries = [
            Told("clock.overdue", "referral", number, {"limit": "décidé \\ \" '", "due_at": dt.datetime(2026, 1, 1)})  # noqa: DTZ001
            for number in range(rows.MANY + 20)
        ]
        audit.record_all(partnership=world.partnership, entries=entries, by=world.person(Role.SCREENER), at=NOW)
        audit.record(partnership=world.partnership, verb="test.done", noun="test", by=None, at=NOW)
    assert AuditEntry.objects.filter(verb="clock.overdue").count() == 2 * (rows.MANY + 20)
    assert not list(faults(world.partnership))
    entry = AuditEntry.objects.filter(verb="clock.overdue").first()
    assert entry is not None and entry.by == world.person(Role.SCREENER)
    assert entry.detail == {"limit": "décidé \\ \" '", "due_at": "2026-01-01 00:00:00"}
