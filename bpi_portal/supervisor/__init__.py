"""Start what a command needs (PostgreSQL, Valkey, Janus, the portal's processes), and stop it.

No module here needs Django: `manage.py` uses them before the settings can be read, because the
settings read from the environment what is started here.
"""
