"""What is sealed opens only whole and only with its key; what can't be opened is never overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.core.exceptions import FieldError, ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from partnerships import encryption
from partnerships.encryption import EncryptedTextField, LockedFacts, Unreadable, reseal, seal, unseal
from referrals.models import Referral

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_unchanged(plain: bytes) -> None:
    sealed = seal(plain)
    assert unseal(sealed) == plain
    assert sealed != seal(plain), "the same twice looks different"
    assert len(plain) < 4 or plain not in sealed


@pytest.mark.parametrize("place", [0, 9, 20, 40, -1])
def test_a_changed_seal_is_told(place: int) -> None:
    sealed = bytearray(seal(b"a refuge"))
    sealed[place] ^= 1
    with pytest.raises(Unreadable):
        unseal(bytes(sealed))


@pytest.mark.parametrize("cut", [b"", b"gAAAA", b"{}", b"\xff\xfe", "ü".encode()])
def test_what_was_never_sealed_is_told(cut: bytes) -> None:
    with pytest.raises(Unreadable):
        unseal(cut)


def test_a_new_key_in_front_opens_the_old_and_seals_the_new(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    sealed = seal(b"who told")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    anew = reseal(sealed)
    assert unseal(sealed) == unseal(anew) == b"who told"
    settings.ENCRYPTION_KEYS = [NEW]
    assert unseal(anew) == b"who told"
    with pytest.raises(Unreadable):
        unseal(sealed)


def test_a_key_that_is_none_is_one_line(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ["short"]
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS must be keys"):
        seal(b"x")


def field(of: type[EncryptedTextField], name: str = "kept") -> Any:
    made = of()
    made.set_attributes_from_name(name)
    made.model = Referral
    return made


def test_a_sealed_text_that_no_key_opens_is_put_back_as_it_was(settings: Any) -> None:
    kept = field(EncryptedTextField)
    stored = kept.get_prep_value("07700 900123, never after six")
    settings.ENCRYPTION_KEYS = [NEW]
    read = kept.from_db_value(stored, None, None)
    assert read == encryption.UNREADABLE
    assert kept.get_prep_value(read) == stored


def test_sealed_facts_that_no_key_opens_are_empty_and_put_back_as_they_were(settings: Any) -> None:
    kept = Referral._meta.get_field("referrer_details")
    stored = kept.get_prep_value({"name": "Ann"})
    settings.ENCRYPTION_KEYS = [NEW]
    read = kept.from_db_value(stored, None, None)
    assert isinstance(read, LockedFacts) and read == {}
    assert kept.get_prep_value(read) == stored


def test_nothing_said_stays_nothing() -> None:
    kept = field(EncryptedTextField)
    assert kept.get_prep_value("") == "" and kept.get_prep_value(None) is None
    assert kept.from_db_value("", None, None) == ""


@pytest.mark.parametrize("lookup", ["icontains", "contains", "startswith", "gt", "regex"])
def test_nobody_can_look_into_what_is_sealed(lookup: str) -> None:
    with pytest.raises(FieldError, match="is sealed"):
        Referral._base_manager.filter(**{f"referrer_details__{lookup}": "x"})


def test_a_field_needs_to_be_named_in_no_list_to_be_rotated() -> None:
    assert (Referral, Referral._meta.get_field("referrer_details")) in encryption.sealed_fields()


def test_production_does_not_start_without_keys(tmp_path: Any) -> None:
    environment = {**os.environ, "FRONT_DOOR_DEMO": "0", "SECRET_KEY": "x" * 60, "ENCRYPTION_KEYS": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "permissions"],
        cwd=configured.BASE_DIR,
        env={**environment, "FRONT_DOOR_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Set ENCRYPTION_KEYS" in done.stderr
    assert not (tmp_path / "encryption-key").exists()
