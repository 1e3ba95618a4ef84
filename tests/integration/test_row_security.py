"""The second wall: PostgreSQL shows a child's rows to their own partnership alone, whatever the code asks for.

Every test here works as an ordinary role, as the portal does in production; a superuser sees past any policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from partnerships import row_security
from partnerships.permissions import Role
from referrals.models import Child, Heartbeat, Referral
from referrals.models.referral import ReferralQuerySet
from tests.factories import World, make_referral, make_world
from tests.integration.test_gates import ADDRESSES, RECORDS, parts, route_names

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the second wall is PostgreSQL's"),
]
ROLE = "front_door_serving_in_a_test"
SHARED = {Heartbeat}
"""Models of `referrals` that hold nothing of a child and belong to no partnership."""


@pytest.fixture
def worlds() -> tuple[World, World]:
    return make_world("ownshire"), make_world("othershire")


@pytest.fixture
def ordinary(worlds: Any) -> Iterator[None]:
    """The rest of the test goes on as the serving role; its grants are taken back with the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        row_security.grant(connection, ROLE)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_every_table_of_a_child_has_a_forced_policy_and_the_role_is_ordinary(ordinary: None) -> None:
    assert row_security.faults(connection) == []
    from django.apps import apps

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


def test_the_trail_can_be_added_to_and_not_changed_by_the_serving_role(worlds: Any, ordinary: None) -> None:
    for statement in ("UPDATE partnerships_auditentry SET verb = 'x'", "DELETE FROM partnerships_auditentry"):
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        row_security.grant(connection, ROLE)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    tried, answered = foreign_answers(own, theirs, ours)
    with capsys.disabled():
        print(f"\nwithout the first wall: {len(leaked)} of {tried} leak past it, {len(answered)} past the second")
    assert answered == []
    assert Referral  # what the walk was about
