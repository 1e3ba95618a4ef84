"""Sealing what must not be read from a disk, a backup or a database console: fields and files, with keys that rotate.

`ENCRYPTION_KEYS` holds the keys, newest first: the first seals, every one opens. After a new key is put in front,
`manage.py rotate_keys` seals everything anew, and the old key can go. A sealed value tells whether it was changed: one
that was, or whose key is gone, is `Unreadable` and is never shown as if it were the text.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast

log = logging.getLogger(__name__)

UNREADABLE = "This can't be read: it is sealed under a key that is not here. Tell whoever runs Front Door."


class Unreadable(ValueError):
    """A sealed value that was changed, or whose key is not among `ENCRYPTION_KEYS`."""


@lru_cache(maxsize=4)
def ring_of(keys: tuple[str, ...]) -> MultiFernet:
    """The keys as one ring; a key that is none is said in one line."""
    try:
        return MultiFernet([Fernet(key.encode()) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must be keys as `manage.py rotate_keys --new-key` prints them, with commas between, "
            "the newest first."
        ) from error


def ring() -> MultiFernet:
    return ring_of(tuple(settings.ENCRYPTION_KEYS))


def seal(plain: bytes) -> bytes:
    """Encrypt and sign under the newest key. The result is ASCII, a third longer, and safe in text and JSON."""
    return ring().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """What was sealed. Raises `Unreadable` where it was changed or its key is not here."""
    try:
        return ring().decrypt(sealed)
    except (InvalidToken, TypeError) as error:
        raise Unreadable(UNREADABLE) from error


def reseal(sealed: bytes) -> bytes:
    """The same under the newest key, its time of sealing kept. Raises `Unreadable`."""
    try:
        return ring().rotate(sealed)
    except (InvalidToken, TypeError) as error:
        raise Unreadable(UNREADABLE) from error


class LockedText(str):
    """Stands for a text that can't be unsealed; saved again, it puts back what was there, so nothing is overwritten."""

    token: str

    def __new__(cls, token: str) -> LockedText:
        text = super().__new__(cls, UNREADABLE)
        text.token = token
        return text


class LockedFacts(dict[str, Any]):
    """The same for sealed JSON: empty to whoever reads it, put back as it was."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class EncryptedTextField(models.TextField):
    """A text that the database holds sealed. It can be read and written, never searched or sorted by.

    Empty stays empty, so that *was anything said* can be asked with `field=""`.
    """

    description = "Text, sealed at rest"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in ("exact", "isnull"):
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is sealed: {lookup_name} can't look into it.")

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, (LockedText, LockedFacts)):
            return value.token
        if value in (None, ""):
            return value
        return seal(self.to_plain(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if value in (None, ""):
            return self.empty(value)
        try:
            return self.from_plain(unseal(value.encode()).decode())
        except Unreadable:
            log.error("A sealed value of %s can't be read: its key is not in ENCRYPTION_KEYS", self.model.__name__)
            return self.locked(value)

    def to_plain(self, value: Any) -> str:
        return str(value)

    def from_plain(self, plain: str) -> Any:
        return plain

    def empty(self, value: str | None) -> Any:
        return value

    def locked(self, token: str) -> Any:
        return LockedText(token)


class EncryptedJSONField(EncryptedTextField):
    """JSON that the database holds sealed. Always there: an empty value is the field's default, or `{}`."""

    description = "JSON, sealed at rest"
    _pyi_private_set_type: Any  # what may be assigned and what is read, for the type checker
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        """Sealed even where it is empty: `{}` and `[]` are values."""
        if isinstance(value, (LockedText, LockedFacts)):
            return value.token
        return None if value is None else seal(self.to_plain(value).encode()).decode()

    def to_python(self, value: Any) -> Any:
        return value

    def to_plain(self, value: Any) -> str:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)

    def from_plain(self, plain: str) -> Any:
        return json.loads(plain)

    def empty(self, value: str | None) -> Any:
        return None if value is None else self.get_default() or {}

    def locked(self, token: str) -> Any:
        return LockedFacts(token)


Resealer = Callable[[], tuple[int, int]]
RESEALERS: dict[str, Resealer] = {}
"""What else is sealed beside fields, by a name for people: each seals anew and gives (sealed anew, unreadable)."""


def reseals(name: str) -> Callable[[Resealer], Resealer]:
    """Register what seals a kind of thing anew, such as the files of attachments, for `manage.py rotate_keys`."""

    def register(resealer: Resealer) -> Resealer:
        RESEALERS[name] = resealer
        return resealer

    return register


def sealed_fields() -> Sequence[tuple[type[models.Model], EncryptedTextField]]:
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


def reseal_field(model: type[models.Model], field: EncryptedTextField) -> tuple[int, int]:
    """Seal a column anew, row by row; a row that somebody writes meanwhile is theirs. Gives (done, unreadable)."""
    done = unreadable = 0
    rows = model._base_manager.annotate(sealed_now=Cast(field.name, models.TextField())).order_by()
    for pk, sealed in rows.exclude(sealed_now="").values_list("pk", "sealed_now").iterator(chunk_size=500):
        if sealed is None:
            continue
        try:
            anew = reseal(sealed.encode()).decode()
        except Unreadable:
            unreadable += 1
            continue
        now = models.Value(anew, output_field=models.TextField())
        done += rows.filter(pk=pk, sealed_now=sealed).update(**{field.name: now})
    return done, unreadable
