"""What a person who leaves still has in hand: referrals go back to their queue, drafts are told of, and what they were
asked or written goes to who answers for their agency."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from partnerships import account_actions, leaving, retiring
from partnerships.access import actor_for
from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import KEYING, SENDING, Permission, Role
from partnerships.staffing import managers, workers
from referrals import outbox
from referrals.asking.actions import tell_of_question, told_of_answer
from referrals.asking.people import answering_agencies, checkers
from referrals.disagreement.actions import answerable, tell_referrer
from referrals.domain.lifecycle import State
from referrals.letters.actions import tell_of_letter
from referrals.models import Ask, CalendarAddress, Disagreement, Draft, Letter, Referral, RestrictedAccess
from referrals.models.draft import DraftQuerySet
from referrals.referrers import for_referrer, leads_at, leads_of, whom_to_telephone
from referrals.support.standing import with_team
from referrals.triage.moves import held, held_all, out_of_hands, tell_one, tell_team
from referrals.triage.next_steps import works_in
from referrals.triage.unseen import end_leave, name_on_allegations

LETTERS_TOLD = dt.timedelta(weeks=4)
"""How old a letter is at most that nobody opened and whose reader leaves, for others to be told of it."""


class OpenWork:
    """Referrals in a person's hands, and worries that they began to write and did not send."""

    def hold(self, user: User, partnership: Partnership, *, begins: Role | None) -> None:
        """Every referral that is in their hands, on which they are named, or to whose questions and checks they owe an
        answer; of allegations, where they take these on, all."""
        with scope(partnership=partnership):
            keys = set(Referral.objects.open().filter(owner=user).values_list("pk", flat=True))
            keys |= set(RestrictedAccess.objects.holding(None).filter(user=user).values_list("referral", flat=True))
            asked = Ask.objects.open().filter(partnership=partnership)
            keys |= set(asked.questions().filter(referral__referrer=user).values_list("referral", flat=True))
            if Membership.objects.filter(user=user, partnership=partnership, role=Role.CHECKER.value).exists():
                keys |= set(asked.checks().exclude(agency=None).values_list("referral", flat=True))
            if begins is not None and Permission.ALLEGATION_TAKE in begins.permissions:
                restricted = Referral.objects.open().filter(partnership=partnership, restricted=True)
                keys |= set(restricted.values_list("pk", flat=True))
            held_all(partnership, keys)

    def told(self, membership: Membership) -> list[str]:
        with scope(partnership=membership.partnership):
            owned = Referral.objects.open().filter(owner=membership.user).count()
            proposed = Referral.objects.filter(owner=membership.user, state=State.PROPOSED.value).count()
            drafts = Draft.objects.unsent().filter(started_by=membership.user).count() if membership.agency_id else 0
        said = []
        if owned and not membership.agency_id:
            said.append(f"What they have in their hands goes back to its queue: {counted(owned, 'referral')}.")
        if proposed and not membership.agency_id:
            said.append(
                "What they proposed and nobody has signed yet is taken back, and what they wrote is kept for who "
                f"decides it now: {counted(proposed, 'referral')}."
            )
        if last_of(membership):
            said.append(last_one(membership))
        if checks := open_checks(membership) if membership.role == Role.CHECKER.value else 0:
            said.append(
                f"Nobody else at {membership.agency} answers checks, and {counted(checks, 'check')} "
                f"{'waits' if checks == 1 else 'wait'} for an answer: who asked is told."
            )
        if keyed := keyed_by(membership.user).count() if membership.role in KEYING else 0:
            them = "it" if keyed == 1 else "them"
            said.append(f"They began to key {counted(keyed, 'contact')}, not sent: their colleagues go on with {them}.")
        if drafts:
            said.append(f"They began {counted(drafts, 'referral')} and did not send: ask them before they go.")
        return said + sent_by(membership)

    def let_go(self, membership: Membership, *, by: User, at: dt.datetime) -> None:
        """What the person may not work on any more, now that the role has ended, must not stay in their hands; nor may
        a leave to see what is restricted, or a calendar's address, come back with a role that begins later."""
        person = membership.user
        with scope(partnership=membership.partnership):
            actor = actor_for(person, membership.partnership)
            owned = Referral.objects.open().filter(owner=person).select_related("team").order_by("pk")
            seen = set(Referral.objects.visible_to(actor).open().filter(owner=person).values_list("pk", flat=True))
            for referral in owned:
                if referral.pk not in seen or not works_in(actor, referral.team):
                    give_back(referral, person, by=by, at=at)
            end_leave(person, membership.partnership, by=by, at=at)
            if last_of(membership):
                tell_of_empty_team(membership, at=at)
            if not actor.can(Permission.REFERRAL_CLAIM):
                CalendarAddress.objects.filter(partnership=membership.partnership, user=person).delete()

    def hand_on(self, user: User, partnership: Partnership, *, by: User | None, at: dt.datetime) -> None:
        """What the person was asked and has not answered, and the letters of these weeks that nobody has opened, are
        told to who answers for their agency, where they left it; where there is nobody, whoever asked is told."""
        with scope(partnership=partnership):
            if not actor_for(user, partnership).can(Permission.CONTACT_KEY):
                tell_of_keyed(user, partnership, at=at)
            if Membership.objects.filter(user=user, partnership=partnership, role=Role.CHECKER.value).exists():
                tell_of_checks(partnership, at=at)
            tell_of_shared(user, partnership, at=at)
            tell_of_unread(user, partnership, at=at)
            asked = Ask.objects.open().questions().filter(referral__referrer=user)
            for ask in asked.select_related("partnership", "asked_by", "referral"):
                row = held(ask.referral)
                if not tell_of_question(ask, row, at=at):
                    said = (
                        f"Whoever was asked on referral {row.reference} has left, and nobody else follows it here. "
                        f"{whom_to_telephone(row, by_email=True)}"
                    )
                    tell_who_asked(
                        ask, row, "nobody_answers", "Front Door: nobody can answer what you asked", said, at=at
                    )
            unread = Letter.objects.to_referrer().filter(
                referral__referrer=user, opened_at__isnull=True, sent_at__gt=at - LETTERS_TOLD
            )
            for letter in unread.select_related("referral__partnership", "referral__agency", "referral__referrer"):
                hand_letter_on(letter, letter.referral, at=at)
            open_ones = Disagreement.objects.filter(raised_by=user, resolved_at__isnull=True)
            for made in open_ones.select_related("referral__partnership", "referral__agency", "referral__referrer"):
                hand_disagreement_on(made, made.referral, at=at)


