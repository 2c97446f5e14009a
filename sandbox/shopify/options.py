"""Options and the values that variants choose: rules, and laying them on a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.make import new_option, new_value

Obj = dict[str, Any]
MOST_OPTIONS = 3
MOST_TEXT = 255


@dataclass(slots=True)
class Wanted:
    """The options a product shall have: (id or None, name, value names) in order."""

    options: list[tuple[str | None, str, list[str]]]

    @property
    def names(self) -> list[str]:
        """Option names in order."""
        return [name for _, name, _ in self.options]


def wanted_options(given: list[Obj], product: Obj | None) -> Wanted:
    """Read ``productOptions``; ids stand for the names of the product's present options and values."""
    options: list[tuple[str | None, str, list[str]]] = []
    present = {option["id"]: option for option in (product["_options"] if product else ())}
    placed = [(option.get("position") or n, n, option) for n, option in enumerate(given, start=1)]
    for _, _, one in sorted(placed, key=lambda row: row[:2]):
        known = present.get(one.get("id") or "")
        names = {value["id"]: value["name"] for value in (known["_values"] if known else ())}
        values = [
            value.get("name") or names.get(value.get("id") or "", "") for value in one.get("values") or ()
        ]
        if known and one.get("values") is None:
            values = [value["name"] for value in known["_values"]]
        options.append((one.get("id"), one.get("name") or (known["name"] if known else ""), values))
    return Wanted(options)


def option_errors(wanted: Wanted, path: list[str]) -> list[Obj]:
    """Too many, unnamed, twice the same, or values that Shopify refuses."""
    if len(wanted.options) > MOST_OPTIONS:
        message = f"Can only specify a maximum of {MOST_OPTIONS} options"
        return [user_error(path, message, "OPTIONS_OVER_LIMIT")]
    errors, seen = [], set()
    for n, (_, name, values) in enumerate(wanted.options):
        at = [*path, str(n)]
        if not name.strip():
            errors.append(user_error([*at, "name"], "Option name can't be blank", "INVALID_INPUT"))
        if len(name) > MOST_TEXT:
            errors.append(user_error([*at, "name"], "Option name is too long", "INVALID_INPUT"))
        if name.casefold() in seen:
            errors.append(user_error(at, f"Option '{name}' already exists", "DUPLICATED_OPTION_NAME"))
        seen.add(name.casefold())
        errors += _value_errors(name, values, at)
    return errors


def _value_errors(option: str, values: list[str], path: list[str]) -> list[Obj]:
    if not values:
        message = f"Option values are missing for option '{option}'"
        return [user_error([*path, "values"], message, "OPTION_VALUES_MISSING")]
    errors, seen = [], set()
    for n, value in enumerate(values):
        at = [*path, "values", str(n)]
        if not value.strip():
            errors.append(user_error([*at, "name"], "Option value name can't be blank", "INVALID_INPUT"))
        if len(value) > MOST_TEXT:
            errors.append(user_error([*at, "name"], "Option value name is too long", "INVALID_INPUT"))
        if " / " in value:
            message = "Option value name cannot contain ' / '"
            errors.append(user_error([*at, "name"], message, "INVALID_INPUT"))
        if value.casefold() in seen:
            message = f"Option value '{value}' already exists"
            errors.append(user_error(at, message, "DUPLICATED_OPTION_VALUE"))
        seen.add(value.casefold())
    return errors


@dataclass(slots=True)
class Choice:
    """What one variant chose: (option name, value name) in option order, or what is wrong with it."""

    pairs: list[tuple[str, str]]
    errors: list[Obj]

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for variants that shoppers could not tell apart."""
        return tuple(value.casefold() for _, value in self.pairs)

    @property
    def title(self) -> str:
        """Values joined as Shopify joins them."""
        return " / ".join(value for _, value in self.pairs)


def choice_of(
    given: list[Obj], wanted: Wanted, product: Obj | None, path: list[str], open_values: bool
) -> Choice:
    """Read a variant's ``optionValues`` against the options; ``open_values`` lets new values be named."""
    chosen: dict[str, str] = {}
    errors: list[Obj] = []
    known = {name.casefold(): values for _, name, values in wanted.options}
    for n, one in enumerate(given):
        option, value = _named(one, product)
        at = [*path, "optionValues", str(n)]
        if option is None or option.casefold() not in known:
            errors.append(user_error(at, "Option does not exist", "OPTION_DOES_NOT_EXIST"))
        elif value is None:
            errors.append(user_error(at, "Option value does not exist", "OPTION_VALUE_DOES_NOT_EXIST"))
        else:
            values = {one.casefold(): one for one in known[option.casefold()]}
            if value.casefold() not in values and not open_values:
                errors.append(user_error(at, "Option value does not exist", "OPTION_VALUE_DOES_NOT_EXIST"))
            chosen[option.casefold()] = values.get(value.casefold(), value)
    if not errors and (missing := [name for name in wanted.names if name.casefold() not in chosen]):
        message = f"You need to add option values for {', '.join(missing)}"
        errors.append(user_error(path, message, "NEED_TO_ADD_OPTION_VALUES"))
    return Choice(
        [(name, chosen[name.casefold()]) for name in wanted.names if name.casefold() in chosen], errors
    )


def _named(given: Obj, product: Obj | None) -> tuple[str | None, str | None]:
    option, value = given.get("optionName"), given.get("name")
    for present in product["_options"] if product else ():
        if given.get("optionId") == present["id"]:
            option = present["name"]
        for known in present["_values"]:
            if given.get("id") == known["id"]:
                option, value = present["name"], known["name"]
    return option, value


def twin_errors(choices: list[Choice], path: list[str], code: str) -> list[Obj]:
    """Variants that repeat the choice of an earlier one."""
    errors, seen = [], set()
    for n, choice in enumerate(choices):
        if choice.key in seen:
            message = f"The variant '{choice.title}' already exists. Please change at least one option value."
            errors.append(user_error([*path, str(n)], message, code))
        seen.add(choice.key)
    return errors


def lay_options(context: Context, product: Obj, wanted: Wanted) -> None:
    """Make the product's options as wanted; options and values that stay keep their ids."""
    by_id = {option["id"]: option for option in product["_options"]}
    by_name = {option["name"].casefold(): option for option in product["_options"]}
    made = []
    for position, (id, name, values) in enumerate(wanted.options, start=1):
        option = (
            by_id.get(id or "")
            or by_name.get(name.casefold())
            or new_option(context.store, name, [], position)
        )
        option["name"], option["position"] = name, position
        present = {value["name"].casefold(): value for value in option["_values"]}
        option["_values"] = [present.get(one.casefold()) or new_value(context.store, one) for one in values]
        for value, one in zip(option["_values"], values, strict=True):
            value["name"] = one
        made.append(option)
    product["_options"] = made


def present_options(product: Obj) -> Wanted:
    """The options a product has."""
    return Wanted(
        [(one["id"], one["name"], [value["name"] for value in one["_values"]]) for one in product["_options"]]
    )


def add_values(context: Context, product: Obj, pairs: list[tuple[str, str]]) -> None:
    """Add values that a new variant brings along to the product's options."""
    for option in product["_options"]:
        names = {value["name"].casefold() for value in option["_values"]}
        for name, value in pairs:
            if name == option["name"] and value.casefold() not in names:
                option["_values"].append(new_value(context.store, value))
