"""Writing many rows in one statement, past the making of objects: what a sweep after an outage has to say.

What stands in each row alike goes once; what differs goes as a column of values, on PostgreSQL as an array. The second
wall, keys and triggers see an ordinary INSERT.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

MANY = 100
"""From here on it pays: below, making objects is as quick and says more."""


def write(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    alike: Mapping[str, Any],
    unless_there: bool = False,
) -> None:
    """Insert rows in the transaction that is open.

    names: the fields (`to_id` for a key) that each row gives, in its order. alike: what all rows have; every other
    field takes the model's default. unless_there: a row whose key is there already is passed over.
    """
    fields = {each.attname: each for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)}
    same = {name: alike[name] if name in alike else default(each) for name, each in fields.items() if name not in names}
    one = {name: prepared(fields[name], value) for name, value in same.items()}
    each_row = [fields[name] for name in names]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(fields[name].column)) for name in (*one, *names))
    into = f"INSERT INTO {quoted(model._meta.db_table)} ({columns})"  # our own names, no value from outside
    end = " ON CONFLICT DO NOTHING" if unless_there else ""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            constants = "".join(f"%s::{kind(fields[name])}, " for name in one)
            arrays = ", ".join(f"%s::{kind(each)}[]" for each in each_row)
            told = [[plain(value) for value in column] for column in zip(*rows, strict=True)]
            sql = f"{into} SELECT {constants}given.* FROM UNNEST({arrays}) AS given{end}"  # noqa: S608  as above
            cursor.execute(sql, [*one.values(), *told])
        else:
            marks = ", ".join(["%s"] * (len(one) + len(names)))
            told = [[*one.values(), *map(prepared, each_row, row)] for row in rows]
            cursor.executemany(f"{into} VALUES ({marks}){end}", told)


def prepared(field: models.Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def kind(field: models.Field[Any, Any]) -> str:
    """A column's type; text for what has a greatest length, since a cast would cut it where the column refuses it."""
    told = field.db_type(connection) or ""
    return "text" if told.startswith("varchar") else told


def default(field: models.Field[Any, Any]) -> Any:
    if field.has_default():
        return field.get_default()
    return "" if field.empty_strings_allowed and not field.null else None


def plain(value: Any) -> Any:
    """A value as it goes into an array: keys and JSON as their text."""
    if isinstance(value, uuid.UUID):
        return str(value)
    return json.dumps(value) if isinstance(value, dict) else value
