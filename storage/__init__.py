"""Counterpart's memory: tables, migrations, the vault, users and logs. Knows nothing of platforms or
pages."""
