"""``python -m sandbox shopify|sentos …``: one emulated platform in a process of its own."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from sandbox.platform import Options, Platform
from sandbox.server import serve
from sandbox.statefile import StateFileBusy

PLATFORMS = ("sentos", "shopify")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one sandbox until it is told to end; 2 when it could not start, with the reason on stderr."""
    given = _parser().parse_args(arguments)
    try:
        platform = create(_options(given))
        serve(platform, given.host, given.port, given.with_parent)
    except (StateFileBusy, ValueError, OSError) as error:
        print(f"sandbox {given.platform}: {error}", file=sys.stderr)
        return 2
    return 0


def create(options: Options) -> Platform:
    """The platform that the options name; each lives in ``sandbox/<name>/platform.py``."""
    module = importlib.import_module(f"sandbox.{options.platform}.platform")
    platform: Platform = module.create(options)
    return platform


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Emulated platforms over real HTTP."
    )
    add = parser.add_argument
    add("platform", choices=PLATFORMS)
    add("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    add("--port", type=int, default=0, help="0 takes a free port and prints it")
    add("--products", type=int, default=0, help="size of the generated catalogue when there is no state yet")
    add("--seed", type=int, default=1, help="same seed, same catalogue")
    add("--dirt", type=float, default=0.1, help="share of products that carry one known dirt")
    add("--speed", type=float, default=1.0, help="how many scaled seconds pass in a real one")
    add("--latency", type=float, default=0.0, help="scaled seconds that every answer travels")
    add("--state", help="file that keeps what the sandbox holds; without it, memory only")
    add("--with-parent", type=int, metavar="PID", help="end when this process ends")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a switch of the platform")
    return parser


def _options(given: argparse.Namespace) -> Options:
    return Options(
        platform=given.platform,
        products=given.products,
        seed=given.seed,
        dirt=given.dirt,
        speed=given.speed,
        latency=given.latency,
        state=given.state,
        settings=dict(_pair(text) for text in given.set),
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--set wants NAME=VALUE, not {text!r}")
    return name.strip(), value.strip()


if __name__ == "__main__":
    sys.exit(main())
