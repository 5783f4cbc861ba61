"""The order book of record in PostgreSQL. The only place of the service that speaks SQL."""
