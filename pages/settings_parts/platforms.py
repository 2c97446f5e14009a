"""What helps a person through a platform's form: where to find its words, which inputs can wait, how facts
are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pages.parts import N_


@dataclass(frozen=True)
class Guide:
    """Help for one platform. `steps` are Markdown of ours; `later` are inputs that most people leave alone,
    under the heading `later_title`."""

    icon: str
    steps: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()
    later_title: str = N_("More settings")


GUIDES: Mapping[str, Guide] = {
    "sentos": Guide(
        "inventory_2",
        (
            N_("Open the **API settings** in your Sentos panel."),
            N_(
                "Copy **API Url** (or just the firm name in it), **API Anahtar** (the "
                "key) and **API Şifre** (the secret)."
            ),
            N_("If the panel lists allowed addresses, add the one of this machine."),
        ),
        frozenset({"profile", "thousands"}),
        N_("Reading speed and number style"),
    ),
    "shopify": Guide(
        "storefront",
        (
            N_("In Shopify's **Dev Dashboard**, create an app in the organisation that owns your store."),
            N_("Give its version the **access scopes** below, release it, and install the app on the store."),
            N_("Copy **Client ID** and **Client secret** from the app's settings."),
        ),
        frozenset({"access_token", "api_secret"}),
        N_("An older app with an access token instead"),
    ),
}
PLAIN = Guide("hub")

# The words of the platforms' own choices.
CHOICES: Mapping[str, str] = {
    "normal": N_("Normal"),
    "careful": N_("Careful"),
    "strict": N_("Very slow"),
    "ask": N_("Report it, change nothing"),
    "thousands": N_("1,220 (thousands)"),
    "decimal": N_("1.22 (decimals)"),
}

FACTS: Mapping[str, str] = {
    "shop": N_("Shop"),
    "firm": N_("Firm"),
    "domain": N_("Domain"),
    "currency": N_("Currency"),
    "plan": N_("Plan"),
    "time_zone": N_("Time zone"),
    "api_version": N_("API version"),
    "sign_in": N_("Sign-in"),
    "warehouses": N_("Warehouses"),
    "orders": N_("Orders"),
    "products": N_("Products"),
}
# Facts that are words of ours.
FACT_WORDS = (
    N_("access token"),
    N_("client id and secret"),
    N_("only those of the last 60 days (read_all_orders is not granted)"),
)


def guide_of(platform: str) -> Guide:
    """The guide of a platform; a plain one for a platform that has none."""
    return GUIDES.get(platform, PLAIN)
