"""FIX sessions in PostgreSQL: people's actions on them, and messages that are parked."""
