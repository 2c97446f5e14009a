"""Shopify's client against answers handed to it: pacing, tokens, and what each refusal means."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from sync.connectors.contract import Services
from sync.connectors.http import Http, Response
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.failures import BadInput
from sync.errors import BrokenContract, NotAuthorised, OutcomeUnknown, Transient
from sync.model.ports import Account
from tests.contract.doubles import MemoryKeep, Secrets, StillClock, Trace

QUERY, WRITE = "products_count", "inventory_set"
OK = {"data": {"productsCount": {"count": 3, "precision": "EXACT"}}}


def cost(
    requested: float, actual: float | None, available: float, maximum: float = 2000, restore: float = 100
) -> dict:
    status = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": restore}
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}


def error(code: str, **other: Any) -> dict[str, Any]:
    return {"errors": [{"message": f"{code} it says", "extensions": {"code": code, **other}}]}


class Wire(Http):
    """An Http whose answers are given; tells what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), []
        self.before: Callable[[], None] = lambda: None

    def request(self, method: str, path: str, **parts: Any) -> Response:
        self.asked.append({"path": path, **parts})
        self.before()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer if isinstance(answer, tuple) else (200, answer, {})
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(status, headers, text, 0.1, parts.get("write", False))

    def hide(self, secret: str) -> None:
        self.hidden = secret


class World:
    """A client with everything it is handed."""

    def __init__(self, *answers: Any, keep: MemoryKeep | None = None, **secrets: str) -> None:
        self.wire, self.clock, self.trace, self.keep = (
            Wire(*answers),
            StillClock(),
            Trace(),
            keep or MemoryKeep(),
        )
        self.account = Account(
            "c",
            {"shop": "x.myshopify.com", "client_id": "id" if "client_secret" in secrets else ""},
            Secrets(secrets or {"access_token": "shpat_1"}),
        )
        services = Services(self.clock, self.keep, self.trace)
        self.client = Client(self.account, services, "x.myshopify.com", "https://x.myshopify.com", self.wire)

    def ask(self, name: str = QUERY, **variables: Any) -> Any:
        return self.client.query(name, variables).data


