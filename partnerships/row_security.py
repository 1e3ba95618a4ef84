"""The second wall, on PostgreSQL: the database itself shows a child's rows to their own partnership alone.

Each table of `referrals` has a policy, forced on its owner too. Every statement carries the partnership that the
code is at work for (`django_scopes`), in the same message to the server: what is set lasts for that statement, or for
the transaction that it stands in, never for the connection. So a pooled connection hands nothing on, and a statement
outside any transaction is held to the wall as well. Without a partnership there are no rows.

The portal serves as an ordinary role (`DATABASE_URL`); a superuser and a role with BYPASSRLS see past any policy. The
owner of the tables migrates (`DATABASE_OWNER_URL`), and grants the serving role what it needs: on the audit trail, to
read and to add, never to change. On SQLite there is no second wall.
"""

from __future__ import annotations

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


def protect(connection: BaseDatabaseWrapper) -> None:
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = %s", [POLICY])
        done = {row[0] for row in cursor.fetchall()}
        for model in guarded_models():
            table = model._meta.db_table
            if table in done or table not in there:
                continue
            cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            cursor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            cursor.execute(f'CREATE POLICY {POLICY} ON "{table}" USING ({CONDITION}) WITH CHECK ({CONDITION})')


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
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_has_role(current_user, relowner, 'USAGE') "
            "AND relname = ANY (%s) ORDER BY 1",
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
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, count(p.polname) FROM pg_class c "
            "LEFT JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relkind IN ('r', 'p') GROUP BY 1, 2"
        )
        found = {table: (forced, policies) for table, forced, policies in cursor.fetchall()}
        for model in guarded_models():
            forced, policies = found.get(model._meta.db_table, (False, 0))
            if not forced or policies != 1:
                said.append(f"{model._meta.db_table} has no forced policy")
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('v', 'm') "
            "AND nspname = 'public' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
        )
        said += [f"the view {row[0]} reads as its owner" for row in cursor.fetchall()]
    return said
