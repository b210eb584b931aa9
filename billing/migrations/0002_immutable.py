"""What was priced is only added to, what was issued never changes: the database itself says so.

TRUNCATE stays possible, for tests.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION billing_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only: % of row % refused', TG_TABLE_NAME, TG_OP, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER billing_chargeline_insert_only BEFORE UPDATE OR DELETE ON billing_chargeline
    FOR EACH ROW EXECUTE FUNCTION billing_insert_only();
CREATE TRIGGER billing_ratedleg_insert_only BEFORE UPDATE OR DELETE ON billing_ratedleg
    FOR EACH ROW EXECUTE FUNCTION billing_insert_only();

CREATE FUNCTION billing_invoice_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'issued' THEN
        RAISE EXCEPTION 'invoice % is issued: % refused', OLD.number, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER billing_invoice_issued BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_issued();

CREATE FUNCTION billing_invoice_part_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
    issued text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY[NEW.invoice_id];
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY[OLD.invoice_id];
    ELSE
        touched := ARRAY[OLD.invoice_id, NEW.invoice_id];
    END IF;
    -- The lock makes a line wait for an issue that is going on, and then be refused.
    PERFORM 1 FROM billing_invoice WHERE id = ANY (touched) FOR SHARE;
    SELECT number INTO issued FROM billing_invoice
        WHERE id = ANY (touched) AND state = 'issued' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'invoice % is issued: % in % refused', issued, TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER billing_invoiceline_issued
    BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_part_issued();
CREATE TRIGGER billing_invoicetax_issued
    BEFORE INSERT OR UPDATE OR DELETE ON billing_invoicetax
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_part_issued();
"""
DROP = """
DROP TRIGGER billing_invoicetax_issued ON billing_invoicetax;
DROP TRIGGER billing_invoiceline_issued ON billing_invoiceline;
DROP FUNCTION billing_invoice_part_issued();
DROP TRIGGER billing_invoice_issued ON billing_invoice;
DROP FUNCTION billing_invoice_issued();
DROP TRIGGER billing_ratedleg_insert_only ON billing_ratedleg;
DROP TRIGGER billing_chargeline_insert_only ON billing_chargeline;
DROP FUNCTION billing_insert_only();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