class TestPacing:
    def test_a_throttled_call_waits_for_exactly_the_missing_points(self) -> None:
        world = World(
            {**error("THROTTLED"), "extensions": cost(110, None, 10)},
            {**OK, "extensions": cost(10, 10, 1990)},
        )
        assert world.client.query(QUERY, urgent=True).data["productsCount"]["count"] == 3
        assert world.clock.slept == pytest.approx(1.0, abs=0.06)
        assert [f["throttled"] for _, f in world.trace.requests] == [True, False]

    def test_throttling_is_no_failure_however_often(self) -> None:
        throttled = {**error("THROTTLED"), "extensions": cost(10, None, 0)}
        world = World(*[throttled] * 30, {**OK, "extensions": cost(10, 10, 1990)})
        assert world.ask()["productsCount"]["count"] == 3

    def test_a_throttled_answer_without_figures_waits_too(self) -> None:
        world = World(error("THROTTLED"), OK)
        world.ask()
        assert world.clock.slept > 0

    def test_the_bucket_is_learnt_from_each_answer(self) -> None:
        world = World({**OK, "extensions": cost(10, 10, 19990, 20000, 1000)})
        world.ask()
        assert (world.client.bucket.maximum, world.client.bucket.restore) == (20000, 1000)

    def test_the_urgent_spend_what_is_kept_for_them(self) -> None:
        world = World({**OK, "extensions": cost(10, 10, 30)})
        world.ask()
        world.client.query(QUERY, urgent=True)
        assert world.clock.slept == 0
        world.ask()
        assert world.clock.slept > 0

    def test_writes_in_flight_follow_what_the_shop_feeds(self) -> None:
        done = {"data": {"inventorySetQuantities": {"userErrors": []}}}
        small = World({**done, "extensions": cost(10, 10, 40)})
        large = World({**done, "extensions": cost(10, 10, 19_000, 20_000, 1000)})
        for world in (small, large):
            assert world.client.bucket.useful(32) == 32  # nothing is known yet
            world.ask(WRITE, input={}, key="k")
        # A round trip of 0.1 s at 100 points a second feeds one call of 10; half as many again, and one more.
        assert (small.client.bucket.useful(32), large.client.bucket.useful(32)) == (3, 32)

    def test_points_spent_are_reported(self) -> None:
        world = World({**OK, "extensions": cost(10, 4, 1996)})
        world.ask()
        [(operation, figures)] = world.trace.requests
        assert operation == "ProductsCount" and figures["points"] == 4 and figures["available"] == 1996

    def test_the_bucket_is_spent_without_waiting_while_it_lasts(self) -> None:
        world = World({**OK, "extensions": cost(10, 10, 1990)})
        for _ in range(50):
            world.ask()
        assert world.clock.slept == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "kind", "words"),
        [
            ((402, "", {}), NotAuthorised, "frozen"),
            ((403, "", {}), NotAuthorised, "scopes"),
            ((404, "", {}), NotAuthorised, "no shop"),
            ((423, "", {}), NotAuthorised, "locked"),
            ((430, "", {}), NotAuthorised, "security"),
            ((301, "", {}), NotAuthorised, "redirect"),
            ((401, {"errors": "[API] Invalid API key or access token"}, {}), NotAuthorised, "access token"),
            (
                error("ACCESS_DENIED", requiredAccess="`read_products` access scope."),
                NotAuthorised,
                "read_products",
            ),
            (error("MAX_COST_EXCEEDED"), BrokenContract, "larger"),
            (error("undefinedField"), BrokenContract, "understand"),
            ((400, "nonsense", {}), BrokenContract, "400"),
            ({"errors": "something"}, BrokenContract, "understand"),
            ({"errors": {"base": ["x"]}}, BrokenContract, "understand"),
            ([1], BrokenContract, "readable"),
        ],
    )
    def test_each_has_its_name_and_a_sentence(self, answer: Any, kind: type[Exception], words: str) -> None:
        world = World(answer)
        with pytest.raises(kind, match=words):
            world.ask()
        assert len(world.wire.asked) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            (500, "", {}),
            (503, "busy", {}),
            (200, "<html>", {"Content-Type": "text/html"}),
            (200, '{"data": {"pro', {}),
            error("INTERNAL_SERVER_ERROR", requestId="r"),
            {"data": None},
            Transient("no answer"),
        ],
    )
    def test_a_read_is_tried_again(self, answer: Any) -> None:
        world = World(answer, answer, OK)
        assert world.ask()["productsCount"]["count"] == 3
        assert world.clock.slept >= 3

    @pytest.mark.parametrize(
        "answer",
        [
            (500, "", {}),
            (502, "<html>", {}),
            (200, "<html>", {}),
            (200, '{"data": {"inv', {}),
            {"data": None},
            [1],
            error("INTERNAL_SERVER_ERROR"),
            OutcomeUnknown("no answer"),
        ],
    )
    def test_a_write_without_a_clear_answer_is_unknown_and_not_repeated(self, answer: Any) -> None:
        world = World(answer)
        with pytest.raises(OutcomeUnknown):
            world.ask(WRITE, input={}, key="k")
        assert len(world.wire.asked) == 1

    def test_a_write_that_was_never_sent_is_tried_again(self) -> None:
        done = {"data": {"inventorySetQuantities": {"userErrors": []}}}
        world = World(Transient("refused"), (429, "", {"Retry-After": "7"}), done)
        assert world.ask(WRITE, input={}, key="k") == done["data"]
        assert world.clock.slept >= 8

    def test_retries_end(self) -> None:
        world = World((503, "", {}))
        with pytest.raises(Transient):
            world.ask()
        assert len(world.wire.asked) == 5 and world.clock.slept == 15

    def test_bad_variables_name_their_places(self) -> None:
        world = World(
            error(
                "INVALID_VARIABLE",
                problems=[{"path": ["quantities", 3, "quantity"], "explanation": "no Int"}],
            )
        )
        with pytest.raises(BadInput, match="no Int") as caught:
            world.ask(WRITE, input={}, key="k")
        assert caught.value.paths == (("quantities", "3", "quantity"),)

    def test_denied_fields_leave_the_rest(self) -> None:
        answer = {
            "data": {"orders": {"nodes": [{"id": "1", "email": None}]}},
            "errors": [
                {
                    "message": "x",
                    "path": ["orders", "nodes", 0, "email"],
                    "extensions": {"code": "ACCESS_DENIED"},
                }
            ],
        }
        found = World(answer).client.query(QUERY, partial=True)
        assert found.data["orders"] and found.problems[0].path == ("orders", "nodes", "0", "email")

    def test_a_reader_that_needs_all_gets_the_missing_scope(self) -> None:
        answer = {"data": {"products": {}}, **error("ACCESS_DENIED", requiredAccess="`read_inventory`")}
        with pytest.raises(NotAuthorised, match="read_inventory"):
            World(answer).ask()

    def test_another_api_version_is_an_error_in_the_log_once(self, caplog: pytest.LogCaptureFixture) -> None:
        world = World((200, OK, {"X-Shopify-API-Version": "2026-01"}))
        with caplog.at_level(logging.ERROR, "counterpart.shopify"):
            world.ask()
            world.ask()
        assert [r.levelname for r in caplog.records] == ["ERROR"] and "2026-01" in caplog.text