def hand_letter_on(letter: Letter, row: Referral, *, at: dt.datetime) -> None:
    """A letter that its reader left unread is told to who answers for them; where nobody does, the front door hears."""
    readers = for_referrer(row)
    tell_of_letter(letter, row, readers, at=at)
    if readers:
        return
    call = whom_to_telephone(row, by_email=True)
    said = f"letter on referral {row.reference} was not opened, and its reader has left. {call}"
    for person in answerable(row):
        tell_one(
            row,
            person,
            kind="nobody_answers",
            of=letter.pk.hex[:8],
            subject="Front Door: nobody can read your letter",
            said=f"{'Your' if person.pk == letter.sent_by_id else 'The'} {said}",
            at=at,
        )


def hand_disagreement_on(made: Disagreement, row: Referral, *, at: dt.datetime) -> None:
    """Who challenged has left: who goes on with it for the agency hears, and the front door, whom to talk with."""
    others = for_referrer(row, made.raised_by)
    if any(each.pk == made.raised_by_id for each in others):
        return
    who = made.raised_by.name
    tell_referrer(made, row, f"left:{made.raised_by_id}", "A challenge was left to you", at=at)
    names = " and ".join(each.name for each in others)
    then = f"{names} can go on with it for the agency." if others else whom_to_telephone(row, by_email=True)
    for person in answerable(row):
        tell_one(
            row,
            person,
            kind="nobody_answers",
            of=f"-{made.pk.hex[:8]}-{made.raised_by_id}",
            subject="Front Door: who challenged a decision has left",
            said=f"{who}, who challenged the decision on referral {row.reference}, has left their agency. {then}",
            at=at,
        )


def open_checks(membership: Membership) -> int:
    """How many checks of an agency wait for its only checker, whose role this is."""
    agency = membership.agency
    if agency is None or [each for each in checkers(agency) if each.pk != membership.user_id]:
        return 0
    return Ask.objects.open().checks().filter(agency=agency).count()


def tell_of_checks(partnership: Partnership, *, at: dt.datetime) -> None:
    """Who asked agencies that nobody answers for any more hears of it, once."""
    waiting = Ask.objects.open().checks().filter(partnership=partnership).exclude(agency=None)
    alone = waiting.exclude(agency__in=answering_agencies(partnership))
    for ask in alone.select_related("asked_by", "referral", "agency"):
        row = held(ask.referral)
        said = (
            f"An agency whose check on referral {row.reference} waits has nobody any more who answers checks. "
            "Telephone them, and note what they said."
        )
        tell_who_asked(ask, row, "nobody_checks", "Front Door: nobody can answer a check", said, at=at)


def keyed_by(user: User) -> DraftQuerySet:
    """What somebody began to key, and did not send."""
    return Draft.objects.unsent().filter(started_by=user, channel=Referral.Channel.KEYED.value)


