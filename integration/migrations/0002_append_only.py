"""The database itself keeps the event log append-only. TRUNCATE stays possible, for tests."""

from django.db import migrations

CREATE = """
CREATE FUNCTION integration_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The one change allowed: a place in the feed, given once.
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
        AND to_jsonb(NEW) - 'position' = to_jsonb(OLD) - 'position'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the event log is append-only: % of % refused', TG_OP, OLD.event_id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER integration_event_append_only BEFORE UPDATE OR DELETE ON integration_event
    FOR EACH ROW EXECUTE FUNCTION integration_event_append_only();
"""
DROP = """
DROP TRIGGER integration_event_append_only ON integration_event;
DROP FUNCTION integration_event_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("integration", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
