"""Who knocks, on whose records, and which of them each may see: the design's words as a table, not the code's.

Twelve records, by letter; a child's name is its record's own, so that a name on a page tells whose record it shows.

    A  in the MASH, the school's, Paula's            G  stepped down to early help, the school's, Cora's
    B  in the MASH, the school's, Cora's             H  from the public, in the MASH
    C  in the MASH, the practice's, Quin's           R  in the MASH and restricted to one screener, Cora's
    D  in early help, the school's, Paula's          S  in the other team and restricted, Quin's
    E  in another early help team, Quin's            O  another partnership's
    F  decided in the MASH, the school's, Paula's    M  nobody's: it is not there
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django_scopes import scope, scopes_disabled

from partnerships.models import Agency, Membership, Team, User
from partnerships.permissions import Role
from referrals import outbox
from referrals.asking import actions as asking
from referrals.domain.asking import Basis, Urgency
from referrals.domain.lifecycle import State
from referrals.models import Absence, Draft, Referral, SavedView, Support
from tests.factories import (
    NOW,
    World,
    make_attachment,
    make_draft,
    make_invitation,
    make_letter,
    make_overtaken_decision,
    make_person,
    make_referral,
    make_replayed_case,
    make_restricted,
    make_second_screening,
    make_world,
)

NAMES = {
    "A": "Zephyrine",
    "B": "Barnabette",
    "C": "Cunigunda",
    "D": "Dorothelle",
    "E": "Ermintrude",
    "F": "Fredegonde",
    "G": "Gwendolyth",
    "H": "Hildegarde",
    "R": "Quillonette",
    "S": "Sophronisba",
    "O": "Ottilienne",
}
WORKED = frozenset("ABCDEFGH")
"""What is open to whoever works for the partnership itself, were there no fire-wall: all but what is restricted."""
FIRST = "A"
MISSING, FOREIGN = "M", "O"


@dataclass(frozen=True)
class Person:
    """Somebody who knocks. Each set is of records, by letter.

    works: opened as who works on referrals. follows: as who referred, or leads the agency. writes: the drafts.
    takes: drafts that may be taken over. answers: checks. supports: early help. keeps: people's roles. invites:
    invitations. effect: the cases of a replay. seconds: second screenings. resends: notices. views: kept views.
    """

    user: User | None
    roles: tuple[Role, ...] = ()
    works: str = ""
    follows: str = ""
    writes: str = ""
    takes: str = ""
    answers: str = ""
    supports: str = ""
    keeps: str = ""
    invites: str = ""
    effect: str = ""
    seconds: str = ""
    resends: str = ""
    views: str = ""
    absences: str = ""
    by_password: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The children whom this person may read of anywhere."""
        return frozenset(self.works + self.follows + self.writes + self.takes + self.answers + self.supports)


def people(own: World, other: World, made: dict[str, Any]) -> dict[str, Person]:
    """Each role, again in another agency or team, those of another partnership, and who is nobody here: 28 people."""
    practice, second, paula = own.practice, made["second team"], own.person(Role.PRACTITIONER)
    works = {"mash": "ABCFGH", "early help": "DG", "second": "E"}
    told: dict[str, Person] = {
        "practitioner": Person(paula, (Role.PRACTITIONER,), follows="ADF", writes="ADF"),
        "her colleague": Person(made["cora"], (Role.PRACTITIONER,), follows="BGR", writes="BGR"),
        "practitioner of another agency": Person(made["quin"], (Role.PRACTITIONER,), follows="CES", writes="CES"),
        "safeguarding lead": Person(
            own.person(Role.SAFEGUARDING_LEAD),
            (Role.SAFEGUARDING_LEAD,),
            follows="ABDFG",
            takes="D",
            keeps="ABDFGR",
            invites="A",
        ),
        "lead of another agency": Person(
            make_person(own, Role.SAFEGUARDING_LEAD, agency=practice),
            (Role.SAFEGUARDING_LEAD,),
            follows="CE",
            keeps="CES",
            invites="C",
        ),
        "screener": Person(
            own.person(Role.SCREENER), (Role.SCREENER,), works=works["mash"], seconds="A", views="A", absences="AC"
        ),
        "another screener, who is named": Person(
            made["named"], (Role.SCREENER,), works=works["mash"] + "R", seconds="AR", absences="AC"
        ),
        "early help": Person(
            own.person(Role.EARLY_HELP), (Role.EARLY_HELP,), works="DG", supports="D", seconds="D", absences="AC"
        ),
        "early help of another team": Person(
            make_person(own, Role.EARLY_HELP, team=second), (Role.EARLY_HELP,), works="E", supports="E", absences="AC"
        ),
        "senior": Person(own.person(Role.SENIOR), (Role.SENIOR,), works="ABCFH"),
        "senior of early help": Person(make_person(own, Role.SENIOR, team=own.early_help), (Role.SENIOR,), works="DG"),
        "checker": Person(own.person(Role.CHECKER), (Role.CHECKER,), answers="A"),
        "checker of another agency": Person(
            make_person(own, Role.CHECKER, agency=practice), (Role.CHECKER,), answers="C"
        ),
        "manager": Person(
            own.person(Role.MANAGER), (Role.MANAGER,), works="ABCDEFGH", supports="DE", effect="A", absences="AC"
        ),
        "admin": Person(
            own.person(Role.ADMIN), (Role.ADMIN,), keeps="ABCDEFGHRS", invites="AC", effect="A", resends="A"
        ),
        "screener by a password alone": Person(own.person(Role.SCREENER), by_password=True),
        "of two partnerships": Person(made["of two"], (Role.PRACTITIONER,)),
        "role ended": Person(made["ended"]),
        "deactivated": Person(made["gone"]),
        "signed out": Person(None),
    }
    return told | {f"foreign {role.value}": Person(other.person(role)) for role in Role}


