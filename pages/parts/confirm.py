"""The question before something that cannot be taken back: what will happen, and a word to type."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from console.i18n import _, render
from pages.parts.text import plain
from storage.users import Role

_ARROWS = re.compile(r"<?[-=–—]*>|[→⇄↔←⟶]")
_ONE_I = str.maketrans("Iİı", "iii")  # on a Turkish keyboard I and İ are two letters


@dataclass(frozen=True)
class Question:
    """What is asked: a title, what will happen (ours, Markdown), facts to weigh, the word to type, the verb
    on the button.
    """

    title: str
    consequence: str
    phrase: str
    verb: str
    facts: Sequence[str] = ()
    role: Role = "operator"


def ask(question: Question, act: Callable[[], None], *, key: str) -> None:
    """Open the question now; `act` runs once the exact word is typed and the button pressed, then the page is
    drawn anew.

    The word is compared here again: a button that was disabled in the browser proves nothing.
    """

    @st.dialog(question.title, icon=":material/warning:")
    def dialog() -> None:
        _explain(question)
        typed = st.text_input(
            render("Type {phrase} to confirm", phrase=plain(question.phrase)),
            key=f"{key}_phrase",
            live=True,
            autocomplete="off",
        )
        agreed = same_words(typed or "", question.phrase)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Cancel"), key=f"{key}_cancel"):
                st.rerun()
            if st.button(question.verb, key=f"{key}_do", type="primary", disabled=not agreed) and agreed:
                _do(question, act)

    dialog()


def same_words(typed: str, phrase: str) -> bool:
    """Is this the phrase? Case and blanks do not count, and an arrow may be typed as "->", ">" or a blank:
    no keyboard has the one that links are named with."""
    return bool(typed.strip()) and _typable(typed) == _typable(phrase)


def _typable(text: str) -> str:
    bare = _ARROWS.sub(" ", text).strip()
    return " ".join((bare or text).translate(_ONE_I).casefold().split())


def _explain(question: Question) -> None:
    st.markdown(question.consequence)
    if question.facts:
        st.markdown("\n".join(f"- {plain(fact)}" for fact in question.facts))


def _do(question: Question, act: Callable[[], None]) -> None:
    from console.access import require

    require(question.role)
    act()
    st.rerun()
