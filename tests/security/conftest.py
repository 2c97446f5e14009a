"""The console's parts as the page tests build them, for those who attack them."""

from tests.pages.conftest import admin, app, shell, still

__all__ = ["admin", "app", "shell", "still"]
