"""Contract numbers, and what the database itself refuses: to edit terms or rates of the past."""

from django.db import migrations

CREATE = """
CREATE SEQUENCE sales_contract_number;

CREATE FUNCTION sales_contract_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change CONSTANT text[] := ARRAY['status', 'end', 'version', 'notes', 'updated_at'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.status <> 'draft'
        AND to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the terms of contract % stay: % refused', OLD.number, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER sales_contract_terms_stay BEFORE UPDATE OR DELETE ON sales_contract
    FOR EACH ROW EXECUTE FUNCTION sales_contract_terms_stay();

CREATE FUNCTION sales_contractrate_never_edited() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change CONSTANT text[] := ARRAY['superseded_at', 'created_by_id'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Nobody was ever charged by a draft.
        IF EXISTS (SELECT FROM sales_contract WHERE id = OLD.contract_id AND status = 'draft') THEN
            RETURN OLD;
        END IF;
    ELSIF to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change
        AND (OLD.superseded_at IS NULL OR OLD.superseded_at = NEW.superseded_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'contract rates are superseded, never edited: % of % refused', TG_OP, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER sales_contractrate_never_edited BEFORE UPDATE OR DELETE ON sales_contractrate
    FOR EACH ROW EXECUTE FUNCTION sales_contractrate_never_edited();
"""
DROP = """
DROP TRIGGER sales_contractrate_never_edited ON sales_contractrate;
DROP FUNCTION sales_contractrate_never_edited();
DROP TRIGGER sales_contract_terms_stay ON sales_contract;
DROP FUNCTION sales_contract_terms_stay();
DROP SEQUENCE sales_contract_number;
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
