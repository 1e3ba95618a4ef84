"""The tables as migrations 1 to 11 leave them, in one step: what an empty database is made with."""

import django.db.models.deletion
import django.db.models.manager
import uuid
from django.conf import settings
from django.db import migrations, models

from partnerships import append_only


def install(apps, schema_editor):
    append_only.install_entries(schema_editor.connection)
    append_only.install_head(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove_head(schema_editor.connection)
    append_only.remove_entries(schema_editor.connection)


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('partnerships', '0001_initial'),
        ('partnerships', '0002_audit_only_grows'),
        ('partnerships', '0003_seniors_and_checkers'),
        ('partnerships', '0004_a_drafts_effect_on_past_referrals'),
        ('partnerships', '0005_sessions_invitations_second_factor'),
        ('partnerships', '0006_the_marking_on_documents'),
        ('partnerships', '0007_how_many_are_screened_twice'),
        ('partnerships', '0008_the_lados_role'),
        ('partnerships', '0009_a_closed_accounts_address_handed_on'),
        ('partnerships', '0010_a_trails_head_follows_its_entries'),
        ('partnerships', '0011_what_record_an_entry_concerns'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('former_email', models.EmailField(blank=True, help_text='Theirs until the account was closed and somebody else was invited under it', max_length=254)),
                ('name', models.CharField(max_length=200)),
                ('job_title', models.CharField(blank=True, max_length=200)),
                ('telephone', models.CharField(blank=True, max_length=60)),
                ('is_active', models.BooleanField(default=True)),
                ('joined_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Partnership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('short_name', models.CharField(max_length=80)),
                ('reference_prefix', models.CharField(help_text='First letters of every reference, such as MED', max_length=4)),
                ('local_authority', models.CharField(blank=True, max_length=200)),
                ('la_code', models.CharField(blank=True, max_length=3)),
                ('front_door_name', models.CharField(max_length=120)),
                ('front_door_telephone', models.CharField(blank=True, max_length=120)),
                ('out_of_hours_telephone', models.CharField(blank=True, max_length=120)),
                ('opens', models.TimeField(help_text='Monday to Friday, except bank holidays and closure days')),
                ('closes', models.TimeField()),
                ('always_open', models.BooleanField(default=False, help_text="The front door's telephone is answered day and night")),
                ('hours_note', models.CharField(blank=True, max_length=400)),
                ('form_name', models.CharField(max_length=120)),
                ('document_marking', models.CharField(default='OFFICIAL-SENSITIVE', help_text='Stands on every page of a document', max_length=60)),
                ('public_form', models.BooleanField(default=False)),
                ('second_screening_percent', models.PositiveSmallIntegerField(default=0, help_text='Of 100 decided children, how many are drawn for a second, blind screening')),
                ('takes_referrals', models.BooleanField(default=True, help_text='Open: it stands on the first page. False while a new partnership is being set up')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=60)),
                ('source_of_referral', models.CharField(help_text='Children in Need census code, such as 2A', max_length=2)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('second_factor_required', models.BooleanField(default=False, help_text='Its people sign in with a second factor too, whatever their role')),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agencies', to='partnerships.partnership')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('partnership', 'slug'), name='agency_slug_once')],
            },
        ),
        migrations.CreateModel(
            name='ContactPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=200)),
                ('telephone', models.CharField(blank=True, max_length=120)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('url', models.URLField(blank=True, max_length=400)),
                ('when', models.CharField(blank=True, max_length=400)),
                ('source', models.CharField(blank=True, max_length=300)),
                ('order', models.PositiveSmallIntegerField(default=0)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_points', to='partnerships.partnership')),
            ],
            options={
                'ordering': ['order', 'id'],
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveBigIntegerField(default=0)),
                ('hash', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', max_length=64)),
                ('partnership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='audit_head', to='partnerships.partnership')),
            ],
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('handle', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(help_text='When it was last used; noted at most once a minute', null=True)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('browser', models.CharField(blank=True, max_length=300)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('mash', 'MASH'), ('early_help', 'Early help')], max_length=20)),
                ('is_default', models.BooleanField(default=False, help_text='Takes what no locality claims')),
                ('address', models.CharField(blank=True, max_length=300)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('telephone', models.CharField(blank=True, max_length=120)),
                ('retired_at', models.DateTimeField(blank=True, help_text='From here on it takes nothing new', null=True)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='teams', to='partnerships.partnership')),
                ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-kind', 'name'],
                'constraints': [models.UniqueConstraint(fields=('partnership', 'slug'), name='team_slug_once'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('partnership', 'kind'), name='team_one_default_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('practitioner', 'Practitioner'), ('safeguarding_lead', 'Safeguarding lead'), ('screener', 'MASH screener'), ('early_help', 'Early help worker'), ('senior', 'Senior worker'), ('checker', 'Agency checker'), ('lado', 'LADO'), ('manager', 'Manager'), ('admin', 'Partnership admin')], max_length=30)),
                ('ended_at', models.DateTimeField(blank=True, help_text='From this instant the role is held no more', null=True)),
                ('agency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='partnerships.agency')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='partnerships.partnership')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='partnerships.team')),
            ],
            options={
                'ordering': ['partnership', 'role'],
                'constraints': [models.UniqueConstraint(fields=('user', 'partnership', 'role', 'team'), name='membership_once_a_team'), models.UniqueConstraint(condition=models.Q(('team__isnull', True)), fields=('user', 'partnership', 'role'), name='membership_once')],
            },
        ),
        migrations.CreateModel(
            name='Locality',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('postcode_prefix', models.CharField(max_length=8)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='localities', to='partnerships.team')),
            ],
            options={
                'ordering': ['postcode_prefix'],
                'constraints': [models.UniqueConstraint(fields=('team', 'postcode_prefix'), name='locality_once')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text='As the inviter wrote it', max_length=200)),
                ('role', models.CharField(choices=[('practitioner', 'Practitioner'), ('safeguarding_lead', 'Safeguarding lead'), ('screener', 'MASH screener'), ('early_help', 'Early help worker'), ('senior', 'Senior worker'), ('checker', 'Agency checker'), ('lado', 'LADO'), ('manager', 'Manager'), ('admin', 'Partnership admin')], max_length=30)),
                ('invited_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('agency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partnerships.agency')),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='partnerships.partnership')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partnerships.team')),
            ],
            options={
                'ordering': ['-invited_at'],
            },
        ),
        migrations.CreateModel(
            name='ClosureDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('reason', models.CharField(max_length=200)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closure_days', to='partnerships.partnership')),
            ],
            options={
                'ordering': ['on'],
                'constraints': [models.UniqueConstraint(fields=('partnership', 'on'), name='closure_day_once')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField()),
                ('verb', models.CharField(max_length=60)),
                ('noun', models.CharField(max_length=40)),
                ('object_id', models.CharField(blank=True, max_length=64)),
                ('concerns', models.UUIDField(blank=True, null=True)),
                ('detail', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=36)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to=settings.AUTH_USER_MODEL)),
                ('partnership', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to='partnerships.partnership')),
            ],
            options={
                'ordering': ['sequence'],
                'indexes': [models.Index(fields=['partnership', 'object_id'], name='audit_by_object'), models.Index(fields=['partnership', 'concerns'], name='audit_by_record'), models.Index(condition=models.Q(('verb', 'search.done')), fields=['partnership', '-sequence'], name='audit_searches'), models.Index(fields=['partnership', 'by', 'at'], name='audit_by_person'), models.Index(fields=['partnership', 'at'], name='audit_by_day')],
                'constraints': [models.UniqueConstraint(fields=('partnership', 'sequence'), name='audit_sequence_once')],
            },
        ),
        migrations.RunPython(install, remove),
    ]
