"""Rows for tests: a partnership with its people, its threshold in force, a referral in its queue."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from partnerships.models import Agency, Invitation, Membership, Partnership, Team, User
from partnerships.permissions import Role
from referrals.asking import actions as asking
from referrals.attachments import store
from referrals.clocks.actions import start_clocks
from referrals.domain.asking import Basis, Urgency
from referrals.domain.lifecycle import Outcome
from referrals.models import (
    Ask,
    Attachment,
    Child,
    ChosenIndicator,
    Decision,
    Draft,
    Letter,
    Referral,
    Replay,
    ReplayedCase,
    RestrictedAccess,
    SecondScreening,
    SignOff,
    Support,
)
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing
from referrals.triage import actions as triage
from tests import put_back, schemes
from thresholds import actions
from thresholds.domain.reading import read_scheme, write_scheme
from thresholds.domain.screening import Facts, read_facts, screen, write_facts, write_screening
from thresholds.loading import load
from thresholds.models import SchemeVersion

T = TypeVar("T")
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
"""A Tuesday morning. Tests that need another instant pass it."""
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
number = itertools.count(1)


@dataclass
class World:
    """One partnership, its teams and agencies, and a person for each role, by the role's value."""

    partnership: Partnership
    version: SchemeVersion
    mash: Team
    early_help: Team
    school: Agency
    practice: Agency
    people: dict[str, User] = field(default_factory=dict)

    def person(self, role: Role) -> User:
        return self.people[role.value]


def make_world(slug: str = "testshire", *, content: dict[str, Any] | None = None) -> World:
    """A partnership that works: threshold published, teams, two agencies, one person for each role."""
    if content is not None:
        return new_world(slug, content)
    world: World = put_back.again(slug, lambda: new_world(slug))
    return world


def new_world(slug: str, content: dict[str, Any] | None = None) -> World:
    partnership = Partnership.objects.create(
        slug=slug,
        name=f"{slug.title()} Safeguarding Children Partnership",
        short_name=slug.title(),
        reference_prefix=slug[:3].upper(),
        front_door_name="Front Line",
        front_door_telephone="01632 960001",
        out_of_hours_telephone="01632 960002",
        opens=dt.time(9),
        closes=dt.time(17),
        form_name="Referral Form",
        public_form=True,
    )
    version = publish_scheme(partnership, content)
    mash = Team.objects.create(partnership=partnership, slug="mash", name="MASH", kind="mash", is_default=True)
    early_help = Team.objects.create(
        partnership=partnership, slug="early-help", name="Early Help", kind="early_help", is_default=True
    )
    school = Agency.objects.create(
        partnership=partnership, slug="school", name=f"{slug.title()} Primary", kind="school", source_of_referral="2A"
    )
    practice = Agency.objects.create(
        partnership=partnership, slug="practice", name=f"{slug.title()} Practice", kind="gp", source_of_referral="3A"
    )
    world = World(partnership, version, mash, early_help, school, practice)
    for role in Role:
        world.people[role.value] = make_person(
            world,
            role,
            agency=school if role in (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD, Role.CHECKER) else None,
            team=mash if role in (Role.SCREENER, Role.SENIOR) else early_help if role is Role.EARLY_HELP else None,
        )
    return world


def publish_scheme(partnership: Partnership, content: dict[str, Any] | None = None) -> SchemeVersion:
    told = {**(content or schemes.content()), "partnership": partnership.slug}
    if content is None:
        told["slug"] = f"{partnership.slug}-2026"
    version = actions.import_draft(content=read_scheme(told), by=None, at=LONG_AGO)
    return actions.publish(version=version, holds_from=LONG_AGO, by=None, at=LONG_AGO)


def make_person(
    world: World, role: Role, *, name: str = "", agency: Agency | None = None, team: Team | None = None
) -> User:
    """One more person with one role."""
    n = next(number)
    user = User.objects.create_user(
        f"{role.value}-{n}@{world.partnership.slug}.example",
        "correct horse battery",
        name=name or f"{role.label} {n}",
        job_title=role.label,
        telephone="01632 960100",
    )
    Membership.objects.create(user=user, partnership=world.partnership, role=role.value, agency=agency, team=team)
    return user


def sign_in(user: User) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, address: str, *, follow: bool = False, **typed: Any) -> Any:
    """Open a page and send its form, its hidden marks (revision, stage, token) with it, as a browser does."""
    shown = client.get(address).content.decode()
    marks = re.findall(r'<input type="hidden" name="(revision|asked|seen|read|token)" value="([^"]*)"', shown)
    return client.post(address, {**dict(marks), **typed}, follow=follow)


