"""Text that others wrote (titles, notes, error bodies): shown as it is, never as markup.

Prefer `st.text` and table cells, which render nothing. Where remote text has to stand inside Markdown (a
label, a bold title), it goes through `plain`.
"""

from __future__ import annotations

import re

import streamlit as st

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=\"'@/])")
_BREAKS = re.compile(r"\s+")
_LINKS = re.compile(r"(?i)(:/)(/)|(www)(\.)|(@)")
_JOINER = "\u2060"


def plain(text: object, limit: int = 300) -> str:
    """`text` for use inside Markdown: every sign that could begin markup, an icon, a link, a formula or HTML
    is escaped.

    Line breaks become blanks and more than `limit` characters are cut. A word joiner, which has no width,
    keeps addresses from becoming links.
    """
    flat = _BREAKS.sub(" ", str(text)).strip()
    cut = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    unlinked = _LINKS.sub(
        lambda m: _JOINER.join(part for part in m.groups() if part) + (_JOINER if m[5] else ""), cut
    )
    return _SPECIAL.sub(r"\\\1", unlinked)


def remote(text: object) -> None:
    """Draw a block of text from outside, letter by letter."""
    st.text(str(text))
