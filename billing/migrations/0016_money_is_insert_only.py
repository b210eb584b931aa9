"""What was paid, and what customers have to their credit, is only added to."""

from django.db import migrations

CREATE = """
CREATE TRIGGER billing_payment_insert_only BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_insert_only();
CREATE TRIGGER billing_creditentry_insert_only BEFORE UPDATE OR DELETE ON billing_creditentry
    FOR EACH ROW EXECUTE FUNCTION billing_insert_only();
"""
DROP = """
DROP TRIGGER billing_creditentry_insert_only ON billing_creditentry;
DROP TRIGGER billing_payment_insert_only ON billing_payment;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_reminders_and_debits")]

    operations = [migrations.RunSQL(CREATE, DROP)]