def pressing_again(do: Callable[[], T]) -> T:
    """What `do` gives, pressed again as a person would for as long as the database is busy: SQLite has one writer at a
    time, and among many may leave one waiting beyond its patience."""
    while True:
        try:
            return do()
        except OperationalError:
            if connection.vendor != "sqlite":
                raise


def make_referral(
    world: World,
    *,
    indicators: tuple[str, ...] = ("health-4-01",),
    facts: dict[str, Any] | None = None,
    team: Team | None = None,
    referrer: User | None = None,
    received_at: dt.datetime = NOW,
    child: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
) -> Referral:
    """A referral as sending leaves it: screened, in a queue, its clocks running. Rows only; no notice, no audit."""
    of_child = {
        "first_name": "Robin",
        "last_name": "Marlow",
        "date_of_birth": dt.date(2019, 5, 1),
        "sex": "F",
        "order": 1,
        **(child or {}),
    }
    dated = {name: of_child.get(name) for name in ("date_of_birth", "expected_on")}
    told = read_facts(
        {
            "indicators": list(indicators),
            "children": [dated],
            "consent": {"informed": True, "given": True},
            "on": received_at.date().isoformat(),
            **(facts or {}),
        }
    )
    screening = {**write_screening(screen(load(world.version), told)), "facts": write_facts(told)}
    mash = screening["route"] == "mash"
    referrer = referrer or world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        referral = Referral.objects.create(
            partnership=world.partnership,
            reference=f"{world.partnership.reference_prefix}-TEST-{next(number):04d}",
            token=uuid.uuid4(),
            agency=world.school,
            referrer=referrer,
            referrer_details={"name": referrer.name, "email": referrer.email},
            received_at=received_at,
            answers=answers or {},
            scheme_version=world.version,
            screening={**screening, "facts": write_facts(told), "child": 1},
            indicated_level=screening["indicated_level"],
            route=screening["route"],
            flags=screening["flags"],
            immediate_danger="immediate_danger" in screening["flags"],
            team=team or (world.mash if mash else world.early_help),
            went_through_mash=team.is_mash if team else mash,
        )
        add_child(world, referral, told, screening, indicators, of_child)
        keep_standing(referral)
        keep_keys(referral)
        start_clocks(referral=referral, starts={"received": received_at}, by=referrer, at=received_at)
    return referral


def add_child(
    world: World,
    referral: Referral,
    facts: Facts,
    screening: dict[str, Any],
    indicators: tuple[str, ...],
    of_child: dict[str, Any],
) -> Child:
    """One child of a referral, with its screening and the indicators chosen for it."""
    child = Child.objects.create(
        partnership=world.partnership,
        referral=referral,
        facts=write_facts(facts),
        screening=screening,
        indicated_level=screening["indicated_level"],
        judged_level=facts.judged_level,
        route=screening["route"],
        flags=screening["flags"],
        **of_child,
    )
    for indicator in world.version.indicators.current().filter(key__in=indicators):
        ChosenIndicator.objects.create(
            partnership=world.partnership, referral=referral, child=child, indicator=indicator
        )
    return child


def sign(world: World, referral: Referral, *, by: User | None = None, at: dt.datetime = NOW) -> SignOff:
    """The second person's signature under what waits for one on this referral."""
    with scope(partnership=world.partnership):
        waiting = SignOff.objects.waiting().get(referral=referral)
        return triage.sign_off(sign_off=waiting, said="", by=by or world.person(Role.SENIOR), at=at)


def make_check(world: World, referral: Referral, *, child: str = "Robin Marlow") -> Ask:
    """A check that the MASH asks of the school's own people."""
    with scope(partnership=world.partnership):
        screener = world.person(Role.SCREENER)
        asking.rate_risk(referral=referral, rating="medium", reason="One injury.", by=screener, at=NOW)
        return asking.ask_agencies(
            referral=referral,
            agencies=[world.school],
            question="Has the school seen this before?",
            extract=[{"label": "Child 1, name", "value": child}],
            basis=Basis.PUBLIC_TASK,
            urgency=Urgency.SOON,
            by=screener,
            at=NOW,
        )[0]


def make_support(world: World, *, at: dt.datetime = NOW, **kwargs: Any) -> Support:
    """A child that the early help team decided to help itself: to be accepted."""
    referral = make_referral(world, indicators=("health-2-02",), received_at=at, **kwargs)
    with scope(partnership=world.partnership):
        erin = world.person(Role.EARLY_HELP)
        row = triage.claim(referral=referral, by=erin, at=at)
        triage.decide(
            referral=row,
            decided_level=2,
            outcome=Outcome.EARLY_HELP,
            reason="They ask for help.",
            told_referrer="We begin this week.",
            revision=row.revision,
            by=erin,
            at=at,
        )
        return Support.objects.get(referral=referral)


