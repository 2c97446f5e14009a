"""Variables into Python values, with the messages that Shopify gives for a value of the wrong shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    print_ast,
    type_from_ast,
    value_from_ast,
)
from graphql.pyutils import Undefined

from sandbox.shopify.errors import DocumentRefused

Path = tuple[str | int, ...]
MAX_ITEMS = 250
# Lists that Shopify lets grow longer than 250, by the type of their items (shopify.dev, API limits).
LONGER = {"ProductVariantSetInput": 2048, "DraftOrderLineItemInput": 499}
_GID = re.compile(r"gid://[a-zA-Z0-9._-]+/.+")


class Problems:
    """What is wrong with one variable, gathered so that one answer names all of it."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.too_long: tuple[int, int, Path] | None = None

    def add(self, path: Path, explanation: str) -> None:
        """Note one problem; ``path`` leads from the variable's value to the wrong place."""
        self.found.append({"path": list(path), "explanation": explanation})


def coerce_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, Any]
) -> dict[str, Any]:
    """The operation's variables by name; absent ones stay absent. DocumentRefused lists every bad one."""
    values: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for node in operation.variable_definitions or ():
        name = node.variable.name.value
        wanted: Any = type_from_ast(schema, node.type)
        if name not in given and node.default_value is not None:
            values[name] = value_from_ast(node.default_value, wanted)
            continue
        if name not in given and not isinstance(wanted, GraphQLNonNull):
            continue
        try:
            values[name] = _quick(wanted)(given.get(name))
            continue
        except _Odd:
            problems = Problems()
        values[name] = coerce(given.get(name), wanted, (), problems)
        if problems.found or problems.too_long:
            errors.append(_refusal(operation, node, given.get(name), problems))
    if errors:
        raise DocumentRefused(errors)
    return values


# The quick way ------------------------------------------------------------------------------------------


class _Odd(Exception):
    """The quick way does not take this value: the careful one takes it, or says what is wrong with it."""


Quick = Callable[[Any], Any]
_QUICK: dict[str, Quick] = {}


def _quick(wanted: Any) -> Quick:
    """A function that coerces good values of a type as ``coerce`` does, and raises _Odd for all others."""
    name = str(wanted)
    if name not in _QUICK:
        _QUICK[name] = _made_quick(wanted)
    return _QUICK[name]


def _made_quick(wanted: Any) -> Quick:
    if isinstance(wanted, GraphQLNonNull):
        inner = _quick(wanted.of_type)
        return lambda value: _raise() if value is None else inner(value)
    if isinstance(wanted, GraphQLList):
        return _quick_list(wanted)
    if isinstance(wanted, GraphQLInputObjectType):
        return _quick_object(wanted)
    if isinstance(wanted, GraphQLEnumType):
        known = {None, *wanted.values}
        return lambda value: value if isinstance(value, str | None) and value in known else _raise()
    return _quick_scalar(wanted.name)


def _raise() -> Any:
    raise _Odd


