"""Objects of the store into answers: selections compiled to closures, once a document.

State is plain dicts whose keys are GraphQL field names and whose leaves are as the wire wants them (ids,
money and
times as strings), so most fields are one look-up. Fields that must be worked out have a resolver in
``RESOLVERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.shopify import scopes
from sandbox.shopify.context import Context
from sandbox.shopify.errors import NotEmulated, Refusal, user_error
from sandbox.shopify.idempotency import check_key
from sandbox.shopify.pages import edges
from sandbox.shopify.plan import Field, Operation, Selection, Variables

Obj = dict[str, Any]
Resolver = Callable[[Any, Variables, Context], Any]
RESOLVERS: dict[tuple[str, str], Resolver] = {}


def resolver(type_name: str, *fields: str) -> Callable[[Resolver], Resolver]:
    """Register ``fn(obj, arguments, context)`` for fields of a type; it returns state objects or leaves."""

    def register(fn: Resolver) -> Resolver:
        for field in fields:
            RESOLVERS[(type_name, field)] = fn
        return fn

    return register


def query(*fields: str) -> Callable[[Resolver], Resolver]:
    """Register a root of ``QueryRoot``; its object is None."""
    return resolver("QueryRoot", *fields)


def mutation(*fields: str) -> Callable[[Resolver], Resolver]:
    """Register a root of ``Mutation``; its object is None.

    The fault ``partial_user_errors`` refuses it before it does anything, unless it refuses in a way of its
    own (REFUSING_THEMSELVES); with the parameter ``root`` only the write of that key is refused, of several
    in one document.
    """

    def register(fn: Resolver) -> Resolver:
        def run(obj: Any, arguments: Variables, context: Context) -> Any:
            if context.fault_is("partial_user_errors") and not set(fields) & REFUSING_THEMSELVES:
                assert context.fault is not None
                if context.fault.params.get("root") in (None, context.root.key):
                    return RefusedPayload()
            return fn(obj, arguments, context)

        resolver("Mutation", *fields)(run)
        return fn

    return register


REFUSING_THEMSELVES = {"productSet", "inventorySetQuantities"}


class RefusedPayload(dict[str, Any]):
    """A payload of nulls with one user error, whatever its type."""

    def __missing__(self, field: str) -> Any:
        if field.endswith("serErrors"):
            return [user_error(["input"], "The change was refused by the sandbox's fault.", "INVALID")]
        return None


Step = Callable[[Any, Context], Any]


class Shape:
    """One selection on one concrete type, ready to be applied to objects."""

    __slots__ = ("_steps", "_type")

    def __init__(self, type_name: str, fields: list[Field]) -> None:
        self._type = type_name
        self._steps = [(field.key, field.name, _step(field)) for field in fields]

    def __call__(self, obj: Obj, context: Context) -> Obj:
        made = {}
        for key, name, step in self._steps:
            if step is not None:
                made[key] = step(obj, context)
                continue
            try:
                made[key] = obj[name]
            except KeyError:
                raise NotEmulated(self._type, name) from None
        return made


def _shape_of(selection: Selection) -> Step:
    if not selection.is_abstract:
        return Shape(selection.type_name, selection.fields())
    shapes: dict[str, Shape] = {}

    def by_type(obj: Obj, context: Context) -> Obj:
        name = obj["__typename"]
        shape = shapes.get(name)
        if shape is None:
            shape = shapes[name] = Shape(name, selection.fields(name))
        return shape(obj, context)

    return by_type


def _step(field: Field) -> Step | None:
    """How to fill one field; None means: copy the object's own value."""
    if field.name == "__typename":
        return _constant(field.parent)
    fetch = _fetch(field)
    if field.is_leaf or field.selection is None:
        return fetch
    get, shape = fetch or _own(field), _shape_of(field.selection)
    return _many(field.key, get, shape) if field.is_list else _one(field.key, get, shape)


def _one(key: str, get: Step, shape: Step) -> Step:
    def one(obj: Any, context: Context) -> Any:
        found = get(obj, context)
        if found is None:
            return None
        noted = context.noted
        made = shape(found, context)
        context.place(noted, key)
        return made

    return one


def _many(key: str, get: Step, shape: Step) -> Step:
    def many(obj: Any, context: Context) -> Any:
        found = get(obj, context)
        if found is None:
            return None
        made = []
        for n, one in enumerate(found):
            noted = context.noted
            made.append(one and shape(one, context))
            context.place(noted, key, n)
        return made

    return many


def _constant(value: str) -> Step:
    return lambda obj, context: value


def _own(field: Field) -> Step:
    name, parent = field.name, field.parent

    def get(obj: Any, _: Context) -> Any:
        try:
            return obj[name]
        except KeyError:
            raise NotEmulated(parent, name) from None

    return get


def _fetch(field: Field) -> Step | None:
    if field.name == "edges" and field.parent.endswith("Connection"):
        return lambda obj, context: edges(obj)
    fn = RESOLVERS.get((field.parent, field.name))
    if fn is None:
        return None
    if not field.definition.args:
        return lambda obj, context: fn(obj, {}, context)

    def with_arguments(obj: Any, context: Context) -> Any:
        arguments = context.arguments.get(id(field))
        if arguments is None:
            arguments = context.arguments[id(field)] = field.arguments(context.variables)
        return fn(obj, arguments, context)

    return with_arguments


class Program:
    """An operation compiled: run it as often as it is asked, with other variables each time."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._roots = [(field, _root(field)) for field in operation.roots]

    def run(self, context: Context) -> tuple[Obj | None, list[Obj]]:
        """``data`` and ``errors``; a refused root answers null, or the whole ``data`` where null is not
        allowed."""
        data: Obj | None = {}
        errors: list[Obj] = []
        for field, step in self._roots:
            context.root = field
            try:
                value = step(None, context)
            except Refusal as refusal:
                errors.append(_listed(refusal, field, context))
                value = None
                if not field.nullable:
                    data = None
            errors += context.taken_errors()
            if data is not None:
                data[field.key] = value
        return data, errors


def _root(field: Field) -> Step:
    step = _step(field)
    if field.name != "__typename" and (field.parent, field.name) not in RESOLVERS:

        def refuse(obj: Any, context: Context) -> Any:
            raise NotEmulated(field.parent, field.name)

        return refuse
    assert step is not None

    def guarded(obj: Any, context: Context) -> Any:
        _guard(field, context)
        return step(obj, context)

    return guarded


def _guard(field: Field, context: Context) -> None:
    """Before a root runs: its scope, and the idempotency key that some mutations demand."""
    scopes.check(field.name, context.settings.granted)
    if context.operation.kind == "mutation":
        check_key(field, context)


def _listed(refusal: Refusal, field: Field, context: Context) -> Obj:
    places = [_place(field.node)]
    if refusal.variable and (name := field.variable_of(refusal.variable)):
        definitions = context.operation.node.variable_definitions or ()
        places += [_place(node) for node in definitions if node.variable.name.value == name]
    return {
        "message": refusal.message,
        "locations": places,
        "extensions": refusal.extensions,
        "path": [field.key],
    }


def _place(node: Any) -> dict[str, int]:
    token = node.loc.start_token
    return {"line": token.line, "column": token.column}
