"""The words and colours of every status on a page. They stand here alone; `{% status kind value %}` shows them.

Colour only helps: the word always says it too. A status without a colour is shown as plain words.
"""

from __future__ import annotations

from typing import NamedTuple


class Status(NamedTuple):
    """What a status is called, and the colour of its tag; no colour, no tag."""

    words: str
    colour: str = ""


STATUSES: dict[str, dict[str, Status]] = {
    # A section of the guided form.
    "task": {
        "not_started": Status("Not yet started", "blue"),
        "in_progress": Status("In progress", "teal"),
        "done": Status("Completed"),
        "cannot_start": Status("Cannot start yet", "grey"),
        "problem": Status("There is a problem", "red"),
        "optional": Status("Optional", "grey"),
    },
    # A referral as those see it who work on it.
    "state": {
        "waiting": Status("Waiting", "yellow"),
        "in_hand": Status("In hand", "blue"),
        "proposed": Status("Waiting for sign-off", "purple"),
        "sent_on": Status("Sent on, not yet received", "orange"),
        "decided": Status("Decided", "green"),
        "withdrawn": Status("Withdrawn", "grey"),
        "returned": Status("Sent back to where it came from", "grey"),
    },
    # A referral as its referrer sees it.
    "progress": {
        "draft": Status("Not sent yet", "yellow"),
        "waiting": Status("Waiting to be read", "blue"),
        "in_hand": Status("Being read", "teal"),
        "proposed": Status("Being read", "teal"),
        "sent_on": Status("Passed to another area", "teal"),
        "decided": Status("Decided", "green"),
        "withdrawn": Status("Withdrawn", "grey"),
        "returned": Status("Passed back", "grey"),
    },
    "support": {
        "offered": Status("To be accepted", "yellow"),
        "active": Status("Active", "blue"),
        "closed": Status("Closed", "grey"),
    },
    "risk": {
        "high": Status("High", "red"),
        "medium": Status("Medium", "orange"),
        "low": Status("Low", "green"),
    },
    "ask": {
        "open": Status("Waiting for an answer", "yellow"),
        "answered": Status("Answered", "green"),
        "withdrawn": Status("Withdrawn", "grey"),
    },
    # Whose word an open referral waits for.
    "waits": {
        "sign_off": Status("Waits for sign-off", "purple"),
        "referrer": Status("Waits for the referrer", "yellow"),
        "agencies": Status("Waits for agencies", "yellow"),
        "receipt": Status("Waits for a receipt elsewhere", "orange"),
    },
    "clock": {
        "running": Status("Running", "blue"),
        "due_soon": Status("Due soon", "orange"),
        "overdue": Status("Overdue", "red"),
        "met": Status("Met", "green"),
        "paused": Status("Paused", "grey"),
        "stopped": Status("Stopped", "grey"),
    },
    "route": {
        "advice": Status("Advice", "green"),
        "early_help": Status("Early help", "yellow"),
        "mash": Status("MASH", "red"),
    },
    "outcome": {
        "advice": Status("Advice and information", "green"),
        "early_help": Status("Early help", "yellow"),
        "assessment_section_17": Status("Child and family assessment (section 17)", "orange"),
        "strategy_discussion": Status("Strategy discussion (section 47)", "red"),
        "lado": Status("Passed to the LADO", "purple"),
        "transfer": Status("Transferred to another area", "grey"),
        "already_open": Status("Passed to the worker who has the case", "blue"),
        "no_further_action": Status("No further action", "grey"),
    },
    "flag": {
        "consent_to_settle": Status("Consent to be settled", "orange"),
        "exploitation": Status("Exploitation", "purple"),
        "fgm": Status("Female genital mutilation", "red"),
        "forced_marriage": Status("Forced marriage or honour-based abuse", "red"),
        "immediate_danger": Status("Immediate danger", "red"),
        "judged_higher": Status("Judged higher than indicated", "orange"),
        "judged_lower": Status("Judged lower than indicated", "blue"),
        "lado": Status("A person in a position of trust (LADO)", "purple"),
        "marac": Status("High-risk domestic abuse (MARAC)", "red"),
        "neglect_tool": Status("Neglect tool to attach", "blue"),
        "not_screened": Status("Not screened", "grey"),
        "nrm": Status("Trafficking or modern slavery (NRM)", "purple"),
        "outside_home": Status("Harm outside the home", "purple"),
        "pre_birth": Status("Unborn child", "teal"),
        "prevent": Status("Radicalisation (Prevent)", "purple"),
        "private_fostering": Status("Private fostering", "blue"),
        "section_17": Status("Child in need (section 17)", "orange"),
        "section_47": Status("Significant harm (section 47)", "red"),
        "seen_before": Status("Seen before", "blue"),
        "strategy_discussion": Status("Strategy discussion (section 47)", "red"),
    },
    # What a notice is about, for an admin who may not know of whom.
    "notice": {
        "receipt": Status("Receipt of a referral"),
        "waiting": Status("A referral waits"),
        "letter": Status("A letter is there"),
        "clock_due_soon": Status("Something is due soon"),
        "clock_overdue": Status("Something is overdue"),
        "clock_late": Status("Please say why something was late"),
        "letter_text": Status("The text of a letter waits for approval"),
        "digest": Status("The morning’s digest"),
        "stood_still": Status("A background loop stood still"),
        "anomaly": Status("Something in the audit trail is worth a question"),
    },
    "letter": {
        "acknowledgement": Status("Acknowledgement", "blue"),
        "outcome": Status("Outcome", "green"),
        "parents": Status("To the parents", "purple"),
        "agency": Status("To a partner agency", "teal"),
        "transfer": Status("Transfer to another area", "grey"),
        "unread": Status("Not opened yet", "yellow"),
        "read": Status("Opened"),
    },
    "attachment": {
        "pending": Status("Being checked for viruses", "yellow"),
        "clean": Status("Checked for viruses", "green"),
        "suspect": Status("Held back: may carry a virus", "red"),
        "not_scanned": Status("Not checked for viruses", "grey"),
    },
    "version": {
        "draft": Status("Draft", "yellow"),
        "published": Status("Published", "green"),
        "superseded": Status("Superseded", "grey"),
    },
    # A draft's approval by a second person.
    "approval": {
        "asked": Status("Waiting for approval", "blue"),
        "approved": Status("Approved", "green"),
        "sent_back": Status("Sent back", "orange"),
        "withdrawn": Status("Withdrawn", "grey"),
        "void": Status("Changed since", "yellow"),
    },
    # A threshold version at this moment.
    "standing": {
        "draft": Status("Draft", "yellow"),
        "waiting": Status("Published, not yet in force", "blue"),
        "in_force": Status("In force", "green"),
        "ended": Status("No longer in force", "grey"),
    },
}
