"""What each stored field tells, as one class out of a short list (`referrals.domain.audiences`). Pure.

Every field of every model of `referrals` stands here once, by its model's name, and so does every answer of the form;
`tests/unit/referrals/test_classes.py` fails for one that has no class. Where the same column tells different things
row by row, such as a letter's body, `SORT` names what tells the rows apart, and `OF_SORT` their classes.
"""

from __future__ import annotations

from collections.abc import Mapping

from referrals.domain.audiences import FieldClass as C

Fields = Mapping[C, str]

FIELDS: Mapping[str, Fields] = {
    "Absence": {
        C.STRUCTURE: "id partnership user cover by ended_by",
        C.PARTNERSHIP: "until at ended_at",
    },
    "SavedView": {C.STRUCTURE: "id partnership team shared at by", C.PARTNERSHIP: "name query"},
    "Referral": {
        C.STRUCTURE: "id partnership channel scheme_version team went_through_mash beside revision keyed_by decided_by"
        " owner in_confidence restricted",
        C.SECRET: "token",
        C.RUNNING: "reference received_at state owned_at decided_at waiting_for next_due_at withdrawal_asked_at"
        " next_seen_at urgency urgent_at immediate_danger",
        C.REFERRER: "agency referrer referrer_details",
        C.CONFIDENTIAL: "confidential",
        C.TOLD: "answers consent_said",
        C.SCREENED: "indicated_level judged_level route flags",
        C.REASONED: "screening why told_before flag_words",
        C.LEVEL: "decided_level",
        C.WORK: "arrival_note hold_at hold_reason",
    },
    "Addendum": {
        C.STRUCTURE: "id partnership referral kind by settled_by",
        C.SECRET: "token",
        C.RUNNING: "at settled_at",
        C.TOLD: "about answer concerns text reason in_danger",
        C.REPLY: "agreed",
    },
    "Ask": {
        C.STRUCTURE: "id partnership referral kind team agency asked_by answered_by withdrawn_by",
        C.RUNNING: "urgency due_at state asked_at answered_at withdrawn_at",
    },
    "RiskRating": {C.STRUCTURE: "id partnership referral team by", C.RUNNING: "stage at"},
    "Draft": {
        C.STRUCTURE: "id partnership agency started_by taken_from channel revision",
        C.RUNNING: "received_at started_at saved_at shared_at taken_at reminded_at sent_at discarded_at",
        C.TOLD: "answers taken_answers",
    },
    "Attachment": {
        C.STRUCTURE: "id partnership draft referral addendum asked_for ending size added_by removed_by",
        C.SECRET: "stored_as scan_at scans scanner_said",
        C.WORK: "digest",
        C.RUNNING: "state scanned_at added_at removed_at",
        C.TOLD: "called name",
    },
    "Child": {
        C.STRUCTURE: "id partnership referral order",
        C.NAME: "first_name last_name",
        C.COUNTED: "date_of_birth unborn expected_on sex ethnicity disability nhs_number upn",
        C.TOLD: "other_names former_names estimated_age language interpreter_needed address postcode whereabouts"
        " school gp corrected",
        C.SCREENED: "indicated_level judged_level route flags",
        C.REASONED: "facts screening",
    },
    "FamilyMember": {
        C.STRUCTURE: "id partnership referral order",
        C.TOLD: "name relationship date_of_birth parental_responsibility telephone lives_with_child safe_to_call"
        " alleged notes",
        C.CAUTION: "unsafe_because",
    },
    "ChosenIndicator": {
        C.STRUCTURE: "id partnership referral child",
        C.SCREENED: "indicator",
        C.TOLD: "evidence",
    },
    "Clock": {
        C.STRUCTURE: "id partnership referral slug subject amount unit met_by late_said_by",
        C.RUNNING: "started_at warn_at due_at first_due_at stage next_step_at met_at paused_at",
        C.WORK: "late_why late_words late_said_at",
    },
    "ClockPause": {
        C.STRUCTURE: "id partnership clock paused_by resumed_by",
        C.RUNNING: "paused_at until_at resumed_at",
        C.WORK: "reason",
    },
    "Heartbeat": {C.STRUCTURE: "id name beat_at"},
    "SignOff": {
        C.STRUCTURE: "id partnership referral kind team proposed_by settled_by",
        C.WORK: "because reason state proposed_at settled_at said",
    },
    "Transfer": {
        C.STRUCTURE: "id partnership referral to_partnership sent_by handed_by receipt_noted_by",
        C.SECRET: "key",
        C.OUTCOME: "to_name",
        C.RUNNING: "sent_at handed_at received_at returned_at",
        C.WORK: "handed_how handed_to received_by returned_by returned_because",
    },
    "Arrival": {
        C.STRUCTURE: "id partnership referral from_partnership received_by returned_by",
        C.SECRET: "key",
        C.RUNNING: "sent_at received_at returned_at",
        C.ARRIVED: "from_reference sent_by because bundle",
        C.WORK: "returned_because",
    },
    "Decision": {
        C.STRUCTURE: "id partnership referral child state support_team transfer sign_off by authorised_by",
        C.RUNNING: "at",
        C.SCREENED: "indicated_level differs",
        C.OUTCOME: "outcome transfer_to transfer_elsewhere",
        C.LEVEL: "decided_level",
        C.REPLY: "told_referrer",
        C.NEED: "primary_need factors",
        C.FAMILY: "parents_told_by told_parents child_told_by told_child",
        C.HELP: "handover",
        C.REASON: "reason authorised_because",
    },
    "Disagreement": {
        C.STRUCTURE: "id partnership referral stage raised_by resolved_by",
        C.RUNNING: "raised_at resolved_at",
        C.REPLY: "words result resolution",
    },
    "DisagreementStage": {
        C.STRUCTURE: "id partnership disagreement number for_us for_them_user answered_by moved_on_by",
        C.RUNNING: "started_at due_at answered_at moved_on_at",
        C.REPLY: "name people for_them spoke answer moved_on_because",
    },
    "Document": {
        C.STRUCTURE: "id partnership state asked_at attempts made_at",
        C.SECRET: "digest page sealed leased_until",
    },
    "Event": {C.STRUCTURE: "id partnership referral kind for_referrer by", C.RUNNING: "at", C.WORK: "note"},
    "LetterText": {
        C.STRUCTURE: "id partnership kind number state written_by approved_by",
        C.PARTNERSHIP: "subject body written_at approved_at",
    },
    "Letter": {
        C.STRUCTURE: "id partnership referral kind addressed_to text_version sent_by opened_by answered_by",
        C.SECRET: "token",
        C.RUNNING: "sent_at opened_at answered_at",
        C.WORK: "safe_because",
    },
    "Notice": {
        C.STRUCTURE: "id partnership referral kind to state digest digested_in attempts dealt_with_by",
        C.SECRET: "key last_error leased_until begun_at begun_on doubted_at",
        C.PARTNERSHIP: "subject body created_at next_attempt_at sent_at settled_at read_at dealt_with_at"
        " dealt_with_how",
    },
    "NoticeChoice": {C.STRUCTURE: "id partnership user", C.PARTNERSHIP: "how changed_at"},
    "CalendarAddress": {C.STRUCTURE: "id partnership user made_at last_read_at", C.SECRET: "digest"},
    "Replay": {
        C.STRUCTURE: "id partnership version baseline revision state asked_by cancelled_by",
        C.SECRET: "cursor lease lease_until failures fault",
        C.PARTNERSHIP: "content since until total done left_out figures asked_at cancelled_at finished_at",
    },
    "ReplayedCase": {
        C.STRUCTURE: "id partnership replay child place",
        C.PARTNERSHIP: "before_level after_level before_route after_route causes",
    },
    "RestrictedAccess": {
        C.STRUCTURE: "id partnership referral user kind by ended_by",
        C.WORK: "reason at until ended_at",
    },
    "SameChild": {
        C.STRUCTURE: "id partnership one other by undone_by",
        C.WORK: "same reason at undone_at undone_reason",
    },
    "LookupKey": {C.STRUCTURE: "id partnership referral child", C.SECRET: "key"},
    "SecondScreening": {
        C.STRUCTURE: "id partnership referral child decision screened_by",
        C.WORK: "drawn_at level reason screened_at",
    },
    "Support": {
        C.STRUCTURE: "id partnership referral child decision team state accepted_by closed_by",
        C.RUNNING: "offered_at accepted_at next_review_at closed_at",
        C.NEED: "lead lead_agency ending",
        C.HELP: "lead_telephone plan closing_words",
    },
    "SupportGivenOn": {
        C.STRUCTURE: "id partnership support number from_team to_team by",
        C.RUNNING: "at",
        C.HELP: "reason",
    },
    "PlanReview": {
        C.STRUCTURE: "id partnership support number by",
        C.RUNNING: "at",
        C.HELP: "progress words",
    },
}
"""Model → class → its fields, by name."""

