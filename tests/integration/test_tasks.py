"""What runs behind the pages, run for the wrong partnership: nothing of another is read or written.

Two partnerships have something due for every task. Each task that Celery knows is run for the one, for the other, for
one that is not there and, as beat calls it, for all; each time every row of every table is hashed before and after, and
every statement on a child's tables is held to the partnership that was at work. A task that is not in `TASKS` fails.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships import audit, row_security
from partnerships.models import Partnership
from partnerships.permissions import Role
from referrals import outbox
from referrals.attachments import scanning
from referrals.attachments.scanning import Answer, Verdict
from referrals.documents import making
from referrals.domain.lifecycle import State
from referrals.models import Attachment, Decision, Document, Draft, Notice, NoticeChoice, Referral, Replay
from tests.factories import World, make_attachment, make_draft, make_person, make_referral, make_world
from tests.integration.serving import as_ordinary_role
from thresholds.domain.reading import write_scheme
from thresholds.loading import load

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOBODYS = 10**9

TASKS: dict[str, set[str]] = {
    "deliver": {"Notice"},
    "sweep": {"Clock", "Notice", "AuditEntry", "AuditHead"},
    "scan": {"Attachment", "AuditEntry"},
    "tidy": set(),
    "purge": {"Draft", "Notice", "Referral", "Child", "AuditEntry"},
    "go_on_with_replay": {"Replay", "AuditEntry"},
    "go_on_with_all_replays": {"Replay", "AuditEntry"},
    "make_documents": {"Document"},
    "draw_second_screenings": {"SecondScreening"},
    "anchor": set(),
    "tell_anomalies": {"Notice"},
}
"""Task → the models of which it changes rows where something is due."""
FOR_ALL = {"tidy"}
"""Takes no partnership: all files lie in one folder, and what one partnership's rows do not name is another's."""
OF_NO_PARTNERSHIP = {"Heartbeat"}


def ours() -> dict[str, Any]:
    current_app.loader.import_default_modules()
    return {name.rpartition(".")[2]: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}


def test_every_task_is_here_and_takes_its_partnership() -> None:
    tasks = ours()
    assert set(tasks) == set(TASKS), "a new task stands in TASKS, with what it changes"
    scheduled = {each["task"].rpartition(".")[2] for each in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(tasks)
    for name, task in tasks.items():
        takes = inspect.signature(task.run).parameters
        assert ("partnership" in takes) is (name not in FOR_ALL), name
        rows = [each for each in takes if each.endswith("_id")]
        if rows:
            assert takes["partnership"].default is inspect.Parameter.empty, "a row comes with its partnership"


def due(world: World) -> dict[str, Any]:
    """Something for every task, in this partnership."""
    now = timezone.now()
    partnership, screener = world.partnership, world.person(Role.SCREENER)
    partnership.second_screening_percent = 100
    partnership.save()
    born = dt.date(2012 if world.partnership.slug == "ownshire" else 2013, 5, 1)
    child = {"date_of_birth": born}
    referral = make_referral(world, received_at=now - dt.timedelta(days=10), child=child)
    old = make_referral(world, received_at=now - dt.timedelta(days=365 * 40))
    Referral.objects.filter(pk=old.pk).update(state=State.WITHDRAWN.value)
    for days in (85, 400):
        Draft.objects.filter(pk=make_draft(world).pk).update(saved_at=now - dt.timedelta(days=days))
    file = make_attachment(world, referral=referral)
    Attachment.objects.filter(pk=file.pk).update(state="pending", scan_at=now - dt.timedelta(minutes=5))
    with scope(partnership=partnership):
        tell(world, referral, "one", now)
        reader = world.person(Role.MANAGER)
        NoticeChoice.objects.create(partnership=partnership, user=reader, how="digest", changed_at=now)
        Notice.objects.filter(pk=tell(world, referral, "two", now, to=reader).pk).update(next_attempt_at=now)
        Document.objects.create(partnership=partnership, digest="waits", page="<p>x</p>", state="waiting", asked_at=now)
        Document.objects.create(
            partnership=partnership, digest="old", state="made", asked_at=now - dt.timedelta(days=3), made_at=now
        )
        Decision.objects.create(
            partnership=partnership,
            referral=referral,
            child=referral.children.get(),
            decided_level=4,
            indicated_level=4,
            outcome="assessment_section_17",
            reason="Because.",
            at=now,
            by=screener,
        )
        relative = make_person(world, Role.SCREENER, name="Ann Marlow", team=world.mash)
        audit.record(
            partnership=partnership, verb="referral.read", noun="referral", object_id=referral.pk, by=relative, at=now
        )
        replay = Replay.objects.create(
            partnership=partnership,
            version=world.version,
            baseline=world.version,
            revision=0,
            content=write_scheme(load(world.version)),
            until=now,
            total=2,
            asked_at=now,
            asked_by=world.person(Role.ADMIN),
        )
    return {"replay": replay, "referral": referral, "born": (born.isoformat(), f"{born:%d/%m/%Y}")}


def tell(world: World, referral: Referral, key: str, at: dt.datetime, to: Any = None) -> Any:
    return outbox.tell(
        partnership=world.partnership,
        referral=referral,
        kind="test",
        to=to or world.person(Role.SCREENER),
        key=key,
        subject="Front Door",
        body="A notice",
        at=at,
    )


def rows() -> dict[tuple[str, Any], tuple[Any, str]]:
    """Every row of every table: (model, key) → its partnership and the hash of all its values."""
    found = {}
    with scopes_disabled():
        for model in apps.get_models():
            if not model._meta.managed:
                continue
            names = [field.attname for field in model._meta.concrete_fields]
            for values in model._base_manager.values_list(*names):
                plainly = (bytes(each) if isinstance(each, memoryview) else each for each in values)
                told = dict(zip(names, plainly, strict=True))
                plain = hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()
                of = told["id"] if model is Partnership else told.get("partnership_id")
                found[model.__name__, str(told[model._meta.pk.attname])] = (of, plain)
    return found


def changed(before: dict[Any, Any], after: dict[Any, Any]) -> dict[Any, set[str]]:
    """Partnership → the models of which a row came, went or changed."""
    found: dict[Any, set[str]] = {}
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key) and key[0] not in OF_NO_PARTNERSHIP:
            found.setdefault((before.get(key) or after.get(key))[0], set()).add(key[0])
    return found


class AtWork:
    """For whom each statement on a table of a child's records was made."""

    def __init__(self) -> None:
        self.tables = [f'"{model._meta.db_table}"' for model in row_security.guarded_models()]
        self.tenants: set[str] = set()
        self.statements = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if any(table in str(sql) for table in self.tables):
            self.tenants.add(row_security.tenant())
            self.statements += 1
        return execute(sql, params, many, context)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(params=["as the tests do", "as the ordinary role"])
