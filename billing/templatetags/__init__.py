"""What templates of billing need."""
