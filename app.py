"""Counterpart's entry, in two roles.

The server imports this file once and gets the ASGI app: console, sign-in and workers in one process (on
PostgreSQL the workers may run elsewhere). Each browser session runs it again and gets the navigation.
`streamlit run app.py`, `python app.py` and `uvicorn app:app` all work.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is not None:
    from pages.parts import frame

    frame.run()
else:
    from console import assembly
    from storage.redact import install_redaction

    install_redaction()
    # Until a session has called st.navigation, Streamlit would run the files of pages/ by themselves, past
    # this one.
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, **assembly.parts())

    if __name__ == "__main__":
        app.run()
