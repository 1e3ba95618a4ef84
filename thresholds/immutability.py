"""The database's own refusal to change what is published. Installed by migration 0002, widened by 0003.

Content rows hang on a version: while it is a draft they change freely; after, no insert, update or delete passes.
Of a published version itself only `state`, `holds_until` and `in_force_to` may still move (it is superseded).

The ways round a row's trigger are closed too: SQLite's INSERT OR REPLACE, which deletes without saying so, and
PostgreSQL's TRUNCATE, which looks at no row.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from partnerships.triggers import run

Names = tuple[str, ...]

FIRST_CONTENT = ("level", "domain", "indicator", "rule", "limit", "consentreason", "evidence", "escalationstage")
CONTENT = (*FIRST_CONTENT, "change", "approval")
"""Every table whose rows hang on a version and are frozen with it."""
BESIDE: Names = ()
"""Tables that hang on a version and go on changing when it is published, such as what was worked out from it."""
FIRST_FROZEN = (
    "scheme_id",
    "slug",
    "title",
    "document",
    "in_force_from",
    "review_on",
    "step_word",
    "guidance",
    "plot_sheet",
    "flag_notes",
    "change_note",
    "revision",
    "created_at",
    "created_by_id",
    "based_on_id",
    "published_at",
    "published_by_id",
    "holds_from",
)
FROZEN = (*FIRST_FROZEN, "effect_seen_at", "effect_seen_by_id", "effect_seen_revision")
MESSAGE = "A published threshold version never changes: make a draft from it"


def statements(vendor: str, content: Names = CONTENT, frozen: Names = FROZEN) -> tuple[list[str], list[str]]:
    """What installs the guard, and what removes it. A migration names the tables and columns that there are then."""
    return (postgresql if vendor == "postgresql" else sqlite)(content, frozen)


def sqlite(content: Names, frozen: Names) -> tuple[list[str], list[str]]:
    install, remove = [], []
    for table in content:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            name = f"thresholds_{table}_{event.lower()}_{row.lower()}_guard"
            install.append(
                f"CREATE TRIGGER {name} BEFORE {event} ON thresholds_{table} WHEN "
                f"(SELECT state FROM thresholds_schemeversion WHERE id = {row}.version_id) <> 'draft' "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
            remove.append(f"DROP TRIGGER IF EXISTS {name}")
        name = f"thresholds_{table}_replace_guard"
        install.append(
            f"CREATE TRIGGER {name} BEFORE INSERT ON thresholds_{table} WHEN EXISTS (SELECT 1 FROM thresholds_{table} "
            f"AS old JOIN thresholds_schemeversion AS version ON version.id = old.version_id WHERE old.id = NEW.id "
            f"AND version.state <> 'draft') BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        remove.append(f"DROP TRIGGER IF EXISTS {name}")
    name = "thresholds_version_replace_guard"
    install.append(
        f"CREATE TRIGGER {name} BEFORE INSERT ON thresholds_schemeversion WHEN EXISTS (SELECT 1 FROM "
        "thresholds_schemeversion WHERE (id = NEW.id OR slug = NEW.slug) AND state <> 'draft') "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )
    remove.append(f"DROP TRIGGER IF EXISTS {name}")
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in frozen)
    for name, event, when in (
        ("thresholds_version_update_guard", "UPDATE", f"OLD.state <> 'draft' AND (NEW.state = 'draft' OR {changed})"),
        ("thresholds_version_delete_guard", "DELETE", "OLD.state <> 'draft'"),
    ):
        install.append(
            f"CREATE TRIGGER {name} BEFORE {event} ON thresholds_schemeversion WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        remove.append(f"DROP TRIGGER IF EXISTS {name}")
    return install, remove


def postgresql(content: Names, frozen: Names) -> tuple[list[str], list[str]]:
    of_content = (
        "CREATE OR REPLACE FUNCTION thresholds_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP <> 'INSERT' AND (SELECT state FROM thresholds_schemeversion WHERE id = OLD.version_id) <> 'draft' "
        f"THEN RAISE EXCEPTION '{MESSAGE}'; END IF; "
        "IF TG_OP <> 'DELETE' AND (SELECT state FROM thresholds_schemeversion WHERE id = NEW.version_id) <> 'draft' "
        f"THEN RAISE EXCEPTION '{MESSAGE}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    changed = " OR ".join(f"OLD.{column}::text IS DISTINCT FROM NEW.{column}::text" for column in frozen)
    version = (
        "CREATE OR REPLACE FUNCTION thresholds_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.state = 'draft' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
        f"IF TG_OP = 'DELETE' OR NEW.state = 'draft' OR {changed} THEN RAISE EXCEPTION '{MESSAGE}'; END IF; "
        "RETURN NEW; END $$"
    )
    truncate = (
        "CREATE OR REPLACE FUNCTION thresholds_truncate_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    install, remove = [of_content, version, truncate], []
    for table in (*content, "schemeversion"):
        install.append(
            f"CREATE TRIGGER thresholds_truncate_guard BEFORE TRUNCATE ON thresholds_{table} "
            "EXECUTE FUNCTION thresholds_truncate_guard()"
        )
        remove.append(f"DROP TRIGGER IF EXISTS thresholds_truncate_guard ON thresholds_{table}")
    for table in content:
        install.append(
            f"CREATE TRIGGER thresholds_content_guard BEFORE INSERT OR UPDATE OR DELETE ON thresholds_{table} "
            "FOR EACH ROW EXECUTE FUNCTION thresholds_content_guard()"
        )
        remove.append(f"DROP TRIGGER IF EXISTS thresholds_content_guard ON thresholds_{table}")
    install.append(
        "CREATE TRIGGER thresholds_version_guard BEFORE UPDATE OR DELETE ON thresholds_schemeversion "
        "FOR EACH ROW EXECUTE FUNCTION thresholds_version_guard()"
    )
    remove += [
        "DROP TRIGGER IF EXISTS thresholds_version_guard ON thresholds_schemeversion",
        "DROP FUNCTION IF EXISTS thresholds_content_guard()",
        "DROP FUNCTION IF EXISTS thresholds_version_guard()",
        "DROP FUNCTION IF EXISTS thresholds_truncate_guard()",
    ]
    return install, remove


def install(connection: BaseDatabaseWrapper, content: Names = CONTENT, frozen: Names = FROZEN) -> None:
    run(connection, statements(connection.vendor, content, frozen)[0])


def remove(connection: BaseDatabaseWrapper, content: Names = CONTENT, frozen: Names = FROZEN) -> None:
    run(connection, statements(connection.vendor, content, frozen)[1])
