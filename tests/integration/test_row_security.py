"""The second wall: PostgreSQL shows a child's rows to their own partnership alone, whatever the code asks for.

Every test here works as an ordinary role, as the portal does in production; a superuser sees past any policy.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from partnerships import encryption, row_security
from partnerships.checks import refuse_without_the_second_wall, the_second_wall_stands
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import Child, Heartbeat, Referral, SecondScreening
from referrals.models.referral import ReferralQuerySet
from referrals.transfer import receiving
from referrals.triage import actions as triage
from tests.factories import NOW, World, make_overtaken_decision, make_referral, make_world
from tests.integration.addresses import ADDRESSES, RECORDS, parts, route_names
from tests.integration.serving import ROLE, as_ordinary_role, become_ordinary

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="needs PostgreSQL, whose policies are the second wall"
    ),
]
SHARED = {Heartbeat}
"""Models of `referrals` that hold nothing of a child and belong to no partnership."""


@pytest.fixture
def worlds() -> tuple[World, World]:
    return make_world("ownshire"), make_world("othershire")


@pytest.fixture
def ordinary(worlds: Any) -> Iterator[None]:
    """The rest of the test goes on as the serving role; its grants are taken back with the test's transaction."""
    with as_ordinary_role():
        yield


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_every_table_of_a_child_has_a_forced_policy_and_the_role_is_ordinary(ordinary: None) -> None:
    assert row_security.faults(connection) == []
    left_out = set(apps.get_app_config("referrals").get_models()) - set(row_security.guarded_models())
    assert {each.__name__ for each in left_out if "partnership" not in columns_of(each)} >= {
        each.__name__ for each in SHARED
    }
    unknown = {each.__name__ for each in left_out} - {each.__name__ for each in SHARED}
    assert not unknown, f"say of {unknown} that they hold nothing of a child, or give them a partnership"


def columns_of(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields}


def test_a_superuser_or_an_unguarded_table_is_told(worlds: Any) -> None:
    assert any("sees past every policy" in each for each in row_security.faults(connection))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_child NO FORCE ROW LEVEL SECURITY")
        cursor.execute("CREATE VIEW leak AS SELECT * FROM referrals_child")
    said = row_security.faults(connection)
    assert "referrals_child has no forced policy" in said and "the view leak reads as its owner" in said


def test_the_portal_does_not_serve_real_records_as_a_role_that_sees_past_the_wall(worlds: Any, settings: Any) -> None:
    """Outside the demonstration a superuser, or a table without its policy, stops it, and `check --deploy` says why."""
    assert the_second_wall_stands() == [], "the demonstration may"
    settings.DEMO = False
    assert {each.id for each in the_second_wall_stands()} == {"front_door.E002", "front_door.W004"}
    with pytest.raises(ImproperlyConfigured, match=r"sees past every policy.*DATABASE_OWNER_URL"):
        refuse_without_the_second_wall()


def test_as_an_ordinary_role_it_serves(ordinary: None, settings: Any) -> None:
    settings.DEMO = False
    assert the_second_wall_stands() == []
    refuse_without_the_second_wall()


def test_synthetic_referrals_are_written_as_the_serving_role(worlds: Any, ordinary: None) -> None:
    call_command("seed_load", referrals=20, verbosity=0)
    assert counted("referrals_referral") == 0, "no partnership, no rows"
    with scopes_disabled():
        assert counted("referrals_referral") == 20


NOT_OF_A_CHILD = {
    "partnerships": "who and where; the trail holds ids and verbs, a session what was typed, sealed (adr 0011)",
    "thresholds": "what published documents say",
    **dict.fromkeys(("account", "mfa", "socialaccount"), "the sign-in library's: people's accounts"),
    **dict.fromkeys(("auth", "contenttypes", "sessions"), "Django's own"),
}
"""Apps whose tables have no policy, and why a row of another partnership there would tell of no child."""


def test_an_app_with_tables_has_policies_or_says_why_not() -> None:
    apps_with_tables = {model._meta.app_label for model in apps.get_models() if model._meta.managed}
    assert apps_with_tables - {"referrals"} <= set(NOT_OF_A_CHILD)
    sealed = {model._meta.app_label for model, _ in encryption.sealed_fields()}
    assert sealed <= {"referrals"}, "what is worth sealing is worth a policy"


