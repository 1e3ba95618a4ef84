"""Who hears that a referral is restricted, who is named on it, and who is named no more."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse

from partnerships.models import Team, User
from partnerships.staffing import managers
from referrals import outbox
from referrals.models import Referral, RestrictedAccess
from referrals.triage.moves import tell_one


def tell_kept_out(row: Referral, named: list[User], had_it: list[User], *, by: User, at: dt.datetime) -> None:
    """Who had it or decided it, and the managers, hear by its reference that it is restricted, where not named."""
    count = "one person" if len(named) == 1 else f"{len(named)} people"
    told = f"{by.name} restricted referral {row.reference} to {count}."
    glass = settings.SITE_URL + reverse("break_glass", kwargs={"partnership": row.partnership.slug})
    can = f"Where it has to be opened in need, you can, with a reason: {glass}"
    said = {each.pk: (each, f"{told} You are not among them. {can}") for each in managers(row.partnership)}
    for person in had_it:
        said[person.pk] = (
            person,
            f"{told} You are not among them, and can’t open it any more. If you know something of it that can’t wait, "
            f"tell {by.name} or a manager.",
        )
    for person, words in said.values():
        if person.pk != by.pk and person.pk not in {each.pk for each in named}:
            tell_by_reference(row, person, "a referral was restricted", words, of=str(row.revision), at=at)


def tell_lifted(row: Referral, named: list[User], *, by: User, at: dt.datetime) -> None:
    """The managers, and everybody who was named, hear that everybody of its queue sees it again."""
    said = (
        f"{by.name} lifted the restriction of referral {row.reference}: everybody who works in its queue sees it "
        "again. Its page says why."
    )
    for person in {each.pk: each for each in [*managers(row.partnership), *named]}.values():
        if person.pk != by.pk and person.is_active:
            what = f"lifted-{row.revision}"
            tell_by_reference(row, person, "a referral is restricted no more", said, of=what, at=at)


def tell_by_reference(row: Referral, to: User, subject: str, said: str, *, of: str, at: dt.datetime) -> None:
    """A notice to somebody who can't open it: it leads to no page of it. of: what it tells of."""
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="restricted",
        to=to,
        key=f"restricted:{row.pk}:{of}:{to.pk}",
        subject=f"Front Door: {subject}",
        body=f"{said}\n",
        at=at,
    )


def tell_named(access: RestrictedAccess, helps: Team | None, *, at: dt.datetime) -> None:
    """helps: the team as one of which somebody is named, who sees of it the early help alone."""
    row, by = access.referral, access.by.name if access.by else "Somebody"
    subject = "Front Door: you were named on a restricted referral"
    said = f"{by} named you on referral {row.reference}. It is restricted: speak of it with nobody else."
    if helps is None:
        if row.is_open and row.owner_id is None:
            danger = " It says that a child is in danger now." if row.immediate_danger else ""
            said += f"{danger} Nobody has it: open it, and take it where you can decide it."
        tell_one(row, access.user, kind="named", of=f"-{access.pk}", subject=subject, said=said, at=at)
        return
    page = settings.SITE_URL + reverse("supports", kwargs={"partnership": row.partnership.slug})
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="named",
        to=access.user,
        key=f"named-{access.pk}:{row.pk}",
        subject=subject,
        body=f"{said} You see none of it but the early help that {helps.name} is asked to give, once that is decided: "
        f"{page}\n",
        at=at,
    )
