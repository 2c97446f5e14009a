"""Connections: add, edit, test, delete, and what their platforms offer to choose from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sync.connectors import registry
from sync.connectors.contract import Spec
from sync.errors import NeedsOperator
from sync.managers.verbs.candidate import Candidate
from sync.managers.verbs.checks import FRESH, PARTS_OF, checks_of, reason_of
from sync.managers.verbs.forms import Filled, connection_name, fields_of, filled
from sync.managers.verbs.offers import Offer, offers_of
from sync.model.entity import Entity
from sync.model.flow import Connection
from sync.model.support import FormField, Need
from sync.model.text import say
from sync.workspace import Workspace

MOST_SPEED = 1_000.0


@dataclass(frozen=True, slots=True)
class Hanging:
    """What goes with a connection or link when it is deleted: names of links, how many flows are switched on,
    records that are bound, and open items in "Needs you"."""

    links: tuple[str, ...] = ()
    flows_on: int = 0
    bound: int = 0
    waiting: int = 0


class ConnectionVerbs:
    """What an operator does with connections. Secrets go in and never come out."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self._checks = ws, checks_of(ws)

    # -- looking
    # ----------------------------------------------------------------------------------------------

    def platforms(self) -> dict[str, Spec]:
        """Every platform that can be connected, by its name."""
        return dict(sorted(registry.SPECS.items()))

    def form(self, platform: str) -> tuple[FormField, ...]:
        """The inputs of a platform's form. Raises NeedsOperator for a platform that this version does not
        know."""
        return fields_of(_spec(platform))

    def all(self) -> list[Connection]:
        """All connections; one that is being tested is pending."""
        return self._checks.shown()

    def stored_secrets(self, connection_id: str) -> frozenset[str]:
        """Names of the secrets that are stored; never their values."""
        return frozenset(name for name, value in self.ws.connections.secrets(connection_id).items() if value)

    def scopes(self, connection_id: str) -> dict[Entity, tuple[str, ...]]:
        """The access scopes to grant, by the flow that needs them: those of the enabled flows, or of all that
        the platform can take part in while none is enabled."""
        spec = _spec(self.ws.connections.get(connection_id).platform)
        found = {
            entity: _listed(spec, needs) for entity, needs in self._checks.needs(connection_id).items()
        } or {e: _scopes(spec, e) for e in PARTS_OF if e in spec.entities}
        return {entity: scopes for entity, scopes in found.items() if scopes}

    def platform_scopes(self, platform: str) -> tuple[str, ...]:
        """All access scopes that a platform's flows can need: what to grant before anything is connected."""
        spec = _spec(platform)
        return tuple(dict.fromkeys(scope for entity in spec.entities for scope in _scopes(spec, entity)))

    def choices(self, connection_id: str, what: str, wait: float = 0.0) -> Offer:
        """What a platform offers to choose from ("locations", "warehouses", "channels" …). Fetched in the
        background and kept for minutes; `wait` seconds at most are spent waiting for the first answer."""
        return offers_of(self.ws).get(connection_id, what, wait)

    def hangs_on(self, connection_id: str) -> Hanging:
        """What a deletion takes along."""
        links = [link for link in self.ws.links.all() if connection_id in (link.a, link.b)]
        return hanging(self.ws, [link.id for link in links])

    # -- changing
    # ---------------------------------------------------------------------------------------------

    def add(
        self,
        platform: str,
        name: str,
        values: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        sandbox: bool = False,
        speed: float = 1.0,
    ) -> Connection:
        """A new connection, tested at once; one that fails is kept with the reason, to be mended by `edit`.
        Raises NeedsOperator for a form that cannot be, a name that is taken, or a speed on a real host."""
        _check_speed(sandbox, speed)
        form = filled(_spec(platform), values, secrets, fixed={"sandbox": "true"} if sandbox else None)
        self._refuse_twin(platform, form)
        made = self.ws.connections.add(
            platform, connection_name(name), form.settings, form.secrets, sandbox=sandbox, speed=speed
        )
        self.ws.journal.say(
            "info", say("Connection {name} was added.", name=made.name), connection_id=made.id
        )
        return self.test(made.id)

    def edit(
        self,
        connection_id: str,
        *,
        name: str | None = None,
        values: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        forget: Collection[str] = (),
        speed: float | None = None,
    ) -> Connection:
        """Changes what is given. Empty secrets keep the stored ones; `forget` names stored ones to remove.

        New credentials are tried out first and stored only if the same account answers, so that bindings stay
        true; while the connection works, credentials that do not are refused. Raises NeedsOperator with the
        reason."""
        old = self.ws.connections.get(connection_id)
        if name is not None:
            self._rename(old, connection_name(name))
        if speed is not None and speed != old.speed:
            _check_speed(old.sandbox, speed)
            self.ws.connections.edit(connection_id, speed=speed)
            self.ws.forget_connector(connection_id)
        if values is not None or secrets or forget:
            self._reform(old, values, secrets or {}, forget)
        return self.ws.connections.get(connection_id)

    def test(self, connection_id: str) -> Connection:
        """Tests now and answers the connection with its status and reason."""
        tested = self._checks.test(connection_id)
        if tested.status == "connected":
            offers_of(self.ws).forget(connection_id)
        return tested

    def test_all_if_stale(self, fresh: timedelta = FRESH) -> list[str]:
        """For when the console opens: starts background tests where the last one is too old; answers their
        ids."""
        return self._checks.test_if_stale(fresh)

    def delete(self, connection_id: str) -> None:
        """Deletes it with its links, flows, bindings and runs. Both platforms stay untouched.
        Raises NeedsOperator while a run uses it."""
        gone = self.ws.connections.get(connection_id)
        refuse_while_running(self.ws, connection_id)
        self.ws.connections.delete(connection_id)
        self.ws.forget_connector(connection_id)
        offers_of(self.ws).forget(connection_id)
        self.ws.journal.say(
            "warning",
            say(
                "Connection {name} was deleted with everything that hung on it. "
                "Nothing was changed at the platform.",
                name=gone.name,
            ),
        )

    # -- steps
    # ------------------------------------------------------------------------------------------------

    def _rename(self, old: Connection, name: str) -> None:
        if name == old.name:
            return
        if any(c.name == name and c.id != old.id for c in self.ws.connections.all()):
            raise NeedsOperator(
                say("There is already a connection named {name}. Choose another name.", name=name)
            )
        self.ws.connections.rename(old.id, name)

    def _reform(
        self,
        old: Connection,
        values: Mapping[str, str] | None,
        secrets: Mapping[str, str],
        forget: Collection[str],
    ) -> None:
        spec = _spec(old.platform)
        kept = {n: v for n, v in self.ws.connections.secrets(old.id).items() if n not in forget}
        names = {field.name for field in fields_of(spec) if field.kind != "secret"}
        fixed = {n: v for n, v in old.settings.items() if n not in names}
        shown = {n: v for n, v in old.settings.items() if n in names} if values is None else values
        form = filled(spec, shown, secrets, stored=kept, fixed=fixed)
        if dict(form.settings) == dict(old.settings) and not form.secrets and not forget:
            return
        refuse_while_running(self.ws, old.id)
        self._refuse_twin(old.platform, form, but=old.id)
        candidate = Candidate(self.ws, old, form, {**kept, **form.secrets})
        if _concerns_account(spec, old, form) or forget:
            self._proven(old, candidate)
        self._store(old, form, forget, candidate)

    def _proven(self, old: Connection, candidate: Candidate) -> None:
        """Raises NeedsOperator unless the new credentials lead to the same account, and work if the old ones
        do."""
        check, reason = candidate.test()
        if check is not None and check.ok or not old.identity:
            return
        same = check is not None and bool(check.identity) and (old.sandbox or check.identity == old.identity)
        if not same or old.status == "connected":
            raise NeedsOperator(reason or reason_of(()), "nothing was saved")

    def _store(self, old: Connection, form: Filled, forget: Collection[str], candidate: Candidate) -> None:
        self.ws.connections.edit(old.id, settings=form.settings, secrets=form.secrets, forget=forget)
        candidate.take_over()
        self.ws.forget_connector(old.id)
        self.ws.journal.say(
            "info",
            say("The settings of connection {name} were changed.", name=old.name),
            connection_id=old.id,
        )
        self.test(old.id)

    def _refuse_twin(self, platform: str, form: Filled, but: str = "") -> None:
        """One account behind two connections would let two links write over each other unseen."""
        address = _address(_spec(platform), form.settings)
        for other in self.ws.connections.all():
            if (
                other.id != but
                and other.platform == platform
                and address
                and address == _address(_spec(platform), other.settings)
            ):
                raise NeedsOperator(
                    say(
                        "This account is connected already as {name}. Edit that connection instead.",
                        name=other.name,
                    )
                )