def test_without_a_partnership_there_are_no_rows_and_with_one_its_own(worlds: Any, ordinary: None) -> None:
    own, other = worlds
    for world, many in ((own, 2), (other, 3)):
        for _ in range(many):
            make_referral(world)
    assert counted("referrals_child") == 0
    with scope(partnership=own.partnership):
        assert counted("referrals_child") == 2
        with scope(partnership=other.partnership):
            assert counted("referrals_child") == 3
        assert counted("referrals_referral") == 2
    with scopes_disabled():
        assert counted("referrals_child") == 5


def test_nothing_is_written_into_another_partnership(worlds: Any, ordinary: None) -> None:
    own, other = worlds
    theirs = make_referral(other)
    with scope(partnership=own.partnership):
        assert Child._base_manager.filter(referral_id=theirs.pk).update(first_name="x") == 0
        refused = pytest.raises(DatabaseError, match="row-level security")
        with refused, transaction.atomic():
            Child._base_manager.create(partnership=other.partnership, referral_id=theirs.pk)


def test_what_hangs_on_another_partnerships_record_is_refused_alike_whether_or_not_it_is_there(
    worlds: Any, ordinary: None
) -> None:
    """In SQL too: neither a foreign key nor a unique one tells that a record of another partnership is there."""
    own, other = worlds
    mine, theirs = make_referral(own), make_referral(other)
    with scope(partnership=other.partnership):
        child = Child.objects.get(referral=theirs)
        decision = make_overtaken_decision(other, theirs, child)
        SecondScreening.objects.create(
            partnership=other.partnership, referral=theirs, child=child, decision=decision, drawn_at=NOW
        )
    said = set()
    with scope(partnership=own.partnership):
        my_child = Child.objects.get(referral=mine)
        for id_, of_child, of_decision in (
            (theirs.pk, child.pk, decision.pk),
            (uuid.uuid4(), uuid.uuid4(), uuid.uuid4()),
        ):
            for sql, values in (
                ("UPDATE referrals_child SET referral_id = %s WHERE id = %s", [id_, my_child.pk]),
                (
                    "INSERT INTO referrals_event (partnership_id, referral_id, at, kind, sentence, for_referrer) "
                    "VALUES (%s, %s, now(), 'x', 'x', false)",
                    [own.partnership.pk, id_],
                ),
                (
                    "INSERT INTO referrals_secondscreening (id, partnership_id, referral_id, child_id, decision_id, "
                    "drawn_at, reason) VALUES (gen_random_uuid(), %s, %s, %s, %s, now(), '')",
                    [own.partnership.pk, mine.pk, of_child, of_decision],
                ),
            ):
                with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(sql, values)
                said.add((sql[:40], str(refused.value)))
    assert len(said) == 3 and all("row-level security" in told for _, told in said), said
    assert counted_as(own) == 1, "what hangs on one's own is written as ever"


def counted_as(world: World) -> int:
    with scope(partnership=world.partnership):
        return counted("referrals_child")


UNGUESSABLE = {"stored_as", "digest"}
"""Random, or a hash of what is: nobody meets another's by chance."""


def test_no_unique_key_reaches_over_partnerships_but_what_nobody_can_guess() -> None:
    """Else a row that is refused tells that another partnership has one like it."""
    guarded = set(row_security.guarded_models())
    for model in guarded:
        for field in model._meta.concrete_fields:
            if field.unique and not field.primary_key:
                held = field.is_relation and field.related_model in guarded
                assert held or field.name in UNGUESSABLE, f"{model.__name__}.{field.name}"
        for each in model._meta.constraints:
            if isinstance(each, models.UniqueConstraint):
                of = [model._meta.get_field(name) for name in each.fields]
                kept = any(f.name == "partnership" or (f.is_relation and f.related_model in guarded) for f in of)
                assert kept or each.name in OF_CONTENT, f"{model.__name__}: {each.name}"


OF_CONTENT = {"replay_one_a_draft"}
"""Of a version of threshold content, which is the partnership's own and no child's."""


