"""The schema's history. `runner.migrate` brings a database to the newest version; no alembic.ini is
needed."""
