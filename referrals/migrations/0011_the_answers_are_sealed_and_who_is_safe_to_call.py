"""What was told is sealed at rest; former names, who is safe to telephone, who is said to be a source of harm."""

import json

import partnerships.encryption
from django.db import migrations, models
from django.db.models.functions import Cast


def seal_what_is_there(apps, schema_editor):
    for name in ("Draft", "Referral"):
        rows = apps.get_model("referrals", name)._base_manager.using(schema_editor.connection.alias)
        text = Cast("answers", models.TextField())
        for pk, plain in rows.annotate(plain=text).values_list("pk", "plain").iterator(chunk_size=500):
            try:
                told = json.loads(plain or "{}")
            except ValueError:
                continue  # sealed already
            rows.filter(pk=pk).update(answers=told)


class Migration(migrations.Migration):
    dependencies = [("referrals", "0010_additions_after_sending")]

    operations = [
        migrations.AddField("child", "former_names", models.CharField(blank=True, max_length=200)),
        migrations.AlterField(
            "child", "other_names", models.CharField(blank=True, help_text="Known as", max_length=200)
        ),
        migrations.AddField("familymember", "safe_to_call", models.BooleanField(null=True)),
        migrations.AddField(
            "familymember",
            "unsafe_because",
            partnerships.encryption.EncryptedTextField(
                blank=True, default="", help_text="Why not, and what is safe instead; sealed at rest"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "familymember", "alleged", models.BooleanField(help_text="Said to be a source of harm", null=True)
        ),
        migrations.AlterField(
            "draft",
            "answers",
            partnerships.encryption.EncryptedJSONField(default=dict, help_text="Sealed at rest"),
        ),
        migrations.AlterField(
            "referral",
            "answers",
            partnerships.encryption.EncryptedJSONField(default=dict, help_text="As they were sent; sealed at rest"),
        ),
        migrations.RunPython(seal_what_is_there, migrations.RunPython.noop),
    ]
