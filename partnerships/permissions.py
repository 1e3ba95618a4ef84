"""Who may do what: the one table. Every view names the permission that it needs; nothing else decides.

`docs/permissions.md` is printed from here (`manage.py permissions`), so that an auditor reads what the code does.
"""

from __future__ import annotations

from enum import Enum, StrEnum, unique


@unique
class Permission(Enum):
    """An action, as NOUN_VERB, with the sentence that says what it allows."""

    REFERRAL_SEND = "Tell of a worry and send it; save it and come back"
    REFERRAL_TRACK = "Follow what became of one's own referrals, and read the letters written to one"
    AGENCY_TRACK = "Follow one's own agency's referrals, but for allegations and what was told in confidence"
    CONTACT_KEY = "Key a contact that came by telephone, letter or email, with the time at which it came"
    QUEUE_READ = "See the queues of the teams that one works in"
    REFERRAL_READ = "Read a referral in those queues"
    REFERRAL_CLAIM = "Take a referral, give it back, hand it to a colleague"
    REFERRAL_ASSIGN = "Hand referrals of one's queues, or as a manager of any, to people who work in them"
    ABSENCE_MARK = "Say who is away and who covers"
    NOTE_WRITE = "Add a note to a referral that only those who work on it read"
    RECORD_SEARCH = "Search among the referrals that one may see"
    REFERRAL_RESTRICT = "Restrict a referral to named people, and lift it, where one is named or answers for it"
    ALLEGATION_TAKE = "Be named on what tells of an allegation against somebody in a position of trust, when it comes"
    GLASS_BREAK = "Open a restricted referral in need, for an hour, with a reason that the managers are told"
    REFERRAL_DECIDE = "Decide a referral, and write to the referrer"
    REFERRAL_REOPEN = "Open a decided or withdrawn referral again, so that it is decided anew"
    REFERRAL_STEP = "Step a referral up to the MASH or down to early help"
    HELP_GIVE_ON = "Give what is with an early help team to another: an open referral that nobody else has, early help"
    REFERRAL_AUTHORISE = "Sign off what needs a second person, or send it back: never one’s own"
    SUPPORT_KEEP = "Accept early help, keep its plan reviewed, close it or step it up"
    CHECK_ANSWER = "Answer the checks that are asked of one’s own agency, and see nothing else of the referral"
    REFERRAL_READ_ALL = "Read every referral of the partnership"
    SUMMARY_DOWNLOAD = "Download a referral's summary"
    EVIDENCE_DOWNLOAD = "Download everything about a referral as it stood at an instant"
    LETTER_EDIT = "Draft the texts of the partnership's letters"
    LETTER_APPROVE = "Approve the text of a letter that somebody else drafted"
    NOTICE_READ = "Read the notices written to one, and choose how they come"
    NOTICE_RESEND = "See which notices reached nobody, try them again, or say what was done instead"
    CLOCK_PAUSE = "Stop a clock with a reason, and let it run on"
    REPORT_READ = "See volume, timeliness and outcomes, and the records behind each figure"
    AUDIT_READ = "Read the audit trail"
    THRESHOLD_EDIT = "Draft, change and try threshold content"
    THRESHOLD_PUBLISH = "Publish threshold content from a date, once somebody else has approved it"
    THRESHOLD_APPROVE = "Read drafts of threshold content, and approve or send back what a colleague wrote"
    PARTNERSHIP_EDIT = "Keep contact points, teams, closure days and agencies true"
    MEMBER_EDIT = "Invite people to the partnership; change and end the roles that they hold"
    AGENCY_MEMBER_EDIT = "Invite people to one's own agency; change and end the roles that they hold there"


EVERYBODYS = frozenset({Permission.NOTICE_READ})
"""What every role may do."""


