"""What an operator can decide about parked records; each decision is kept, named in the log, and carried out
by the next run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.attention import Parked
from sync.errors import NeedsOperator
from sync.managers.orders.resolve import resolve
from sync.managers.verbs.runs import MOST_ALONE, RunVerbs
from sync.managers.views import attention, causes
from sync.managers.views.candidates import candidate_ids
from sync.model.entity import Entity
from sync.model.plan import Item
from sync.model.run import Mode, Scope
from sync.model.text import Message, say
from sync.model.values import text
from sync.workspace import Workspace

MOST_SAID = 50
_DECIDED = {
    causes.BIND: say("{who} bound {label} to {target}."),
    causes.CREATE: say("{who} decided: {label} is created as new."),
    causes.SKIP: say("{who} decided: {label} is skipped from now on."),
    causes.UNBIND: say("{who} decided: the pairing of {label} is forgotten."),
    causes.RETRY: say("{who} tries {label} again."),
    causes.DISMISS: say("{who} dismissed {label}. It comes back if a run finds the cause again."),
}
_DECIDED_ELSE = say("{who} decided about {label}: {verb}.")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one open item; `line` is where it stood in a file (0: decided in the console)."""

    parked: Parked
    verb: str
    target_id: str = ""
    line: int = 0


Problem = tuple[int, Message]


