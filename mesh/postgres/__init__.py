"""What our services share to use PostgreSQL."""
