"""Firm names, and the registry that finds the platform."""

from __future__ import annotations

import pytest

from sync.connectors import registry
from sync.connectors.sentos.settings import api_url, firm_host, normalise
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS


@pytest.mark.parametrize(
    "entered",
    [
        "ornek",
        "ORNEK",
        " ornek ".strip(),
        "ornek.sentos.com.tr",
        "https://ornek.sentos.com.tr",
        "ornek.sentos.com.tr/api/",
        "https://ornek.sentos.com.tr/api",
        "http://ornek.sentos.com.tr/panel/ayarlar?x=1",
        "https://ornek.sentos.com.tr:443/api",
    ],
)
def test_whatever_the_operator_pastes_becomes_the_address(entered: str) -> None:
    assert api_url(entered) == "https://ornek.sentos.com.tr/api"


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "https://api.sentos.com.tr/docs",
        "www.sentos.com.tr",
        "https://example.com",
        "https://ornek.sentos.com.tr.evil.com",
        "https://user:pass@ornek.sentos.com.tr",
        "https://ornek.sentos.com.tr:8443",
        "http://127.0.0.1:8080/api",
        "a b",
        "örnek",
        "ftp://ornek.sentos.com.tr",
        "https://[broken",
        "-x",
    ],
)
def test_what_is_no_firm_says_what_to_enter(entered: str) -> None:
    with pytest.raises(NeedsOperator):
        api_url(entered)


def test_the_sandbox_is_reached_only_as_a_sandbox() -> None:
    values = normalise({"url": "http://127.0.0.1:8080", "sandbox": "true"})
    assert values["url"] == "http://127.0.0.1:8080/api" and firm_host(values["url"]) == "127.0.0.1:8080"
    with pytest.raises(NeedsOperator):
        normalise({"url": "http://10.0.0.1:8080", "sandbox": "true"})


def test_choices_are_checked_and_completed() -> None:
    assert normalise({"url": "ornek"}) == {
        "url": "https://ornek.sentos.com.tr/api",
        "profile": "normal",
        "thousands": "ask",
    }
    for odd in ({"profile": "fast"}, {"thousands": "maybe"}):
        with pytest.raises(NeedsOperator):
            normalise({"url": "ornek", **odd})


def test_the_registry_finds_platforms_and_not_the_reference() -> None:
    assert "sentos" in registry.SPECS and "memory" not in registry.SPECS
    assert registry.spec("sentos").title == "Sentos"
    with pytest.raises(KeyError, match="sentos"):
        registry.spec("nonsense")


def test_every_spec_speaks_of_known_fields() -> None:
    for spec in registry.SPECS.values():
        assert {field.kind for field in spec.fields} <= {"text", "secret", "choice", "switch", "number"}
        for entity in (Entity.PRODUCT, Entity.VARIANT):
            assert spec.supports(entity).readable <= set(ALL_FIELDS)
