"""The published 2026-10 schema, without descriptions; see NOTICE.txt for its licence."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

VERSION = "2026-10"
FILE = Path(__file__).parent / f"admin-{VERSION}.graphql.gz"


@cache
def admin_schema() -> GraphQLSchema:
    """The schema, built once a process (about 0.6 s); assumed valid because Shopify published it."""
    sdl = gzip.decompress(FILE.read_bytes()).decode()
    return build_schema(sdl, assume_valid=True, no_location=True)