@unique
class Role(StrEnum):
    """A described list of permissions; the base denies."""

    label: str
    description: str
    permissions: frozenset[Permission]

    def __new__(cls, value: str, label: str, description: str, permissions: frozenset[Permission]) -> Role:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.description = description
        member.permissions = permissions | EVERYBODYS
        return member

    PRACTITIONER = (
        "practitioner",
        "Practitioner",
        "Works with children in an agency and tells of worries.",
        frozenset({Permission.REFERRAL_SEND, Permission.REFERRAL_TRACK}),
    )
    SAFEGUARDING_LEAD = (
        "safeguarding_lead",
        "Safeguarding lead",
        "Answers for an agency's referrals, and so follows all of them.",
        frozenset(
            {
                Permission.REFERRAL_SEND,
                Permission.REFERRAL_TRACK,
                Permission.AGENCY_TRACK,
                Permission.AGENCY_MEMBER_EDIT,
            }
        ),
    )
    SCREENER = (
        "screener",
        "MASH screener",
        "Reads and decides what reaches the MASH.",
        frozenset(
            {
                Permission.QUEUE_READ,
                Permission.CONTACT_KEY,
                Permission.REFERRAL_READ,
                Permission.REFERRAL_ASSIGN,
                Permission.ABSENCE_MARK,
                Permission.NOTE_WRITE,
                Permission.RECORD_SEARCH,
                Permission.REFERRAL_RESTRICT,
                Permission.GLASS_BREAK,
                Permission.REFERRAL_CLAIM,
                Permission.REFERRAL_DECIDE,
                Permission.REFERRAL_REOPEN,
                Permission.REFERRAL_STEP,
                Permission.SUMMARY_DOWNLOAD,
            }
        ),
    )
    EARLY_HELP = (
        "early_help",
        "Early help worker",
        "Reads and decides what reaches an early help team; the MASH's referrals are walled off.",
        frozenset(
            {
                Permission.SUPPORT_KEEP,
                Permission.QUEUE_READ,
                Permission.REFERRAL_READ,
                Permission.REFERRAL_ASSIGN,
                Permission.ABSENCE_MARK,
                Permission.NOTE_WRITE,
                Permission.RECORD_SEARCH,
                Permission.REFERRAL_RESTRICT,
                Permission.GLASS_BREAK,
                Permission.REFERRAL_CLAIM,
                Permission.REFERRAL_DECIDE,
                Permission.REFERRAL_REOPEN,
                Permission.REFERRAL_STEP,
                Permission.HELP_GIVE_ON,
            }
        ),
    )
    SENIOR = (
        "senior",
        "Senior worker",
        "Signs off colleagues’ decisions in one team’s queue; held beside the role in which one decides.",
        frozenset(
            {
                Permission.QUEUE_READ,
                Permission.REFERRAL_READ,
                Permission.REFERRAL_AUTHORISE,
                Permission.SUMMARY_DOWNLOAD,
            }
        ),
    )
    CHECKER = (
        "checker",
        "Agency checker",
        "Answers what the front door asks of their agency: that request alone, nothing else of the child.",
        frozenset({Permission.CHECK_ANSWER}),
    )
    LADO = (
        "lado",
        "LADO",
        "Looks into allegations against people in positions of trust: sees these alone; held beside the role in which "
        "one decides.",
        frozenset({Permission.ALLEGATION_TAKE}),
    )
    MANAGER = (
        "manager",
        "Manager",
        "Answers for the partnership's front door: sees every referral, every figure and the trail.",
        frozenset(
            {
                Permission.QUEUE_READ,
                Permission.REFERRAL_READ,
                Permission.REFERRAL_ASSIGN,
                Permission.ABSENCE_MARK,
                Permission.NOTE_WRITE,
                Permission.RECORD_SEARCH,
                Permission.REFERRAL_RESTRICT,
                Permission.GLASS_BREAK,
                Permission.REFERRAL_READ_ALL,
                Permission.REFERRAL_REOPEN,
                Permission.HELP_GIVE_ON,
                Permission.REFERRAL_AUTHORISE,
                Permission.SUMMARY_DOWNLOAD,
                Permission.EVIDENCE_DOWNLOAD,
                Permission.CLOCK_PAUSE,
                Permission.LETTER_APPROVE,
                Permission.REPORT_READ,
                Permission.AUDIT_READ,
                Permission.THRESHOLD_APPROVE,
            }
        ),
    )
    ADMIN = (
        "admin",
        "Partnership admin",
        "Keeps threshold content, contacts, teams and agencies true; never sees a child.",
        frozenset(
            {
                Permission.THRESHOLD_EDIT,
                Permission.THRESHOLD_PUBLISH,
                Permission.THRESHOLD_APPROVE,
                Permission.PARTNERSHIP_EDIT,
                Permission.NOTICE_RESEND,
                Permission.MEMBER_EDIT,
                Permission.LETTER_EDIT,
                Permission.LETTER_APPROVE,
            }
        ),
    )

    @classmethod
    def of(cls, value: str) -> Role:
        """The role that is stored as this value."""
        return next(role for role in cls if role.value == value)

    @property
    def of_an_agency(self) -> bool:
        """Held in an agency; every other role works for the partnership itself."""
        return self in (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD, Role.CHECKER)

    @property
    def of_a_team(self) -> bool:
        """Held in a team, whose queue it reads; a manager reads every queue."""
        return Permission.QUEUE_READ in self.permissions and Permission.REFERRAL_READ_ALL not in self.permissions

    @property
    def needs_second_factor(self) -> bool:
        """Whoever opens children's records of others, or decides who may, proves twice who they are.

        Those who tell of worries are offered it, and need it where their agency says so.
        """
        return self not in (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD)

    @property
    def session_limits(self) -> tuple[int, int]:
        """Seconds after which a session ends: untouched, and in any case."""
        hour = 60 * 60
        return (hour // 2, 10 * hour) if self.needs_second_factor else (hour, 12 * hour)


SENDING = frozenset(role.value for role in Role if Permission.REFERRAL_SEND in role.permissions)
"""The roles in which somebody tells of worries, in the name of the agency in which the role is held."""

WRITES = (Permission.REFERRAL_SEND, Permission.CONTACT_KEY)
"""Either of these opens the guided form: for one's own referral, or for a contact that one keys."""
KEYING = frozenset(role.value for role in Role if Permission.CONTACT_KEY in role.permissions)
"""The roles in which somebody keys what came by telephone, letter or email."""
