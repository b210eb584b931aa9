"""Extensions of PostgreSQL that the whole house uses, and the accent-free text function."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(
            "CREATE FUNCTION bpi_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
            " AS $$ SELECT public.unaccent('public.unaccent', $1) $$",
            "DROP FUNCTION bpi_unaccent(text)",
        ),
    ]
