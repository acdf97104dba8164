import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0007_webhooks_and_runs_of_jobs'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='job',
            name='reported_at',
        ),
        migrations.AddField(
            model_name='job',
            name='watched_since',
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
    ]