def nobodies(own: World, other: World) -> dict[str, User]:
    """Who has an account and nothing to do with what they ask for."""
    gone = make_person(own, Role.SCREENER, name="Gone", team=own.mash)
    gone.is_active = False
    gone.save()
    ended = make_person(own, Role.MANAGER, name="Ended")
    ended.memberships.update(ended_at=NOW - dt.timedelta(days=1000))
    of_two = make_person(own, Role.PRACTITIONER, name="Of Two", agency=own.school)
    Membership.objects.create(user=of_two, partnership=other.partnership, role=Role.MANAGER.value)
    return {"gone": gone, "ended": ended, "of two": of_two}


def everybody() -> tuple[World, dict[str, Person], dict[str, dict[str, Any]]]:
    """A partnership and another; who knocks, by name; what fills in an address for each record, by its letter."""
    own, other = make_world("ownshire"), make_world("othershire")
    made: dict[str, Any] = {
        "second team": Team.objects.create(
            partnership=own.partnership, slug="early-help-2", name="Early Help 2", kind="early_help"
        ),
        "cora": make_person(own, Role.PRACTITIONER, name="Cora", agency=own.school),
        "quin": make_person(own, Role.PRACTITIONER, name="Quin", agency=own.practice),
        **nobodies(own, other),
    }
    with scopes_disabled():
        told = dict(records(own, other, made))
    return own, people(own, other, made), told