SORT: Mapping[str, str] = {"Ask": "sort", "Clock": "sort", "RiskRating": "sort", "Event": "sort", "Letter": "kind"}
"""Model → the attribute that tells its rows apart."""

OF_SORT: Mapping[str, Mapping[str, Fields]] = {
    "Ask": {
        "question": {C.REPLY: "question extract basis knows answer later concerns"},
        "mash_check": {C.MASH_CHECK: "question extract basis knows answer later concerns"},
        "check": {C.CHECK: "question extract basis knows answer later concerns"},
    },
    "Clock": {"limit": {C.RUNNING: "name"}, "of_one": {C.STORY: "name"}},
    "RiskRating": {"mash": {C.MASH: "rating reason"}, "early_help": {C.WORK: "rating reason"}},
    "Event": {
        "for_referrer": {C.REPLY: "sentence"},
        "for_us": {C.STORY: "sentence"},
        "of_checks": {C.WORK: "sentence"},
        "of_the_mash": {C.MASH: "sentence"},
    },
    "Letter": {
        "acknowledgement": {C.REPLY: "recipient subject body answer answer_words"},
        "outcome": {C.REPLY: "recipient subject body answer answer_words"},
        "parents": {C.FAMILY: "recipient subject body answer answer_words"},
        "agency": {C.LETTER: "recipient subject body answer answer_words"},
        "transfer": {C.LETTER: "recipient subject body answer answer_words"},
    },
}
"""Model → what its rows are told apart by → class → the fields that tell something else in each sort of row."""

