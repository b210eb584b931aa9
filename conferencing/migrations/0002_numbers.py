"""Numbers of reservations and rooms: given by sequences, so that none is ever given twice."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("conferencing", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE conferencing_reservation_number",
            "DROP SEQUENCE conferencing_reservation_number",
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE conferencing_room_number START 100001",
            "DROP SEQUENCE conferencing_room_number",
        ),
    ]
