"""What `manage.py` can do beyond the apps."""
