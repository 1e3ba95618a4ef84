"""The database itself refuses every change to a published version, whoever asks and by whichever way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from tests.factories import LONG_AGO, World, make_world
from thresholds import actions, immutability
from thresholds.models import (
    Approval,
    Change,
    ConsentReason,
    Domain,
    EscalationStage,
    Evidence,
    Indicator,
    Level,
    Limit,
    Rule,
    Scheme,
    SchemeVersion,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CONTENT: list[Any] = [Level, Domain, Indicator, Rule, Limit, ConsentReason, Evidence, EscalationStage, Change, Approval]
MOVES = {"state", "holds_until", "in_force_to"}
every_table = pytest.mark.parametrize("model", CONTENT, ids=lambda model: model.__name__)


@pytest.fixture
def world() -> World:
    world = make_world()
    immutability.remove(connection)
    approve(world, world.version)
    immutability.install(connection)
    return world


@pytest.fixture
def draft(world: World) -> SchemeVersion:
    at = LONG_AGO + dt.timedelta(days=1)
    draft = actions.draft_from(version=world.version, by=world.people["admin"], at=at)
    approve(world, draft)
    draft.effect_seen_at, draft.effect_seen_by, draft.effect_seen_revision = at, world.people["admin"], 0
    draft.save()
    return draft


def approve(world: World, version: SchemeVersion) -> None:
    Approval.objects.create(
        version=version,
        revision=0,
        change_note="words",
        asked_at=LONG_AGO,
        asked_by=world.people["admin"],
        answer="approved",
        answered_at=LONG_AGO,
        answered_by=world.people["manager"],
    )


def refuses(statement: str, *values: Any) -> None:
    with pytest.raises(DatabaseError, match=immutability.MESSAGE), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def columns(model: type[models.Model]) -> list[str]:
    return [column.column for column in model._meta.concrete_fields]


def test_every_table_that_hangs_on_a_version_is_guarded() -> None:
    hanging = {
        relation.related_model._meta.db_table
        for relation in SchemeVersion._meta.related_objects
        if relation.related_model._meta.app_label == "thresholds" and relation.related_model is not SchemeVersion
    }
    hanging -= {f"thresholds_{table}" for table in immutability.BESIDE}
    assert hanging == {f"thresholds_{table}" for table in immutability.CONTENT}
    assert hanging == {model._meta.db_table for model in CONTENT}


def test_every_column_of_a_version_is_frozen_or_may_move() -> None:
    assert set(columns(SchemeVersion)) == {"id"} | set(immutability.FROZEN) | MOVES


@every_table
def test_no_column_of_published_content_changes(world: World, model: Any) -> None:
    row = model.objects.filter(version=world.version).first()
    before = model.objects.filter(pk=row.pk).values().get()
    for column in columns(model):
        refuses(f'UPDATE {model._meta.db_table} SET "{column}" = "{column}" WHERE id = %s', row.pk)
    assert model.objects.filter(pk=row.pk).values().get() == before


@every_table
def test_no_published_content_is_deleted(world: World, model: Any) -> None:
    count = model.objects.filter(version=world.version).count()
    assert count
    refuses(f"DELETE FROM {model._meta.db_table} WHERE version_id = %s", world.version.pk)
    assert model.objects.filter(version=world.version).count() == count


@every_table
def test_nothing_is_added_to_published_content(world: World, draft: SchemeVersion, model: Any) -> None:
    """Neither by an insert nor by moving a draft's row in, nor by moving one out."""
    table, names = model._meta.db_table, [name for name in columns(model) if name not in ("id", "version_id")]
    row = model.objects.filter(version=draft).first()
    listed = ", ".join(f'"{name}"' for name in names)
    refuses(
        f"INSERT INTO {table} (version_id, {listed}) SELECT %s, {listed} FROM {table} WHERE id = %s",
        world.version.pk,
        row.pk,
    )
    refuses(f"UPDATE {table} SET version_id = %s WHERE id = %s", world.version.pk, row.pk)
    published = model.objects.filter(version=world.version).first()
    refuses(f"UPDATE {table} SET version_id = %s WHERE id = %s", draft.pk, published.pk)


