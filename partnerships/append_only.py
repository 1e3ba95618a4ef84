"""The database's own refusal to change or delete an audit entry. Installed by migration 0002.

The ways round a row's trigger are closed too: SQLite's INSERT OR REPLACE and PostgreSQL's TRUNCATE.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from partnerships.triggers import run

MESSAGE = "The audit trail only grows"


def statements(vendor: str) -> tuple[list[str], list[str]]:
    """What installs the guard, and what removes it."""
    table = "partnerships_auditentry"
    if vendor == "postgresql":
        return (
            [
                "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION '{MESSAGE}'; END $$",
                f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
                f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_append_only()",
            ],
            [
                f"DROP TRIGGER IF EXISTS audit_no_truncate ON {table}",
                f"DROP TRIGGER IF EXISTS audit_append_only ON {table}",
                "DROP FUNCTION IF EXISTS audit_append_only()",
            ],
        )
    return (
        [
            f"CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for event in ("UPDATE", "DELETE")
        ]
        + [
            f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE "
            "id = NEW.id OR (partnership_id = NEW.partnership_id AND sequence = NEW.sequence)) "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        ],
        [f"DROP TRIGGER IF EXISTS audit_no_{event}" for event in ("update", "delete", "replace")],
    )


def install(connection: BaseDatabaseWrapper) -> None:
    run(connection, statements(connection.vendor)[0])


def remove(connection: BaseDatabaseWrapper) -> None:
    run(connection, statements(connection.vendor)[1])
