"""The trail only grows, and what was changed, cut, swapped or slipped in behind the guard's back is found."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from partnerships import append_only, audit
from partnerships.models import AuditEntry, AuditHead, Partnership
from tests.factories import NOW, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def partnership() -> Partnership:
    world = make_world()
    for n in range(6):
        audit.record(
            partnership=world.partnership,
            verb="referral.read",
            noun="referral",
            object_id=f"TES-{n}",
            detail={"where": "queue", "é": [n, None]},
            by=world.people["screener"],
            at=NOW + dt.timedelta(seconds=n),
        )
    return world.partnership


@pytest.fixture
def unguarded(partnership: Partnership) -> Iterator[None]:
    append_only.remove(connection)
    yield
    append_only.install(connection)


def entry(partnership: Partnership, place: int) -> AuditEntry:
    return AuditEntry.objects.get(partnership=partnership, sequence=place)


def verified() -> tuple[bool, str]:
    """Whether the command passes, and everything it says."""
    out = io.StringIO()
    try:
        call_command("verify_audit", stdout=out, stderr=out)
    except CommandError as error:
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_an_untouched_trail_holds(partnership: Partnership) -> None:
    holds, said = verified()
    assert holds
    assert said.strip() == f"The audit trail holds: {AuditEntry.objects.count()} entries."


@pytest.mark.parametrize("column", [field.column for field in AuditEntry._meta.concrete_fields])
def test_the_database_refuses_an_update(partnership: Partnership, column: str) -> None:
    with pytest.raises(DatabaseError, match=append_only.MESSAGE), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE partnerships_auditentry SET {column} = {column}")


def test_the_database_refuses_a_delete(partnership: Partnership) -> None:
    for attempt in (entry(partnership, 3).delete, AuditEntry.objects.all().delete):
        with pytest.raises(DatabaseError, match=append_only.MESSAGE), transaction.atomic():
            attempt()
    assert verified()[0]


def test_the_database_refuses_to_replace_or_empty(partnership: Partnership) -> None:
    table, names = "partnerships_auditentry", [field.column for field in AuditEntry._meta.concrete_fields]
    listed, pk = ", ".join(f'"{name}"' for name in names if name != "id"), entry(partnership, 3).pk
    attempts = {
        "sqlite": [
            (f"INSERT OR REPLACE INTO {table} (id, {listed}) SELECT id, {listed} FROM {table} WHERE id = %s", [pk]),
            (f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {listed} FROM {table} WHERE id = %s", [pk]),
        ],
        "postgresql": [(f"TRUNCATE {table}", [])],
    }
    for statement, values in attempts[connection.vendor]:
        connection.check_constraints()  # what is deferred would refuse first, for another reason
        refused = pytest.raises(DatabaseError, match=append_only.MESSAGE)
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    assert verified()[0]


ALTERED: dict[str, Any] = {
    "verb": "referral.looked",
    "noun": "letter",
    "object_id": "TES-9",
    "detail": {"where": "nowhere"},
    "at": NOW - dt.timedelta(days=300),
    "by": None,
    "request_id": "0" * 32,
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_entry_is_found_at_its_place(partnership: Partnership, unguarded: None, name: str) -> None:
    AuditEntry.objects.filter(pk=entry(partnership, 4).pk).update(**{name: ALTERED[name]})
    holds, said = verified()
    assert not holds
    assert "testshire entry 4 was changed after it was written" in said
    assert "1 faults" in said


def test_an_altered_entry_hashed_anew_breaks_the_next(partnership: Partnership, unguarded: None) -> None:
    changed = entry(partnership, 4)
    changed.verb = "referral.looked"
    AuditEntry.objects.filter(pk=changed.pk).update(verb=changed.verb, hash=audit.digest(changed))
    holds, said = verified()
    assert not holds
    assert "testshire entry 5 does not follow from the entry before it" in said


def test_a_deleted_entry_is_found(partnership: Partnership, unguarded: None) -> None:
    entry(partnership, 4).delete()
    holds, said = verified()
    assert not holds
    assert "testshire entry 4 entries 4 to 4 are missing" in said


def test_a_cut_tail_is_found_by_the_head(partnership: Partnership, unguarded: None) -> None:
    last = AuditHead.objects.get(partnership=partnership).sequence
    AuditEntry.objects.filter(partnership=partnership, sequence__gt=last - 2).delete()
    holds, said = verified()
    assert not holds
    assert f"its head says {last}" in said


def test_a_trail_cut_whole_is_found_by_the_head(partnership: Partnership, unguarded: None) -> None:
    AuditEntry.objects.filter(partnership=partnership).delete()
    assert not verified()[0]


def test_swapped_entries_are_found(partnership: Partnership, unguarded: None) -> None:
    one, other = entry(partnership, 3), entry(partnership, 5)
    for row, place in ((one, 1000), (other, 3), (one, 5)):
        AuditEntry.objects.filter(pk=row.pk).update(sequence=place)
    holds, said = verified()
    assert not holds
    assert "testshire entry 3 " in said
    assert "testshire entry 5 " in said


def test_an_entry_slipped_in_is_found(partnership: Partnership, unguarded: None) -> None:
    last = entry(partnership, AuditHead.objects.get(partnership=partnership).sequence)
    forged = AuditEntry(
        partnership=partnership, sequence=last.sequence + 1, at=NOW, verb="x", noun="y", previous_hash=last.hash
    )
    forged.hash = audit.digest(forged)
    forged.save()
    assert not verified()[0]


def test_a_missing_head_is_found(partnership: Partnership, unguarded: None) -> None:
    AuditHead.objects.filter(partnership=partnership).delete()
    assert not verified()[0]


def test_without_its_head_the_chain_goes_on_and_says_so_for_ever(partnership: Partnership, unguarded: None) -> None:
    """Else nothing could be written any more, and no referral sent."""
    before = AuditEntry.objects.filter(partnership=partnership).count()
    AuditHead.objects.filter(partnership=partnership).delete()
    made = audit.record(partnership=partnership, verb="referral.sent", noun="referral", by=None, at=NOW)
    assert made.verb == "referral.sent" and made.sequence == before + 2
    whole, said = verified()
    assert not whole and f"{before + 1}" in said and "head was missing" in said


def test_chains_are_a_partnerships_own(partnership: Partnership, unguarded: None) -> None:
    other = make_world("othershire").partnership
    AuditEntry.objects.filter(pk=entry(partnership, 4).pk).update(verb="x")
    assert list(audit.faults(other)) == []
    assert len(list(audit.faults(partnership))) == 1


def test_an_entry_joins_the_transaction_of_its_change(partnership: Partnership) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record(partnership=partnership, verb="x", noun="y", by=None, at=NOW)
        raise RuntimeError
    assert AuditEntry.objects.count() == before
    assert verified()[0]


@pytest.mark.both_databases
@pytest.mark.parametrize("put", [{"sequence": 2}, {"sequence": 2**62}, {"hash": "f" * 64}], ids=str)
def test_the_head_is_put_nowhere_but_where_the_last_entry_is(partnership: Partnership, put: dict[str, Any]) -> None:
    """Put back, it would have every next entry refused, and with it every referral."""
    with pytest.raises(DatabaseError, match="where its last entry is"), transaction.atomic():
        AuditHead.objects.filter(partnership=partnership).update(**put)
    assert audit.record(partnership=partnership, verb="x", noun="y", by=None, at=NOW) and verified()[0]
