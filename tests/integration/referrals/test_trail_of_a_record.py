"""Who read or changed any part of a referral is found in the trail by that referral, whatever the part's own id."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django_scopes import scope

from partnerships import audit, rows, trail
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.asking import actions as asking
from referrals.clocks import pausing
from referrals.domain.asking import Urgency
from referrals.domain.lifecycle import State
from referrals.models import Attachment, Clock, Letter, Notice, Referral, Support
from referrals.retention import actions as retention
from referrals.support import actions as supporting
from referrals.trail.finding import of_record
from referrals.triage import actions as triage
from referrals.triage import restricting
from tests.factories import (
    NOW,
    World,
    make_attachment,
    make_check,
    make_person,
    make_replayed_case,
    make_second_screening,
    make_support,
    sign_in,
)
from tests.integration.test_canaries import Watch, the_whole_way

DAY = dt.timedelta(days=1)
ELSEWHERE = ("signin.", "member.", "threshold.", "trail.", "partnership.", "front_door.", "invitation.")
"""What concerns no record."""


def found_by(world: World, record: object) -> set[int]:
    with scope(partnership=world.partnership):
        sought = of_record(trail.Sought(object_id=str(record)))
        return set(trail.entries(world.partnership, sought).values_list("pk", flat=True))


def not_found(world: World, record: object, *, since: int = 0, but: set[str] = frozenset()) -> list[str]:
    """What was written since, of anything but `ELSEWHERE` and these ids, and is not found by the record."""
    found = found_by(world, record)
    return [
        f"{each.verb} of {each.noun}"
        for each in AuditEntry.objects.filter(partnership=world.partnership, sequence__gt=since).order_by("sequence")
        if each.pk not in found and not each.verb.startswith(ELSEWHERE) and str(each.concerns) not in but
    ]


def verbs(world: World) -> set[str]:
    return set(AuditEntry.objects.filter(partnership=world.partnership).values_list("verb", flat=True))


def test_every_entry_of_the_whole_way_is_found_by_the_referral_from_its_first_page_on(
    world: World, documents_as_pages: None
) -> None:
    referral = the_whole_way(Watch(), world)
    others = AuditEntry.objects.filter(partnership=world.partnership, noun="draft")
    unsent = {str(each.concerns) for each in others} - {str(referral.token)}
    assert not_found(world, referral.pk, but=unsent) == []
    assert verbs(world) >= {
        "draft.started",
        "attachment.added",
        "attachment.downloaded",
        "letter.read",
        "clock.overdue",
    }
    assert verbs(world) >= {"referral.summary_downloaded", "referral.copy_downloaded", "referral.sent"}


def test_what_is_asked_helped_screened_again_restricted_and_deleted_is_found_by_the_referral(
    world: World, documents_as_pages: None
) -> None:
    """Each part stands under an id of its own; nothing else happens in this partnership."""
    with time_machine.travel(NOW, tick=False):
        support = make_support(world)
        at_work(world, support)
    record = support.referral_id
    assert not_found(world, record) == []
    seen = {"check.read", "check.asked", "check.answered", "question.answered", "support.read", "support.accepted"}
    seen |= {"letter.read", "letter.not_safe", "disagreement.raised", "second_screening.read", "second_screening.done"}
    seen |= {"attachment.downloaded", "clock.paused", "notice.dealt_with", "referral.held", "referral.restricted"}
    seen |= {"glass.refused", "search.done", "replayed_case.read", "risk.rated", "request.refused", "trail.read"}
    assert seen <= verbs(world), seen - verbs(world)
    with scope(partnership=world.partnership):
        late = NOW + 40 * 365 * DAY
        Referral.objects.filter(pk=record).update(hold_at=None, state=State.DECIDED.value)
        gone = [each for each in retention.going(world.partnership, at=late) if each.row.pk == record]
        assert retention.delete(gone[0], at=late)
    assert not_found(world, record) == ["request.refused of request"], (
        "also once it is deleted, by its key; but who was refused a part of it, by what was that part's address"
    )


def at_work(world: World, support: Support) -> None:
    """Every page and action on a part of this one referral."""
    row = support.referral
    people = {role: sign_in(world.person(role)) for role in Role}
    erin, sam, mo, tess = (people[role] for role in (Role.EARLY_HELP, Role.SCREENER, Role.MANAGER, Role.PRACTITIONER))

    def to(name: str, /, **parts: Any) -> str:
        return reverse(name, kwargs={"partnership": "testshire", **parts})

    there = to("support", support_id=support.pk)
    assert erin.get(there).status_code == 200
    erin.post(to("support_step", support_id=support.pk, name="accept"), {"lead": "Lea", "plan": "A course."})
    for page in ("referral_track", "referral_add", "disagreement"):
        assert tess.get(to(page, referral_id=row.pk)).status_code == 200
    tess.post(to("disagreement", referral_id=row.pk), {"words": "Nobody has seen him."})
    document = make_attachment(world, referral=row)
    with scope(partnership=world.partnership):
        Attachment.objects.filter(pk=document.pk).update(state=Attachment.State.CLEAN)
        letter = Letter.objects.filter(referral=row).first()
    assert tess.get(to("letter", referral_id=row.pk, letter_id=letter.pk)).status_code == 200
    assert erin.get(to("triage_file", referral_id=row.pk, attachment_id=document.pk)).status_code == 200
    with scope(partnership=world.partnership):
        erins = world.person(Role.EARLY_HELP)
        supporting.step_up_support(support=support, reason="Worse.", by=erins, at=NOW)
        row = triage.claim(referral=Referral.objects.get(pk=row.pk), by=world.person(Role.SCREENER), at=NOW)
        ask = asking.ask_referrer(
            referral=row, question="Who?", urgency=Urgency.SOON, by=world.person(Role.SCREENER), at=NOW
        )
    check = make_check(world, row)
    checker = people[Role.CHECKER]
    assert checker.get(to("check_answer", ask_id=check.pk)).status_code == 200
    for client, address in (
        (checker, to("check_answer", ask_id=check.pk)),
        (tess, to("question_answer", referral_id=row.pk, ask_id=ask.pk)),
    ):
        client.get(address)
        client.post(address, {"answer": "His aunt.", "knows": "yes", "danger": "no"})
    assert people[Role.PRACTITIONER].get(to("support", support_id=support.pk)).status_code == 404, (
        "refused, by its part"
    )
    with scope(partnership=world.partnership):
        manager, screener = world.person(Role.MANAGER), world.person(Role.SCREENER)
        clock = Clock.objects.filter(referral=row, met_at__isnull=True).first()
        pausing.pause(clock=clock, reason="Snow.", until=dt.date(2026, 11, 27), by=manager, at=NOW)
        notice = Notice.objects.filter(referral=row).first()
        Notice.objects.filter(pk=notice.pk).update(state=Notice.State.BOUNCED)
    people[Role.ADMIN].post(to("notice_dealt_with", notice_id=notice.pk), {"how": "Telephoned."})
    with scope(partnership=world.partnership):
        from referrals.letters.actions import not_safe_to_write

        not_safe_to_write(referral=row, because="He reads her post.", by=screener, at=NOW)
        retention.hold(referral=row, reason="A complaint.", by=manager, at=NOW)
        second = make_second_screening(world, row)
        case = make_replayed_case(world, row)
    sol = sign_in(make_person(world, Role.SCREENER, team=world.mash))
    again = to("second_screening", second_id=second.pk)
    assert sol.get(again).status_code == 200
    sol.post(again, {"level": "3", "reason": "As I read it."})
    people[Role.ADMIN].get(to("threshold_effect_case", version=world.version.slug, case_id=case.pk))
    sam.post(to("search"), {"name": "Robin Marlow"})
    mo.get(to("audit_trail"), {"object_id": row.reference})
    with scope(partnership=world.partnership):
        restricting.restrict(referral=row, named=[manager, screener], reason="Kin.", by=manager, at=NOW)
    erin.post(to("break_glass"), {"reference": row.reference, "reason": "I must know."})


def test_no_caller_forgets_to_say_what_record_its_entry_concerns() -> None:
    """`of=None` is a word; to leave it out is to forget."""
    forgot, asked = [], 0
    for file in sorted(Path("referrals").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "audit.Told"):
                asked += 1
                forgot += [f"{file}:{node.lineno}"] if "of" not in {each.arg for each in node.keywords} else []
    assert forgot == [] and asked >= 35


def test_what_was_written_before_entries_named_their_record_is_found_by_its_parts(world: World) -> None:
    support = make_support(world)
    old = audit.record(
        partnership=world.partnership,
        verb="support.read",
        noun="support",
        object_id=support.pk,
        detail={"referral": support.referral_id},
        by=world.person(Role.EARLY_HELP),
        at=NOW,
    )
    assert old.concerns is None and old.pk in found_by(world, support.referral_id)
    assert list(audit.faults(world.partnership)) == []


@pytest.mark.parametrize("to", [None, uuid.uuid4()])
def test_the_record_of_an_entry_put_in_taken_out_or_changed_later_is_a_fault(
    world: World, to: uuid.UUID | None
) -> None:
    from partnerships import append_only

    named = audit.record(partnership=world.partnership, verb="x", noun="y", of=uuid.uuid4(), by=None, at=NOW)
    before = audit.record(partnership=world.partnership, verb="x", noun="y", by=None, at=NOW)
    assert list(audit.faults(world.partnership)) == []
    append_only.remove(connection)
    AuditEntry.objects.filter(pk=named.pk).update(concerns=to)
    AuditEntry.objects.filter(pk=before.pk).update(concerns=to)
    append_only.install(connection)
    found = {each.sequence for each in audit.faults(world.partnership)}
    assert found == {named.sequence, *([before.sequence] if to else [])}


def test_an_older_entry_has_the_hash_that_it_had() -> None:
    entry = AuditEntry(
        partnership_id=1,
        sequence=1,
        at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        verb="referral.read",
        noun="referral",
        object_id="1",
        previous_hash="0" * 64,
    )
    assert audit.digest(entry) == "8e370f6288ef7a4fc5851dc2bb92e19f45caf1b5b1631e313c703c462f359837"


def test_many_written_at_once_name_their_record_too(world: World) -> None:
    record = uuid.uuid4()
    told = [audit.Told("x", "y", n, of=record if n % 2 else None) for n in range(rows.MANY)]
    audit.record_all(partnership=world.partnership, entries=told, by=None, at=NOW)
    assert AuditEntry.objects.filter(concerns=record).count() == rows.MANY // 2
    assert list(audit.faults(world.partnership)) == []
