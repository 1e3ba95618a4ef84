"""What stands sealed in the database, and how it is sealed anew under another key."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django_scopes import scope

from partnerships import encryption
from referrals.models import Referral
from tests.factories import make_referral, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def stored(referral: Referral) -> str:
    """The column as somebody at the database's own console sees it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT referrer_details FROM referrals_referral WHERE reference = %s", [referral.reference])
        return cursor.fetchone()[0]


def rotate() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def test_who_the_referrer_is_stands_sealed(settings: Any) -> None:
    referral = make_referral(make_world())
    name = referral.referrer_details["name"]
    assert name and name not in stored(referral) and stored(referral).startswith("gAAAA")
    with scope(partnership=referral.partnership):
        assert Referral.objects.get().referrer_details == referral.referrer_details


def test_keys_rotate_and_the_old_one_can_go(settings: Any) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    world = make_world()
    referrals = [make_referral(world) for _ in range(3)]
    settings.ENCRYPTION_KEYS = [new, old]
    assert "referrals.Referral.referrer_details: 3 sealed anew" in rotate()
    settings.ENCRYPTION_KEYS = [new]
    assert all(encryption.unseal(stored(each).encode()) for each in referrals)
    with scope(partnership=world.partnership):
        assert Referral.objects.first().referrer_details["name"]


def test_a_value_that_no_key_opens_is_counted_and_kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "RESEALERS", {})  # files that other tests left in the folder of attachments
    referral = make_referral(make_world())
    before = stored(referral)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="3 can't be opened by any key"):
        rotate()
    with scope(partnership=referral.partnership):
        again = Referral.objects.get()
        again.save()  # somebody works on with it meanwhile
    assert stored(referral) == before


def test_what_is_sealed_beside_fields_is_sealed_anew_too(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "RESEALERS", {})
    encryption.reseals("files of attachments")(lambda: (7, 0))
    assert "files of attachments: 7 sealed anew" in rotate()


def test_a_new_key_is_printed() -> None:
    out = io.StringIO()
    call_command("rotate_keys", "--new-key", stdout=out)
    assert Fernet(out.getvalue().strip())


def test_the_first_key_is_printed_before_there_are_any_settings(settings: Any) -> None:
    bare = {"PATH": os.environ["PATH"], "FRONT_DOOR_DEMO": "0"}  # no SECRET_KEY, no ENCRYPTION_KEYS
    command = [sys.executable, "manage.py", "rotate_keys", "--new-key"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=bare, capture_output=True, text=True, check=True)
    assert Fernet(done.stdout.strip()) and not done.stderr
