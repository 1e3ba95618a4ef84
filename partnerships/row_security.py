"""The second wall, on PostgreSQL: the database itself shows a child's rows to their own partnership alone.

Each table of `referrals` has a policy, forced on its owner too. Every statement carries the partnership that the
code is at work for (`django_scopes`), in the same message to the server: what is set lasts for that statement, or for
the transaction that it stands in, never for the connection. So a pooled connection hands nothing on, and a statement
outside any transaction is held to the wall as well. Without a partnership there are no rows.

The portal serves as an ordinary role (`DATABASE_URL`); a superuser and a role with BYPASSRLS see past any policy. The
owner of the tables migrates (`DATABASE_OWNER_URL`), and grants the serving role what it needs: on the audit trail, to
read and to add, never to change. On SQLite there is no second wall.

A row hangs on rows of its own partnership alone: a foreign key by itself looks past the policies, and would tell
whoever writes SQL in the portal's name that another's record is there, and let them hang something on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django_scopes.state import get_scope

SETTING = "app.tenant"
EVERY = "*"
"""What is at work for all partnerships: migrations, and what the code runs with `scopes_disabled`."""
POLICY = "of_one_partnership"
CONDITION = (
    f"current_setting('{SETTING}', true) = '{EVERY}' OR "
    f"partnership_id = nullif(nullif(current_setting('{SETTING}', true), ''), '{EVERY}')::bigint"
)
READS_OR_WRITES = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "EXPLAIN")
"""What reads or writes rows begins so; the rest (a new database, a savepoint) takes nothing before it."""
ONLY_GROWS = ("partnerships_auditentry",)
SEES_MORE = (
    *("pg_monitor", "pg_read_all_stats", "pg_read_all_data", "pg_write_all_data", "pg_read_server_files"),
    *("pg_write_server_files", "pg_execute_server_program", "pg_signal_backend"),
)
"""Roles of PostgreSQL's own to which the serving role does not belong."""
_migrating = ""
"""The database that is being migrated, by its name in the settings, if any is."""


class MigratesAsOwner:
    """What a migration reads and writes goes by the connection that migrates, whether or not it says so itself."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return _migrating or None

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        return _migrating or None


def guarded_models() -> list[type[models.Model]]:
    """Every model of a child's record: those of `referrals` that belong to a partnership."""
    return [
        model
        for model in apps.get_app_config("referrals").get_models()
        if model._meta.managed and any(field.name == "partnership" for field in model._meta.concrete_fields)
    ]


def tenant() -> str:
    """For whom the code is at work now, as the policies read it."""
    if _migrating:
        return EVERY
    scope = get_scope()
    if not scope.get("_enabled", True):
        return EVERY
    partnership = scope.get("partnership")
    return str(int(partnership.pk)) if partnership is not None else ""


def carry_tenant(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Send who the statement is for before it, in one message: one implicit transaction, no further round trip."""
    if isinstance(sql, str) and sql.lstrip(" (\n").upper().startswith(READS_OR_WRITES):
        sql = f"SELECT set_config('{SETTING}', '{tenant()}', true); {sql}"
    return execute(sql, params, many, context)


def on_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql" and carry_tenant not in connection.execute_wrappers:
        connection.execute_wrappers.append(carry_tenant)


def before_migrations(using: str, **_: Any) -> None:
    """A migration works on the rows of all partnerships."""
    global _migrating
    _migrating = using


def after_migrations(using: str, **_: Any) -> None:
    """Put a policy on each table that has none yet, and let the serving role do what it needs."""
    global _migrating
    connection = connections[using]
    if connection.vendor == "postgresql":
        protect(connection)
        serving = connections["default"].settings_dict["USER"]
        if using == "owner" and serving:
            grant(connection, serving)
    _migrating = ""


def definition(model: type[models.Model]) -> str:
    """The policy of a table: what of it is seen, and what may be written there."""
    guarded = set(guarded_models())
    hangs_on = [
        f'("{field.column}" IS NULL OR EXISTS (SELECT FROM "{field.related_model._meta.db_table}" above '
        f'WHERE above.id = "{model._meta.db_table}"."{field.column}"))'
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in guarded - {model}  # a policy can't ask for its own table
    ]
    return f"USING ({CONDITION}) WITH CHECK ({' AND '.join([f'({CONDITION})', *hangs_on])})"


def mark(model: type[models.Model]) -> str:
    """By which an older policy is told apart; it stands beside the policy, as its comment."""
    return hashlib.sha256(definition(model).encode()).hexdigest()[:16]


def marks(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Table → the mark of its policy."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, coalesce(obj_description(p.oid, 'pg_policy'), '') FROM pg_policy p "
            "JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = %s",
            [POLICY],
        )
        return dict(cursor.fetchall())


def protect(connection: BaseDatabaseWrapper) -> None:
    there, done = set(connection.introspection.table_names()), marks(connection)
    with connection.cursor() as cursor:
        for model in guarded_models():
            table = model._meta.db_table
            if table not in there or done.get(table) == mark(model):
                continue
            cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            cursor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            cursor.execute(
                f'DROP POLICY IF EXISTS {POLICY} ON "{table}"; '
                f'CREATE POLICY {POLICY} ON "{table}" {definition(model)}; '
                f"COMMENT ON POLICY {POLICY} ON \"{table}\" IS '{mark(model)}'"
            )


def grant(connection: BaseDatabaseWrapper, role: str) -> None:
    """What the serving role may do: read and write rows, on the audit trail read and add; never change a table."""
    name = connection.ops.quote_name(role)
    schema = "public"
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {name}")
        cursor.execute(f"REVOKE DELETE, TRUNCATE ON partnerships_audithead FROM {name}")
        for table in ONLY_GROWS:
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name}")


def owned(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables of the second wall that this role owns, and whose policies it could so take down."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND pg_has_role(current_user, relowner, 'MEMBER') AND relname = ANY (%s) ORDER BY 1",
            [[model._meta.db_table for model in guarded_models()] + list(ONLY_GROWS)],
        )
        return [row[0] for row in cursor.fetchall()]


def faults(connection: BaseDatabaseWrapper) -> list[str]:
    """What of the second wall is missing in this database, for this role; empty where it stands."""
    if connection.vendor != "postgresql":
        return []
    said = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)")
        said += [f"the role {row[0]} sees past every policy" for row in cursor.fetchall()]
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolreplication) "
            "AND NOT rolsuper"
        )
        said += [f"the role {row[0]} can make itself another, or copy the whole server" for row in cursor.fetchall()]
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, count(p.polname) FROM pg_class c "
            "LEFT JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relkind IN ('r', 'p') GROUP BY 1, 2"
        )
        found = {table: (forced, policies) for table, forced, policies in cursor.fetchall()}
        of_now = marks(connection)
        for model in guarded_models():
            table = model._meta.db_table
            forced, policies = found.get(table, (False, 0))
            if not forced or policies != 1:
                said.append(f"{table} has no forced policy")
            elif of_now.get(table) != mark(model):
                said.append(f"{table} has the policy of an older version")
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND pg_has_role(current_user, oid, 'MEMBER') "
            "AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
            [list(SEES_MORE)],
        )
        said += [f"the role belongs to {row[0]}, and sees what others ask the server" for row in cursor.fetchall()]
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('v', 'm') "
            "AND nspname = 'public' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
        )
        said += [f"the view {row[0]} reads as its owner" for row in cursor.fetchall()]
    return said


def statements_told(connection: BaseDatabaseWrapper) -> bool:
    """Whether the server shows, to every session of this role, the statements of all others of it, names and all."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW track_activities")
        return cursor.fetchone()[0] == "on"