class BadDecisions(NeedsOperator):
    """A file of decisions that cannot be taken as it is; nothing of it was done. `problems` are (line, what
    is wrong).
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            say("The file has {count} lines that cannot be taken. Nothing was decided.", count=len(problems))
        )
        self.problems = tuple(problems[:MOST_SAID])


@dataclass(frozen=True, slots=True)
class Done:
    """What became of decisions: items closed, runs started to carry them out at once, and why some have to
    wait.
    """

    closed: int
    run_ids: tuple[str, ...] = ()
    waiting: Message | None = None


class AttentionVerbs:
    """Verbs of "Needs you". They raise NeedsOperator with the way on; with `run` a run limited to the records
    follows at once, else the next run of the flow carries the decision out.
    """

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def do(
        self, verb: str, parked_ids: Sequence[int], by: str, *, target_id: str = "", run: bool = False
    ) -> Done:
        """One verb for these open items. All are checked before anything is done."""
        decided = [self._decision(parked_id, verb, target_id) for parked_id in parked_ids]
        return self._carry_out(decided, by, run=run)

    def bind(self, parked_id: int, target_id: str, by: str, *, run: bool = False) -> Done:
        """These two records are the same."""
        return self.do(causes.BIND, [parked_id], by, target_id=target_id, run=run)

    def create(self, parked_ids: Sequence[int], by: str, *, run: bool = False) -> Done:
        """None of the candidates: it is created as new."""
        return self.do(causes.CREATE, parked_ids, by, run=run)

    def skip(self, parked_ids: Sequence[int], by: str) -> Done:
        """Leave these records out from now on."""
        return self.do(causes.SKIP, parked_ids, by)

    def dismiss(self, parked_ids: Sequence[int], by: str) -> Done:
        """Close without a decision."""
        return self.do(causes.DISMISS, parked_ids, by)

    def retry(self, parked_ids: Sequence[int], by: str) -> Done:
        """Starts one run a flow, limited to the records of these items, which close when it no longer finds
        the cause.
        """
        return self.do(causes.RETRY, parked_ids, by)

    def retry_all(self, wanted: attention.Wanted, by: str) -> Done:
        """The same for every open item that matches; too many for a limited run become a run of the whole
        flow.
        """
        decided = [Decision(p, causes.RETRY) for p in attention.each(self.ws, wanted)]
        if not decided:
            raise NeedsOperator(say("Nothing is open here: there is nothing to try again."))
        return self._carry_out(decided, by, run=True)

    def decide(self, rows: Iterable[tuple[int, Mapping[str, str]]], by: str, *, run: bool = False) -> Done:
        """Takes decisions from a file: (line number, columns id or record_id, verb, target_id). Lines without
        a verb are passed over. Raises BadDecisions naming every wrong line; then nothing is done.
        """
        problems: list[Problem] = []
        found: list[Decision] = []
        for line, row in rows:
            if text(row.get("verb")):
                try:
                    found += self._of_line(line, row)
                except NeedsOperator as wrong:
                    problems.append((line, wrong.message))
        problems += _twice(found)
        if problems:
            raise BadDecisions(problems)
        return self._carry_out(found, by, run=run)

    # -- checking --------------------------------------------------------------------------------------------

    def _open(self, parked_id: int) -> Parked:
        parked = self.ws.attention.get(parked_id)
        if parked is None or parked.closed_at is not None:
            raise NeedsOperator(say("Item {id} is not open any more.", id=str(parked_id)))
        return parked

    def _decision(self, parked_id: int, verb: str, target_id: str = "", line: int = 0) -> Decision:
        return self._valid(Decision(self._open(parked_id), verb, text(target_id), line))

    def _valid(self, d: Decision) -> Decision:
        offered = attention.verbs_for(d.parked)
        if d.verb not in offered:
            raise NeedsOperator(
                say(
                    "{verb} is not possible here. Possible: {offered}.",
                    verb=d.verb,
                    offered=", ".join(offered),
                )
            )
        if d.verb != causes.BIND:
            return d
        target = complete_id(d.target_id, candidate_ids(d.parked.facts))
        if not target:
            raise NeedsOperator(say("Say which record of the other side it is."))
        if not attention.is_order(d.parked):
            self._refuse_owned(d.parked, target)
        return Decision(d.parked, d.verb, target, d.line)

    def _refuse_owned(self, parked: Parked, target: str) -> None:
        side = self.ws.links.flow(parked.flow_id).direction[-1]
        find = self.ws.bindings.by_b if side == "b" else self.ws.bindings.by_a
        owner = find(parked.link_id, Entity.PRODUCT.value, [target]).get(target)
        mine = attention.record_of(self.ws, parked)
        if owner is not None and mine != (owner.id_a if side == "b" else owner.id_b):
            raise NeedsOperator(
                say(
                    "{target} is already bound to {label}. Forget that pairing first.",
                    target=target,
                    label=owner.label or owner.id_a,
                )
            )

    def _of_line(self, line: int, row: Mapping[str, str]) -> list[Decision]:
        verb, target = text(row.get("verb")).lower(), text(row.get("target_id"))
        if number := text(row.get("id")):
            if not number.isdecimal():
                raise NeedsOperator(say("{id} is not the number of an item.", id=number))
            return [self._decision(int(number), verb, target, line)]
        record = text(row.get("record_id"))
        if not record:
            raise NeedsOperator(say("The line names neither id nor record_id."))
        waiting = [p for p in self.ws.attention.list(text=record, limit=200) if p.record_id == record]
        fitting = [p for p in waiting if verb in attention.verbs_for(p)]
        if not fitting:
            raise NeedsOperator(
                say("No open item of record {record} allows {verb}.", record=record, verb=verb)
            )
        return [self._valid(Decision(p, verb, target, line)) for p in fitting]

    # -- doing -----------------------------------------------------------------------------------------------

    def _carry_out(self, decided: Sequence[Decision], by: str, *, run: bool) -> Done:
        follow: dict[str, list[str]] = defaultdict(list)
        for d in decided:
            record = attention.record_of(self.ws, d.parked)
            again = self._order(d, by) if attention.is_order(d.parked) else self._product(d, record, by)
            if again and (run or d.verb == causes.RETRY):
                follow[d.parked.flow_id] += again
            self._note(d, record, by)
        retried = any(d.verb == causes.RETRY for d in decided)
        started, waiting = self._follow(follow, by, insist=retried and len(follow) == 1)
        return Done(sum(d.verb != causes.RETRY for d in decided), started, waiting)

    def _order(self, d: Decision, by: str) -> Sequence[str]:
        """Answers the ids that a run has to look at for it."""
        if d.verb == causes.DISMISS:
            self.ws.attention.close([d.parked.id], by)
            return ()
        scope = resolve(self.ws, d.parked, d.verb, by=by, target_id=d.target_id)
        return scope.ids if scope else ()

    def _product(self, d: Decision, record: str, by: str) -> Sequence[str]:
        """A pairing whose other half is gone has to be forgotten before a decision about the record can
        work."""
        link_id = d.parked.link_id
        if d.verb == causes.RETRY:
            return (record,)
        if d.verb == causes.UNBIND or d.parked.cause == "target.gone" and d.verb != causes.DISMISS:
            self.ws.bindings.unbind(link_id, Entity.PRODUCT.value, self._id_a(d.parked, record))
        if d.verb in (causes.BIND, causes.CREATE, causes.SKIP):
            self.ws.decisions.decide(link_id, Entity.PRODUCT.value, record, d.verb, d.target_id, by)
        self.ws.attention.close(self._same_record(d, record), by)
        return (record,) if d.verb in (causes.BIND, causes.CREATE) else ()

    def _note(self, d: Decision, record: str, by: str) -> None:
        template = _DECIDED.get(d.verb, _DECIDED_ELSE).id
        params = {"who": by, "label": d.parked.label, "target": d.target_id, "verb": d.verb}
        self.ws.journal.say(
            "info",
            Message(template, params),
            link_id=d.parked.link_id,
            flow_id=d.parked.flow_id,
            entity=d.parked.entity,
            record=record,
            sku=d.parked.sku or None,
        )

    def _id_a(self, parked: Parked, record: str) -> str:
        if self.ws.links.flow(parked.flow_id).direction[0] == "a":
            return record
        bound = self.ws.bindings.by_b(parked.link_id, Entity.PRODUCT.value, [record]).get(record)
        return bound.id_a if bound else record

    def _same_record(self, d: Decision, record: str) -> list[int]:
        """Skipping a product settles all that is open about it."""
        if d.verb != causes.SKIP:
            return [d.parked.id]
        waiting = self.ws.attention.list(link_id=d.parked.link_id, limit=500, text=d.parked.label)
        return [d.parked.id, *(p.id for p in waiting if attention.record_of(self.ws, p) == record)]

    def _follow(
        self, follow: Mapping[str, Sequence[str]], by: str, *, insist: bool
    ) -> tuple[tuple[str, ...], Message | None]:
        """Starts the runs; where one is under way already, the decision waits for the next (a retry is
        refused).
        """
        started: list[str] = []
        waiting: Message | None = None
        for flow_id, ids in follow.items():
            scope = Scope(ids=tuple(dict.fromkeys(ids)))
            try:
                started.append(
                    RunVerbs(self.ws).start(
                        flow_id, Mode.FULL, scope if len(scope.ids) <= MOST_ALONE else Scope(), by
                    )
                )
            except NeedsOperator as refused:
                if insist:
                    raise
                waiting = refused.message
        return tuple(started), waiting


def close_settled(ws: Workspace, link_id: str, run_id: str) -> None:
    """After a run of single records: what is open about them closes by itself where the run did not find its
    cause again.
    """
    looked_at = {item.source_id for item in _items(ws, run_id)}
    open_rows = attention.each(ws, attention.Wanted(link_id=link_id))
    gone = [
        p.id
        for p in open_rows
        if p.run_id != run_id and not attention.is_order(p) and attention.record_of(ws, p) in looked_at
    ]
    if gone:
        ws.attention.close(gone, "sync")


def _items(ws: Workspace, run_id: str) -> Iterator[Item]:
    after = 0
    while rows := ws.plans.items(run_id, after=after):
        yield from (item for _, item in rows)
        after = rows[-1][0]


def complete_id(typed: str, candidates: Sequence[str]) -> str:
    """The target that a person means: a candidate's id, or only the number at its end."""
    typed = text(typed)
    if typed in candidates or not re.fullmatch(r"\d+", typed):
        return typed
    return next((c for c in candidates if c.rpartition("/")[2] == typed), _like(typed, candidates))


def _like(number: str, candidates: Sequence[str]) -> str:
    prefix = next((c.rpartition("/")[0] for c in candidates if "/" in c), "")
    return f"{prefix}/{number}" if prefix else number


def _twice(found: Sequence[Decision]) -> list[Problem]:
    """Two lines about one item, or two records bound to one target."""
    problems: list[Problem] = []
    items: dict[int, int] = {}
    targets: dict[tuple[str, str], int] = {}
    for d in found:
        first = items.setdefault(d.parked.id, d.line)
        if first != d.line:
            problems.append((d.line, say("Line {first} already decides about this item.", first=first)))
        elif d.target_id and targets.setdefault((d.parked.link_id, d.target_id), d.line) != d.line:
            problems.append((d.line, say("Another line binds {target} too.", target=d.target_id)))
    return problems
