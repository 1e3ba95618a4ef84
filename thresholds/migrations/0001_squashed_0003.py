"""The tables as migrations 1 to 3 leave them, in one step: what an empty database is made with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from thresholds import immutability

GUARDED = (
    (*immutability.FIRST_CONTENT, "change", "approval"),
    (*immutability.FIRST_FROZEN, "effect_seen_at", "effect_seen_by_id", "effect_seen_revision"),
)


def install(apps, schema_editor):
    immutability.install(schema_editor.connection, *GUARDED)


def remove(apps, schema_editor):
    immutability.remove(schema_editor.connection, *GUARDED)


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('thresholds', '0001_initial'),
        ('thresholds', '0002_published_never_changes'),
        ('thresholds', '0003_drafts_have_changes_and_approvals'),
    ]

    dependencies = [
        ('partnerships', '0001_squashed_0011'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='thresholds.domain')),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('same_as', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='also_printed', to='thresholds.domain')),
            ],
            options={
                'ordering': ['order'],
            },
        ),
        migrations.CreateModel(
            name='Scheme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('partnership', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='scheme', to='partnerships.partnership')),
            ],
        ),
        migrations.CreateModel(
            name='SchemeVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('superseded', 'Superseded')], default='draft', max_length=12)),
                ('title', models.CharField(max_length=300)),
                ('document', models.CharField(max_length=500)),
                ('in_force_from', models.DateField()),
                ('in_force_to', models.DateField(blank=True, null=True)),
                ('review_on', models.DateField(blank=True, null=True)),
                ('step_word', models.CharField(default='level', max_length=20)),
                ('guidance', models.JSONField(default=dict)),
                ('plot_sheet', models.JSONField(blank=True, null=True)),
                ('flag_notes', models.JSONField(default=dict)),
                ('change_note', models.TextField(blank=True)),
                ('revision', models.PositiveIntegerField(default=0, help_text='Counts the changes to a draft')),
                ('effect_seen_at', models.DateTimeField(blank=True, null=True)),
                ('effect_seen_revision', models.PositiveIntegerField(blank=True, help_text='The revision whose effect on past referrals was looked at', null=True)),
                ('created_at', models.DateTimeField()),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('holds_from', models.DateTimeField(blank=True, help_text='Referrals sent from this instant', null=True)),
                ('holds_until', models.DateTimeField(blank=True, help_text='Referrals sent before this instant', null=True)),
                ('based_on', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='thresholds.schemeversion')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('effect_seen_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('scheme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='thresholds.scheme')),
            ],
            options={
                'ordering': ['-in_force_from', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('published_at__isnull', True), ('state', 'draft')), ('published_at__isnull', False), _connector='OR'), name='version_published_when_not_draft')],
            },
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveSmallIntegerField()),
                ('key', models.SlugField(max_length=80)),
                ('kind', models.CharField(max_length=20)),
                ('parameters', models.JSONField(default=dict)),
                ('explanation', models.TextField()),
                ('source', models.CharField(max_length=400)),
                ('local_default', models.BooleanField(default=False)),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['order'],
                'constraints': [models.UniqueConstraint(fields=('version', 'key'), name='rule_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Limit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveSmallIntegerField()),
                ('slug', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=200)),
                ('amount', models.PositiveIntegerField()),
                ('unit', models.CharField(max_length=20)),
                ('starts', models.CharField(max_length=20)),
                ('source', models.CharField(max_length=400)),
                ('local_default', models.BooleanField(default=False)),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='limits', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['order'],
                'constraints': [models.UniqueConstraint(fields=('version', 'slug'), name='limit_slug_once')],
            },
        ),
        migrations.CreateModel(
            name='Level',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rank', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('description', models.TextField()),
                ('colour', models.CharField(max_length=10)),
                ('statutory_basis', models.CharField(max_length=12)),
                ('consent_needed', models.BooleanField()),
                ('route', models.CharField(max_length=12)),
                ('expected_response', models.TextField()),
                ('referrer_should', models.TextField()),
                ('source', models.CharField(max_length=400)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='levels', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['rank'],
                'constraints': [models.UniqueConstraint(fields=('version', 'rank'), name='level_rank_once')],
            },
        ),
        migrations.CreateModel(
            name='Indicator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveIntegerField()),
                ('key', models.SlugField(max_length=120)),
                ('shared_with', models.JSONField(default=list)),
                ('item', models.PositiveSmallIntegerField()),
                ('label', models.CharField(max_length=600)),
                ('flags', models.JSONField(default=list)),
                ('source', models.CharField(max_length=400)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='indicators', to='thresholds.domain')),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('level', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='indicators', to='thresholds.level')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='indicators', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['order'],
                'constraints': [models.UniqueConstraint(fields=('version', 'key'), name='indicator_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveSmallIntegerField()),
                ('slug', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=300)),
                ('when', models.TextField()),
                ('source', models.CharField(max_length=400)),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['order'],
                'constraints': [models.UniqueConstraint(fields=('version', 'slug'), name='evidence_once')],
            },
        ),
        migrations.CreateModel(
            name='EscalationStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=300)),
                ('people', models.TextField(blank=True)),
                ('limit_working_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('source', models.CharField(max_length=400)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='escalation_stages', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['stage'],
                'constraints': [models.UniqueConstraint(fields=('version', 'stage'), name='escalation_stage_once')],
            },
        ),
        migrations.AddField(
            model_name='domain',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='thresholds.schemeversion'),
        ),
        migrations.CreateModel(
            name='ConsentReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.PositiveSmallIntegerField()),
                ('slug', models.SlugField(max_length=60)),
                ('label', models.CharField(max_length=300)),
                ('accepted_at', models.JSONField(default=list)),
                ('source', models.CharField(max_length=400)),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_reasons', to='thresholds.schemeversion')),
            ],
            options={
                'ordering': ['order'],
                'constraints': [models.UniqueConstraint(fields=('version', 'slug'), name='consent_reason_once')],
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
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.UniqueConstraint(fields=('version', 'name'), name='domain_name_once'),
        ),
        migrations.RunPython(install, remove),
    ]