@every_table
def test_no_published_row_is_replaced(world: World, draft: SchemeVersion, model: Any) -> None:
    """SQLite deletes the row that stands in the way without asking a trigger for DELETE."""
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite, which has INSERT OR REPLACE")
    table, names = model._meta.db_table, [name for name in columns(model) if name != "id"]
    listed = ", ".join(f'"{name}"' for name in names)
    own, published = (model.objects.filter(version=version).first().pk for version in (draft, world.version))
    before = model.objects.filter(pk=published).values().get()
    refuses(
        f"INSERT OR REPLACE INTO {table} (id, {listed}) SELECT %s, {listed} FROM {table} WHERE id = %s", published, own
    )
    assert model.objects.filter(pk=published).values().get() == before


def test_a_published_version_is_not_replaced(world: World, draft: SchemeVersion) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite, which has INSERT OR REPLACE")
    listed = ", ".join(f'"{name}"' for name in columns(SchemeVersion) if name not in ("id", "slug"))
    statement = (
        "INSERT OR REPLACE INTO thresholds_schemeversion (id, slug, {0}) SELECT %s, %s, {0} FROM {1} WHERE id = %s"
    )
    statement = statement.format(listed, "thresholds_schemeversion")
    refuses(statement, world.version.pk, "another", draft.pk)
    refuses(statement, 9999, world.version.slug, draft.pk)


@pytest.mark.parametrize("table", [*immutability.CONTENT, "schemeversion"])
def test_no_table_is_truncated(world: World, table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, which has TRUNCATE")
    connection.check_constraints()  # what is deferred would refuse first, for another reason
    refuses(f"TRUNCATE thresholds_{table} CASCADE")


def test_a_published_version_is_not_deleted_nor_made_a_draft_again(world: World) -> None:
    refuses("DELETE FROM thresholds_schemeversion WHERE id = %s", world.version.pk)
    refuses("UPDATE thresholds_schemeversion SET state = 'draft' WHERE id = %s", world.version.pk)
    with pytest.raises(DatabaseError, match=immutability.MESSAGE), transaction.atomic():
        world.version.delete()
    assert SchemeVersion.objects.get(pk=world.version.pk).state == "published"


OTHER = {
    "guidance": '{"after": "other"}',
    "flag_notes": '{"a": "b"}',
    "plot_sheet": '{"a": "b"}',
    "in_force_from": "1999-01-01",
    "review_on": "1999-01-01",
    "revision": 99,
    **dict.fromkeys(("created_at", "published_at", "holds_from"), "1999-01-01 00:00:00+00:00"),
    "created_by_id": None,
    "published_by_id": None,
    "based_on_id": None,
    "effect_seen_at": "1999-01-01 00:00:00+00:00",
    "effect_seen_by_id": None,
    "effect_seen_revision": 99,
    "scheme_id": None,
}


@pytest.mark.parametrize("column", immutability.FROZEN)
def test_no_frozen_column_of_a_published_version_changes(world: World, draft: SchemeVersion, column: str) -> None:
    """The version here is one made from another by a person, so that every column holds something to change."""
    at = LONG_AGO + dt.timedelta(days=2)
    version = actions.publish(version=draft, holds_from=at, change_note="words", by=world.people["admin"], at=at)
    value: Any = OTHER.get(column, "other")
    if column == "scheme_id":
        other = make_world("othershire").version
        value = Scheme.objects.get(versions=other).pk
    refuses(f"UPDATE thresholds_schemeversion SET {column} = %s WHERE id = %s", value, version.pk)


def test_a_published_version_may_be_superseded(world: World, draft: SchemeVersion) -> None:
    at = LONG_AGO + dt.timedelta(days=2)
    actions.publish(version=draft, holds_from=at, by=world.people["admin"], at=at)
    world.version.refresh_from_db()
    assert (world.version.state, world.version.holds_until) == ("superseded", at)


@every_table
def test_a_drafts_content_changes_freely(draft: SchemeVersion, model: Any) -> None:
    row = model.objects.filter(version=draft).first()
    row.save()
    row.delete()
    assert not model.objects.filter(pk=row.pk).exists()


def test_a_draft_is_deleted_with_all_its_content(draft: SchemeVersion) -> None:
    draft.delete()
    assert not Indicator.objects.filter(version_id=draft.pk).exists()


def test_the_guards_come_off_and_go_on_again(world: World) -> None:
    immutability.remove(connection)
    Indicator.objects.filter(version=world.version).update(label="changed")
    immutability.install(connection)
    with pytest.raises(DatabaseError, match=immutability.MESSAGE), transaction.atomic():
        Indicator.objects.filter(version=world.version).update(label="again")
