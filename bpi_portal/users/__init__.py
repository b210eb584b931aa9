"""The people who use the portal: invited, given roles and let go by an administrator."""
