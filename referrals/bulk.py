"""Writing many rows straight into a table, past the actions: for synthetic data alone, never for a real child."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction
from django.db.models import AutoField
from django_scopes import scope

from partnerships.models import Partnership


class Table:
    """Rows on their way into one table: what is not given takes the model's default, worked out once.

    PostgreSQL takes them by COPY, SQLite by one prepared statement: several times as fast as making objects of them.
    """

    def __init__(self, model: type[Any], partnership: Partnership) -> None:
        self.model = model
        fields = [each for each in model._meta.concrete_fields if not each.generated and not is_counted(each)]
        self.columns = [each.column for each in fields]
        self.defaults: dict[str, Any] = {
            each.attname: each.get_db_prep_save(each.get_default(), connection)
            if not each.primary_key and each.has_default()
            else ("" if each.empty_strings_allowed and not each.null else None)
            for each in fields
        }
        self.defaults["partnership_id"] = partnership.pk
        for name, default in self.defaults.items():
            if default is not None and not isinstance(default, str | int | float | bool):
                self.defaults[name] = json.dumps(getattr(default, "adapted", default), default=str)
        self.rows: list[list[Any]] = []

    def add(self, **given: Any) -> None:
        row = {**self.defaults, **given}
        if len(row) != len(self.defaults):
            raise TypeError(f"{self.model.__name__} has no {set(given) - set(self.defaults)}")
        self.rows.append(list(row.values()))

    def taken(self) -> list[list[Any]]:
        """What was gathered; the next rows begin anew."""
        rows, self.rows = self.rows, []
        return rows

    def write(self, rows: list[list[Any]]) -> None:
        """Write these rows, in the transaction that is open."""
        names = ", ".join(connection.ops.quote_name(column) for column in self.columns)
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                lines = io.StringIO("".join("\t".join(map(copied, row)) + "\n" for row in rows))
                cursor.execute("SELECT row_security_active(%s::regclass)", [table])
                if cursor.fetchone()[0]:
                    self.by_way_of_a_table_without_policies(cursor, table, names, lines)
                else:
                    copy(cursor, table, names, lines)
            else:
                marks = ", ".join(["%s"] * len(self.columns))
                told = [[stored(value) for value in row] for row in rows]
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", told)  # noqa: S608

    @staticmethod
    def by_way_of_a_table_without_policies(cursor: Any, table: str, names: str, lines: io.StringIO) -> None:
        """COPY refuses a table whose policies hold this role, and INSERT does not: each row is held to the policy."""
        cursor.execute(f"CREATE TEMP TABLE gathered ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA")  # noqa: S608
        copy(cursor, "gathered", names, lines)
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM gathered")  # noqa: S608
        cursor.execute("DROP TABLE gathered")


def copy(cursor: Any, table: str, names: str, lines: io.StringIO) -> None:
    with connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", lines)


class Pipe:
    """Batches on their way into their tables, each in a transaction of its own.

    On PostgreSQL a second thread writes one batch while the next is made up, and, where the role may, without asking
    for each key whether its row is there: whoever fills the tables made both. Inside a transaction that is already
    open (a test's) all is written at once, by the same connection, and every key is asked for.
    """

    def __init__(self, tables: list[Table], partnership: Partnership) -> None:
        self.tables, self.partnership = tables, partnership
        self.aside = connection.vendor == "postgresql" and not connection.in_atomic_block
        self.thread = ThreadPoolExecutor(1) if self.aside else None
        self.under_way: Future[None] | None = None

    def send(self) -> None:
        """Hand over what the tables have gathered. Raises what the batch before met, `IntegrityError` for one."""
        batch = [(table, table.taken()) for table in self.tables]
        if self.thread is None:
            self.write(batch)
            return
        self.wait()
        self.under_way = self.thread.submit(self.write, batch)

    def wait(self) -> None:
        if self.under_way is not None:
            self.under_way.result()

    def close(self) -> None:
        """Wait for the last batch, and give the thread's connection back."""
        if self.thread is not None:
            try:
                self.wait()
            finally:
                self.thread.submit(lambda: connection.close()).result()  # the thread's own
                self.thread.shutdown()

    def write(self, batch: list[tuple[Table, list[list[Any]]]]) -> None:
        with scope(partnership=self.partnership), transaction.atomic():  # a thread has a scope of its own
            if self.aside:
                self.trust_keys()
            for table, rows in batch:
                table.write(rows)

    def trust_keys(self) -> None:
        """Leave the keys unasked for in this transaction where the role may. The question also tells row security
        whose rows these are, which COPY by itself would not.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() == (True,):
                cursor.execute("SET LOCAL session_replication_role = replica")


def is_counted(field: Any) -> bool:
    """Whether the database numbers it by itself."""
    return isinstance(field, AutoField)


def copied(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        if "\\" in value or "\n" in value or "\t" in value:
            return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
        return value
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def stored(value: Any) -> Any:
    """A value as SQLite holds it: times without their zone, in UTC, keys without hyphens."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")
    if isinstance(value, uuid.UUID):
        return value.hex
    return value.isoformat() if isinstance(value, dt.date) else value
