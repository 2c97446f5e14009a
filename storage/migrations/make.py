"""Development tool: `python -m storage.migrations.make` writes versions/0001_initial.py afresh from the
tables.

For use until the first release only: after it, a released step never changes and new ones are added by hand.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, types

from storage.migrations.runner import FOLDER
from storage.tables import metadata
from storage.tables.base import Amount, BigId, Json, UtcDateTime
from storage.tables.logs import SEARCH_ON_POSTGRESQL, SEARCH_ON_SQLITE

HEAD = '''"""The first schema. Written by `python -m storage.migrations.make`."""
# ruff: noqa: E501

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From nothing to every table."""
    '''
TARGET = FOLDER / "versions" / "0001_initial.py"


def main() -> None:
    """Writes the file and says so."""
    TARGET.write_text(initial_migration(), encoding="utf-8")
    sys.stdout.write(f"written: {TARGET.parent.name}/{TARGET.name}\n")


def initial_migration() -> str:
    """The Python source of the first migration."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        steps = produce_migrations(context, metadata).upgrade_ops
    assert steps is not None
    code = render_python_code(steps, render_item=_plain_type, migration_context=context)
    engine.dispose()
    return HEAD + code + _search_code() + "\n"


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our column types as what they are in the database, so that a step never changes with the code."""
    if kind != "type":
        return False
    if isinstance(item, Json | Amount):
        return "sa.Text()"
    if isinstance(item, UtcDateTime):
        return "sa.BigInteger()"
    if item is BigId or (isinstance(item, types.BigInteger) and item._variant_mapping):
        return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
    return False


def _search_code() -> str:
    """What autogenerate cannot see: the full-text index and its triggers, per database."""
    lines = ["", "    if op.get_bind().dialect.name == 'sqlite':"]
    lines += [f"        op.execute(sa.text({_escaped(statement)}))" for statement in SEARCH_ON_SQLITE]
    lines += ["    else:"]
    lines += [f"        op.execute(sa.text({_escaped(statement)}))" for statement in SEARCH_ON_POSTGRESQL]
    return "\n".join(lines)


def _escaped(statement: str) -> str:
    """A Python literal for `sa.text`, in which a colon would begin a parameter."""
    return repr(statement.replace(":", "\\:"))


if __name__ == "__main__":
    main()
