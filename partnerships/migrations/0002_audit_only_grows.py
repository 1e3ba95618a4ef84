from django.db import migrations

from partnerships import append_only


def install(apps, schema_editor):
    append_only.install_entries(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove_entries(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("partnerships", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
