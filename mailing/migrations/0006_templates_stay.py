"""What was mailed can be read again as it was: versions and pictures of templates never change.

Only the account that wrote a version may vanish from it. TRUNCATE stays possible, for tests.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION mailing_template_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'mailing_templateversion'
        AND to_jsonb(NEW) ->> 'created_by_id' IS NULL
        AND to_jsonb(NEW) - 'created_by_id' = to_jsonb(OLD) - 'created_by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is insert-only: % of row % refused', TG_TABLE_NAME, TG_OP, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER mailing_templateversion_stays BEFORE UPDATE OR DELETE ON mailing_templateversion
    FOR EACH ROW EXECUTE FUNCTION mailing_template_stays();
CREATE TRIGGER mailing_templateasset_stays BEFORE UPDATE OR DELETE ON mailing_templateasset
    FOR EACH ROW EXECUTE FUNCTION mailing_template_stays();
"""
DROP = """
DROP TRIGGER mailing_templateasset_stays ON mailing_templateasset;
DROP TRIGGER mailing_templateversion_stays ON mailing_templateversion;
DROP FUNCTION mailing_template_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("mailing", "0005_recipients_move")]
    operations = [migrations.RunSQL(CREATE, DROP)]
