"""Letters and notices of the preferences become opt-outs: one truth, with a date and a source."""

from django.db import migrations

# Who had said no before has said it at the latest when his record was last changed.
NOTED = """
INSERT INTO customers_optout (customer_id, channel, email, source, since)
SELECT id, said.channel, '', 'desk', updated_at
FROM customers_customer
CROSS JOIN (VALUES ('letters', 'letter'), ('notices', 'email')) AS said (name, channel)
WHERE preferences -> said.name = 'false'::jsonb
ON CONFLICT DO NOTHING
"""
TAKEN_OUT = """
UPDATE customers_customer SET preferences = preferences - 'letters' - 'notices'
WHERE preferences <> preferences - 'letters' - 'notices'
"""
PUT_BACK = """
UPDATE customers_customer SET preferences = preferences || jsonb_build_object(
    'letters', NOT EXISTS (
        SELECT 1 FROM customers_optout wish WHERE wish.customer_id = customers_customer.id
        AND wish.channel = 'letter' AND wish.email = '' AND wish.lifted_at IS NULL
    ),
    'notices', NOT EXISTS (
        SELECT 1 FROM customers_optout wish WHERE wish.customer_id = customers_customer.id
        AND wish.channel = 'email' AND wish.email = '' AND wish.lifted_at IS NULL
    )
)
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_saved_views")]
    operations = [migrations.RunSQL([NOTED, TAKEN_OUT], [PUT_BACK])]