WORKED_OUT: Mapping[str, Fields] = {
    "Child": {C.INITIALS: "initials", C.NAME: "at_home"},
    "Referral": {C.COUNTED: "source_code"},
    "Clock": {C.WORK: "paused_why paused_until"},
}
"""What is worked out of fields and tells less than they do: read by its own class."""

ANSWERS: Mapping[str, Fields] = {
    "who": {
        C.NAME: "first_name last_name",
        C.COUNTED: "born date_of_birth expected_on",
        C.TOLD: "other_names former_names estimated_age",
    },
    "details": {
        C.COUNTED: "sex ethnicity disability nhs_number upn",
        C.TOLD: "language interpreter interpreter_for",
    },
    "home": {C.TOLD: "same_home address postcode whereabouts school gp"},
    "other-children": {C.STRUCTURE: "another"},
    "person": {
        C.TOLD: "name relationship date_of_birth parental_responsibility lives_with_child telephone safe_to_call"
        " alleged notes",
        C.CAUTION: "unsafe_because",
    },
    "family": {
        C.STRUCTURE: "another",
        C.TOLD: "household",
        C.CAUTION: "not_told not_told_who unsafe unsafe_what visit visit_what",
    },
    "you": {C.REFERRER: "telephone available stand_in"},
    "source": {
        C.STRUCTURE: "how who wish",
        C.CONFIDENTIAL: "name job telephone email relation agency",
    },
    "involved": {C.TOLD: "worker worker_name practitioners early_help early_help_says lead lead_name"},
    "worker-first": {C.TOLD: "spoken they_said"},
    "worry": {C.TOLD: "happened known_from who_told opinion"},
    "impact": {C.TOLD: "safe next_seen_on next_seen_time next_seen impact child_words concerns"},
    "telephone": {C.TOLD: "telephoned called_on called_time called_whom concern_on concern_time"},
    "called-999": {C.TOLD: "told_at"},
    "strengths": {C.TOLD: "working_well parents_view"},
    "next": {C.TOLD: "needs_to_happen scale"},
    "as-first": {C.STRUCTURE: "fits"},
    "indicators": {C.SCREENED: "chosen"},
    "evidence": {C.TOLD: "evidence grades"},
    "judged": {C.SCREENED: "level", C.TOLD: "why in_need"},
    "concern": {C.TOLD: "done *"},
    "special": {C.TOLD: "done"},
    "tried": {C.TOLD: "tried came_of_it talked_with"},
    "consent": {C.TOLD: "informed given reason explain asked_how decided_by"},
    "attach": {C.TOLD: "exist where"},
}
"""Page of the form → class → its answers, by name. `concern` stands for every `concern-…` page; its questions are
content, and `*` stands for them."""