def make_replayed_case(world: World, referral: Referral) -> ReplayedCase:
    """A case of a replay that is done, of the version in force against itself: what its pages show is settled."""
    with scope(partnership=world.partnership):
        replay = Replay.objects.create(
            partnership=world.partnership,
            version=world.version,
            baseline=world.version,
            revision=0,
            content=write_scheme(load(world.version)),
            until=NOW,
            state=Replay.State.DONE,
            asked_at=NOW,
            asked_by=world.person(Role.ADMIN),
            finished_at=NOW,
        )
        return ReplayedCase.objects.create(
            partnership=world.partnership,
            replay=replay,
            child=referral.children.first(),
            place=0,
            before_level=2,
            after_level=3,
            before_route="early_help",
            after_route="mash",
            causes=["levels:"],
        )


def make_restricted(world: World, referral: Referral) -> User:
    """Restrict a referral to one screener, who is nobody of the world's own; gives that screener."""
    named = make_person(world, Role.SCREENER, name="Named Alone", team=world.mash)
    with scope(partnership=world.partnership):
        RestrictedAccess.objects.create(
            partnership=world.partnership, referral=referral, user=named, kind="named", reason="x", at=NOW, by=named
        )
        Referral.objects.filter(pk=referral.pk).update(restricted=True)
    return named


def make_overtaken_decision(world: World, referral: Referral, child: Child) -> Decision:
    """A decision of a manager's that holds no more: the referral is as open as before."""
    return Decision.objects.create(
        partnership=world.partnership,
        referral=referral,
        child=child,
        state=Decision.State.OVERTAKEN,
        decided_level=4,
        indicated_level=4,
        outcome="advice",
        reason="Because.",
        at=NOW,
        by=world.person(Role.MANAGER),
    )


def make_second_screening(world: World, referral: Referral) -> SecondScreening:
    """A decision of somebody else's, drawn for a second screening; the referral stays open for the other tests."""
    with scope(partnership=world.partnership):
        child = referral.children.get()
        return SecondScreening.objects.create(
            partnership=world.partnership,
            referral=referral,
            child=child,
            decision=make_overtaken_decision(world, referral, child),
            drawn_at=NOW,
        )


def make_draft(world: World, *, by: User | None = None, child_name: str = "Robin") -> Draft:
    """A referral that somebody has begun to write."""
    by = by or world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        return Draft.objects.create(
            partnership=world.partnership,
            agency=world.school,
            started_by=by,
            started_at=NOW,
            saved_at=NOW,
            answers={
                "children": [{"who": {"first_name": child_name, "last_name": "Marlow", "born": "born"}}],
                "people": [{}],
            },
        )


def make_invitation(world: World, *, email: str = "", at: dt.datetime | None = None) -> Invitation:
    """Somebody invited to be a practitioner of the school, as from the partnership's admin."""
    at = at or timezone.now()
    user = User(email=email or f"invited-{next(number)}@{world.partnership.slug}.example", name="Inva Ted")
    user.is_active = False
    user.set_unusable_password()
    user.save()
    return Invitation.objects.create(
        partnership=world.partnership,
        user=user,
        name=user.name,
        role=Role.PRACTITIONER.value,
        agency=world.school,
        invited_at=at,
        invited_by=world.person(Role.ADMIN),
        expires_at=at + dt.timedelta(days=7),
    )


def make_letter(world: World, referral: Referral) -> Letter:
    """An acknowledgement, as it was sent."""
    with scope(partnership=world.partnership):
        return Letter.objects.create(
            partnership=world.partnership,
            referral=referral,
            kind=Letter.Kind.ACKNOWLEDGEMENT,
            addressed_to=referral.referrer,
            subject="We are reading your referral",
            body="A person is reading it.",
            sent_at=NOW,
            sent_by=world.person(Role.SCREENER),
        )


def make_attachment(world: World, *, referral: Referral | None = None, draft: Draft | None = None) -> Attachment:
    """A document with its sealed file, of a draft or of a referral."""
    content = b"%PDF-1.7\n%%EOF\n"
    with scope(partnership=world.partnership):
        return Attachment.objects.create(
            partnership=world.partnership,
            draft=draft,
            referral=referral,
            asked_for="plan",
            called="Plan",
            name="plan.pdf",
            ending="pdf",
            size=len(content),
            digest=uuid.uuid4().hex,
            stored_as=store.keep(content),
            state=Attachment.State.NOT_SCANNED,
            added_at=NOW,
            added_by=world.person(Role.PRACTITIONER),
        )
