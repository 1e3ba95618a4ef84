from django.db import migrations

from partnerships import append_only


def install(apps, schema_editor):
    append_only.install_head(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove_head(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("partnerships", "0009_a_closed_accounts_address_handed_on")]
    operations = [migrations.RunPython(install, remove)]
