"""The commands on threshold content: what they print, and that bad input ends in one clear line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from partnerships.files import import_partnership, read_file
from partnerships.models import AuditEntry, Partnership
from tests.factories import LONG_AGO
from thresholds import actions, files
from thresholds.domain.reading import write_scheme
from thresholds.models import SchemeVersion

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
SLUGS = ("medway-2024", "medway-2015", "northamptonshire-2018", "thurrock-2023", "sandwell-2021")
PROMISED = {
    "": {"slug", "partnership", "title", "document", "in_force_from", "in_force_to", "step_word", "levels", "domains"}
    | {"indicators", "rules", "limits"},
    "levels": {"rank", "name", "statutory_basis", "consent_needed", "route"},
    "domains": {"name", "parent"},
    "indicators": {"key", "level", "shared_with", "domain", "item", "label", "flags", "source"},
    "rules": {"key", "kind", "parameters", "explanation", "source"},
    "limits": {"slug", "amount", "unit", "starts", "source"},
}


def run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def refused(*args: str) -> str:
    """The one line in which a command ends."""
    with pytest.raises(CommandError) as caught:
        run(*args)
    assert caught.value.returncode != 0
    line = str(caught.value)
    assert line
    assert "\n" not in line
    assert len(line) < 500
    return line


@pytest.fixture
def partnerships() -> None:
    for path in sorted((FIXTURES / "partnerships").glob("*.yaml")):
        import_partnership(told=read_file(path), at=LONG_AGO)


@pytest.fixture
def medway(partnerships: None) -> SchemeVersion:
    version = files.import_file(FIXTURES / "medway-2024.yaml", by=None, at=LONG_AGO)
    return actions.publish(version=version, holds_from=LONG_AGO, by=None, at=LONG_AGO)


@pytest.fixture
def facts_file(tmp_path: Path) -> Iterator[Any]:
    def write(content: Any) -> str:
        path = tmp_path / "facts.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_what_is_exported_imports_back_unchanged(partnerships: None, tmp_path: Path, slug: str, kind: str) -> None:
    run("import_scheme", str(FIXTURES / f"{slug}.yaml"))
    first = run("export_scheme", slug, "--format", kind)
    again = tmp_path / f"again.{kind}"
    again.write_text(first, encoding="utf-8")
    SchemeVersion.objects.get(slug=slug).delete()
    assert f"{slug} is imported as a draft" in run("import_scheme", str(again))
    assert run("export_scheme", slug, "--format", kind) == first
    assert write_scheme(files.read_text(first)) == write_scheme(files.read_file(FIXTURES / f"{slug}.yaml"))


@pytest.mark.parametrize("slug", SLUGS)
def test_json_has_every_key_that_others_build_on(partnerships: None, slug: str) -> None:
    run("import_scheme", str(FIXTURES / f"{slug}.yaml"))
    told = json.loads(run("export_scheme", slug, "--format", "json"))
    assert PROMISED[""] <= set(told)
    for name in filter(None, PROMISED):
        assert told[name], name
        for row in told[name]:
            assert PROMISED[name] <= set(row), (name, row)
    limits = {"acknowledge", "decide", "outcome_in_writing", "written_form", "escalation_stage", "lado"}
    assert limits <= {limit["slug"] for limit in told["limits"]}


def test_export_of_what_is_not_there_names_what_is(medway: SchemeVersion) -> None:
    assert refused("export_scheme", "nowhere-2024") == (
        "There is no threshold version nowhere-2024. There are: medway-2024."
    )


def test_export_of_a_broken_draft_says_what_is_wrong(partnerships: None) -> None:
    draft = files.import_file(FIXTURES / "medway-2024.yaml", by=None, at=LONG_AGO)
    draft.rules.filter(kind="highest").delete()
    assert refused("export_scheme", draft.slug).startswith("The draft medway-2024 is not whole: ")


def test_check_stores_nothing(partnerships: None) -> None:
    entries = AuditEntry.objects.count()
    assert "medway-2024 is sound: 3 levels" in run("import_scheme", str(FIXTURES / "medway-2024.yaml"), "--check")
    assert not SchemeVersion.objects.exists()
    assert AuditEntry.objects.count() == entries


def test_check_needs_no_partnership() -> None:
    assert "is sound" in run("import_scheme", str(FIXTURES / "sandwell-2021.yaml"), "--check")


BROKEN = {
    "nothing at all": ("", "is empty"),
    "a list": ("- 1", "the file: found a list of 1, expected a mapping"),
    "no yaml": ("a: [", "line 1"),
    "a tab": ("a:\n\t- b", "line 2"),
    "a key twice": ("slug: a\nslug: b\n", "line 2: slug is there twice"),
    "a date that is none": ("in_force_from: 2024-02-31\n", "a value can't be read"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document"),
    "a command": ("slug: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
    "a number to the base of sixty": ("x: " + ":".join("1" * 450_000), "line 1: a number or date of 899,999 signs"),
    "a long broken file": ("x: [" + "a, " * 300_000, "line 2, column 1: did not find expected node"),
    "an alias bomb": ("a: &a [x]\nb: [*a, *a, *a]\n", "line 1: what stands here is referred to again"),
    "a NUL": ("slug: a\x00b\n", ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_no_threshold(partnerships: None, tmp_path: Path, case: str) -> None:
    text, expected = BROKEN[case]
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    for check in ([], ["--check"]):
        assert expected in refused("import_scheme", str(path), *check)
    assert not SchemeVersion.objects.exists()


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    assert "No such file" in refused("import_scheme", str(tmp_path / "nowhere.yaml"))
    assert "can't be opened" in refused("import_scheme", str(tmp_path))
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9")
    assert "is not text in UTF-8" in refused("import_scheme", str(tmp_path / "latin.yaml"))


def changed(tmp_path: Path, **changes: Any) -> str:
    told = json.loads(files.to_json(files.read_file(FIXTURES / "medway-2024.yaml"))) | changes
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return str(path)


def test_a_partnership_that_is_not_there(partnerships: None, tmp_path: Path) -> None:
    assert "There is no partnership atlantis" in refused("import_scheme", changed(tmp_path, partnership="atlantis"))


def test_a_text_longer_than_its_column(partnerships: None, tmp_path: Path) -> None:
    path = changed(tmp_path, title="x" * 301)
    for check in ([], ["--check"]):
        assert refused("import_scheme", path, *check).startswith("title: found 301 characters")
    assert not SchemeVersion.objects.exists()


def test_a_published_version_is_never_replaced(medway: SchemeVersion) -> None:
    before = medway.indicators.count()
    line = refused("import_scheme", str(FIXTURES / "medway-2024.yaml"))
    assert line == "medway-2024 is published and can't change. Give the file a slug of its own."
    assert medway.indicators.count() == before


def test_a_draft_is_replaced_whole_and_keeps_its_origin(medway: SchemeVersion, tmp_path: Path) -> None:
    path = changed(tmp_path, slug="medway-next", title="First")
    run("import_scheme", path)
    SchemeVersion.objects.filter(slug="medway-next").update(based_on=medway)
    run("import_scheme", changed(tmp_path, slug="medway-next", title="Second"))
    draft = SchemeVersion.objects.get(slug="medway-next")
    assert (draft.title, draft.based_on) == ("Second", medway)
    assert draft.indicators.count() == medway.indicators.count()


def test_a_slug_of_another_partnership(medway: SchemeVersion, tmp_path: Path) -> None:
    run("import_scheme", changed(tmp_path, slug="next"))
    line = refused("import_scheme", changed(tmp_path, slug="next", partnership="thurrock"))
    assert line == "next is a draft of another partnership. Give the file a slug of its own."


# --- screen -------------------------------------------------------------------------------------------------------


def test_screen_prints_what_others_build_on(medway: SchemeVersion, facts_file: Any) -> None:
    key = medway.indicators.filter(level__rank=3).values_list("key", flat=True)[0]
    told = json.loads(run("screen", "medway-2024", "--facts", facts_file({"indicators": [key], "on": "2026-11-24"})))
    assert {"indicated_level", "route", "flags", "reasons", "would_change"} <= set(told)
    assert (told["indicated_level"], told["route"]) == (3, "mash")
    for reason in told["reasons"]:
        assert {"rule", "indicators", "because", "source"} <= set(reason)
    assert key in told["reasons"][0]["indicators"]


def test_screen_reads_standard_input(medway: SchemeVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf{}")))
    told = json.loads(run("screen", "medway-2024", "--facts", "-"))
    assert (told["indicated_level"], told["route"]) == (None, "mash")
    assert "not_screened" in told["flags"]


def test_unknown_indicators_warn_inside_the_result(medway: SchemeVersion, facts_file: Any) -> None:
    told = json.loads(run("screen", "medway-2024", "--facts", facts_file({"indicators": ["no-such-thing"]})))
    assert told["unknown_indicators"] == ["no-such-thing"]
    assert told["indicated_level"] is None


def test_on_is_today_in_london_where_it_is_not_said(medway: SchemeVersion, facts_file: Any, time_machine: Any) -> None:
    """At half past eleven at night in UTC it is tomorrow in London's summer: the baby is one year old there."""
    time_machine.move_to("2026-07-14T23:30:00Z", tick=False)
    rule = medway.rules.filter(kind="age").first()
    assert rule is not None
    assert rule.parameters["under_months"] == 12
    facts = {"indicators": rule.parameters["indicators"][:1], "consent": {"given": True}}
    levels = {}
    for born in ("2025-07-15", "2025-07-16"):
        content = {**facts, "children": [{"date_of_birth": born}]}
        levels[born] = json.loads(run("screen", "medway-2024", "--facts", facts_file(content)))["indicated_level"]
    assert levels == {"2025-07-15": 2, "2025-07-16": 3}


