import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from thresholds import immutability

BEFORE = (immutability.FIRST_CONTENT, immutability.FIRST_FROZEN)
AFTER = (
    (*immutability.FIRST_CONTENT, "change", "approval"),
    (*immutability.FIRST_FROZEN, "effect_seen_at", "effect_seen_by_id", "effect_seen_revision"),
)


def guards_off(which):
    return lambda apps, schema_editor: immutability.remove(schema_editor.connection, *which)


def guards_on(which):
    return lambda apps, schema_editor: immutability.install(schema_editor.connection, *which)


class Migration(migrations.Migration):

    dependencies = [
        ('thresholds', '0002_published_never_changes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(guards_off(BEFORE), guards_on(BEFORE)),
        migrations.AddField(
            model_name='consentreason',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='consentreason',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='domain',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='domain',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='evidence',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='evidence',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='indicator',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='indicator',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='limit',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='limit',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rule',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='rule',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='schemeversion',
            name='effect_seen_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='schemeversion',
            name='effect_seen_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='schemeversion',
            name='effect_seen_revision',
            field=models.PositiveIntegerField(blank=True, help_text='The revision whose effect on past referrals was looked at', null=True),
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('holds_from', models.DateTimeField(blank=True, help_text='None: from the moment of publishing', null=True)),
                ('change_note', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('answer', models.CharField(blank=True, choices=[('approved', 'Approved'), ('sent_back', 'Sent back'), ('withdrawn', 'Withdrawn')], max_length=10)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField(blank=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True), ('answered_by__isnull', True)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='approval_answered_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'approved'), _negated=True), models.Q(('answered_by', models.F('asked_by')), _negated=True), _connector='OR'), name='approval_by_a_second_person')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField(help_text="The draft's revision after this change")),
                ('at', models.DateTimeField()),
                ('verb', models.CharField(choices=[('drafted', 'made the draft'), ('imported', 'brought in a file'), ('added', 'added'), ('changed', 'changed'), ('moved', 'moved'), ('retired', 'retired'), ('restored', 'restored'), ('removed', 'took out')], max_length=10)),
                ('noun', models.CharField(blank=True, max_length=30)),
                ('name', models.CharField(blank=True, help_text='What was changed, as its page called it then', max_length=600)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['version', '-id'], name='change_of_version')],
            },
        ),
        migrations.RunPython(guards_on(AFTER), guards_off(AFTER)),
    ]
