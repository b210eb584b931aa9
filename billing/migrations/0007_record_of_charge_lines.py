from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_runs_review_catalogue")]

    operations = [
        migrations.AddField(
            model_name="chargeline",
            name="record_version",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
