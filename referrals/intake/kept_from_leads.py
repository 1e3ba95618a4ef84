"""What no safeguarding lead follows: an allegation against somebody in a position of trust, who may be the lead."""

from __future__ import annotations

import datetime as dt

from referrals.intake.answers import Answers
from referrals.intake.inside import told_alone
from referrals.intake.pages import INSIDE
from referrals.intake.situation import Situation
from referrals.models import Draft
from thresholds.domain.terms import Flag
from thresholds.loading import NoThreshold, load, version_in_force

WHY = (
    "It tells of an allegation against somebody in a position of trust. So your safeguarding lead can’t read it here, "
    "neither now nor when it is sent: the front door and the LADO do."
)


def is_kept_from_leads(draft: Draft, *, at: dt.datetime) -> bool:
    """Whether a draft tells of an allegation so far: by what is ticked, or by what an indicator raises."""
    answers = Answers(told_alone(draft.answers, INSIDE))
    if any(Flag.LADO.value in worry.concerns for worry in answers.worries):
        return True
    try:
        scheme = load(version_in_force(draft.partnership, at))
    except NoThreshold:
        return False
    return Flag.LADO in Situation(draft.partnership, scheme, answers, at).together.flags