def tell_of_keyed(user: User, partnership: Partnership, *, at: dt.datetime) -> None:
    """Who keys at the front door, or else the managers, hears of what somebody who is gone did not send."""
    mash = Team.objects.current().filter(partnership=partnership, kind=Team.Kind.MASH).first()
    people = (workers(mash) if mash else []) or managers(partnership)
    for draft in keyed_by(user):
        address = reverse("draft_take", kwargs={"partnership": partnership.slug, "draft_id": draft.pk})
        for person in people:
            outbox.tell(
                partnership=partnership,
                referral=None,
                kind="keyed_left",
                to=person,
                key=f"keyed_left:{draft.pk}:{person.pk}",
                subject="Front Door: a contact that was begun is not sent",
                body=f"{user.name} began to key a contact, keys here no more, and did not send it. Whoever told of it "
                f"believes that the front door knows. Go on with it: {settings.SITE_URL}{address}\n",
                at=at,
            )


def tell_of_shared(user: User, partnership: Partnership, *, at: dt.datetime) -> None:
    """What somebody who is gone had shared and did not send is now for those alone with whom they shared it. Who tells
    of worries for another agency now goes on with it in that one's name, and those read it no more."""
    elsewhere = {each.pk for each in actor_for(user, partnership).sends_for}
    shared = Draft.objects.unsent().filter(started_by=user, shared_at__isnull=False).exclude(agency=None)
    for draft in shared.exclude(agency__in=elsewhere).select_related("agency"):
        address = reverse("draft_take", kwargs={"partnership": partnership.slug, "draft_id": draft.pk})
        said = (
            f"{user.name} began to tell of a worry and shared it with you. They refer for another agency now, have not "
            "sent it, and you can read it no more. Talk with them, and if you are worried tell of it yourself."
            if elsewhere
            else f"{user.name} began to tell of a worry, shared it with you, refers here no more, and did not send it. "
            f"Nobody else can. Read it, and go on with it: {settings.SITE_URL}{address}"
        )
        assert draft.agency is not None  # noqa: S101  left out above
        for lead in leads_at(draft.agency, but=user):
            outbox.tell(
                partnership=partnership,
                referral=None,
                kind="shared_left",
                to=lead,
                key=f"shared_left:{draft.pk}:{lead.pk}",
                subject="Front Door: something that a colleague began is not sent",
                body=f"{said}\n",
                at=at,
            )


def tell_of_unread(user: User, partnership: Partnership, *, at: dt.datetime) -> None:
    """Who shared what they began with an agency's only lead, who leads there no more, hears that nobody reads it."""
    led = Membership.objects.filter(user=user, partnership=partnership, role=Role.SAFEGUARDING_LEAD.value)
    shared = Draft.objects.unsent().filter(shared_at__isnull=False, agency__in=led.values("agency"))
    for draft in shared.select_related("agency", "started_by"):
        writer, agency = draft.started_by, draft.agency
        if writer is None or agency is None or not writer.is_active or leads_at(agency, but=writer):
            continue
        address = reverse("refer_tasks", kwargs={"partnership": partnership.slug, "draft_id": draft.pk})
        outbox.tell(
            partnership=partnership,
            referral=None,
            kind="shared_left",
            to=writer,
            key=f"shared_unread:{draft.pk}:{at.isoformat()}:{writer.pk}",
            subject="Front Door: nobody reads what you shared any more",
            body=f"Whoever leads safeguarding at {agency} and could read what you began has left. Nobody else "
            f"there can read it, and it is not sent. Send it yourself: {settings.SITE_URL}{address}\n",
            at=at,
        )


def give_back(referral: Referral, person: User, *, by: User, at: dt.datetime) -> None:
    """Put an open referral that somebody who is gone had back into its queue, and tell who works there."""
    row = held(referral)
    if row.owner_id == person.pk and row.is_open:
        out_of_hands(row, f"{person.name} works here no more", by=by, at=at)
        tell_team(row, by=by, at=at)


def sent_by(membership: Membership) -> list[str]:
    """That who leaves sent referrals which are open, and who hears of these from now on."""
    if membership.role not in SENDING or membership.agency is None:
        return []
    with scope(partnership=membership.partnership):
        mine = list(Referral.objects.open().filter(referrer=membership.user, agency=membership.agency))
        follows = next((row for row in mine if row.is_followed_by_leads), None)  # the leads of one agency, asked once
        leads = [each for each in leads_of(follows) if each.pk != membership.user_id] if follows else []
        alone = [row for row in mine if not (leads and row.is_followed_by_leads)]
    said = []
    if others := len(mine) - len(alone):
        said.append(
            f"They sent {counted(others, 'open referral')} of {membership.agency.name}: questions and letters go to "
            "its safeguarding lead from now on."
        )
    if alone:
        said.append(
            f"They sent {counted(len(alone), 'open referral')} of {membership.agency.name} that nobody else there "
            "follows: the front door has to telephone with its questions."
        )
    return said


