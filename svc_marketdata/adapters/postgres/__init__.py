"""The store on PostgreSQL: schema ``marketdata``."""
