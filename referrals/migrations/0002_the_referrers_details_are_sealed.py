"""Who the referrer is, and how to reach them, is sealed at rest."""

import json

import partnerships.encryption
from django.db import migrations, models
from django.db.models.functions import Cast


def seal_what_is_there(apps, schema_editor):
    Referral = apps.get_model("referrals", "Referral")
    rows = Referral._base_manager.using(schema_editor.connection.alias)
    text = Cast("referrer_details", models.TextField())
    for pk, plain in rows.annotate(plain=text).values_list("pk", "plain").iterator(chunk_size=500):
        try:
            told = json.loads(plain or "{}")
        except ValueError:
            continue  # sealed already
        rows.filter(pk=pk).update(referrer_details=told)


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial")]
    operations = [
        migrations.AlterField(
            "referral",
            "referrer_details",
            partnerships.encryption.EncryptedJSONField(
                default=dict, help_text="Name, job, telephone, email as they were when sent; sealed at rest"
            ),
        ),
        migrations.RunPython(seal_what_is_there, migrations.RunPython.noop),
    ]