UNREADABLE_FACTS: dict[str, tuple[Any, str]] = {
    "no json": (b"{indicators", "line 1, column 2: this is not JSON"),
    "empty": (b"", "this is not JSON"),
    "a list": ([], "The facts are no mapping"),
    "null": (None, "The facts are no mapping"),
    "not utf-8": (b'{"on": "\xff"}', "not text in UTF-8"),
    "unknown key": ({"indicator": []}, "unknown key 'indicator'"),
    "text for a list": ({"children": "two"}, "children: expected a list, found 'two'"),
    "a number for a key": ({"indicators": [4]}, "indicators[0]: expected an indicator's key, found 4"),
    "a day that is none": ({"on": "2026-02-31"}, "on: expected a date such as 2026-11-24"),
    "a child's day": ({"children": [{"date_of_birth": 2019}]}, "children[0].date_of_birth"),
    "a level in words": ({"judged_level": "three"}, "judged_level: expected a whole number or null"),
    "perhaps": ({"immediate_danger": "perhaps"}, "immediate_danger: expected true, false or null"),
    "consent as a word": ({"consent": "yes"}, "consent: expected a mapping"),
    "contacts below none": ({"previous_contacts": -1}, "previous_contacts"),
    "two mistakes": ({"on": 1, "children": 2}, "(and 1 more)"),
    "no number": (b'{"judged_level": NaN}', "NaN is no number"),
    "a number without end": (b'{"judged_level": ' + b"9" * 5000 + b"}", "can't be read"),
    "nested without end": (b'{"on":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested without end"),
    "a key twice": (b'{"on": null, "on": null}', "on is there twice"),
    "half a character": (b'{"indicators": ["\\ud800"]}', "half of a character"),
    "too large": (b" " * 1_000_001, "larger than 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", UNREADABLE_FACTS)
def test_facts_that_cannot_be_read(medway: SchemeVersion, facts_file: Any, case: str) -> None:
    content, expected = UNREADABLE_FACTS[case]
    assert expected in refused("screen", "medway-2024", "--facts", facts_file(content))


def test_screen_without_file_or_version(medway: SchemeVersion, facts_file: Any, tmp_path: Path) -> None:
    assert "No such file" in refused("screen", "medway-2024", "--facts", str(tmp_path / "nowhere.json"))
    assert "can't be opened" in refused("screen", "medway-2024", "--facts", str(tmp_path))
    assert "There is no threshold version nowhere" in refused("screen", "nowhere", "--facts", facts_file({}))
    assert "--facts" in refused("screen", "medway-2024")


# --- due ----------------------------------------------------------------------------------------------------------


def test_due_prints_the_instant_in_london(medway: SchemeVersion) -> None:
    told = run("due", "medway", "outcome_in_writing", "--from", "2026-11-20T16:59:00Z").strip()
    assert told == "2026-11-27T23:59:59+00:00"
    assert run("due", "medway", "decide", "--from", "2026-10-24T12:00:00+01:00").strip() == "2026-10-25T11:00:00+00:00"


def test_due_counts_closure_days(medway: SchemeVersion) -> None:
    Partnership.objects.get(slug="medway").closure_days.create(on="2026-11-23", reason="Training day")
    told = run("due", "medway", "outcome_in_writing", "--from", "2026-11-20T16:59:00Z").strip()
    assert told == "2026-11-30T23:59:59+00:00"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("medway", "decide", "--from", "yesterday"), "'yesterday' is no instant"),
        (("medway", "decide", "--from", "2026-11-20T16:59:00"), "is no instant"),
        (("medway", "decide", "--from", "2026-02-31T16:59:00Z"), "is no instant"),
        (("medway", "decide", "--from", "0001-01-01T00:00:00+01:00"), "is no instant"),
        (("medway", "decide", "--from", "2015-01-01T00:00:00Z"), "has no threshold in force on 1 January 2015"),
        (("medway", "decide", "--from", "9999-12-31T23:59:00Z"), "out of reach"),
        (("medway", "tea", "--from", "2026-11-20T16:59:00Z"), "medway-2024 has no limit tea"),
        (("atlantis", "decide", "--from", "2026-11-20T16:59:00Z"), "There is no partnership atlantis"),
        (("medway", "decide"), "--from"),
    ],
)
def test_due_on_bad_input(medway: SchemeVersion, args: tuple[str, ...], expected: str) -> None:
    assert expected in refused("due", *args)
