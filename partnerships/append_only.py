"""The database's own refusal to change or delete an audit entry, or to move a chain's head to another place than its
last entry. Installed by migrations 0002 and 0010.

The ways round a row's trigger are closed too: SQLite's INSERT OR REPLACE and PostgreSQL's TRUNCATE. A head that was put
back would have every next entry refused, and so every referral of that partnership.
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


HEAD_MESSAGE = "The head of a trail is where its last entry is"
LAST = (
    "SELECT sequence, hash FROM partnerships_auditentry WHERE partnership_id = NEW.partnership_id "
    "ORDER BY sequence DESC LIMIT 1"
)
IS_LAST = f"SELECT 1 FROM ({LAST}) AS last WHERE last.sequence = NEW.sequence AND last.hash = NEW.hash"


def head_statements(vendor: str) -> tuple[list[str], list[str]]:
    """What installs the guard of the heads, whether or not it is there, and what removes it."""
    table = "partnerships_audithead"
    if vendor == "postgresql":
        off = [
            f"DROP TRIGGER IF EXISTS audit_head_follows ON {table}",
            "DROP FUNCTION IF EXISTS audit_head_follows()",
        ]
        on = [
            "CREATE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NOT EXISTS ({IS_LAST}) THEN RAISE EXCEPTION '{HEAD_MESSAGE}'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER audit_head_follows BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_head_follows()",
        ]
        return [*off, *on], off
    off = ["DROP TRIGGER IF EXISTS audit_head_follows"]
    on = [
        f"CREATE TRIGGER audit_head_follows BEFORE UPDATE ON {table} WHEN NOT EXISTS ({IS_LAST}) "
        f"BEGIN SELECT RAISE(ABORT, '{HEAD_MESSAGE}'); END"
    ]
    return [*off, *on], off


def install(connection: BaseDatabaseWrapper) -> None:
    install_entries(connection)
    install_head(connection)


def install_entries(connection: BaseDatabaseWrapper) -> None:
    run(connection, statements(connection.vendor)[0])


def install_head(connection: BaseDatabaseWrapper) -> None:
    run(connection, head_statements(connection.vendor)[0])


def remove(connection: BaseDatabaseWrapper) -> None:
    remove_head(connection)
    remove_entries(connection)


def remove_entries(connection: BaseDatabaseWrapper) -> None:
    run(connection, statements(connection.vendor)[1])


def remove_head(connection: BaseDatabaseWrapper) -> None:
    run(connection, head_statements(connection.vendor)[1])
