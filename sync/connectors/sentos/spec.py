"""Sentos as the settings page and the registry find it."""

from __future__ import annotations

from sync.connectors.contract import Spec
from sync.connectors.sentos.connector import SentosConnector, supports
from sync.connectors.sentos.settings import POINTS, PROFILES, normalise
from sync.model.entity import Entity
from sync.model.support import FormField, Need

FIELDS = (
    FormField(
        "url",
        "Firm name or API address",
        required=True,
        placeholder="ornek",
        help="As the Sentos panel shows it under API settings, such as https://ornek.sentos.com.tr/api.",
    ),
    FormField("key", "API key (API Anahtar)", "secret", required=True),
    FormField("secret", "API secret (API Şifre)", "secret", required=True),
    FormField(
        "profile",
        "Speed",
        "choice",
        choices=tuple(PROFILES),
        default="normal",
        help="How fast Sentos is read. Choose a slower one if Sentos complains about too many requests.",
    ),
    FormField(
        "thousands",
        "A price such as 1.220 means",
        "choice",
        choices=POINTS,
        default="ask",
        help="ask: leave such prices alone and report them; thousands: one thousand two hundred twenty; "
        "decimal: one lira twenty-two.",
    ),
)


def scopes(entity: Entity | Need) -> tuple[str, ...]:
    """Sentos has no scopes by name; its panel lists addresses that may call, and the rights of the API
    user."""
    return ()


SPEC = Spec(
    "sentos",
    "Sentos",
    FIELDS,
    (Entity.PRODUCT, Entity.STOCK, Entity.ORDER),
    SentosConnector,
    normalise,
    scopes,
    supports,
)
