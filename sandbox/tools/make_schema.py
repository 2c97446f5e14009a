"""Make the sandbox's schema file from the published one: the same types without the descriptions.

    python -m sandbox.tools.make_schema PUBLISHED.graphql.gz [sandbox/shopify/schema/admin-2026-10.graphql.gz]

The published file is the 2026-10 schema of the npm package @shopify/ai-toolkit 1.8.4 (MIT, © Shopify Inc.).
"""

from __future__ import annotations

import argparse
import gzip
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import parse, print_ast
from graphql.language import Node, Visitor, visit

DEFAULT_TARGET = Path(__file__).parents[1] / "shopify" / "schema" / "admin-2026-10.graphql.gz"


class _DropDescriptions(Visitor):
    def leave(self, node: Node, *_: object) -> Any:
        """The same definition without its description; other strings (deprecation reasons) stay."""
        described: Any = node
        return replace(described, description=None) if getattr(node, "description", None) else None


def without_descriptions(sdl: str) -> str:
    """The same schema text without descriptions; deprecations stay."""
    document = parse(sdl, no_location=True)
    return print_ast(visit(document, _DropDescriptions())) + "\n"


def write_gzip(target: Path, text: str) -> None:
    """Compress reproducibly: no file name, no time stamp."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        packed.write(text.encode())
    target.write_bytes(buffer.getvalue())


def main() -> None:
    """Command line: the published file in, the small one out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("published", type=Path, help="the published schema, gzipped SDL")
    parser.add_argument("target", type=Path, nargs="?", default=DEFAULT_TARGET)
    options = parser.parse_args()
    text = without_descriptions(gzip.decompress(options.published.read_bytes()).decode())
    options.target.parent.mkdir(parents=True, exist_ok=True)
    write_gzip(options.target, text)
    print(f"{options.target}: {options.target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
