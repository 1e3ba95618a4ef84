from django.db import migrations

from thresholds import immutability


def install(apps, schema_editor):
    immutability.install(schema_editor.connection, immutability.FIRST_CONTENT, immutability.FIRST_FROZEN)


def remove(apps, schema_editor):
    immutability.remove(schema_editor.connection, immutability.FIRST_CONTENT, immutability.FIRST_FROZEN)


class Migration(migrations.Migration):
    dependencies = [("thresholds", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
