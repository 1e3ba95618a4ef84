"""Each child gets its own screening, indicators and answers; what was told of all of them goes to each."""

import django.db.models.deletion
from django.db import migrations, models

BATCH = 500
IMPACT = ("safe", "next_seen")
CHOSEN = ("indicators", "evidence", "judged")


def per_child(raw):
    """Answers in the shape in which each child has its own worries and its own choice of the threshold."""
    if not isinstance(raw, dict):
        return raw
    told = {slug: page for slug, page in raw.items() if slug not in ("safe-now", "impact", *CHOSEN)}
    page = {slug: raw[slug] if isinstance(raw.get(slug), dict) else None for slug in ("safe-now", "impact", "worry")}
    children = [dict(child) if isinstance(child, dict) else {} for child in raw.get("children") or [{}]]
    impact = {name: text for name, text in (page["impact"] or {}).items() if name != "opinion"}
    impact.update({name: page["safe-now"][name] for name in IMPACT if page["safe-now"] and name in page["safe-now"]})
    if page["worry"]:
        worry = dict(page["worry"])
        if concerns := worry.pop("concerns", None):
            impact["concerns"] = concerns
        if page["impact"] and "opinion" in page["impact"]:
            worry["opinion"] = page["impact"]["opinion"]
        told["worry"] = worry
    if page["safe-now"] is not None:
        told["telephone"] = {name: text for name, text in page["safe-now"].items() if name not in IMPACT}
    if impact:
        children[0]["impact"] = impact
    children[0].update({slug: raw[slug] for slug in CHOSEN if isinstance(raw.get(slug), dict)})
    for child in children[1:]:
        if impact:
            child["impact"] = {**{name: impact[name] for name in IMPACT if name in impact}, "concerns": ["same"]}
        if any(slug in children[0] for slug in CHOSEN):
            child["as-first"] = {"fits": "same"}
    return {**told, "children": children}


def facts_of(referral, concerns):
    """What the engine was told then, of all the children together, with the special concerns that were ticked."""
    facts = referral.screening.get("facts") if isinstance(referral.screening, dict) else None
    return {**facts, "concerns": concerns} if isinstance(facts, dict) else {}


def to_each_child(apps, schema_editor):
    Referral, Draft = apps.get_model("referrals", "Referral"), apps.get_model("referrals", "Draft")
    for draft in Draft.objects.iterator(chunk_size=BATCH):
        draft.answers = per_child(draft.answers)
        draft.save(update_fields=["answers"])
    for referral in Referral.objects.iterator(chunk_size=BATCH):
        one_referral(apps, referral)
    if schema_editor.connection.vendor == "postgresql":
        # What was deferred is checked now: a table can't be altered while it waits.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def one_referral(apps, referral):
    Child, Chosen = apps.get_model("referrals", "Child"), apps.get_model("referrals", "ChosenIndicator")
    answers = referral.answers if isinstance(referral.answers, dict) else {}
    worry = answers.get("worry") if isinstance(answers.get("worry"), dict) else {}
    concerns = [word for word in worry.get("concerns") or [] if isinstance(word, str) and word != "none"]
    unborn = [
        isinstance(child, dict) and isinstance(child.get("who"), dict) and child["who"].get("born") == "unborn"
        for child in answers.get("children") or []
    ]
    if answers:
        referral.answers = per_child(answers)
        referral.save(update_fields=["answers"])
    children = list(Child.objects.filter(referral=referral).order_by("order", "pk"))
    if not children:
        children = [Child.objects.create(partnership_id=referral.partnership_id, referral=referral, order=1)]
    for child in children:
        child.unborn = child.expected_on is not None or (0 < child.order <= len(unborn) and unborn[child.order - 1])
        child.facts = facts_of(referral, concerns)
        child.screening = referral.screening
        child.indicated_level = referral.indicated_level
        child.judged_level = referral.judged_level
        child.route = referral.route
        child.flags = referral.flags
        child.save()
    rows = list(Chosen.objects.filter(referral=referral))
    Chosen.objects.filter(referral=referral).update(child=children[0])
    Chosen.objects.bulk_create(
        Chosen(
            partnership_id=referral.partnership_id,
            referral=referral,
            child=child,
            indicator_id=row.indicator_id,
            evidence=row.evidence,
        )
        for child in children[1:]
        for row in rows
    )


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0002_audit_only_grows"),
        ("referrals", "0003_clocks_of_a_kind_pauses_and_reasons"),
        ("thresholds", "0002_published_never_changes"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="chosenindicator", name="indicator_chosen_once"),
        migrations.AddField(
            "child", "facts", models.JSONField(default=dict, help_text="What the engine was told of this child alone")
        ),
        migrations.AddField(
            "child",
            "screening",
            models.JSONField(default=dict, help_text="The engine's whole answer for this child, with its reasons"),
        ),
        migrations.AddField("child", "indicated_level", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("child", "judged_level", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("child", "route", models.CharField(blank=True, max_length=12)),
        migrations.AddField("child", "flags", models.JSONField(default=list)),
        migrations.AddField("child", "unborn", models.BooleanField(default=False)),
        migrations.AddField(
            "chosenindicator",
            "child",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chosen_indicators",
                to="referrals.child",
            ),
        ),
        migrations.RunPython(to_each_child, migrations.RunPython.noop),
        migrations.AlterField(
            "chosenindicator",
            "child",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chosen_indicators",
                to="referrals.child",
            ),
        ),
        migrations.AlterField(
            "referral",
            "screening",
            models.JSONField(default=dict, help_text="The engine's whole answer for the most urgent child"),
        ),
        migrations.AddConstraint(
            "chosenindicator",
            models.UniqueConstraint(fields=("child", "indicator"), name="indicator_chosen_once_a_child"),
        ),
    ]