def tell_who_asked(ask: Ask, row: Referral, kind: str, subject: str, said: str, *, at: dt.datetime) -> None:
    """That nobody can answer is told once to whoever would be told of the answer: somebody who is there."""
    for person in told_of_answer(ask, row, at=at):
        tell_one(row, person, kind=kind, of=ask.pk.hex[:8], subject=subject, said=said, at=at)


def queue_of(membership: Membership) -> Team | None:
    """The team in whose queue somebody works by this role."""
    if membership.role == Role.SCREENER.value:
        return Team.objects.current().filter(partnership=membership.partnership_id, kind=Team.Kind.MASH).first()
    return membership.team if membership.role == Role.EARLY_HELP.value else None


def last_of(membership: Membership) -> bool:
    """Whether nobody else works in that team; of one that is retired, while something is with it still."""
    team = queue_of(membership)
    if team is None or workers(team, but=membership):
        return False
    return team.retired_at is None or bool(with_team(team))


def last_one(membership: Membership) -> str:
    """What whoever ends the role of the last one of a team reads."""
    team = queue_of(membership)
    if team is None:
        return ""
    said = f"Nobody else works in {team}: what comes there is told to the managers alone."
    if open_there := with_team(team):
        said += (
            f" With it {open_there.verb} {open_there.words}: the managers are told which, and can give what is there "
            "to another team."
        )
    return said


def tell_of_empty_team(membership: Membership, *, at: dt.datetime) -> None:
    """The last one of a team is gone: the managers hear of it at once, with what is with the team as far as they may
    see it."""
    team = queue_of(membership)
    if team is None:
        return
    said = f"{membership.user.name}’s role in {team} ended, and nobody else works there. "
    if team.retired_at is None:
        said += (
            "What comes into its queue is told to the managers alone. Ask the partnership’s admin today to give "
            "somebody a role there."
        )
    else:
        said += "It is retired and takes on nobody."
    for person in managers(membership.partnership):
        outbox.tell(
            partnership=membership.partnership,
            referral=None,
            kind="nobody_there",
            to=person,
            key=f"nobody_left:{membership.pk}:{at.isoformat()}:{person.pk}",
            subject="Front Door: nobody works in a team any more",
            body=f"{said}{what_is_there(team, person, 'Give what is there to another team')}\n",
            at=at,
        )


def what_is_there(team: Team, manager: User, then: str) -> str:
    """What a manager may see of what is with a team and not finished: how much, where it is listed, what to do."""
    there = with_team(team, actor_for(manager, team.partnership))
    if not there:
        return ""
    where = {"partnership": team.partnership.slug}
    lists = []
    if there.children:
        page = reverse("supports", kwargs=where)
        lists.append(f"The children’s early help: {settings.SITE_URL}{page}?team={team.slug}")
    if there.referrals:
        page = reverse("queue_team", kwargs={**where, "team": team.slug})
        lists.append(f"The referrals: {settings.SITE_URL}{page}")
    listed = "\n".join(lists)
    return f"\n\nWith it {there.verb} {there.words}. {then}: open each, and choose “another team”.\n{listed}"


class OpenWithTeam:
    """Open referrals in the queue of a team that is retired, and the early help that it gives."""

    def open(self, team: Team) -> str:
        with scope(partnership=team.partnership):
            return with_team(team).words

    def tell(self, team: Team, *, by: User, at: dt.datetime) -> None:
        """The managers hear what a retired team has to finish."""
        with scope(partnership=team.partnership):
            for person in managers(team.partnership):
                left = what_is_there(team, person, "Its people finish that. Or give it to another team")
                if left and person.pk != by.pk:
                    outbox.tell(
                        partnership=team.partnership,
                        referral=None,
                        kind="routing",
                        to=person,
                        key=f"retired:{team.pk}:{at.isoformat()}:{person.pk}",
                        subject="Front Door: a team was retired with work in hand",
                        body=f"{by.name} retired {team}: it takes on nothing new.{left}\n",
                        at=at,
                    )


def counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def take_on(membership: Membership, *, at: dt.datetime) -> None:
    """What waits for whoever holds such a role is theirs to see from now."""
    with scope(partnership=membership.partnership):
        name_on_allegations(membership.user, membership.partnership, at=at)


def end_calendars(user: User) -> None:
    with scopes_disabled():
        CalendarAddress.objects.filter(user=user).delete()


def register() -> None:
    account_actions.reads_without_sign_in(end_calendars)
    leaving.begins(take_on)
    leaving.register(OpenWork())
    retiring.register(OpenWithTeam())
