"""Runs the migrations on the connection `migrate` hands over."""  # noqa: INP001

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="notify",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
