"""What a referrer may do to a referral that is sent, and what a screener answers. What was sent is never changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from partnerships import audit
from partnerships.models import Agency, User
from partnerships.permissions import Permission
from referrals.additions.corrected import as_corrected, keep_corrected
from referrals.additions.wish import open_wish, settle_wish, tell_settled
from referrals.asking.actions import withdraw_ask
from referrals.attachments.actions import Looked, NotTaken, Sent, attach, let_go, look
from referrals.clocks.actions import stop_clocks
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Move, State
from referrals.domain.marks import mark_of
from referrals.intake.actions import start_draft
from referrals.intake.answers import Answers, blank, mapping
from referrals.intake.pages import FAMILY, INVOLVED, PAGES, YOU
from referrals.models import Addendum, Ask, Attachment, Child, Draft, Referral
from referrals.referrers import speaks_for_referrer
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing
from referrals.transfer.receiving import reaching
from referrals.transfer.told_since import pass_on
from referrals.triage.moves import Refused, held, locked, move, tell_story
from referrals.triage.told_later import take_in, tell_those_at_work, who_decided

MOST = 100
"""Additions to one referral: more than any referrer writes."""


DECIDED_NOT_WITHDRAWN = (
    "It was said that a child is in danger now, so this is decided and not withdrawn. Answer that we go on with it, "
    "then decide it: that the referrer wished to withdraw it is part of what you weigh, and stays on record."
)


@dataclass(frozen=True, slots=True)
class Added:
    """What was added, the documents that came with it, and those that could not be taken."""

    addendum: Addendum
    refused: list[NotTaken] = field(default_factory=list)


def add_information(
    *,
    referral: Referral,
    text: str,
    later: Later,
    children: Sequence[Child] = (),
    files: Iterable[Sent] = (),
    token: str,
    by: User,
    at: dt.datetime,
) -> Added:
    """Put more information beside what was sent, and tell who works on it. Sent twice, it is kept once; what was
    changed before it was sent again is an addition by itself.

    later: whether a child may come to harm now, or the worry has grown; children: which of them, none for all. What
    follows from it, whatever the referral's state and wherever it is: `referrals.triage.told_later`.
    """
    came = list(files)
    token = mark_of(token, text, later.value, sorted(child.order for child in children), [_file(each) for each in came])
    looked = look(came)  # before anything is held: while documents are looked into, everybody else goes on
    return _added(referral, text, later, children, looked, token, by=by, at=at)


@transaction.atomic
def _added(
    referral: Referral,
    text: str,
    later: Later,
    children: Sequence[Child],
    looked: list[Looked],
    token: str,
    *,
    by: User,
    at: dt.datetime,
) -> Added:
    row = held(referral)
    if (there := _there(row, token)) is not None:
        let_go(looked)
        return Added(there)
    reached, decided_by = reaching(row), who_decided(row)
    in_danger = later is Later.NOW
    numbers = [child.order for child in children]
    told: dict[str, Any] = {"text": text, "concerns": numbers, "in_danger": in_danger}
    addendum = _add(row, Addendum.Kind.INFORMATION, **told, token=token, by=by, at=at)
    there_before = set(row.attachments.values_list("pk", flat=True))
    taken = attach(referral=row, files=looked, by=by, at=at)
    fresh = [each.pk for each in taken.attachments if each.pk not in there_before]
    Attachment.objects.filter(pk__in=fresh).update(addendum=addendum)
    more = f" with {_documents(len(fresh))}" if fresh else ""
    harm = ": a child may come to harm now" if in_danger else ""
    said = f"{by.name} added information{more}{harm}."
    tell_story(row, "information_added", said, for_referrer=True, by=by, at=at)
    take_in(row, later, children=children, where="what they added", for_referrer=True, by=by, at=at)
    _tell(row, addendum, "More information was added to it.", later, also=decided_by, by=by, at=at)
    pass_on(reached, addendum, later, numbers, by=by, at=at)
    return Added(addendum, taken.refused)


def _documents(number: int) -> str:
    return "1 document" if number == 1 else f"{number} documents"


@transaction.atomic
def correct(
    *, referral: Referral, about: str, text: str, reason: str, token: str, answer: str = "", by: User, at: dt.datetime
) -> Addendum:
    """Say that an answer was wrong, what is right, and why. What was sent stays; the correction stands beside it.

    answer: where that answer stands (`Addendum.answer`). What can be read of the correction without guessing (a name,
    a number, a date, yes or no) counts from now on for finding the child again, for the order of the queue and for its
    line. That a child is not safe after all goes to the top of the MASH's queue.
    """
    token = mark_of(token, about, text, reason)
    row = held(referral)
    if (there := _there(row, token)) is not None:
        return there
    reached, decided_by = reaching(row), who_decided(row)
    before = Answers(row.answers) if not row.addenda.exists() else as_corrected(row)
    made = _add(
        row, Addendum.Kind.CORRECTION, about=about, text=text, reason=reason, answer=answer, token=token, by=by, at=at
    )
    tell_story(row, "corrected", f"{by.name} corrected an answer: {about}.", for_referrer=True, by=by, at=at)
    now = as_corrected(row)
    later, numbers = _worse(before, now)
    if later is Later.NOW:
        Addendum.objects.filter(pk=made.pk).update(in_danger=True)
        made.in_danger = True
    concerned = [child for child in row.children.all() if child.order in numbers]
    take_in(row, later, children=concerned, where="a correction", for_referrer=True, by=by, at=at)
    if (seen := now.next_seen_at(at)) and seen != before.next_seen_at(at):
        row.next_seen_at = seen
        row.save(update_fields=["next_seen_at"])
    keep_corrected(row, now)
    keep_keys(row)
    keep_standing(row)
    _tell(row, made, "An answer in it was corrected.", later, also=decided_by, by=by, at=at)
    pass_on(reached, made, later, sorted(numbers), by=by, at=at)
    return made


def _worse(before: Answers, now: Answers) -> tuple[Later, set[int]]:
    """Whether a correction says that children are not safe, or may not be, of whom that was not said; and which."""
    was = {worry.number: worry.safe for worry in before.worries}
    for later, safe in ((Later.NOW, "no"), (Later.UNSURE, "unsure")):
        worse = {each.number for each in now.worries if each.safe == safe and was.get(each.number) not in (safe, "no")}
        if worse:
            return later, worse
    return Later.NO, set()


@transaction.atomic
def ask_to_withdraw(*, referral: Referral, reason: str, token: str, by: User, at: dt.datetime) -> Addendum:
    """Ask for a referral to be withdrawn. It closes nothing: it stays where it is until a screener has answered.

    Raises `Refused` for a lead of the agency while the referrer can ask for it themself.
    """
    row = held(referral)
    if not speaks_for_referrer(row, by):
        raise Refused(f"{not_theirs_to_withdraw(row)} What you wrote here was not sent.")
    answered = row.addenda.filter(kind=Addendum.Kind.WITHDRAWAL, settled_at__isnull=False).count()
    token = mark_of(token, reason, answered)
    if (there := _there(row, token)) is not None:
        return there
    if not row.is_open:
        raise Refused(f"Referral {row.reference} is {State(row.state).label.lower()}: there is nothing to withdraw.")
    if row.state == State.SENT_ON.value or "receipt" in row.waits_for:
        raise Refused("It was sent on to another area. Add information instead, and say why: they read it there.")
    if row.withdrawal_asked_at is not None:
        raise Refused(
            "You have asked for this already. A person is looking at it. What you wrote here now was not sent: if it "
            "says something new, go back and add it as information."
        )
    made = _add(row, Addendum.Kind.WITHDRAWAL, reason=reason, token=token, by=by, at=at)
    row.withdrawal_asked_at = at
    row.save(update_fields=["withdrawal_asked_at"])
    tell_story(row, "withdrawal_asked", f"{by.name} asks to withdraw it.", note=reason, by=by, at=at)
    tell_story(row, "withdrawal_asked_told", f"{by.name} asked to withdraw it.", for_referrer=True, by=None, at=at)
    _tell(row, made, f"{by.name} asks to withdraw it. It stays open until somebody has answered.", by=by, at=at)
    return made


def not_theirs_to_withdraw(row: Referral) -> str:
    who = row.referrer.name if row.referrer else "Whoever told of it"
    return f"{who} told of this, and alone can ask to withdraw it. Add information instead: the front door reads it."


@transaction.atomic
def answer_withdrawal(
    *, referral: Referral, agreed: bool, reason: str, seen: int | None = None, by: User, at: dt.datetime
) -> Referral:
    """A screener agrees, or goes on all the same. Both with a reason.

    What is withdrawn stops its clocks and takes back what others were asked. What was said to be a child in danger now
    is decided and never withdrawn: whoever asks may be pressed to, and a decision has a second person, a letter and a
    record of why, which an answer to a wish has not. seen: the revision that the form showed;
    where something was told of the referral since, or it moved, `Stale`.
    """
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE, seen=seen)
    asked = open_wish(row)
    if asked is None or row.withdrawal_asked_at is None:
        raise Refused("Nobody asks to withdraw this referral, or somebody has answered it already.")
    if not reason.strip():
        raise Refused("Say why.")
    if row.owner_id and row.owner_id != by.pk:
        raise Refused(f"{row.owner.name if row.owner else 'Somebody'} has this referral, and answers this.")
    if agreed and row.immediate_danger:
        raise Refused(DECIDED_NOT_WITHDRAWN)
    settle_wish(row, asked, agreed=agreed, by=by, at=at)
    if agreed:
        stop_clocks(referral=row, by=by, at=at)
        for ask in Ask.objects.open().filter(referral=row):
            withdraw_ask(ask=ask, by=by, at=at)
        row = locked(row, by=by, needs=Permission.REFERRAL_DECIDE)
        move(
            referral=row,
            move=Move.WITHDRAW,
            sentence=f"{by.name} agreed that it is withdrawn.",
            note=reason,
            changes={"owner": None, "owned_at": None},
            by=by,
            at=at,
        )
        told = f"It was withdrawn, as {asked.by.name} asked."
    else:
        tell_story(row, "withdrawal_refused", f"{by.name} goes on with it all the same.", note=reason, by=by, at=at)
        told = f"{asked.by.name} asked to withdraw it. We go on with it, to make sure that the child is safe."
    tell_settled(row, asked, told, by=by, at=at)
    return row


@transaction.atomic
def tell_of_a_sibling(*, referral: Referral, agency: Agency | None, by: User, at: dt.datetime) -> Draft:
    """A new draft with what holds for the whole family: its home, its people, who helps, how to reach the referrer.

    Nothing of the worry, of consent or of the first child's own details goes along: they are told anew.
    """
    draft = start_draft(partnership=referral.partnership, agency=agency, by=by, at=at)
    draft.answers = for_a_sibling(referral.answers)
    draft.save(update_fields=["answers"])
    _record(referral, "copied_for_sibling", {"draft": draft.pk}, by=by, at=at)
    return draft


def for_a_sibling(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that hold for a brother or sister too."""
    told = Answers(answers)
    whole = {page.slug for page in PAGES if page.section in (FAMILY, YOU, INVOLVED) and not page.group}
    copied: dict[str, Any] = {slug: dict(mapping(answers[slug])) for slug in whole if slug in answers}
    people = [dict(each) for each in told.group("people") if each]
    children = told.group("children")
    home = mapping(children[0].get("home")) if children else {}
    place = {name: home[name] for name in ("address", "postcode", "gp") if home.get(name)}
    return {**blank(), **copied, "people": people or [{}], "children": [{"home": place} if place else {}]}


