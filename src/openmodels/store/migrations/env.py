"""Alembic runs this for each command: it migrates over the connection that ``store/migrate.py`` hands in.

The transaction is the caller's, so that a migration comes as a whole or not at all.
"""

from alembic import context

from openmodels.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
context.run_migrations()