def hanging(ws: Workspace, link_ids: Collection[str]) -> Hanging:
    """What hangs on these links."""
    names = tuple(link.name for link in ws.links.all() if link.id in link_ids)
    flows_on = sum(flow.enabled for flow in ws.links.flows() if flow.link_id in link_ids)
    bound = sum(
        1 for link_id in link_ids for kind in ("product", "order") for _ in ws.bindings.all(link_id, kind)
    )
    waiting = sum(len(ws.attention.list(link_id=link_id, limit=10_000)) for link_id in link_ids)
    return Hanging(names, flows_on, bound, waiting)


def refuse_while_running(ws: Workspace, connection_id: str) -> None:
    """Raises NeedsOperator while a run reads from or writes to the connection."""
    for run in ws.runs.list(live=True, limit=500):
        link = ws.links.get(ws.links.flow(run.flow_id).link_id)
        if connection_id in (link.a, link.b):
            raise NeedsOperator(
                say(
                    "A run of {link} is under way. Wait until it ends, or cancel it on the Sync page.",
                    link=link.name,
                )
            )


def _spec(platform: str) -> Spec:
    try:
        return registry.spec(platform)
    except KeyError:
        raise NeedsOperator(
            say("This version of Counterpart does not know the platform {platform}.", platform=platform)
        ) from None


