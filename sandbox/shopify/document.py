"""A GraphQL document from its text: parsed, validated, remembered; refused in the words of a real store."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from sandbox.shopify.errors import DocumentRefused

KEPT = 512


@dataclass(slots=True)
class Document:
    """The operations and fragments of one text; valid against the schema."""

    text: str
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The one to run; DocumentRefused if the name does not decide."""
        if name and name in self.operations:
            return self.operations[name]
        if name:
            raise DocumentRefused([{"message": f'No operation named "{name}"'}])
        if len(self.operations) == 1:
            return next(iter(self.operations.values()))
        raise DocumentRefused([{"message": "An operation name is required"}])


class Documents:
    """Validated documents by text; the last ``KEPT`` are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """The document of a text; DocumentRefused with every validation error."""
        if known := self._known.get(text):
            self._known.move_to_end(text)
            return known
        document = self._checked(text)
        self._known[text] = document
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return document

    def _checked(self, text: str) -> Document:
        try:
            ast = parse(text)
        except GraphQLSyntaxError as error:
            raise DocumentRefused([_syntax_error(error)]) from error
        if errors := validate(self._schema, ast):
            raise DocumentRefused([translated(error, ast) for error in errors])
        operations: dict[str, OperationDefinitionNode] = {}
        fragments: dict[str, FragmentDefinitionNode] = {}
        for node in ast.definitions:
            if isinstance(node, OperationDefinitionNode):
                operations[node.name.value if node.name else ""] = node
            elif isinstance(node, FragmentDefinitionNode):
                fragments[node.name.value] = node
        return Document(text, operations, fragments)


def _syntax_error(error: GraphQLSyntaxError) -> dict[str, Any]:
    where = error.locations[0] if error.locations else None
    place = f" at [{where.line}, {where.column}]" if where else ""
    found = error.message.removeprefix("Syntax Error: ")
    locations = [{"line": where.line, "column": where.column}] if where else []
    return {"message": f"syntax error, {found}{place}", "locations": locations}


def translated(error: GraphQLError, ast: Any) -> dict[str, Any]:
    """One validation error as Shopify words it; others keep the words of the GraphQL specification."""
    locations = [{"line": at.line, "column": at.column} for at in error.locations or ()]
    answer: dict[str, Any] = {"message": error.message, "locations": locations[:1]}
    for pattern, make in _WORDS:
        if found := pattern.match(error.message):
            message, extensions = make(*found.groups())
            if "argumentName" in extensions and not extensions["argumentName"]:
                message = _named(ast, error, message, extensions)
            answer["message"], answer["extensions"] = message, extensions
            answer["path"] = _path(ast, error, extensions)
            if "argumentName" in extensions:
                answer["locations"] = [_field_location(ast, error) or locations[0]]
            break
    return answer


def _undefined_field(field: str, type_name: str) -> tuple[str, dict[str, Any]]:
    message = f"Field '{field}' doesn't exist on type '{type_name}'"
    return message, {"code": "undefinedField", "typeName": type_name, "fieldName": field}


def _unknown_argument(argument: str, type_name: str, field: str) -> tuple[str, dict[str, Any]]:
    message = f"Field '{field}' doesn't accept argument '{argument}'"
    details = {"code": "argumentNotAccepted", "name": field, "typeName": "Field", "argumentName": argument}
    return message, details


def _missing_argument(field: str, argument: str) -> tuple[str, dict[str, Any]]:
    message = f"Field '{field}' is missing required arguments: {argument}"
    details = {"code": "missingRequiredArguments", "className": "Field", "name": field, "arguments": argument}
    return message, details


def _bad_enum(value: str, type_name: str) -> tuple[str, dict[str, Any]]:
    message = f"Argument '{{argument}}' on Field '{{field}}' has an invalid value ({value}). "
    message += f"Expected type '{type_name}'."
    return message, {"code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": ""}


def _bad_scalar(type_name: str, value: str) -> tuple[str, dict[str, Any]]:
    return _bad_enum(value, type_name)


def _unknown_directive(name: str) -> tuple[str, dict[str, Any]]:
    return f"Directive @{name} is not defined", {"code": "undefinedDirective", "directiveName": name}


def _one_of(type_name: str) -> tuple[str, dict[str, Any]]:
    message = f"'{type_name}' requires exactly one argument."
    return message, {"code": "invalidOneOfInputObject", "inputObjectType": type_name}


_WORDS: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"), _undefined_field),
    (re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'"), _unknown_argument),
    (re.compile(r"Argument '\w+\.(\w+)\((\w+):\)' of type"), _missing_argument),
    (re.compile(r"Field '(\w+)' argument '(\w+)' of type"), _missing_argument),
    (re.compile(r"Value '(\w+)' does not exist in '(\w+)' enum"), _bad_enum),
    (re.compile(r"Unknown directive '@(\w+)'"), _unknown_directive),
    (re.compile(r"(Int|Float|String|Boolean|ID) cannot represent .*: (.+)"), _bad_scalar),
    (re.compile(r"Within OneOf Input Object type '(\w+)'"), _one_of),
]


def _named(ast: Any, error: GraphQLError, message: str, extensions: dict[str, Any]) -> str:
    """Fill in which argument of which field holds the bad value."""
    trail = _trail(ast, error)
    field = trail[-1][1] if trail else None
    at = error.nodes[0].loc.start if error.nodes and error.nodes[0].loc else -1
    for argument in getattr(field, "arguments", None) or ():
        if argument.loc.start <= at < argument.loc.end:
            extensions["argumentName"] = argument.name.value
    return message.format(argument=extensions["argumentName"], field=trail[-1][0] if trail else "")


def _path(ast: Any, error: GraphQLError, extensions: dict[str, Any]) -> list[str]:
    """Operation, then the response keys down to the place, as Shopify lists it."""
    return [name for name, _ in _trail(ast, error)] + (
        [extensions["argumentName"]] if extensions.get("argumentName") else []
    )


def _field_location(ast: Any, error: GraphQLError) -> dict[str, int] | None:
    trail = _trail(ast, error)
    if not trail:
        return None
    token = trail[-1][1].loc.start_token
    return {"line": token.line, "column": token.column}


def _trail(ast: Any, error: GraphQLError) -> list[tuple[str, Any]]:
    """The chain of operation and fields around the first node of an error."""
    node = error.nodes[0] if error.nodes else None
    if node is None or node.loc is None:
        return []
    at, chain = node.loc.start, []
    for definition in ast.definitions:
        if definition.loc.start <= at < definition.loc.end:
            chain.append((_title(definition), definition))
            chain += _inside(definition, at)
    return chain


def _title(definition: Any) -> str:
    name = definition.name.value if definition.name else ""
    if isinstance(definition, FragmentDefinitionNode):
        return f"fragment {name}"
    return f"{definition.operation.value} {name}".strip()


def _inside(node: Any, at: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    selections = getattr(getattr(node, "selection_set", None), "selections", ())
    for child in selections:
        if child.loc.start <= at < child.loc.end:
            if child.kind == "field":
                name = child.alias.value if child.alias else child.name.value
                found.append((name, child))
            found += _inside(child, at)
    return found
