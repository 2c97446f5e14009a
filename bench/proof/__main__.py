"""`python -m bench.proof [NAME …] [--sample] [--n N] [--broken] [--json]`: what may go wrong is done on
purpose, and the stores' own books say whether anything was lost or doubled. Without a name: all of
them."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.parts.database import server
from bench.parts.figures import say, tell
from bench.proof import faults, frozen, kill, lost_answers, poison, restarts, second_worker, undo
from bench.proof.verdict import Verdict

Prove = Callable[[int, str], Verdict]
"""(n, name of the guard that is taken away) → what was found."""


_FEW, _FAST = 5, 0.25


@dataclass(frozen=True, slots=True)
class Proof:
    """`full` and `sample` are how often; `guard` is what its broken variant takes away, `more` what others of
    its variants do."""

    prove: Prove
    full: int
    sample: int
    guard: str
    more: tuple[str, ...] = ()

    @property
    def guards(self) -> tuple[str, ...]:
        return (self.guard, *self.more)


def _kill_postgres(n: int, broken: str) -> Verdict:
    with server() as made:
        return kill.prove(n, url=made.url, broken=broken, workers=2)


def _frozen(n: int, broken: str) -> Verdict:
    with server() as made:
        return frozen.prove(n, url=made.url, broken=broken)


def _restarts(n: int, broken: str) -> Verdict:
    """Where there are few they come sooner, so that a sample is short."""
    few = n < _FEW
    pace, shape = (_FAST, restarts.SMALL) if few else (1.0, restarts.SHAPE)
    with server() as made:
        return restarts.prove(n, url=made.url, restart=made.restart, broken=broken, pace=pace, shape=shape)


PROOFS = {
    "kill": Proof(lambda n, b: kill.prove(n, broken=b), 200, 2, "settled-before-sent"),
    "kill-postgres": Proof(_kill_postgres, 200, 2, "settled-before-sent"),
    "faults": Proof(lambda n, b: faults.prove(n, broken=b), 100, 3, "repeated-blindly"),
    "lost-answers": Proof(lambda n, b: lost_answers.prove(n, broken=b), 1000, 20, "repeated-blindly"),
    "frozen": Proof(_frozen, 20, 1, "unfenced", ("unfenced-alone",)),
    "restarts": Proof(_restarts, 30, 2, "repeated-blindly"),
    "second-worker": Proof(lambda n, b: second_worker.prove(n, broken=b), 20, 2, "unlocked"),
    "poison": Proof(lambda n, b: poison.prove(n, broken=b), 10_000, 1_000, "all-refused"),
    "undo": Proof(lambda n, b: undo.prove(n, broken=b), 10_000, 500, "undone-blindly"),
}


def main(argv: Sequence[str]) -> int:
    """Exit status 0 only if every proof holds (with `--broken`: only if every one fails, as it must)."""
    args = _arguments(argv)
    # Told to end, it takes its servers and stores along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fine = True
    for name in args.names or PROOFS:
        proof = PROOFS[name]
        n = args.n or (proof.sample if args.sample else proof.full)
        for guard in proof.guards if args.broken else ("",):
            fine &= _proven(name, n, guard, args.json) is not args.broken
    return int(not fine)


def _proven(name: str, n: int, guard: str, as_json: bool) -> bool:
    """Tries it and says what came of it."""
    tell(f"{name}, n = {n}{' without its guard: ' + guard if guard else ''} …")
    began = time.monotonic()
    verdict = PROOFS[name].prove(n, guard)
    row = {**verdict.row(), "seconds": round(time.monotonic() - began)}
    say(row if not guard else {**row, "broken": guard}, as_json)
    return verdict.good


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    made.add_argument("names", nargs="*", choices=(*PROOFS, []), metavar="NAME", help=", ".join(PROOFS))
    made.add_argument("--n", type=int, default=0, help="how often (default: what the promise says)")
    made.add_argument("--sample", action="store_true", help="a few of each")
    made.add_argument("--broken", action="store_true", help="without the guard: must fail")
    made.add_argument("--json", action="store_true", help="one line of JSON a proof")
    return made.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
