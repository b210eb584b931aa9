"""Customer numbers: given by a sequence, so that two people registering at once never clash."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE customers_customer_number", "DROP SEQUENCE customers_customer_number"
        ),
    ]
