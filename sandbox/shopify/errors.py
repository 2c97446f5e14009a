"""What goes wrong in a GraphQL answer: a refusal at one path, or of the whole document."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A top-level error of one root field: that field answers null, the others go on.

    ``extensions`` carries Shopify's code, e.g. ``{"code": "BAD_REQUEST"}``; ``variable`` names the variable
    whose place in the document Shopify lists as a second location.
    """

    def __init__(self, message: str, variable: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.variable = variable
        self.extensions = extensions


class DocumentRefused(Exception):
    """The document is not executed at all; ``errors`` is the finished top-level list."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


class NotEmulated(Refusal):
    """A field of the schema that this sandbox does not know how to answer: said, never made up."""

    def __init__(self, type_name: str, field: str) -> None:
        super().__init__(
            f"The sandbox does not emulate {type_name}.{field}.", code="SANDBOX_NOT_EMULATED", field=field
        )


def user_error(field: list[str] | None, message: str, code: str | None = None) -> dict[str, Any]:
    """One entry of a payload's ``userErrors``; ``code`` is asked for on typed errors only."""
    return {"field": field, "message": message, "code": code}
