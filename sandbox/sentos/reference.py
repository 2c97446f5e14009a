"""The small endpoints: categories, warehouses, platforms and the tenant's own sales channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.platform import Tools
from sandbox.sentos.gate import Ask, Refused
from sandbox.sentos.order_rules import PAYMENT_METHODS
from sandbox.sentos.store import PLATFORMS, Raw, Store


class Reference:
    """Handlers that hardly ever change anything."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store, self._tools = store, tools

    def warehouses(self, _: Ask) -> list[Raw]:
        """``GET /warehouses``: a bare array."""
        return self._store.warehouses

    def platforms(self, _: Ask) -> Raw:
        """``GET /platforms``: an object by platform group."""
        return PLATFORMS

    def categories(self, _: Ask) -> list[Raw]:
        """``GET /categories``: a bare array, a tree."""
        return self._store.categories

    def category(self, ask: Ask) -> list[Raw]:
        """``GET /categories/{id}``: an array of one."""
        wanted = ask.number()
        for category in _all(self._store.categories):
            if category["id"] == wanted:
                return [category]
        raise Refused(404, "Kategori bulunamadı")

    def new_category(self, ask: Ask) -> Raw:
        """``POST /categories {name, parent_id}``; parent 0 is the root."""
        body = _named(ask.body)
        parent_id = body.get("parent_id", 0)
        number = self._store.next_id(
            "category", max((one["id"] for one in _all(self._store.categories)), default=0) + 1
        )
        category: Raw = {"id": number, "name": body["name"], "parent_id": parent_id, "sub_categories": []}
        if parent_id == 0:
            self._store.save_category(category)
        else:
            self._store.save_category(self._put_below(category, parent_id))
        self._tools.ledger.effect("category.created", str(number), args=body, after=category)
        return {"errors": [], "message": "İşlem başarılı", "category": category}

    def _put_below(self, category: Raw, parent_id: Any) -> Raw:
        """Hang it under its parent; returns the root that holds both."""
        for root in self._store.categories:
            for parent in _all([root]):
                if parent["id"] == parent_id:
                    parent["sub_categories"].append(category)
                    return root
        raise Refused(422, "Doğrulama hatası", {"parent_id": ["kategori bulunamadı"]})

    def channels(self, _: Ask) -> list[Raw]:
        """``GET /sales-channels``: the tenant's own ones."""
        return list(self._store.channels.values())

    def new_channel(self, ask: Ask) -> Raw:
        """``POST /sales-channels {name, url, payment_method, order_prefix, note}`` → ``{saleschannel:
        {id}}``."""
        body = _named(ask.body)
        method = body.get("payment_method")
        if method is not None and method not in PAYMENT_METHODS:
            raise Refused(422, "Doğrulama hatası", {"payment_method": ["geçersiz ödeme yöntemi"]})
        names = ("url", "payment_method", "order_prefix", "note")
        channel = {
            "id": self._store.next_id("channel", 1),
            "name": body["name"],
            **{n: body.get(n) or "" for n in names},
        }
        self._store.save_channel(channel)
        self._tools.ledger.effect(
            "channel.created", str(channel["id"]), key=channel["name"], args=body, after=channel
        )
        return {"saleschannel": channel}


def _all(tree: list[Raw]) -> Iterator[Raw]:
    for category in tree:
        yield category
        yield from _all(category["sub_categories"])


def _named(body: Any) -> Raw:
    if not isinstance(body, dict) or not str(body.get("name") or "").strip():
        raise Refused(422, "Doğrulama hatası", {"name": ["zorunludur"]})
    return body
