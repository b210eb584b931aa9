"""Legs that came after their month was closed say so; a series never goes back.

What is left to correct by hand is tried again by the sweep, which corrects it by itself now.
"""

from django.db import migrations

LATE = """
ALTER TABLE billing_ratedleg DISABLE TRIGGER billing_ratedleg_insert_only;
UPDATE billing_ratedleg leg SET late_at = charge.created_at
    FROM billing_charge charge
    JOIN billing_billingperiod month
        ON month.contract_id = charge.contract_id AND month.period = charge.period
    WHERE leg.charge_id = charge.id AND charge.created_at > month.closed_at;
ALTER TABLE billing_ratedleg ENABLE TRIGGER billing_ratedleg_insert_only;
UPDATE billing_charge SET problem = CASE WHEN unpriced_legs > 0 THEN 'unpriced_legs' ELSE '' END
    WHERE problem = 'correction';
"""
CREATE = """
CREATE FUNCTION billing_series_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.last_issued_on IS NULL THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.last_issued_on IS NULL THEN
        RETURN NEW;
    ELSIF NEW.next_number >= OLD.next_number AND NEW.last_issued_on >= OLD.last_issued_on
            AND (NEW.kind, NEW.year, NEW.prefix) = (OLD.kind, OLD.year, OLD.prefix) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'series %-% has given numbers: % refused', OLD.prefix, OLD.year, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER billing_invoiceseries_goes_on BEFORE UPDATE OR DELETE ON billing_invoiceseries
    FOR EACH ROW EXECUTE FUNCTION billing_series_goes_on();
"""
DROP = """
DROP TRIGGER billing_invoiceseries_goes_on ON billing_invoiceseries;
DROP FUNCTION billing_series_goes_on();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_corrections")]
    operations = [
        migrations.RunSQL(LATE, migrations.RunSQL.noop),
        migrations.RunSQL(CREATE, DROP),
    ]