class TestTokens:
    GRANT = (200, {"access_token": "shpat_new", "expires_in": 86399}, {})

    def test_a_static_token_goes_in_the_header(self) -> None:
        world = World(OK)
        world.ask()
        assert world.wire.asked[0]["headers"] == {"X-Shopify-Access-Token": "shpat_1"}

    def test_client_credentials_are_exchanged_once_and_kept(self) -> None:
        world = World(self.GRANT, OK, client_secret="shpss_1")
        world.ask()
        world.ask()
        assert [a["path"].rsplit("/", 1)[1] for a in world.wire.asked] == [
            "access_token",
            "graphql.json",
            "graphql.json",
        ]
        assert world.wire.asked[0]["data"]["client_secret"] == "shpss_1"
        again = World(OK, keep=world.keep, client_secret="shpss_1")
        again.ask()
        assert (
            len(again.wire.asked) == 1
            and again.wire.asked[0]["headers"]["X-Shopify-Access-Token"] == "shpat_new"
        )

    def test_another_secret_does_not_use_the_kept_token(self) -> None:
        first = World(self.GRANT, OK, client_secret="shpss_1")
        first.ask()
        second = World(self.GRANT, OK, keep=first.keep, client_secret="shpss_2")
        second.ask()
        assert len(second.wire.asked) == 2

    def test_a_refused_token_is_renewed_once(self) -> None:
        world = World(self.GRANT, (401, "", {}), self.GRANT, OK, client_secret="shpss_1")
        assert world.ask()
        assert len(world.wire.asked) == 4

    def test_refused_twice_is_the_operators_matter(self) -> None:
        world = World(self.GRANT, (401, "", {}), self.GRANT, (401, "", {}), client_secret="shpss_1")
        with pytest.raises(NotAuthorised):
            world.ask()

    def test_a_token_about_to_expire_is_renewed_before(self) -> None:
        short = (200, {"access_token": "shpat_short", "expires_in": 0.002}, {})
        world = World(short, OK, client_secret="shpss_1")
        world.ask()
        world.wire.answers = [self.GRANT, OK]
        while world.clock.now() < world.client.tokens._renew_at:
            pass
        world.ask()
        assert world.wire.asked[-1]["headers"]["X-Shopify-Access-Token"] == "shpat_new"

    def test_one_of_several_threads_fetches_the_token(self) -> None:
        world, together = World(self.GRANT, OK, client_secret="shpss_1"), Barrier(4)

        def ask() -> None:
            together.wait(120)
            world.ask()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: ask(), range(4)))
        assert sum(a["path"].endswith("access_token") for a in world.wire.asked) == 1

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"error": "shop_not_permitted"}, "organisation"),
            ({"error": "app_not_installed"}, "not installed"),
            ({"error": "invalid_client"}, "client id or secret"),
        ],
    )
    def test_refused_credentials_say_what_to_do(self, body: dict[str, str], words: str) -> None:
        with pytest.raises(NotAuthorised, match=words):
            World((400, body, {}), client_secret="shpss_1").ask()

    def test_nothing_shows_a_secret(self) -> None:
        world = World((401, "", {}))
        with pytest.raises(NotAuthorised) as caught:
            world.ask()
        shown = repr(caught.value) + repr(world.client) + repr(world.client.tokens) + repr(world.account)
        assert "shpat_1" not in shown
