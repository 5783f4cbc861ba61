"""Alembic's entry: runs on the connection that migrate.py hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="oms")
with context.begin_transaction():
    context.run_migrations()
