"""What may be done to a draft: start it, save a page, add and take out a child or a person, discard it, send it."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from partnerships import audit, calling
from partnerships.access import actor_for
from partnerships.hours import is_open
from partnerships.models import Agency, Partnership, User
from referrals import outbox
from referrals.attachments.actions import hand_over
from referrals.clocks.actions import start_clocks
from referrals.domain.reference import RANDOM_BYTES, make_reference
from referrals.intake import in_whose_name, sending
from referrals.intake.answers import (
    AUTOSAVED,
    CALLED_999,
    GROUPS,
    MOST,
    TAKEN_OUT,
    Answers,
    Place,
    bare,
    blank,
    follows,
    mapping,
    seal,
    taken_out,
    without,
)
from referrals.intake.inside import told_alone
from referrals.intake.kept_from_leads import is_kept_from_leads
from referrals.intake.pages import INSIDE
from referrals.intake.routing import NoTeam, team_for
from referrals.intake.source import source_of, without_names
from referrals.models import Draft, Referral
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing
from referrals.triage.restricting import restrict_allegation
from thresholds.domain.terms import Flag
from thresholds.loading import NoThreshold, version_in_force

TRIES = 6
"""How often a reference that is already taken is drawn anew; more than once is all but impossible."""


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


class ChangedMeanwhile(Exception):
    """The page was saved elsewhere since it was shown. `theirs` is what is stored now; nothing was overwritten."""

    def __init__(self, theirs: dict[str, Any] | None) -> None:
        super().__init__("the page was saved elsewhere since it was shown")
        self.theirs = theirs


class Shifted(Refused):
    """A child or person was taken out since the page was shown: by its number it would speak of another one now."""

    def __init__(self, group: str) -> None:
        super().__init__(
            f"A {group} was taken out of this referral after this page was opened, perhaps in another window, and so "
            f"we can’t be sure which {group} this is about. Nothing was changed. Open the page of the right {group}, "
            "and put your text in there."
        )


class AlreadySent(Exception):
    """The draft has been sent; a save comes too late. `referral` is what it became."""

    def __init__(self, referral: Referral) -> None:
        super().__init__("the draft has been sent")
        self.referral = referral


@transaction.atomic
def start_draft(
    *, partnership: Partnership, agency: Agency | None, by: User | None, at: dt.datetime, **more: Any
) -> Draft:
    """A new draft with one child and one person to tell of."""
    draft = Draft.objects.create(
        partnership=partnership,
        agency=agency,
        started_by=by,
        started_at=at,
        saved_at=at,
        **{"answers": blank(), **more},
    )
    record(draft, "draft.started", by=by, at=at)
    return draft


@transaction.atomic
def save_page(
    *,
    draft: Draft,
    place: Place,
    told: Mapping[str, Any],
    seen: str | None,
    out: str | None = None,
    mark: str = "",
    by: User,
    at: dt.datetime,
) -> Draft:
    """Store one page's answers.

    seen: the seal (`answers.seal`) of what was stored when the page was shown. Where something else is stored now,
    and it is neither what is being saved nor what this very window stored before (mark: `answers.AUTOSAVED`),
    `ChangedMeanwhile` tells it and nothing is overwritten; None asks no question.
    out: how many of the group were taken out when the page was shown; `Shifted` where another was since.
    LookupError where the child or person is not there.
    """
    looked_up, draft = draft, for_writing(draft)
    if looked_up.began_for is not None and looked_up.began_for == draft.agency:
        put_in_name_of(draft, looked_up.agency, by=by, at=at)
    refuse_shifted(draft, place.group, out)
    there = place.read(draft.answers)
    if there == dict(told):
        return draft
    own_words = there is not None and bare(there) == bare(told)
    if seen is not None and seal(there) != seen and not own_words and not follows(mark, there):
        raise ChangedMeanwhile(there)
    detail = {"page": place.slug}
    if AUTOSAVED in told:
        # One line of the trail says that the page is being written; the next, that it was saved.
        detail["as"] = "typed" if AUTOSAVED not in (there or {}) else ""
    draft = write_answers(draft, place.write(draft.answers, told), "draft.saved", detail, by, at)
    if draft.shared_at is not None and is_kept_from_leads(draft, at=at):
        draft.shared_at = None
        draft.save(update_fields=["shared_at"])
        record(draft, "draft.unshared", {"because": Flag.LADO.value}, by=by, at=at)
    return draft


@transaction.atomic
def tell_called_999(*, draft: Draft, by: User, at: dt.datetime) -> Draft:
    """Keep when the referrer said that they had called 999; the first time stands. The danger stays what it is."""
    draft = for_writing(draft)
    if Answers(draft.answers).called_999_at is not None:
        return draft
    answers = Place(CALLED_999).write(draft.answers, {"told_at": at.isoformat()})
    return write_answers(draft, answers, "draft.saved", {"page": CALLED_999}, by, at)


@transaction.atomic
def add_to_group(*, draft: Draft, group: str, by: User, at: dt.datetime) -> int:
    """One more child or person; gives its number. One that is still empty is given again, not doubled."""
    draft = for_writing(draft)
    listed = Answers(draft.answers).group(GROUPS[group])
    if listed and not listed[-1]:
        return len(listed)
    if len(listed) >= MOST:
        raise Refused(f"One referral takes {MOST} at most. Send this one, and start another for the rest.")
    answers = {**draft.answers, GROUPS[group]: [*listed, {}]}
    write_answers(draft, answers, "draft.saved", {"added": group}, by, at)
    return len(listed) + 1


@transaction.atomic
def remove_from_group(*, draft: Draft, group: str, number: int, out: str | None, by: User, at: dt.datetime) -> Draft:
    """Take a child or person out. The last one's answers are emptied instead: there is always one to tell of.

    out: how many were taken out when it was asked; `Shifted` where another was since, by a second press or in another
    window. LookupError where the child or person is not there.
    """
    draft = for_writing(draft)
    refuse_shifted(draft, group, out)
    counted = {**mapping(draft.answers.get(TAKEN_OUT)), GROUPS[group]: taken_out(draft.answers, group) + 1}
    answers = {**without(draft.answers, group, number), TAKEN_OUT: counted}
    return write_answers(draft, answers, "draft.saved", {"removed": group}, by, at)


def refuse_shifted(draft: Draft, group: str, out: str | None) -> None:
    if group and out is not None and out != str(taken_out(draft.answers, group)):
        raise Shifted(group)


@transaction.atomic
def discard_draft(*, draft: Draft, by: User | None, at: dt.datetime) -> Draft:
    """Put a draft away unsent. It is shown no more; retention rules delete it. by: nobody, on the public form.

    Who began what somebody else took over is told, and can go on with what they had written.
    """
    draft = for_writing(draft)
    draft.discarded_at = at
    draft.save(update_fields=["discarded_at"])
    record(draft, "draft.discarded", by=by, at=at)
    if by is not None and draft.taken_answers and draft.taken_from is not None and draft.taken_from.is_active:
        tell_put_away(draft, draft.taken_from, by=by, at=at)
    return draft


def tell_put_away(draft: Draft, began: User, *, by: User, at: dt.datetime) -> None:
    where = reverse("refer_tasks", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk})
    outbox.tell(
        partnership=draft.partnership,
        referral=None,
        kind="draft_put_away",
        to=began,
        key=f"draft_put_away:{draft.pk}:{began.pk}",
        subject="Front Door: something that you began was not sent",
        body=f"{by.name}, who took over what you began to tell of, has put it away unsent. Nobody else has read it. If "
        "you are still worried, send it yourself: what you had written is kept for a week.\n\n"
        f"Sign in to go on with it: {settings.SITE_URL}{where}\n",
        at=at,
    )


def put_in_name_of(row: Draft, agency: Agency | None, *, by: User, at: dt.datetime) -> None:
    """Let a locked draft go in the name of this agency. Those of another with whom it was shared see it no more."""
    if row.agency == agency:
        return
    before, row.agency, row.shared_at = row.agency, agency, None
    row.save(update_fields=["agency", "shared_at"])
    names = {"from": before.slug if before else None, "to": agency.slug if agency else None}
    record(row, "draft.in_name_of", names, by=by, at=at)


def settle_name(row: Draft, chosen: Agency | None, *, by: User, at: dt.datetime) -> None:
    """Before a locked draft is shown to others: in the name of which agency it goes, by what its writer is now.

    chosen: what the writer says. `Refused` where they tell of worries for several agencies and did not say for which.
    """
    agencies = actor_for(by, row.partnership).sends_for
    if chosen is not None and chosen not in agencies:
        raise Refused(f"You don’t tell of worries for {chosen.name} any more. {in_whose_name.CHOOSE}.")
    if chosen is None and in_whose_name.must_choose(row, agencies):
        raise Refused(f"{in_whose_name.CHOOSE}.")
    put_in_name_of(row, chosen or in_whose_name.agency_now(row, agencies), by=by, at=at)


def submit(*, draft: Draft, by: User | None, at: dt.datetime, note: str = "", agency: Agency | None = None) -> Referral:
    """Send the draft: one transaction, once, however often and from however many places it is asked for.

    by: nobody, on the public form. note: what is odd about how it came. agency: in whose name, where `by` chose.

    The loser of a race gets the winner's referral. `Refused` where nothing is told of the worry.
    """
    for _ in range(TRIES):
        try:
            return _send(draft, by=by, at=at, note=note, agency=agency)
        except IntegrityError:
            # Somebody else sent it at this very moment, or the reference is taken: look, then draw another.
            continue
    return _send(draft, by=by, at=at, note=note, agency=agency)


@transaction.atomic
def _send(draft: Draft, *, by: User | None, at: dt.datetime, note: str, agency: Agency | None) -> Referral:
    seen, draft = draft.started_by_id, _locked(draft)
    sent = Referral.objects.filter(partnership=draft.partnership, token=draft.pk).first()
    if sent is not None:
        return sent
    if draft.discarded_at is not None:
        raise Refused("This draft was discarded, and so can't be sent. Start again.")
    if draft.started_by_id != seen:
        raise Refused(TAKEN_OVER)
    told = told_alone(draft.answers, INSIDE)
    answers = Answers({slug: page for slug, page in told.items() if slug != TAKEN_OUT})
    if not answers.is_worry_told:
        raise Refused("Tell us what worries you, in a sentence at least. Everything else can stay unanswered.")
    if by is not None and draft.channel == Referral.Channel.PORTAL:
        settle_name(draft, agency, by=by, at=at)
    if draft.channel == Referral.Channel.PORTAL and by is not None:
        note = note or note_of_many(by, at)
    try:
        referral = _make_referral(draft, answers, by=by, at=at, note=note)
    except (NoThreshold, NoTeam) as error:
        now = calling.now(draft.partnership, is_open(draft.partnership, at))
        kept = now.sentence("Your draft is kept. Telephone {}.")
        raise Refused(f"This can't be sent now: {error} {kept}") from error
    hand_over(draft=draft, referral=referral)
    Draft.objects.filter(pk=draft.pk).update(sent_at=at)
    return referral


MANY_BY_ACCOUNT = 20
"""Sent by one account within an hour; above it a referral is taken all the same, and marked, so that it buries none."""


def note_of_many(by: User, at: dt.datetime) -> str:
    """What is odd about how many come from an account; empty where nothing is."""
    lately = Referral.objects.filter(referrer=by, received_at__gt=at - dt.timedelta(hours=1))
    if lately.count() < MANY_BY_ACCOUNT:
        return ""
    return f"More than {MANY_BY_ACCOUNT} referrals came from one account within an hour. Read it all the same."


def _make_referral(draft: Draft, answers: Answers, *, by: User | None, at: dt.datetime, note: str) -> Referral:
    partnership = draft.partnership
    received = draft.received_at or at
    by_account = draft.channel == Referral.Channel.PORTAL
    source = source_of(answers)
    version = version_in_force(partnership, at)
    told = sending.screened_under(version, answers, partnership, at=received)
    all_of_them = told.together
    team = team_for(partnership, all_of_them.route, [child.postcode for child in answers.children])
    referral = Referral.objects.create(
        partnership=partnership,
        reference=make_reference(partnership.reference_prefix, secrets.token_bytes(RANDOM_BYTES)),
        token=draft.pk,
        agency=draft.agency,
        channel=draft.channel,
        referrer=by if by_account else None,
        keyed_by=by if draft.channel == Referral.Channel.KEYED else None,
        in_confidence=not by_account and source.in_confidence,
        confidential={} if by_account else source.confidential,
        arrival_note=note[:200],
        referrer_details=sending.referrer_details(draft, answers),
        received_at=received,
        answers=without_names(answers.raw),
        scheme_version=version,
        screening=sending.leading_screening(told),
        indicated_level=all_of_them.indicated_level,
        judged_level=told.judged,
        route=all_of_them.route.value,
        flags=[flag.value for flag in all_of_them.flags],
        immediate_danger=answers.in_danger,
        next_seen_at=answers.next_seen_at(received),
        team=team,
        went_through_mash=team.is_mash,
    )
    sending.write_rows(referral, answers, told.screened)
    keep_standing(referral)
    keep_keys(referral)
    starts = {"received": received, "called": answers.called_at, "concern": answers.concern_at}
    start_clocks(referral=referral, starts=starts, by=by, at=at)
    sending.tell_the_story(referral, all_of_them, by=by, at=at)
    audit.record(
        partnership=partnership,
        verb="referral.sent",
        noun="referral",
        object_id=referral.pk,
        of=referral.pk,
        detail={
            "draft": draft.pk,
            "channel": draft.channel,
            "scheme_version": version.slug,
            "indicated_level": referral.indicated_level,
            "route": referral.route,
            "flags": referral.flags,
            "team": team.slug,
        },
        by=by,
        at=at,
    )
    restrict_allegation(referral, at=at)
    sending.tell_people(referral, by=by, at=at)
    return referral


def _locked(draft: Draft) -> Draft:
    """The draft as it is now, held until the transaction ends: held first, and read with what belongs to it then."""
    Draft.objects.select_for_update().only("pk").get(pk=draft.pk, partnership=draft.partnership)
    joined = ("partnership", "agency", "started_by", "taken_from")
    return Draft.objects.select_related(*joined).get(pk=draft.pk, partnership=draft.partnership)


TAKEN_OVER = "Your safeguarding lead has taken this draft over, and goes on with it. Talk with them."


def for_writing(draft: Draft) -> Draft:
    """The draft as it is now, held; `AlreadySent` or `Refused` where nothing can be written to it any more, also where
    it has another writer now than when it was looked up."""
    seen, draft = draft.started_by_id, _locked(draft)
    if draft.sent_at is not None:
        raise AlreadySent(Referral.objects.get(partnership=draft.partnership, token=draft.pk))
    if draft.discarded_at is not None:
        raise Refused("This draft was discarded. Start again.")
    if draft.started_by_id != seen:
        raise Refused(TAKEN_OVER)
    return draft


MOST_TOLD = 2_000_000
"""Letters of one draft, all its pages together: a thousand pages of print. Each save writes all of it anew."""

TOO_MUCH = (
    "This referral would hold more text than one can take. Nothing of this page was saved, and what was saved before "
    "is kept. Shorten what is here, or add it as a document."
)


def size_of(answers: Mapping[str, Any]) -> int:
    return len(json.dumps(answers, ensure_ascii=False, default=str))


def write_answers(
    draft: Draft, answers: Mapping[str, Any], verb: str, detail: dict[str, Any], by: User | None, at: dt.datetime
) -> Draft:
    if (size := size_of(answers)) > MOST_TOLD and size > size_of(draft.answers):
        raise Refused(TOO_MUCH)
    draft.answers = dict(answers)
    draft.saved_at = at
    draft.revision = F("revision") + 1
    draft.save(update_fields=["answers", "saved_at", "revision"])
    draft.refresh_from_db(fields=["revision"])
    if detail.get("as") == "":
        return draft
    record(draft, verb, {**detail, "revision": draft.revision}, by=by, at=at)
    return draft


def record(draft: Draft, verb: str, detail: dict[str, Any] | None = None, *, by: User | None, at: dt.datetime) -> None:
    """Write what was done to a draft into the trail, where its key is the record that it concerns."""
    audit.record(
        partnership=draft.partnership,
        verb=verb,
        noun="draft",
        object_id=draft.pk,
        of=draft.pk,
        detail=detail,
        by=by,
        at=at,
    )
