"""Signing in at Shopify: by client credentials, and what is said when it fails."""

from __future__ import annotations

from sync.connectors.registry import spec as spec_of
from sync.connectors.shopify import ShopifyConnector
from sync.model.ports import Account
from tests.contract.doubles import Secrets
from tests.contract.shopify_factory import ShopifyHarness


class TestSignIn:
    def opened(self, shop: ShopifyHarness, **secrets: str) -> ShopifyConnector:
        settings = {
            "shop": "demo-store.myshopify.com",
            "base_url": shop.sandbox.url,
            "client_id": "sandbox-client",
        }
        account = Account("c", settings, Secrets(secrets), speed=shop.speed, allow_private=True)
        return spec_of("shopify").open(account, shop.services)  # type: ignore[return-value]

    def test_client_credentials_work_and_survive_revocation(self, shop: ShopifyHarness) -> None:
        connector = self.opened(shop, client_secret="shpss_sandbox_secret")
        assert connector.check().ok and connector.check().facts["sign_in"] == "client id and secret"
        shop.sandbox.post("/tokens/revoke")
        assert connector.check().ok

    def test_a_wrong_secret_is_a_sentence(self, shop: ShopifyHarness) -> None:
        check = self.opened(shop, client_secret="shpss_wrong").check()
        assert not check.ok and "client id or secret" in str(check.missing[0].message)

    def test_no_credentials_at_all_is_a_sentence(self, shop: ShopifyHarness) -> None:
        check = self.opened(shop).check()
        assert not check.ok and "access token" in str(check.missing[0].message)

    def test_another_shop_than_the_one_entered_is_noticed(self, shop: ShopifyHarness) -> None:
        settings = {"shop": "other.myshopify.com", "base_url": shop.sandbox.url}
        account = Account("c", settings, Secrets({"access_token": "shpat_sandbox_token"}), allow_private=True)
        check = spec_of("shopify").open(account, shop.services).check()
        assert [m.code for m in check.missing] == ["other_shop"]
