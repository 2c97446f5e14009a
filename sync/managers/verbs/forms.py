"""A platform's form: what was typed, checked and split into settings and secrets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.connectors.contract import Spec
from sync.errors import NeedsOperator
from sync.model.support import FormField
from sync.model.text import say
from sync.model.values import text

LONGEST = 2_000
LONGEST_NAME = 80
# What every connection has beside its platform's own fields.
COMMON: tuple[FormField, ...] = (
    FormField(
        "allow_private",
        "Private networks allowed",
        "switch",
        default="false",
        help="Let this connection reach addresses inside a private network, for an ERP in the office.",
    ),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A checked form: `settings` to store openly, `secrets` (those that were typed) to seal."""

    settings: Mapping[str, str]
    secrets: Mapping[str, str]


def fields_of(spec: Spec) -> tuple[FormField, ...]:
    """All inputs of a platform's form, the common ones last."""
    own = {field.name for field in spec.fields}
    return (*spec.fields, *(field for field in COMMON if field.name not in own))


def filled(
    spec: Spec,
    values: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    stored: Mapping[str, str] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Filled:
    """The form of one platform. `stored` are the secrets already sealed, which an empty input keeps; `fixed`
    are settings that no form may set (a sandbox's address). Raises NeedsOperator naming the input."""
    fields = {field.name: field for field in fields_of(spec)}
    typed = {**_typed(fields, values, secret=False), **_typed(fields, secrets, secret=True)}
    kept = stored or {}
    for field in fields.values():
        _check(field, typed.get(field.name, ""), bool(kept.get(field.name)))
    whole = {
        **{f.name: f.default for f in fields.values() if f.default},
        **kept,
        **{name: value for name, value in typed.items() if value or name not in kept},
        **(fixed or {}),
    }
    made = spec.normalise(whole)
    hidden = {name for name, field in fields.items() if field.kind == "secret"}
    return Filled(
        {name: value for name, value in made.items() if name not in hidden},
        {name: made[name] for name in typed if name in hidden and made.get(name) and typed[name]},
    )


def connection_name(raw: str) -> str:
    """A connection's or link's name, trimmed. Raises NeedsOperator for an empty or endless one."""
    name = text(raw)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NeedsOperator(say("Enter a name of 1 to {longest} characters.", longest=LONGEST_NAME))
    return name


def _typed(fields: Mapping[str, FormField], given: Mapping[str, str], *, secret: bool) -> dict[str, str]:
    """What was typed into known inputs; a secret among the open values would be stored openly, so it is
    refused."""
    for name in given:
        if name not in fields or (fields[name].kind == "secret") is not secret:
            raise NeedsOperator(say("The form has no input {name}.", name=name))
    return {name: text(value) for name, value in given.items()}


def _check(field: FormField, value: str, kept: bool) -> None:
    if field.required and not value and not kept:
        raise NeedsOperator(say("Fill in {field}.", field=field.label))
    if len(value) > LONGEST or not value.isprintable():
        raise NeedsOperator(
            say("{field} is too long or holds signs that cannot be typed. Copy it again.", field=field.label)
        )
    if field.kind == "choice" and value and value not in field.choices:
        raise NeedsOperator(
            say("{field} must be one of {choices}.", field=field.label, choices=", ".join(field.choices))
        )
    if field.kind == "switch" and value not in ("", "true", "false"):
        raise NeedsOperator(say("{field} must be on or off.", field=field.label))
    if field.kind == "number" and value and not _is_number(value):
        raise NeedsOperator(say("{field} must be a number.", field=field.label))


def _is_number(value: str) -> bool:
    return value.isascii() and value.replace(".", "", 1).isdigit()
