"""A command that fails, whatever the reason, says where and of what kind in one line, and nothing of a child."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django_scopes import scope

import manage
from referrals.models import Child
from tests.factories import make_referral, make_world

NAME = "Zephyrine"
OURS = {name: app for name, app in get_commands().items() if app in ("partnerships", "thresholds", "referrals")}
READABLE = ("x", "1", "2026-11-20", "2026-11-20T10:00:00Z")


def needed(command: BaseCommand, name: str) -> list[str]:
    """Arguments that the command takes, made from what it says of them itself."""
    told: list[str] = []
    for action in command.create_parser("manage.py", name)._actions:
        if not action.required or isinstance(action, argparse._HelpAction):
            continue
        value = str(next(iter(action.choices))) if action.choices else readable(action)
        told += [action.option_strings[-1], value] if action.option_strings else [value]
    return told


def readable(action: argparse.Action) -> str:
    for text in READABLE:
        try:
            (action.type or str)(text)  # type: ignore[operator]
        except Exception:  # whatever the command's own reader raises: the next may do
            continue
        return text
    raise AssertionError(f"no value for {action.dest}")


def store_a_child_that_breaks_a_rule(*_: Any, **__: Any) -> None:
    with scope(partnership=Child.objects.none().model._meta.get_field("partnership").related_model.objects.get()):
        child = Child.objects.get()
        child.pk, child.referral_id = None, None
        child.save(force_insert=True)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """What manage.py ends with, as the interpreter would say it on the terminal."""
    monkeypatch.setattr(sys, "argv", ["manage.py", *words])
    with pytest.raises(SystemExit) as ended:
        manage.main()
    return ended.value.code


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "command-failures.log"


@pytest.mark.django_db(transaction=True)
def test_every_command_that_fails_on_a_childs_row_says_one_line_without_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kept: Path
) -> None:
    make_referral(make_world(), child={"first_name": NAME, "last_name": NAME})
    with pytest.raises(DatabaseError) as told:
        store_a_child_that_breaks_a_rule()
    if connection.vendor == "postgresql":
        assert NAME in str(told.value), "the words of this exception are the child's row"
    assert len(OURS) >= 18
    for name, app in OURS.items():
        command = load_command_class(app, name)
        monkeypatch.setattr(type(command), "handle", store_a_child_that_breaks_a_rule)
        said = run(monkeypatch, name, *needed(command, name))
        out, err = capfd.readouterr()
        assert isinstance(said, str) and "\n" not in said, (name, said)
        assert said.startswith(f"{name} failed: django.db.utils.IntegrityError at tests/integration/"), said
        assert str(kept) in said and NAME not in said + out + err, name
    details = kept.read_text()
    assert details.count("IntegrityError: (not told)") >= len(OURS) and "in execute" in details
    assert NAME not in details and kept.stat().st_mode & 0o077 == 0
    print(f"{len(OURS)} commands")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_real_command_meets_a_real_rule_of_the_database(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kept: Path
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, which prints the row that broke a rule")
    make_referral(make_world(), child={"first_name": NAME})
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_referral ADD CONSTRAINT never CHECK (reference = '') NOT VALID")
    try:
        said = run(monkeypatch, "keep_standing")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE referrals_referral DROP CONSTRAINT never")
    assert said.startswith("keep_standing failed: django.db.utils.IntegrityError at referrals/standing.py, line ")
    assert NAME not in said + "".join(capfd.readouterr()) + kept.read_text()


def test_where_nothing_can_be_kept_the_line_is_said_all_the_same(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "not there"

    def fails(*_: Any, **__: Any) -> None:
        raise KeyError(NAME)

    monkeypatch.setattr("partnerships.management.commands.permissions.Command.handle", fails)
    said = run(monkeypatch, "permissions")
    assert said.startswith("permissions failed: KeyError at tests/integration/") and said.endswith(".")
    assert "How it came" not in said and NAME not in said
