from django.db import migrations

from thresholds import immutability


def install(apps, schema_editor):
    immutability.install(schema_editor.connection)


def remove(apps, schema_editor):
    immutability.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("thresholds", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
