"""`python -m tests.pages.seed FOLDER [PRODUCTS] [live]`: a data folder to look at in a browser. Sign in as
ayse with the password of the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

from storage.users import Users
from tests.pages import seed
from tests.pages.seed import stock


def main(folder: Path, products: int, live: bool) -> None:
    """Fill the folder; `live` adds a run that writes and one that a brake holds."""
    folder.mkdir(parents=True, exist_ok=True)
    ws = seed.open_at(folder)
    Users(ws.db).create_first("ayse", seed.PASSWORD)
    shop = seed.everything(ws, products)
    if live:
        seed.braked(ws, shop)
        seed.running(ws, shop)
        outlet = stock.stores(ws, number=3)
        stock.matched(ws, outlet)
        stock.plan(ws, outlet)
        stock.writing(ws, outlet)
    ws.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 250, len(sys.argv) > 3)
