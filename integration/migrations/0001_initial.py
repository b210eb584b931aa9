import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
import integration.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MachineKey',
            fields=[
                ('id', models.CharField(editable=False, max_length=150, primary_key=True, serialize=False, unique=True)),
                ('prefix', models.CharField(editable=False, max_length=8, unique=True)),
                ('hashed_key', models.CharField(editable=False, max_length=150)),
                ('created', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('name', models.CharField(default=None, help_text='A free-form name for the API key. Need not be unique. 50 characters max.', max_length=50)),
                ('revoked', models.BooleanField(blank=True, default=False, help_text='If the API key is revoked, clients cannot use it anymore. (This cannot be undone.)')),
                ('expiry_date', models.DateTimeField(blank=True, help_text='Once API key expires, clients cannot use it anymore.', null=True, verbose_name='Expires')),
                ('scopes', models.JSONField(default=list, verbose_name='scopes')),
                ('customer_number', models.CharField(blank=True, help_text='When the program belongs to a customer.', max_length=32, verbose_name='customer')),
            ],
            options={
                'verbose_name': 'machine key',
                'verbose_name_plural': 'machine keys',
                'ordering': ['-created'],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(default=integration.models.new_event_id, max_length=40, unique=True, verbose_name='event')),
                ('position', models.BigIntegerField(editable=False, help_text='Place in the feed, without gaps in time: given after the commit.', null=True, unique=True, verbose_name='position')),
                ('type', models.CharField(max_length=80, verbose_name='type')),
                ('occurred_at', models.DateTimeField(verbose_name='occurred at')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
                ('actor', models.CharField(max_length=150, verbose_name='actor')),
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('machine', 'machine'), ('system', 'system')], max_length=8, verbose_name='kind of actor')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('customer_number', models.CharField(blank=True, max_length=32, verbose_name='customer')),
                ('subject_type', models.CharField(blank=True, max_length=40, verbose_name='kind of subject')),
                ('subject_id', models.CharField(blank=True, max_length=80, verbose_name='subject')),
                ('data', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='data')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['-id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(condition=models.Q(('customer_number', ''), _negated=True), fields=['customer_number', '-id'], name='event_customer'), models.Index(fields=['subject_type', 'subject_id', '-id'], name='event_subject'), models.Index(fields=['type', '-id'], name='event_type'), models.Index(condition=models.Q(('position__isnull', True)), fields=['id'], name='event_unnumbered')],
                'constraints': [models.CheckConstraint(condition=models.Q(('actor_kind__in', ['user', 'machine', 'system'])), name='event_actor_kind')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credential', models.CharField(help_text='Whose key: a token, a machine, a user', max_length=180, verbose_name='credential')),
                ('key', models.CharField(max_length=255, verbose_name='key')),
                ('request_hash', models.CharField(help_text='SHA-256 of method, address and body', max_length=64, verbose_name='request')),
                ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                ('headers', models.JSONField(default=dict, verbose_name='headers')),
                ('body', models.BinaryField(verbose_name='body')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='expires at')),
            ],
            options={
                'verbose_name': 'idempotency key',
                'verbose_name_plural': 'idempotency keys',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('credential', 'key'), name='idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('task', models.CharField(help_text='Name of the Celery task that does it', max_length=120, verbose_name='task')),
                ('label', models.CharField(max_length=200, verbose_name='label')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=8, verbose_name='state')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='done')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='total')),
                ('message', models.CharField(blank=True, max_length=300, verbose_name='message')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('result', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='result')),
                ('customer_number', models.CharField(blank=True, max_length=32, verbose_name='customer')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('heartbeat_at', models.DateTimeField(blank=True, help_text='Set by every progress report', null=True, verbose_name='last sign of life')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'ordering': ['-created_at', 'id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['-created_at', 'id'], name='job_created')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'failed'])), name='job_state')],
            },
        ),
    ]
