"""What every test stands on: plain static files, quick passwords, a database that can be emptied between tests."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.nodeid import NodeId
from django.db import connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from partnerships import append_only
from referrals import nudging
from tests.put_back import KEPT
from thresholds import immutability, loading

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the test's thread

hypothesis_settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("ours")  # a busy machine is no fault of the code's

log_in = Client.force_login


def log_in_with_every_factor(self: Client, user: Any, backend: str | None = None) -> None:
    """`force_login` signs in with all that a role needs; `force_login_by_password` by a password alone."""
    log_in(self, user, backend)
    session = self.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": 0}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def prove_again(self: Client) -> None:
    """What `force_login` gave is long ago; this is somebody who has just given a code."""
    session = self.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()


Client.force_login = log_in_with_every_factor
Client.prove_again = prove_again
Client.force_login_by_password = log_in


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    keep_groups_together(config, items)
    if os.environ.get("RAN_ON_POSTGRESQL") == "1":
        leave_out_what_passed(config, items)


def pytest_collection_finish() -> None:
    """What thousands of collected tests hold is looked through for garbage no more, and what they leave less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def keep_groups_together(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one `xdist_group` go to one process, which starts what they share once.

    xdist knows them by an address that ends in the group's name. It writes that where pytest reads it no more (since
    9.2), and then scatters them without a word.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and "@" not in item.nodeid:
            item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")  # type: ignore[attr-defined]


def leave_out_what_passed(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where everything on the database has just passed on PostgreSQL, ask SQLite only where it may answer otherwise.

    That is what locks, commits, triggers and raw statements do: tests that need real transactions, and modules marked
    `both_databases`. `bin/test` says so with RAN_ON_POSTGRESQL.
    """
    kept, left = [], []
    for item in items:
        database = item.get_closest_marker("django_db")
        real = bool(database and database.kwargs.get("transaction")) or "transactional_db" in item.fixturenames
        again = real or item.get_closest_marker("both_databases") or "integration" not in item.path.parts
        (kept if again else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def empty_tables(self: TransactionTestCase) -> None:
    """Empty the tables after a transactional test, those that hold something; the guards rightly refuse that.

    Django's own way truncates every table and makes what stands in `KEPT` anew, which takes a second each time.
    """
    tables = [name for name in connection.introspection.table_names() if name not in KEPT]
    connection.check_constraints()  # what Django's own way would have found at the end
    if connection.vendor == "postgresql":
        empty = "".join(f'DELETE FROM "{name}";' for name in tables)  # noqa: S608  names that the database itself gave
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no guard, no foreign key
            cursor.execute(empty)
        return
    guards = (append_only, immutability)
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        for guard in guards:
            guard.remove(connection)
        for name in tables:
            cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608
        for guard in guards:
            guard.install(connection)


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file: threads on the shared memory database are told "locked" at once, where a file's wait.

    Neither server waits for the disk: no test pulls the plug of this machine.
    """
    for each in connections.all(initialized_only=False):
        if each.vendor == "sqlite":
            each.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
            told = each.settings_dict["OPTIONS"]
            told["init_command"] = told["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        else:
            each.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def attachments_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attachments")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tables straight from the models (`--no-migrations`), with the triggers that a migration would have put there.

    Going through the migrations costs each process several seconds. That they lead to the same tables is what
    `make lint` asks; that they run is shown by the journeys, whose portals migrate an empty database of either kind.
    """
    with django_db_blocker.unblock():
        MigrationRecorder(connection).ensure_schema()  # the one table that no model makes
        for guard in (append_only, immutability):
            guard.install(connection)


@pytest.fixture(autouse=True)
def plain_settings(settings, attachments_folder: Path) -> Iterator[None]:
    settings.ATTACHMENTS_DIR = attachments_folder
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.CELERY_BROKER_URL = "memory://"
    settings.WHITENOISE_AUTOREFRESH = True  # else each new `Client` lists every static file first
    settings.SECOND_FACTOR = True  # as outside the demonstration
    settings.AFTERWARDS_WITHIN = 0  # done before the next request of the test, in its own thread
    settings.REQUEST_LIMITS = {}  # a walk asks for more in a minute than anybody reads in a day
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    yield


class Refusals(logging.Handler):
    """Keeps what `referrals.audiences` refused, by field."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture(autouse=True)
def refusals() -> Iterator[list[str]]:
    """No page asks for a field that its reader may not have: it would be empty there, and only the log would say so.

    A test that means to provoke it takes this fixture and empties the list.
    """
    log, kept = logging.getLogger("referrals.audiences"), Refusals()
    log.addHandler(kept)
    yield kept.said
    log.removeHandler(kept)
    assert kept.said == []


@pytest.fixture(autouse=True)
def no_broker_of_another_test() -> None:
    """One that was away there is asked again here."""
    nudging.forget()


@pytest.fixture(autouse=True)
def no_threshold_of_another_test() -> None:
    """A rolled-back version's key is given out again by SQLite: what was read under it must go with it."""
    if connection.vendor == "sqlite":
        loading._load_published.cache_clear()
