"""Worlds made once: the first of a name is made by the actions, each later one is its rows put back.

To publish the same threshold anew takes a test a tenth of a second, its rows a hundredth. Only on PostgreSQL: its keys
are never given out twice, so that rows put back meet none that the test made before.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction

KEPT = {"django_content_type", "auth_permission", "django_migrations"}
"""Tables that hold what models are, and nothing that a test wrote."""


UNGUARDED = "SET LOCAL session_replication_role = replica"
GUARDED = "SET LOCAL session_replication_role = DEFAULT"
"""Whole, the rows hold to every guard; one by one they would not: a published threshold takes no indicator."""


@dataclass(frozen=True)
class Made:
    statement: str
    world: bytes


made: dict[str, Made] = {}


def again(name: str, build: Callable[[], Any]) -> Any:
    """What `build` makes under this name, the second time as it was the first time, as far as nothing else was changed
    by it. Nothing that was counted of its people in a test before counts in this one."""
    if connection.vendor != "postgresql" or not may_write_everywhere():
        return build()
    if name in made:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(made[name].statement)
        cache.clear()
        return pickle.loads(made[name].world)  # noqa: S301  what this process wrote a moment ago
    before = rows()
    world = build()
    after = rows()
    if all(before[table] <= after[table] for table in after):
        put = [into(table, sorted(after[table] - before[table])) for table in after if after[table] - before[table]]
        made[name] = Made(";\n".join((UNGUARDED, *put, GUARDED)), pickle.dumps(world))
    return world


def may_write_everywhere() -> bool:
    """Whether no policy of rows holds for who asks."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone() == ("on",))


def rows() -> dict[str, frozenset[str]]:
    """Every row of every table, as JSON."""
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - KEPT:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608  names that the database gave
            found[table] = frozenset(row for (row,) in cursor.fetchall())
    return found


def into(table: str, told: list[str]) -> str:
    """The statement that puts these rows into this table, all columns but those that the database works out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
        cursor.execute("SELECT quote_literal(%s)", [f"[{', '.join(told)}]"])
        (literal,) = cursor.fetchone()
    return (
        f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE '  # noqa: S608
        f'SELECT {columns} FROM json_populate_recordset(NULL::"{table}", {literal})'
    )
