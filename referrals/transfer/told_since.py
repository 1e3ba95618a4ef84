"""What is told where a referral came from, after it was sent on: it reaches everybody who has the referral since.

What its referrer adds, corrects, or answers with danger in it goes along word for word. What an agency said for a check
was for whoever asked (ADR 16): of it goes along that it tells of danger, whose word it is, and whom to telephone. What
is said of a child who stayed is for nobody there: of danger or doubt goes along that there is some, and whom to
telephone. What a check tells where the referral was sent back from goes back in the same way.

Every action here writes to rows and trails that `receiving.reaching` holds.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django_scopes import scope

from partnerships import calling
from partnerships.models import Partnership, User
from referrals.additions.corrected import as_corrected, keep_corrected
from referrals.domain.danger import Later
from referrals.models import Addendum, Arrival, Ask, Attachment, Referral
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing
from referrals.transfer.arriving import copied
from referrals.transfer.carried import stays
from referrals.transfer.receiving import Reached, SentBack, numbers_of
from referrals.transfer.sending import addendum_for
from referrals.triage.moves import held, record, tell_story
from referrals.triage.told_later import take_in, tell_those_at_work, who_decided


@contextmanager
def there(each: Reached) -> Iterator[Referral]:
    """The referral as it is held at the other partnership, in whose scope this runs."""
    with scope(partnership=each.transfer.to_partnership):
        yield held(Arrival.objects.select_related("referral").get(key=each.transfer.key).referral)


def renumbered(each: Reached, numbers: Sequence[int]) -> list[int]:
    """The children with these numbers as they are counted there; without those who did not go along."""
    went = numbers_of(each.transfer)
    return [went.index(number) + 1 for number in numbers if number in went]


def pass_on(
    reached: Iterable[Reached],
    addendum: Addendum,
    later: Later,
    numbers: Sequence[int],
    *,
    story: str = "added to what they told",
    by: User,
    at: dt.datetime,
) -> None:
    """What a referrer adds here stands beside the referral there too, and those there are told.

    numbers: the children whom it concerns; none: it was not said. story: what they did.
    """
    documents = list(Attachment.objects.filter(addendum=addendum.pk).exclude(state=Attachment.State.SUSPECT))
    for each in reached:
        went = numbers_of(each.transfer)
        if stays(addendum, went):
            tell_of_who_stayed(each, later, whence=addendum.partnership, key=str(addendum.pk), by=by, at=at)
            continue
        beside = addendum_for(addendum, went)
        files = [file for file in map(copied, documents) if file is not None]
        concerned = renumbered(each, numbers)
        with there(each) as row:
            put_beside(row, beside, files, by=by, at=at)
            tell_story(row, "information_added", f"{by.name} {story} where it came from.", by=by, at=at)
            detail = {"addendum": beside.pk, "in_danger": beside.in_danger}
            record(row, f"{beside.kind}_passed_on", detail, by=by, at=at)
            said = "Its referrer has told more, where it came from."
            let_it_count(row, later, concerned, said=said, key=str(beside.pk), by=by, at=at)
            if beside.kind == Addendum.Kind.CORRECTION:
                keep_corrected(row, as_corrected(row))
                keep_keys(row)
                keep_standing(row)
            pass_on(each.further, beside, later, concerned, story=story, by=by, at=at)


def tell_of_who_stayed(
    each: Reached, later: Later, *, whence: Partnership, key: str, by: User, at: dt.datetime
) -> None:
    """A child who did not go along may come to harm: that, and whom to telephone. It changes nothing of those who did.

    whence: where that child stayed.
    """
    if later not in (Later.NOW, Later.UNSURE):
        return
    told = "Something was told where it came from, of a brother or sister who did not come along."
    call = calling.at_any_time(whence).sentence("Telephone {}.")
    with there(each) as row:
        row.revision += 1
        row.save(update_fields=["revision"])
        tell_story(row, "sibling_told", told, note=call, by=None, at=at)
        record(row, "sibling_passed_on", {"from": whence.slug, "later": later.value}, by=by, at=at)
        said, key_there = f"{told} {call}", f"{key}:{row.pk}"
        tell_those_at_work(row, later, said=said, key=key_there, also=who_decided(row), by=by, at=at)
        for further in each.further:
            tell_of_who_stayed(further, later, whence=whence, key=key, by=by, at=at)


def put_beside(row: Referral, added: Addendum, files: list[Attachment], *, by: User, at: dt.datetime) -> None:
    added.partnership, added.referral = row.partnership, row
    added.save(force_insert=True)
    for file in files:
        file.partnership, file.referral, file.addendum = row.partnership, row, added
        file.save(force_insert=True)
    row.revision, row.beside = row.revision + 1, row.beside + 1 + len(files)
    row.save(update_fields=["revision", "beside"])


def let_it_count(
    row: Referral, later: Later, numbers: Sequence[int], *, said: str, key: str, by: User, at: dt.datetime
) -> None:
    """What it does to the referral there, and who is told."""
    decided_by = who_decided(row)
    children = list(row.children.filter(order__in=numbers))
    where = "the place that it came from"
    take_in(row, later, children=children, where=where, for_referrer=False, by=by, at=at)
    tell_those_at_work(row, later, said=said, key=key, also=decided_by, by=by, at=at)


def pass_on_answer(
    reached: Iterable[Reached], ask: Ask, later: Later, numbers: Sequence[int], *, by: User, at: dt.datetime
) -> None:
    """An answer in which danger, doubt or a new worry is told."""
    if not reached or not later.opens_again:
        return
    if ask.kind == Ask.Kind.QUESTION:
        addendum = Addendum(
            partnership=ask.partnership,
            kind=Addendum.Kind.INFORMATION,
            concerns=list(numbers),
            text=ask.answer,
            in_danger=later is Later.NOW,
            token=secrets.token_hex(16),
            at=at,
            by=by,
        )
        pass_on(reached, addendum, later, numbers, story="answered a question", by=by, at=at)
    else:
        pass_on_check(reached, ask, later, numbers, by=by, at=at)


def pass_on_check(
    reached: Iterable[Reached], ask: Ask, later: Later, numbers: Sequence[int], *, by: User, at: dt.datetime
) -> None:
    """That an agency's check tells of it, and whom to telephone; its words stay where they were asked for."""
    for each in reached:
        concerned = renumbered(each, numbers)
        if numbers and not concerned:
            tell_of_who_stayed(each, later, whence=ask.partnership, key=str(ask.pk), by=by, at=at)
            continue
        with there(each) as row:
            check_told(row, ask, later, concerned, by=by, at=at)
            pass_on_check(each.further, ask, later, concerned, by=by, at=at)


