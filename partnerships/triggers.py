"""Putting the database's own guards in place and taking them away."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def run(connection: BaseDatabaseWrapper, commands: list[str]) -> None:
    with connection.cursor() as cursor:
        for command in commands:
            cursor.execute(command)