def two(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: Any) -> Iterator[Any]:
    """Two partnerships in which everything is due, and the world as their worker sees it."""
    ordinary = request.param == "as the ordinary role"
    if ordinary and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, whose roles these are")
    settings.ANCHORS_DIR = str(tmp_path / "anchors")
    settings.CLAMAV_URL = "tcp://127.0.0.1:1"
    monkeypatch.setattr(scanning, "scan", lambda content: Answer(Verdict.CLEAN, "stream: OK"))
    monkeypatch.setattr(making, "pdf_of", lambda page: b"%PDF-1.7")
    monkeypatch.setattr(ours()["go_on_with_replay"], "apply_async", lambda **_: None)
    worlds = make_world("ownshire"), make_world("othershire")
    with scopes_disabled():
        made = [due(world) for world in worlds]
    if ordinary:
        with as_ordinary_role():
            yield *worlds, *made
    else:
        yield *worlds, *made


def anchored(folder: str) -> set[str]:
    lines = [line for file in Path(folder).glob("*.jsonl") for line in file.read_text().splitlines()]
    return {json.loads(line)["partnership"] for line in lines}


def test_a_task_for_one_partnership_reads_and_writes_nothing_of_another(
    two: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other, mine, theirs = two
    before, watch = rows(), AtWork()
    everybody = {str(own.partnership.pk), str(other.partnership.pk)}
    runs, wrong = 0, []

    def run(name: str, **given: Any) -> tuple[dict[Any, set[str]], set[str]]:
        nonlocal runs
        runs += 1
        watch.tenants = set()
        with undone(), connection.execute_wrapper(watch):
            ours()[name](**given)
            at_work = set(watch.tenants)
            return changed(before, rows()), at_work

    for name, changes in TASKS.items():
        of_row = name == "go_on_with_replay"
        for world, row in ((own, mine), (other, theirs)) if name not in FOR_ALL else ():
            key = world.partnership.pk
            given = {"partnership": key} | ({"replay_id": str(row["replay"].pk)} if of_row else {})
            done, at_work = run(name, **given)
            if not changes <= done.get(key, set()):
                wrong.append(f"{name} did not do its work: {changes - done.get(key, set())}")
            if set(done) - {key} or at_work - {str(key)}:
                wrong.append(f"{name} for {world.partnership.slug} reached {done} {at_work}")
        if name not in FOR_ALL:
            given = {"partnership": NOBODYS} | ({"replay_id": str(mine["replay"].pk)} if of_row else {})
            if told := [each for each in run(name, **given) if each]:
                wrong.append(f"{name} for nobody reached {told}")
        if of_row:
            done, at_work = run(name, partnership=own.partnership.pk, replay_id=str(theirs["replay"].pk))
            if done or at_work - {str(own.partnership.pk)}:
                wrong.append(f"{name} took another partnership's row: {done}")
            continue
        done, at_work = run(name)
        lacking = [slug for slug in (own, other) if not changes <= done.get(slug.partnership.pk, set())]
        if lacking or None in done or at_work - everybody:
            wrong.append(f"{name} for all: {done} {at_work}")
    with capsys.disabled():
        print(
            f"\n{len(TASKS)} tasks, {runs} runs, {len(before):,} rows of {len({key[0] for key in before})} tables "
            f"hashed each time, {watch.statements:,} statements on a child's tables: {len(wrong)} wrong"
        )
    assert runs == 4 * (len(TASKS) - 1) + 1 and not wrong, "\n".join(wrong)


def test_a_row_of_another_is_a_line_in_the_log_without_names(
    two: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, _, _, theirs = two
    for name in ("partnerships.each", "referrals.replay.running"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [caplog.handler])
    ours()["go_on_with_replay"](str(theirs["replay"].pk), own.partnership.pk)
    ours()["sweep"](NOBODYS)
    said = [record.getMessage() for record in caplog.records if "nothing was done" in record.getMessage()]
    assert said == [
        f"The partnership at work has no replay {theirs['replay'].pk}: nothing was done",
        f"There is no partnership {NOBODYS}: nothing was done",
    ]


def test_anchors_are_of_the_partnership_that_was_asked_for(two: Any, settings: Any) -> None:
    own, other, _, _ = two
    ours()["anchor"](partnership=own.partnership.pk)
    assert anchored(settings.ANCHORS_DIR) == {"ownshire"}
    ours()["anchor"]()
    assert anchored(settings.ANCHORS_DIR) == {"ownshire", "othershire"}


def test_tidying_leaves_every_partnerships_files(two: Any) -> None:
    from referrals.attachments import store, sweep

    with scopes_disabled():
        held = {each.stored_as for each in Attachment.objects.all()}
    stray = store.keep(b"%PDF-1.7 stray")
    sweep.tidy(at=timezone.now() + dt.timedelta(days=1))
    left = {name for name, _ in store.everything()}
    assert held <= left and stray not in left


COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "export annex-a": (["export", "annex-a", "ownshire"], {"AuditEntry", "AuditHead"}),
    "export ssd": (["export", "ssd", "ownshire"], {"AuditEntry", "AuditHead"}),
    "export cin": (["export", "cin", "ownshire"], {"AuditEntry", "AuditHead"}),
    "replay": (["replay", "ownshire-2026", "--draft", "ownshire-2026"], set()),
    "hold": (["hold", "REFERENCE", "--partnership", "ownshire", "--reason", "A court"], {"Referral", "AuditEntry"}),
}
"""Commands for one partnership → the models of which they change rows."""
FOR_EVERY = {"sweep", "purge", "keep_standing"}
"""Commands that go through all of them, one scope at a time."""
OTHERWISE = {
    "bounce": "a message names its notice alone, whose partnership is looked up by that key; then its scope",
    "seed_demo": "fills an empty database, in demonstration mode",
    "seed_load": "writes synthetic referrals for benchmarks, one scope at a time",
}


def test_every_command_is_here() -> None:
    folder = Path(django_settings.BASE_DIR) / "referrals" / "management" / "commands"
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert there == {words[0] for words, _ in COMMANDS.values()} | FOR_EVERY | set(OTHERWISE)


def test_a_command_for_one_partnership_reads_and_writes_nothing_of_another(
    two: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other, mine, theirs = two
    before, key = rows(), own.partnership.pk
    days = {"first": "2000-01-01", "last": timezone.now().date().isoformat()}
    for words, changes in COMMANDS.values():
        told = [mine["referral"].reference if word == "REFERENCE" else word for word in words]
        more = {**days, "out": str(tmp_path / uuid.uuid4().hex)} if told[0] == "export" else {}
        watch = AtWork()
        with undone(), connection.execute_wrapper(watch):
            call_command(*told, **more)
            at_work = set(watch.tenants)
            done = changed(before, rows())
        assert watch.statements and at_work == {str(key)}, (told, at_work)
        assert set(done) <= {key} and changes <= done.get(key, set()), (told, done)
        if more:
            written = "".join(path.read_text("latin-1") for path in Path(more["out"]).glob("*.[cx][sm][vl]"))
            mine_in, theirs_in = (any(day in written for day in row["born"]) for row in (mine, theirs))
            assert mine_in and not theirs_in, told
    for name in FOR_EVERY:
        watch = AtWork()
        with undone(), connection.execute_wrapper(watch):
            call_command(name)
        assert watch.tenants == {str(key), str(other.partnership.pk)}, (name, watch.tenants)
    capsys.readouterr()