def _file(sent: Sent) -> list[str]:
    """A file that is sent, by its name, by what it is for and by what it holds."""
    digest = hashlib.file_digest(sent.file, "sha256").hexdigest()  # type: ignore[arg-type]
    sent.file.seek(0)
    return [sent.called, sent.name, digest, str(sent.size)]


def _there(row: Referral, token: str) -> Addendum | None:
    return Addendum.objects.filter(referral=row, token=token).first()


def _add(row: Referral, kind: Addendum.Kind, *, token: str, by: User, at: dt.datetime, **told: Any) -> Addendum:
    if Addendum.objects.filter(referral=row).count() >= MOST:
        raise Refused("So much has been added to this referral that it can’t take more. Telephone instead.")
    made = Addendum.objects.create(
        partnership=row.partnership, referral=row, kind=kind, token=token, at=at, by=by, **told
    )
    # Whoever is deciding at this moment has not read it: their form is stale now, and shows them that it is.
    row.revision, row.beside = row.revision + 1, row.beside + 1
    row.save(update_fields=["revision", "beside"])
    detail = {"addendum": made.pk, "in_danger": made.in_danger, "revision": row.revision}
    _record(row, f"{kind.value}_added", detail, by=by, at=at)
    return made


def _record(row: Referral, what: str, detail: dict[str, Any], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=row.partnership,
        verb=f"referral.{what}",
        noun="referral",
        object_id=row.pk,
        of=row.pk,
        detail=detail,
        by=by,
        at=at,
    )


def _tell(
    row: Referral,
    addendum: Addendum,
    said: str,
    later: Later = Later.NO,
    *,
    also: Sequence[User] = (),
    by: User,
    at: dt.datetime,
) -> None:
    tell_those_at_work(row, later, said=said, key=str(addendum.pk), also=also, by=by, at=at)