def _quick_list(wanted: GraphQLList[Any]) -> Quick:
    inner, named = _quick(wanted.of_type), wanted.of_type
    named = named.of_type if isinstance(named, GraphQLNonNull) else named
    most = LONGER.get(getattr(named, "name", ""), MAX_ITEMS)

    def many(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > most:
            raise _Odd
        return [inner(one) for one in value]

    return many


def _quick_object(wanted: GraphQLInputObjectType) -> Quick:
    if wanted.is_one_of:
        return lambda value: None if value is None else _raise()
    fields: list[_QuickField] = []

    def one(value: Any) -> Any:
        if value is None:
            return None
        if not fields:
            # At first use, not before: input types may hold themselves.
            fields.extend(_quick_fields(wanted))
        return _quick_fill(fields, value) if isinstance(value, dict) else _raise()

    return one


# Name, how its value is coerced, whether it must be there, its default.
_QuickField = tuple[str, Quick, bool, Any]


def _quick_fields(wanted: GraphQLInputObjectType) -> list[_QuickField]:
    return [
        (name, _quick(one.type), isinstance(one.type, GraphQLNonNull), one.default_value)
        for name, one in wanted.fields.items()
    ]


def _quick_fill(fields: list[_QuickField], value: dict[str, Any]) -> dict[str, Any]:
    made, met = {}, 0
    for name, inner, required, default in fields:
        if name in value:
            made[name] = inner(value[name])
            met += 1
        elif default is not Undefined:
            made[name] = default
        elif required:
            raise _Odd
    if met != len(value):
        raise _Odd
    return made


def _quick_scalar(name: str) -> Quick:
    check = _SCALARS.get(name, lambda value: value)

    def scalar(value: Any) -> Any:
        try:
            return None if value is None else check(value)
        except (ValueError, TypeError, InvalidOperation):
            raise _Odd from None

    return scalar


# The careful way ----------------------------------------------------------------------------------------


def coerce(value: Any, wanted: GraphQLInputType, path: Path, problems: Problems) -> Any:
    """One value of one type; problems are noted, the result is then meaningless."""
    if isinstance(wanted, GraphQLNonNull):
        if value is None:
            problems.add(path, "Expected value to not be null")
            return None
        wanted = wanted.of_type
    if value is None:
        return None
    if isinstance(wanted, GraphQLList):
        return _items(value, wanted, path, problems)
    if isinstance(wanted, GraphQLInputObjectType):
        return _object(value, wanted, path, problems)
    if isinstance(wanted, GraphQLEnumType):
        if value not in wanted.values:
            choices = ", ".join(wanted.values)
            problems.add(path, f'Expected "{value}" to be one of: {choices}')
        return value
    return _scalar(value, wanted.name, path, problems)


def _items(value: Any, wanted: GraphQLList[Any], path: Path, problems: Problems) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    inner = wanted.of_type
    named = inner.of_type if isinstance(inner, GraphQLNonNull) else inner
    most = LONGER.get(getattr(named, "name", ""), MAX_ITEMS)
    if len(items) > most:
        problems.too_long = (len(items), most, path)
    return [coerce(item, inner, (*path, n), problems) for n, item in enumerate(items)]


def _object(value: Any, wanted: GraphQLInputObjectType, path: Path, problems: Problems) -> dict[str, Any]:
    if not isinstance(value, dict):
        problems.add(path, f"Expected {_shown(value)} to be a key-value object.")
        return {}
    fields = wanted.fields
    for name in value:
        if name not in fields:
            problems.add((*path, name), f"Field is not defined on {wanted.name}")
    made = {}
    for name, field in fields.items():
        if name in value:
            made[name] = coerce(value[name], field.type, (*path, name), problems)
        elif field.default_value is not Undefined:
            made[name] = field.default_value
        elif isinstance(field.type, GraphQLNonNull):
            problems.add((*path, name), "Expected value to not be null")
    if wanted.is_one_of and len(made) != 1:
        problems.add(path, f"'{wanted.name}' requires exactly one argument, but {len(made)} were provided.")
    return made


def _scalar(value: Any, name: str, path: Path, problems: Problems) -> Any:
    check = _SCALARS.get(name)
    if check is None:
        return value
    try:
        return check(value)
    except (ValueError, TypeError, InvalidOperation):
        shown = _shown(value)
        if name == "ID" and isinstance(value, str):
            problems.add(path, f"Invalid global id '{value}'")
        else:
            problems.add(path, f"Could not coerce value {shown} to {name}")
        return None


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise ValueError(value)
    return value


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    return float(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not _GID.fullmatch(value):
        raise ValueError(value)
    return value


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(value)
    return format(number, "f")


_SCALARS = {
    "Int": _int,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
    "ID": _id,
    "Decimal": _decimal,
    "Money": _decimal,
    "URL": _string,
    "HTML": _string,
    "DateTime": _string,
}


def _refusal(operation: Any, node: Any, value: Any, problems: Problems) -> dict[str, Any]:
    name, location = node.variable.name.value, _location(node)
    if problems.too_long:
        count, most, path = problems.too_long
        return {
            "message": f"The input array size of {count} is greater than the maximum allowed of {most}.",
            "locations": [location],
            "path": [*_used_at(operation, name), *path],
            "extensions": {"code": "MAX_INPUT_SIZE_EXCEEDED"},
        }
    parts = [f"{'.'.join(map(str, p['path']))} ({p['explanation']})" for p in problems.found if p["path"]]
    tail = f" for {', '.join(parts)}" if parts else ""
    return {
        "message": f"Variable ${name} of type {print_ast(node.type)} was provided invalid value{tail}",
        "locations": [location],
        "extensions": {"code": "INVALID_VARIABLE", "value": value, "problems": problems.found},
    }


def _used_at(operation: Any, variable: str) -> list[str]:
    """The root field and argument that take a variable whole, as Shopify names the place."""
    for field in operation.selection_set.selections:
        for argument in getattr(field, "arguments", None) or ():
            if getattr(getattr(argument.value, "name", None), "value", None) == variable:
                return [field.name.value, argument.name.value]
    return [variable]


def _location(node: Any) -> dict[str, int]:
    token = node.loc.start_token
    return {"line": token.line, "column": token.column}
