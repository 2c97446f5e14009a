"""A document's selections as a tree with types filled in: what cost, projection and bulk queries walk
over."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    value_from_ast,
)
from graphql.pyutils import Undefined
from graphql.type import is_list_type

Variables = dict[str, Any]


@dataclass(slots=True)
class Field:
    """One selected field: where it stands, what it gives, and what is selected below it."""

    key: str
    name: str
    parent: str
    type_name: str
    is_list: bool
    is_leaf: bool
    nullable: bool
    definition: GraphQLField
    node: FieldNode
    selection: Selection | None
    _static: Variables | None = field(default=None)

    def arguments(self, variables: Variables) -> Variables:
        """The argument values, defaults filled in, absent ones absent."""
        if self._static is not None:
            return self._static
        values, fixed = {}, True
        given = {argument.name.value: argument.value for argument in self.node.arguments or ()}
        for name, argument in self.definition.args.items():
            literal = given.get(name)
            if literal is not None:
                fixed = fixed and not _has_variable(literal)
                value = value_from_ast(literal, argument.type, variables)
                if value is not Undefined:
                    values[name] = value
                    continue
            if argument.default_value is not Undefined:
                values[name] = argument.default_value
        if fixed:
            self._static = values
        return values

    def variable_of(self, argument: str) -> str | None:
        """The variable that is handed whole to an argument."""
        for given in self.node.arguments or ():
            if given.name.value == argument and isinstance(given.value, VariableNode):
                return given.value.name.value
        return None

    def directive(self, name: str, argument: str, variables: Variables) -> Any:
        """An argument of a directive on this field; None when the directive is absent."""
        for directive in self.node.directives or ():
            if directive.name.value == name:
                for given in directive.arguments or ():
                    if given.name.value == argument:
                        return _plain(given.value, variables)
        return None


@dataclass(slots=True, eq=False)
class Selection:
    """What is selected on a type; abstract types are resolved by the object's ``__typename``."""

    planner: Planner
    type_name: str
    sets: list[SelectionSetNode]
    _by_type: dict[str, list[Field]] = field(default_factory=dict)

    @property
    def is_abstract(self) -> bool:
        """Whether the type is an interface or a union."""
        kind = self.planner.schema.type_map[self.type_name]
        return isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)

    def fields(self, type_name: str | None = None) -> list[Field]:
        """The fields that an object of this concrete type answers, in order."""
        name = type_name or self.type_name
        if name not in self._by_type:
            self._by_type[name] = self.planner.collect(name, self.sets)
        return self._by_type[name]

    def named_types(self) -> list[str]:
        """The concrete types that fragments below an abstract type speak of."""
        return sorted(self.planner.conditions(self.sets))


class Planner:
    """Collects fields for one operation; ``switches`` are its variables that steer @include and @skip."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], switches: Variables
    ) -> None:
        self.schema, self.fragments, self.switches = schema, fragments, switches

    def collect(self, type_name: str, sets: list[SelectionSetNode]) -> list[Field]:
        """Fields of a concrete type out of selection sets; equal response keys are merged."""
        grouped: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self._gather(type_name, selection_set, grouped)
        return [self._field(type_name, key, nodes) for key, nodes in grouped.items()]

    def _gather(self, type_name: str, sets: SelectionSetNode, grouped: dict[str, list[FieldNode]]) -> None:
        for node in sets.selections:
            if not self._wanted(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
                continue
            condition, inner = self._fragment(node)
            if condition is None or self._is(type_name, condition):
                self._gather(type_name, inner, grouped)

    def _fragment(self, node: Any) -> tuple[str | None, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            definition = self.fragments[node.name.value]
            return definition.type_condition.name.value, definition.selection_set
        return (node.type_condition.name.value if node.type_condition else None), node.selection_set

    def _is(self, type_name: str, condition: str) -> bool:
        if type_name == condition:
            return True
        kind, wanted = self.schema.type_map[type_name], self.schema.type_map[condition]
        if isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType):
            return isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and self.schema.is_sub_type(
                wanted, kind
            )
        return False

    def _wanted(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("include", "skip"):
                value = bool(_plain(directive.arguments[0].value, self.switches))
                if value != (name == "include"):
                    return False
        return True

    def _field(self, parent: str, key: str, nodes: list[FieldNode]) -> Field:
        node, name = nodes[0], nodes[0].name.value
        definition = _definition(self.schema, parent, name)
        named = get_named_type(definition.type)
        outer = definition.type
        nullable = not isinstance(outer, GraphQLNonNull)
        bare = outer.of_type if isinstance(outer, GraphQLNonNull) else outer
        leaf = is_leaf_type(named)
        sets = [n.selection_set for n in nodes if n.selection_set is not None]
        selection = None if leaf else Selection(self, named.name, sets)
        return Field(
            key, name, parent, named.name, is_list_type(bare), leaf, nullable, definition, node, selection
        )

    def conditions(self, sets: list[SelectionSetNode]) -> set[str]:
        """Concrete types named by fragments in these sets, at any depth of fragments."""
        found: set[str] = set()
        for selection_set in sets:
            for node in selection_set.selections:
                if isinstance(node, FieldNode) or not self._wanted(node):
                    continue
                condition, inner = self._fragment(node)
                if condition and isinstance(self.schema.type_map[condition], GraphQLObjectType):
                    found.add(condition)
                found |= self.conditions([inner])
        return found


class Operation:
    """One operation of a document, planned for one setting of its switches."""

    def __init__(self, schema: GraphQLSchema, node: Any, fragments: Any, switches: Variables) -> None:
        self.node = node
        self.kind: str = node.operation.value
        root = schema.mutation_type if self.kind == "mutation" else schema.query_type
        assert root is not None
        self.selection = Selection(Planner(schema, fragments, switches), root.name, [node.selection_set])

    @property
    def roots(self) -> list[Field]:
        """The root fields, in order."""
        return self.selection.fields()

    @cached_property
    def name(self) -> str:
        """Root fields joined by ``+``: how ledger and faults name the operation."""
        return "+".join(field.name for field in self.roots)


def switch_names(operation: Any, fragments: dict[str, Any]) -> set[str]:
    """The variables that @include and @skip depend on."""
    found: set[str] = set()

    def look(selection_set: Any) -> None:
        for node in selection_set.selections if selection_set else ():
            for directive in node.directives or ():
                if directive.name.value in ("include", "skip"):
                    value = directive.arguments[0].value
                    if value.kind == "variable":
                        found.add(value.name.value)
            look(getattr(node, "selection_set", None))

    look(operation.selection_set)
    for fragment in fragments.values():
        look(fragment.selection_set)
    return found


_TYPENAME = "__typename"


def _definition(schema: GraphQLSchema, parent: str, name: str) -> GraphQLField:
    kind = schema.type_map[parent]
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    found = schema.get_field(kind, name)
    assert found is not None, f"{parent}.{name} was validated"
    return found


def _has_variable(node: Any) -> bool:
    if node.kind == "variable":
        return True
    inner = getattr(node, "fields", None) or getattr(node, "values", None) or ()
    return any(
        _has_variable(getattr(part, "value", part) if node.kind == "object_value" else part) for part in inner
    )


def _plain(node: Any, variables: Variables) -> Any:
    if node.kind == "variable":
        return variables.get(node.name.value)
    return node.value