def test_a_policy_of_an_older_version_and_a_role_that_sees_more_are_told_and_mended(worlds: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DROP POLICY {row_security.POLICY} ON referrals_event; CREATE POLICY {row_security.POLICY} "
            f"ON referrals_event USING ({row_security.CONDITION}) WITH CHECK ({row_security.CONDITION})"
        )
    assert "referrals_event has the policy of an older version" in row_security.faults(connection)
    row_security.protect(connection)
    become_ordinary()
    assert row_security.faults(connection) == []
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f"GRANT pg_monitor TO {ROLE}")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    said = row_security.faults(connection)
    assert "the role belongs to pg_monitor, and sees what others ask the server" in said
    for power in ("CREATEROLE", "REPLICATION"):
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(f"ALTER ROLE {ROLE} {power}")
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
        assert any("can make itself another" in each for each in row_security.faults(connection)), power
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(f"ALTER ROLE {ROLE} NO{power}")
            cursor.execute(f"SET LOCAL ROLE {ROLE}")


def test_the_trail_can_be_added_to_and_not_changed_by_the_serving_role(worlds: Any, ordinary: None) -> None:
    for statement in (
        "UPDATE partnerships_auditentry SET verb = 'x'",
        "DELETE FROM partnerships_auditentry",
        "DELETE FROM partnerships_audithead",
    ):
        denied = pytest.raises(DatabaseError, match="permission denied")
        with denied, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_hundred_requests_by_turns_on_one_connection(worlds: Any, ordinary: None) -> None:
    """Half for one partnership, half for the other, on one connection: each sees its own and never the other's."""
    referrals = [make_referral(world) for world in worlds]
    clients = [Client() for _ in worlds]
    for client, world in zip(clients, worlds, strict=True):
        client.force_login(world.person(Role.MANAGER))
    for turn in range(100):
        mine = turn % 2
        foreign = (turn // 2) % 2
        referral = referrals[1 - mine] if foreign else referrals[mine]
        answer = clients[mine].get(reverse("referral", args=[worlds[mine].partnership.slug, referral.pk]))
        assert answer.status_code == (404 if foreign else 200), turn


@pytest.fixture
def no_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the ORM's own wall away: every scoped manager gives all rows, `visible_to` and `sent_by` let all through."""
    monkeypatch.setattr(ReferralQuerySet, "visible_to", lambda self, actor: self.all())
    monkeypatch.setattr(ReferralQuerySet, "sent_by", lambda self, actor: self.all())
    for model in row_security.guarded_models():
        manager = type(model._default_manager)
        monkeypatch.setattr(manager, "get_queryset", everything)


def everything(self: Any) -> Any:
    return self._queryset_class(model=self.model, using=self._db, hints=self._hints)


def foreign_answers(own: World, told: dict[str, Any], ours: dict[str, Any]) -> tuple[int, list[str]]:
    """How many addresses of foreign records were asked for by four roles, and which were answered."""
    tried, answered = 0, []
    for role in (Role.PRACTITIONER, Role.SCREENER, Role.EARLY_HELP, Role.MANAGER):
        client = Client(raise_request_exception=False)
        client.force_login(own.person(role))
        for route, pattern in ADDRESSES:
            names = set(route_names(route)) & RECORDS & {"referral_id", "draft_id", "letter_id", "attachment_id"}
            if not names:
                continue
            kwargs = {name: (told if name in names else ours)[name] for name in route_names(route)}
            tried += 1
            with transaction.atomic():
                answer = client.get(reverse(pattern.name, kwargs=kwargs | pattern.default_args))
            if answer.status_code == 200:
                answered.append(f"{role.value} {answer.request['PATH_INFO']}")
    return tried, answered


def test_with_the_first_wall_taken_away_the_second_holds(
    worlds: Any, no_first_wall: None, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = worlds
    with scopes_disabled():
        ours, theirs = parts(own), parts(other)
    _, leaked = foreign_answers(own, theirs, ours)
    assert leaked, "the first wall is not away: this test would prove nothing"
    become_ordinary()
    tried, answered = foreign_answers(own, theirs, ours)
    with capsys.disabled():
        print(f"\nwithout the first wall: {len(leaked)} of {tried} leak past it, {len(answered)} past the second")
    assert answered == []
    assert Referral  # what the walk was about


@pytest.fixture
def two_roles() -> Iterator[tuple[str, str]]:
    """An empty database with an owner and an ordinary role who may only connect: (the owner's address, the other's)."""
    told = connection.settings_dict
    where = {"host": told["HOST"], "port": told["PORT"] or 5432, "user": told["USER"], "password": told["PASSWORD"]}
    name = f"fd_two_roles_{uuid.uuid4().hex[:10]}"
    roles = {part: f"{name}_{part}" for part in ("owner", "serving")}
    password = uuid.uuid4().hex
    with closing(psycopg2.connect(dbname="postgres", **where)) as server:
        server.autocommit = True
        cursor = server.cursor()
        for role in roles.values():
            cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        cursor.execute(f"ALTER ROLE {roles['serving']} SET track_activities = off")
        cursor.execute(f"CREATE DATABASE {name} OWNER {roles['owner']}")
        try:
            yield tuple(  # type: ignore[misc]
                f"postgres://{role}:{password}@{where['host']}:{where['port']}/{name}" for role in roles.values()
            )
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            for role in roles.values():
                cursor.execute(f"DROP ROLE {role}")


def test_migrated_as_the_owner_it_serves_as_an_ordinary_role(two_roles: tuple[str, str]) -> None:
    """The way of docs/operations.md, from an empty database: the wall stands, the trail only grows."""
    owner, serving = two_roles
    real = {
        **{name: held for name, held in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"},
        "FRONT_DOOR_DEMO": "0",
        "EMAIL_URL": "smtp://127.0.0.1:2525",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": serving,
        "DATABASE_OWNER_URL": owner,
    }

    def manage(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        env = {**real, **more}
        return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)

    migrated = manage("migrate", "--database", "owner", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    checked = manage("check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    as_owner = manage("check", "--deploy", DATABASE_URL=owner)
    assert "front_door.W002" in as_owner.stderr and "could take the second wall down" in as_owner.stderr
    with closing(psycopg2.connect(serving)) as one, closing(psycopg2.connect(serving)) as two, one.cursor() as cursor:
        two.cursor().execute("SELECT 'Zephyrine Marlow'")
        cursor.execute("SELECT count(*), string_agg(query, '') FROM pg_stat_activity WHERE usename = current_user")
        sessions, statements = cursor.fetchone()
        assert sessions == 2 and not statements, "no session of the role reads what another one asks"
        cursor.execute("INSERT INTO partnerships_auditentry (id) SELECT 1 WHERE false")
        for statement, says in (
            ("UPDATE partnerships_auditentry SET verb = 'x'", "permission denied"),
            ("ALTER TABLE referrals_child DISABLE ROW LEVEL SECURITY", "must be owner"),
            ("DROP TABLE referrals_child", "must be owner"),
            ("DELETE FROM django_migrations", "permission denied"),
        ):
            one.rollback()
            with pytest.raises(psycopg2.Error, match=says):
                cursor.execute(statement)


def test_a_referral_sent_on_crosses_the_wall_and_comes_back_as_the_ordinary_role(worlds: Any, ordinary: None) -> None:
    """Each side is written in its own partnership's name: no row of the one is read or written in the other's."""
    own, other = worlds
    sam, olga = own.person(Role.SCREENER), other.person(Role.SCREENER)
    row = make_referral(own, answers={"worry": {"happened": "A bruise."}})
    with scope(partnership=own.partnership):
        row = triage.claim(referral=row, by=sam, at=NOW)
        triage.decide(
            referral=row,
            decided_level=None,
            outcome=Outcome.TRANSFER,
            transfer_to=other.partnership,
            reason="They moved.",
            revision=row.revision,
            by=sam,
            at=NOW,
        )
        assert counted("referrals_arrival") == 0 and counted("referrals_transfer") == 1
        assert counted("referrals_referral") == 1
    with scope(partnership=other.partnership):
        assert counted("referrals_arrival") == 1 and counted("referrals_transfer") == 0
        there = Referral.objects.select_related("partnership").get()
        receiving.confirm_receipt(referral=there, by=olga, at=NOW)
    with scope(partnership=own.partnership):
        assert Referral.objects.get().state == "decided"
