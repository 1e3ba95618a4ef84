"""The serving role of production within a test, on PostgreSQL: a superuser sees past any policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from partnerships import row_security

ROLE = "front_door_serving_in_a_test"


def become_ordinary() -> None:
    """From here to the end of the transaction the connection is an ordinary role's, with its grants alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        row_security.grant(connection, ROLE)
        cursor.execute("SET LOCAL track_activities = off")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


@contextmanager
def as_ordinary_role() -> Iterator[None]:
    become_ordinary()
    yield
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
