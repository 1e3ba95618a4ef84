"""Threshold files, YAML, JSON and spreadsheets, in and out. `docs/threshold-files.md` says what stands in one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import yaml

from partnerships.models import User
from thresholds import actions
from thresholds.domain.reading import read_scheme, write_scheme
from thresholds.domain.scheme import Scheme
from thresholds.models import SchemeVersion
from thresholds.sheets.reading import NotASpreadsheet, read_xlsx
from thresholds.sheets.writing import to_xlsx

Positions = dict[str, int]
MOST_BYTES = 1_000_000
MOST_UPLOAD = 5_000_000
MOST_READ_AGAIN = 300_000
"""Letters of a broken file that are read a second time, by hand's own reader, which takes ten times as long."""

DEEPEST = 12
LONGEST_NUMBER = 100
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")
"""What is made of more than its letters: `1:1:1:…`, a number to the base of sixty, takes a minute for a megabyte."""

Quick = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as quick, wherever PyYAML was built with it, as its wheels are."""


class Unreadable(ValueError):
    """The file is no YAML or JSON that can be a threshold; the message says where."""


def read_text(text: str) -> Scheme:
    """A file's text as a `Scheme`. Raises `Unreadable`, or `SchemeErrors` with every mistake and its line."""
    return read_scheme(*with_lines(text))


def with_lines(text: str) -> tuple[Any, Positions]:
    """What a file says, and the line of each value by its path. Raises `Unreadable`."""
    if len(text) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1_000_000} MB: no threshold is.")
    try:
        try:
            return parsed(text, Quick)
        except yaml.YAMLError:
            if len(text) > MOST_READ_AGAIN:
                raise
            return parsed(text, yaml.SafeLoader)  # who writes a file by hand is told more of where it breaks
    except Unreadable:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise Unreadable(f"{where}{getattr(error, 'problem', None) or 'this is not YAML or JSON'}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise Unreadable("a value can't be read: a date that does not exist, or nesting without end") from error


def parsed(text: str, how: Any) -> tuple[Any, Positions]:
    """What a file says, and its lines, as this loader of PyYAML's reads it."""
    refuse_what_is_too_deep(text, how)
    loader = how(text)
    node = loader.get_single_node()
    positions: Positions = {}
    locate(node, "", positions, set())
    return (None if node is None else loader.construct_document(node)), positions


def refuse_what_is_too_deep(text: str, how: Any) -> None:
    """Raises `Unreadable` where something stands too deep, before anything is made of it: libyaml builds what it reads
    on the machine's own stack, which a million brackets would break."""
    depth = 0
    for event in yaml.parse(text, how):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST + 1:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Unreadable(f"line {line}: nested deeper than any threshold is")


def locate(node: Any, path: str, positions: Positions, seen: set[int]) -> None:
    """The line of every value, by its path (`indicators[3].level`), so that a mistake can name it. Aliases and
    repeated keys are refused: a threshold says each thing once, where it stands."""
    if node is None:
        return
    if id(node) in seen:
        raise Unreadable(f"line {node.start_mark.line + 1}: what stands here is referred to again (an alias)")
    seen.add(id(node))
    if path in positions:
        raise Unreadable(f"line {node.start_mark.line + 1}: {path} is there twice")
    positions[path] = node.start_mark.line + 1
    if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
        raise Unreadable(f"line {node.start_mark.line + 1}: a number or date of {len(node.value):,} signs")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            locate(item, f"{path}[{index}]", positions, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or len(key.value) > LONGEST_NUMBER:
                raise Unreadable(f"line {key.start_mark.line + 1}: a name that is none")
            locate(value, f"{path}.{key.value}".lstrip("."), positions, seen)


def read_file(path: Path) -> Scheme:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_UPLOAD + 1)
    except OSError as error:
        raise Unreadable(f"{path} can't be opened: {error.strerror}") from error
    return read_bytes(content, str(path))


def read_bytes(content: bytes, name: str) -> Scheme:
    """A file's content as a `Scheme`, whichever of the three formats it is, by what it holds and not by its name.

    Raises `Unreadable`, or `SchemeErrors` with every mistake and its line, or its sheet, row and column.
    """
    if len(content) > MOST_UPLOAD:
        raise Unreadable(f"The file is larger than {MOST_UPLOAD // 1_000_000} MB: no threshold is.")
    if not content.strip():
        raise Unreadable(f"{name} is empty.")
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"):
        try:
            return read_xlsx(content)
        except NotASpreadsheet as error:
            raise Unreadable(str(error)) from error
    try:
        return read_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} is not text in UTF-8 (byte {error.start}), and no spreadsheet (.xlsx)") from error


def import_file(path: Path, *, by: User | None, at: dt.datetime) -> SchemeVersion:
    """A file as a new draft."""
    return actions.import_draft(content=read_file(path), by=by, at=at)


def written(scheme: Scheme, format: str) -> bytes:  # noqa: A002 - it is what it is called
    """A scheme as a file: yaml, json or xlsx."""
    if format == "xlsx":
        return to_xlsx(scheme)
    return (to_json(scheme) if format == "json" else to_yaml(scheme)).encode()


def to_yaml(scheme: Scheme) -> str:
    return yaml.safe_dump(write_scheme(scheme), allow_unicode=True, sort_keys=False, width=110)


def to_json(scheme: Scheme) -> str:
    return json.dumps(write_scheme(scheme), ensure_ascii=False, indent=2)
