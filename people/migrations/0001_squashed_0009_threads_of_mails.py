
import config.secrets
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import people.models.document
import people.models.importing
import simple_history.models
from django.conf import settings
from django.core.management import call_command
from django.db import migrations, models

from config.operations import CreateModels


def make_cache_table(apps, schema_editor):
    # It leaves a table that is there already alone, and makes none for other kinds of cache.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):

    replaces = [('people', '0001_initial'), ('people', '0002_message_is_confidential'), ('people', '0003_cache_table'), ('people', '0004_location_path_in_any_case'), ('people', '0005_attempts_of_an_import'), ('people', '0006_documents_of_records'), ('people', '0007_webhooks_and_runs_of_jobs'), ('people', '0008_since_when_a_job_is_watched'), ('people', '0009_threads_of_mails')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Document',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('object_id', models.PositiveBigIntegerField()),
                    ('title', models.CharField(max_length=150)),
                    ('file', models.FileField(editable=False, max_length=200, upload_to=people.models.document.random_path)),
                    ('name', models.CharField(editable=False, max_length=150, verbose_name='file name')),
                    ('media_type', models.CharField(editable=False, max_length=100)),
                    ('size', models.PositiveIntegerField(editable=False, verbose_name='bytes')),
                    ('checksum', models.CharField(editable=False, help_text='SHA-256 of the file, in hexadecimal.', max_length=64)),
                    ('added_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='added')),
                    ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype')),
                ],
                options={
                    'ordering': ['-added_at', '-pk'],
                    'indexes': [models.Index(fields=['content_type', 'object_id'], name='people_docu_content_1c2ab8_idx')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='document_is_not_empty', violation_error_message='The file is empty.')],
                },
            ),
            migrations.CreateModel(
                name='Job',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=60, unique=True)),
                    ('started_at', models.DateTimeField(null=True, verbose_name='last started')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='last ended')),
                    ('succeeded_at', models.DateTimeField(null=True, verbose_name='last ended well')),
                    ('outcome', models.CharField(blank=True, max_length=250)),
                    ('error', models.TextField(blank=True)),
                    ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                    ('watched_since', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'ordering': ['name'],
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='Location',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('kind', models.CharField(choices=[('site', 'site'), ('building', 'building'), ('floor', 'floor'), ('room', 'room'), ('store', 'store'), ('rack', 'rack'), ('home', 'home office')], default='site', max_length=10)),
                    ('path', models.CharField(blank=True, editable=False, max_length=600)),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='places', to='people.location')),
                ],
                options={
                    'ordering': ['path'],
                    'permissions': [('import_location', 'Can import locations'), ('export_location', 'Can export locations')],
                    'indexes': [],
                    'constraints': [models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='location_is_not_its_own_parent', violation_error_message='A location cannot be inside itself.'), models.UniqueConstraint(django.db.models.functions.text.Lower('path'), name='location_is_unique_in_any_case_where_it_is', violation_error_message='There is a location of this name here already.')],
                },
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                    ('name', models.CharField(blank=True, max_length=150)),
                    ('is_staff', models.BooleanField(default=False, help_text='May open the back office; his roles say what he may do.', verbose_name='staff')),
                    ('is_active', models.BooleanField(default=True, help_text='Switch off instead of deleting: the history needs it.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'ordering': ['email'],
                    'indexes': [],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_is_unique_in_any_case', violation_error_message='Somebody signs in with this e-mail already.')],
                },
            ),
            migrations.CreateModel(
                name='Webhook',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('url', config.secrets.SecretField(verbose_name='address')),
                    ('format', models.CharField(choices=[('slack', 'Slack, Mattermost, Rocket.Chat'), ('teams', 'Microsoft Teams'), ('json', 'another program (JSON)')], default='slack', max_length=10)),
                    ('secret', config.secrets.SecretField(blank=True, help_text='Each post is signed with it, so that the receiver knows whose it is.', verbose_name='signing secret')),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ],
                options={
                    'ordering': ['name'],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='webhook_name_is_unique_in_any_case', violation_error_message='There is a webhook of this name already.'), models.CheckConstraint(condition=models.Q(('url', ''), _negated=True), name='webhook_has_an_address', violation_error_message='Give the address that your chat shows for its webhook.')],
                    'indexes': [],
                },
            ),
            migrations.CreateModel(
                name='HistoricalDocument',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('object_id', models.PositiveBigIntegerField()),
                    ('title', models.CharField(max_length=150)),
                    ('file', models.TextField(editable=False, max_length=200)),
                    ('name', models.CharField(editable=False, max_length=150, verbose_name='file name')),
                    ('media_type', models.CharField(editable=False, max_length=100)),
                    ('size', models.PositiveIntegerField(editable=False, verbose_name='bytes')),
                    ('checksum', models.CharField(editable=False, help_text='SHA-256 of the file, in hexadecimal.', max_length=64)),
                    ('added_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='added')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('content_type', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contenttypes.contenttype')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical document',
                    'verbose_name_plural': 'historical documents',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_3d9942_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalLocation',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('kind', models.CharField(choices=[('site', 'site'), ('building', 'building'), ('floor', 'floor'), ('room', 'room'), ('store', 'store'), ('rack', 'rack'), ('home', 'home office')], default='site', max_length=10)),
                    ('path', models.CharField(blank=True, editable=False, max_length=600)),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.location')),
                ],
                options={
                    'verbose_name': 'historical location',
                    'verbose_name_plural': 'historical locations',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_927094_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalUser',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('email', models.EmailField(db_index=True, max_length=254, verbose_name='e-mail')),
                    ('name', models.CharField(blank=True, max_length=150)),
                    ('is_staff', models.BooleanField(default=False, help_text='May open the back office; his roles say what he may do.', verbose_name='staff')),
                    ('is_active', models.BooleanField(default=True, help_text='Switch off instead of deleting: the history needs it.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical user',
                    'verbose_name_plural': 'historical users',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_c12037_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalWebhook',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=100)),
                    ('url', config.secrets.SecretField(verbose_name='address')),
                    ('format', models.CharField(choices=[('slack', 'Slack, Mattermost, Rocket.Chat'), ('teams', 'Microsoft Teams'), ('json', 'another program (JSON)')], default='slack', max_length=10)),
                    ('secret', config.secrets.SecretField(blank=True, help_text='Each post is signed with it, so that the receiver knows whose it is.', verbose_name='signing secret')),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical webhook',
                    'verbose_name_plural': 'historical webhooks',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_f0c071_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ImportJob',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=20)),
                    ('file', models.FileField(upload_to='imports/%Y/%m/')),
                    ('name', models.CharField(help_text='What the file was called.', max_length=255)),
                    ('checksum', models.CharField(help_text='SHA-256 of the file, in hexadecimal.', max_length=64)),
                    ('options', models.JSONField(default=people.models.importing._no_options)),
                    ('report', models.JSONField(null=True)),
                    ('state', models.CharField(choices=[('uploaded', 'waiting for its preview'), ('previewed', 'waiting for confirmation'), ('confirmed', 'waiting to be written'), ('done', 'written'), ('refused', 'refused')], default='uploaded', max_length=10)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('leased_until', models.DateTimeField(null=True)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                    ('attempts', models.PositiveSmallIntegerField(default=0)),
                ],
                options={
                    'ordering': ['-created_at', '-pk'],
                    'indexes': [],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='JobRun',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('started_at', models.DateTimeField(verbose_name='started')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                    ('outcome', models.CharField(blank=True, max_length=250)),
                    ('error', models.TextField(blank=True)),
                    ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='people.job')),
                ],
                options={
                    'ordering': ['-started_at', '-pk'],
                    'indexes': [models.Index(fields=['job', '-started_at'], name='run_of_job')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='job_run_ends_after_it_began')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalUser_groups',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('group', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='auth.group')),
                    ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='people.historicaluser')),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'HistoricalUser_groups',
                    'indexes': [],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Department',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('cost_centre', models.CharField(blank=True, max_length=40)),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='people.department')),
                ],
                options={
                    'ordering': ['name'],
                    'indexes': [],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='department_name_is_unique_in_any_case', violation_error_message='There is a department of this name already.'), models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='department_is_not_its_own_parent', violation_error_message='A department cannot be part of itself.')],
                },
            ),
            migrations.CreateModel(
                name='Person',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                    ('username', models.CharField(blank=True, help_text='The login name in the directory, where there is one.', max_length=150)),
                    ('employee_number', models.CharField(blank=True, max_length=40)),
                    ('kind', models.CharField(choices=[('employee', 'employee'), ('contractor', 'contractor'), ('shared', 'shared mailbox')], default='employee', max_length=10)),
                    ('title', models.CharField(blank=True, max_length=150)),
                    ('phone', models.CharField(blank=True, max_length=40)),
                    ('starts_on', models.DateField(blank=True, null=True)),
                    ('leaves_on', models.DateField(blank=True, help_text='The last day; everything held must be back by then.', null=True)),
                    ('answers_for', models.CharField(blank=True, choices=[('it', 'IT'), ('finance', 'Finance'), ('service_desk', 'Service desk')], help_text='The role whose mailbox this is: it gets what nobody else answers for.', max_length=20)),
                    ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='people.department')),
                    ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='people.location')),
                    ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='people.person')),
                    ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='person', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'people',
                    'ordering': ['name', 'pk'],
                    'permissions': [('import_person', 'Can import people'), ('export_person', 'Can export people')],
                    'indexes': [],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(('email', ''), _negated=True), name='person_email_is_unique_in_any_case', violation_error_message='Somebody has this e-mail already.'), models.UniqueConstraint(django.db.models.functions.text.Lower('username'), condition=models.Q(('username', ''), _negated=True), name='person_username_is_unique_in_any_case', violation_error_message='Somebody has this login name already.'), models.UniqueConstraint(condition=models.Q(('employee_number', ''), _negated=True), fields=('employee_number',), name='person_employee_number_is_unique', violation_error_message='Somebody has this employee number already.'), models.UniqueConstraint(condition=models.Q(('answers_for', ''), _negated=True), fields=('answers_for',), name='role_has_one_mailbox', violation_error_message='This role has a mailbox already.'), models.CheckConstraint(condition=models.Q(('manager', None), models.Q(('manager', models.F('id')), _negated=True), _connector='OR'), name='person_is_not_his_own_manager', violation_error_message='Nobody is his own manager.'), models.CheckConstraint(condition=models.Q(('starts_on', None), ('leaves_on', None), ('leaves_on__gte', models.F('starts_on')), _connector='OR'), name='person_leaves_after_starting', violation_error_message='The last day is before the first.'), models.CheckConstraint(condition=models.Q(('answers_for', ''), models.Q(('kind', 'shared'), models.Q(('email', ''), _negated=True)), _connector='OR'), name='person_who_answers_for_a_role_is_a_shared_mailbox_with_an_email', violation_error_message="A role's mailbox is a shared mailbox with an e-mail.")],
                },
            ),
            migrations.CreateModel(
                name='HistoricalDepartment',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('cost_centre', models.CharField(blank=True, max_length=40)),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.department')),
                    ('head', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.person')),
                ],
                options={
                    'verbose_name': 'historical department',
                    'verbose_name_plural': 'historical departments',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_a59849_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalPerson',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('name', models.CharField(max_length=150)),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                    ('username', models.CharField(blank=True, help_text='The login name in the directory, where there is one.', max_length=150)),
                    ('employee_number', models.CharField(blank=True, max_length=40)),
                    ('kind', models.CharField(choices=[('employee', 'employee'), ('contractor', 'contractor'), ('shared', 'shared mailbox')], default='employee', max_length=10)),
                    ('title', models.CharField(blank=True, max_length=150)),
                    ('phone', models.CharField(blank=True, max_length=40)),
                    ('starts_on', models.DateField(blank=True, null=True)),
                    ('leaves_on', models.DateField(blank=True, help_text='The last day; everything held must be back by then.', null=True)),
                    ('answers_for', models.CharField(blank=True, choices=[('it', 'IT'), ('finance', 'Finance'), ('service_desk', 'Service desk')], help_text='The role whose mailbox this is: it gets what nobody else answers for.', max_length=20)),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField()),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.department')),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('location', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.location')),
                    ('manager', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.person')),
                ],
                options={
                    'verbose_name': 'historical person',
                    'verbose_name_plural': 'historical people',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                    'indexes': [models.Index(fields=['history_date', 'id'], name='people_hist_history_33b37b_idx')],
                    'constraints': [],
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(help_text='One key is owed only once.', max_length=200, unique=True)),
                    ('subject', models.CharField(max_length=250)),
                    ('text', models.TextField()),
                    ('html', models.TextField(blank=True)),
                    ('message_id', models.CharField(editable=False, max_length=200)),
                    ('state', models.CharField(choices=[('queued', 'queued'), ('sending', 'being sent'), ('sent', 'sent'), ('failed', 'failed')], default='queued', editable=False, max_length=10)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                    ('next_attempt_at', models.DateTimeField(editable=False)),
                    ('leased_until', models.DateTimeField(editable=False, null=True)),
                    ('sent_at', models.DateTimeField(editable=False, null=True)),
                    ('error', models.TextField(blank=True, editable=False)),
                    ('recipient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='people.person')),
                    ('is_confidential', models.BooleanField(default=False, editable=False, help_text='Holds a secret, such as a sign-in code: its body is removed once it is sent.', verbose_name='confidential')),
                    ('list_name', models.CharField(blank=True, editable=False, help_text='Of what series it is one, such as alerts: mail programs file it by that.', max_length=30)),
                    ('webhook', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='people.webhook')),
                    ('thread', models.CharField(blank=True, editable=False, help_text='What it is about, such as ticket-12: mail programs show it together.', max_length=60)),
                ],
                options={
                    'ordering': ['-created_at', '-pk'],
                    'permissions': [('retry_message', 'Can send failed messages again')],
                    'indexes': [models.Index(fields=['state', 'next_attempt_at'], name='message_to_deliver')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='message_has_a_time_when_sent'), models.CheckConstraint(condition=models.Q(models.Q(('recipient__isnull', False), ('webhook', None)), models.Q(('recipient', None), ('webhook__isnull', False)), _connector='OR'), name='message_is_for_a_person_or_a_webhook')],
                },
            ),
        ]),
        migrations.AddField(
            model_name='department',
            name='head',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='departments_headed', to='people.person'),
        ),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
    ]