def _scopes(spec: Spec, entity: Entity) -> tuple[str, ...]:
    """Least wording: a write scope includes the read scope of its name, but both are listed as the platform's
    page does."""
    return _listed(spec, PARTS_OF.get(entity, (entity,)))


def _listed(spec: Spec, needs: Iterable[Entity | Need]) -> tuple[str, ...]:
    return tuple(sorted({scope for part in needs for scope in spec.scopes(part)}))


def _concerns_account(spec: Spec, old: Connection, form: Filled) -> bool:
    """Do the changes concern who is talked to? Speeds and reading habits can be changed while the platform is
    down."""
    open_texts = [field.name for field in fields_of(spec) if field.kind == "text"]
    return bool(form.secrets) or any(
        form.settings.get(name, "") != old.settings.get(name, "") for name in open_texts
    )


def _address(spec: Spec, settings: Mapping[str, str]) -> tuple[str, ...]:
    """What tells accounts apart before anything was asked: the required open inputs."""
    return tuple(
        settings.get(field.name, "") for field in spec.fields if field.required and field.kind == "text"
    )


def _check_speed(sandbox: bool, speed: float) -> None:
    if not sandbox and speed != 1.0:
        raise NeedsOperator(say("A speed factor is only for the sandbox: real accounts keep real time."))
    if not 0.1 <= speed <= MOST_SPEED:
        raise NeedsOperator(say("The speed factor must be between 0.1 and {most}.", most=int(MOST_SPEED)))
