"""What the templates of conferencing say in words."""