def by_name(fields: Fields) -> dict[str, C]:
    """Field → class. ValueError for a field that stands twice."""
    found: dict[str, C] = {}
    for of, names in fields.items():
        for name in names.split():
            if name in found:
                raise ValueError(f"{name} has two classes")
            found[name] = of
    return found


SAVED = "autosaved"
"""The mark beside a page's answers that nobody has pressed *Save* on yet (`referrals.intake.answers`)."""

TYPED = "as_typed"
"""Beside a page's answers, by the answer's name, what was typed and can't be read: of the class of that answer."""

NOTE = "note-"
"""What the name of a note on an indicator begins with; all of them are one answer, `evidence`."""

OF_FIELD = {model: by_name(fields) for model, fields in FIELDS.items()}
OF_SORTED = {model: {sort: by_name(fields) for sort, fields in sorts.items()} for model, sorts in OF_SORT.items()}
SORTED = {model: frozenset(name for each in sorts.values() for name in each) for model, sorts in OF_SORTED.items()}
"""Model → the fields whose class the sort of the row tells."""
OF_WORKED_OUT = {model: by_name(fields) for model, fields in WORKED_OUT.items()}
OF_ANSWER = {page: by_name(fields) for page, fields in ANSWERS.items()}


def class_of(model: str, field: str, sort: str = "") -> C | None:
    """The class of a field in a row of this sort; None for one that has none."""
    told = OF_FIELD.get(model, {}).get(field) or OF_SORTED.get(model, {}).get(sort, {}).get(field)
    return told or OF_WORKED_OUT.get(model, {}).get(field)


def class_of_answer(page: str, name: str) -> C | None:
    """The class of an answer of the form; None for one that has none."""
    fields = OF_ANSWER.get("concern" if page.startswith("concern-") else page, {})
    return fields.get("evidence" if page == "evidence" and name.startswith(NOTE) else name) or fields.get("*")


def answers_for(reads: frozenset[C], raw: Mapping[str, object]) -> dict[str, object]:
    """The answers of a draft or a referral without those that are not read; an answer without a class is read by none.

    raw: as it is stored, `children` and `people` with a mapping of pages each. Its marks of saving are kept.
    """
    found: dict[str, object] = {}
    for slug, stored in raw.items():
        if isinstance(stored, list):
            found[slug] = [answers_for(reads, each) if isinstance(each, Mapping) else {} for each in stored]
        elif isinstance(stored, Mapping):
            found[slug] = page_for(reads, slug, stored)
    return found


def page_for(reads: frozenset[C], slug: str, stored: Mapping[str, object]) -> dict[str, object]:
    """One page's answers without those that are not read, and what was typed of these as it was."""
    told = {name: value for name, value in stored.items() if name == SAVED or class_of_answer(slug, name) in reads}
    typed = stored.get(TYPED)
    if isinstance(typed, Mapping):
        told[TYPED] = {name: value for name, value in typed.items() if class_of_answer(slug, name) in reads}
    return told