def records(own: World, other: World, made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    paula, cora, quin, second = own.person(Role.PRACTITIONER), made["cora"], made["quin"], made["second team"]
    low = ("health-2-02",)
    wanted: dict[str, dict[str, Any]] = {
        "A": {"referrer": paula},
        "B": {"referrer": cora},
        "C": {"referrer": quin},
        "D": {"referrer": paula, "indicators": low, "team": own.early_help},
        "E": {"referrer": quin, "indicators": low, "team": second},
        "F": {"referrer": paula},
        "G": {"referrer": cora, "team": own.early_help},
        "H": {"referrer": paula},
        "R": {"referrer": cora},
        "S": {"referrer": quin, "indicators": low, "team": second},
        "O": {},
    }
    for place, (letter, how) in enumerate(wanted.items()):
        world = other if letter == FOREIGN else own
        child = {"first_name": NAMES[letter], "last_name": f"Name{place}", "date_of_birth": dt.date(2010 + place, 5, 1)}
        referral = make_referral(world, child=child, **how)
        more: dict[str, Any] = {}
        if how.get("referrer") == quin:
            more["agency"] = own.practice
        if letter == "F":
            more |= {"state": State.DECIDED.value, "decided_at": NOW, "decided_by": own.person(Role.SCREENER)}
        if letter == "G":
            more["went_through_mash"] = True
        if letter == "H":
            more |= {"agency": None, "referrer": None, "channel": Referral.Channel.PUBLIC}
        if more:
            Referral.objects.filter(pk=referral.pk).update(**more)
            referral = Referral.objects.get(pk=referral.pk)
        if letter in "RS":
            named = make_restricted(world, referral)
            made.setdefault("named", named)
        yield letter, parts_of(world, letter, referral)
    yield MISSING, MISSING_PARTS


def parts_of(world: World, letter: str, referral: Referral) -> dict[str, Any]:
    """What fills in an address that is about this record: itself, and one of each thing that belongs to it."""
    writer = referral.referrer or world.person(Role.PRACTITIONER)
    draft = make_draft(world, by=writer, child_name=NAMES[letter])
    if letter == "D":
        Draft.objects.filter(pk=draft.pk).update(shared_at=NOW)
    if letter == "H":
        Draft.objects.filter(pk=draft.pk).update(started_by=None, channel=Referral.Channel.PUBLIC)
    told: dict[str, Any] = {
        "referral_id": referral.pk,
        "draft_id": draft.pk,
        "letter_id": make_letter(world, referral).pk,
        "attachment_id": make_attachment(world, referral=referral, draft=draft).pk,
        "child_id": referral.children.get().pk,
        "other_child_id": referral.children.get().pk,
        "clock_id": referral.clocks.order_by("pk").first().pk,
        "membership_id": (writer if letter != "H" else world.person(Role.SCREENER)).memberships.get().pk,
    }
    if letter in "ADRO":
        told["second_id"] = make_second_screening(world, referral).pk
    if letter in "DESO":
        told["support_id"] = supported(world, referral).pk
    if letter in "ACO":
        agency = world.practice if letter == "C" else world.school
        told |= beside(world, letter, referral, agency)
    if letter == FOREIGN:  # the same name may be given to things of two partnerships: these are the other's alone
        Agency.objects.create(partnership=world.partnership, slug="elsewhere", name="Elsewhere", kind="school")
        Team.objects.create(partnership=world.partnership, slug="elsewhere", name="Elsewhere", kind="early_help")
        told |= {"agency": "elsewhere", "team": "elsewhere"}
    if letter in (FIRST, FOREIGN):
        told |= of_the_partnership(world, referral)
    return told


def beside(world: World, letter: str, referral: Referral, agency: Agency) -> dict[str, Any]:
    """A check with an agency about this child, somebody invited to that agency, somebody who is away."""
    screener = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        asking.rate_risk(referral=referral, rating="medium", reason="One injury.", by=screener, at=NOW)
        ask = asking.ask_agencies(
            referral=referral,
            agencies=[agency],
            question="Is this known?",
            extract=[{"label": "Child 1, name", "value": NAMES[letter]}],
            basis=Basis.PUBLIC_TASK,
            urgency=Urgency.SOON,
            by=screener,
            at=NOW,
        )[0]
    invitation = make_invitation(world)
    invitation.agency = agency
    invitation.save()
    away = make_person(world, Role.SCREENER, team=world.mash)
    absence = Absence.objects.create(
        partnership=world.partnership, user=away, until=NOW + dt.timedelta(days=9999), at=NOW, by=screener
    )
    return {"ask_id": ask.pk, "invitation_id": invitation.pk, "absence_id": absence.pk}


def of_the_partnership(world: World, referral: Referral) -> dict[str, Any]:
    """One of each thing that a partnership has, and that is no child's."""
    screener = world.person(Role.SCREENER)
    notice = outbox.tell(
        partnership=world.partnership,
        referral=None,
        kind="test",
        to=screener,
        key="walk",
        subject="Front Door",
        body="A notice",
        at=NOW,
    )
    view = SavedView.objects.create(partnership=world.partnership, name="Mine", query="", at=NOW, by=screener)
    return {
        "case_id": make_replayed_case(world, referral).pk,
        "notice_id": notice.pk,
        "saved_view_id": view.pk,
        "version": world.version.slug,
        "pk": world.version.indicators.order_by("pk").first().pk,
        "point_id": world.partnership.contact_points.get_or_create(kind="lado", name="The LADO")[0].pk,
    }


def supported(world: World, referral: Referral) -> Support:
    child = referral.children.get()
    return Support.objects.create(
        partnership=world.partnership,
        referral=referral,
        child=child,
        decision=make_overtaken_decision(world, referral, child),
        team=referral.team,
        offered_at=NOW,
    )


MISSING_PARTS = {
    **{
        f"{name}_id": uuid.UUID(int=7)
        for name in (
            *("referral", "draft", "letter", "attachment", "child", "other_child", "second", "support", "ask"),
            *("invitation", "case", "notice"),
        )
    },
    **{f"{name}_id": 10**9 for name in ("clock", "membership", "absence", "saved_view", "point", "link", "access")},
    **dict.fromkeys(("agency", "team", "version"), "no-such"),
    "pk": 10**9,
}
ELSE = {
    "noun": "indicator",
    "format": "yaml",
    "key": "health-2-01",
    "slug": "worry",
    "group": "child",
    "number": 1,
    "stage": "sent",
    "what": "received",
    "code": "mash",
    "day": NOW.date().isoformat(),
    "kind": "parents",
    "token": "no-such-token",
    "name": "accept",
    "agency": "school",
    "team": "mash",
    "link_id": 1,
    "access_id": 1,
}
"""What fills in the rest of an address."""


def signed_in(person: Person) -> Client:
    client = Client()
    if person.user is not None:
        (client.force_login_by_password if person.by_password else client.force_login)(person.user)  # type: ignore[attr-defined]
        if not person.by_password:
            client.prove_again()  # type: ignore[attr-defined]
    return client
