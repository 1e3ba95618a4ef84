"""The story's lines of checks and ratings are told apart by whose they are: the MASH's are walled off."""

from django.db import migrations

MASH = "mash_"
OF_A_CHECK = (
    ("check_asked", "check_asked", "asked_at", "asked_by"),
    ("answered", "check_answered", "answered_at", "answered_by"),
    ("ask_withdrawn", "check_withdrawn", "withdrawn_at", "withdrawn_by"),
)


def by_whose_they_are(apps, schema_editor):
    Ask, RiskRating, Event = (apps.get_model("referrals", name) for name in ("Ask", "RiskRating", "Event"))
    for before, after, at, by in OF_A_CHECK:
        rows = Ask.objects.filter(kind="check", **{f"{at}__isnull": False})
        for referral, when, who, team in rows.values_list("referral", at, by, "team__kind"):
            lines = Event.objects.filter(referral=referral, kind=before, at=when, by=who)
            lines.update(kind=MASH + after if team == "mash" else after)
    rated = RiskRating.objects.filter(team__kind="mash")
    for referral, when, who in rated.values_list("referral", "at", "by"):
        Event.objects.filter(referral=referral, kind="risk_rated", at=when, by=who).update(kind=MASH + "risk_rated")


def as_before(apps, schema_editor):
    Event = apps.get_model("referrals", "Event")
    for before, after, _, _ in (*OF_A_CHECK, ("risk_rated", "risk_rated", "", "")):
        Event.objects.filter(kind__in=(after, MASH + after)).update(kind=before)


class Migration(migrations.Migration):

    dependencies = [("referrals", "0025_who_wrote_a_draft_before_its_lead")]

    operations = [migrations.RunPython(by_whose_they_are, as_before)]