def pass_back_check(
    back: SentBack, ask: Ask, later: Later, numbers: Sequence[int], *, by: User, at: dt.datetime
) -> None:
    """The same of a check that was asked where the referral was sent back from: to where it came from."""
    with scope(partnership=back.transfer.partnership):
        went = numbers_of(back.transfer)
        concerned = [went[number - 1] for number in numbers if number <= len(went)] or went
        check_told(back.referral, ask, later, concerned, by=by, at=at)
        pass_on_check(back.further, ask, later, concerned, by=by, at=at)


def check_told(row: Referral, ask: Ask, later: Later, numbers: Sequence[int], *, by: User, at: dt.datetime) -> None:
    """At one of those who have the referral besides whoever asked: it counts there, and they are told."""
    asked_by = ask.partnership
    agency = ask.agency.name if ask.agency else "An agency"
    said = f"{agency} answered a check of {asked_by.name}."
    call = calling.at_any_time(asked_by).sentence(f"Telephone {by.name} of {agency}, or {{}}.")
    row.revision += 1
    row.save(update_fields=["revision"])
    note = f"What was said was for {asked_by.short_name}, who asked: it does not stand here. {call}"
    tell_story(row, "check_passed_on", said, note=note, by=by, at=at)
    detail = {"check": ask.pk, "from": asked_by.slug, "later": later.value}
    record(row, "check_passed_on", detail, by=by, at=at)
    answered = f"A check that {asked_by.name} had asked for was answered."
    told = calling.at_any_time(asked_by).sentence(f"{answered} Telephone {{}}.")
    let_it_count(row, later, numbers, said=told, key=f"{ask.pk}:{row.pk}", by=by, at=at)
