"""Languages: every message has a Turkish text with the same places, and a sentence always comes out."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import i18n, messages, po
from console.i18n import N_plural, _, best_of, ngettext, reading_in, render
from sync.model.text import Message

MESSAGES = messages.collect()
TURKISH = [entry for entry in po.read(i18n.catalogue_path("tr")) if entry.id]


def places(template: str) -> set[str]:
    return {
        name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name is not None
    }


def test_every_word_of_the_console_has_a_turkish_text() -> None:
    shell = {
        i: e for i, e in MESSAGES.items() if any(p.startswith(("console/", "pages/parts/")) for p in e.places)
    }
    assert shell
    assert not messages.untranslated("tr", shell)


def test_every_message_has_a_turkish_text() -> None:
    missing = messages.untranslated("tr", MESSAGES)
    assert not missing, "run `make messages`, then translate in locale/tr/counterpart.po:\n" + "\n".join(
        missing
    )


def test_the_catalogue_holds_no_message_that_has_gone() -> None:
    assert not {entry.id for entry in TURKISH} - set(MESSAGES), "run `make messages`"


@pytest.mark.parametrize(
    "entry", [entry for entry in TURKISH if entry.translated], ids=lambda entry: entry.id[:40]
)
def test_a_translation_has_the_same_places_as_its_message(entry: po.Entry) -> None:
    for text in entry.texts:
        assert places(text) <= places(entry.plural or entry.id)
        assert places(entry.id) <= places(text) | {"count"}


def test_a_stored_sentence_is_read_in_the_readers_language() -> None:
    message = Message("There is no host {host}.", {"host": "shop.example"})
    assert render(message) == "There is no host shop.example."
    with reading_in("tr"):
        assert render(message) == i18n.filled(_("There is no host {host}."), message.params)


def test_a_missing_place_stays_visible_and_nothing_raises() -> None:
    assert render("{count} of {total}", count=3) == "3 of {total}"
    assert render("{count:,} rows", count="many") == "many rows"
    assert render("a lone { brace", x=1) == "a lone { brace"
    assert render("{} and {0}", x=1) == "{} and {0}"


@given(st.text(), st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.none())))
def test_no_template_makes_a_sentence_fail(template: str, params: dict[str, object]) -> None:
    assert isinstance(i18n.filled(template, params), str)


def test_a_template_reaches_nothing_but_its_parameters() -> None:
    class Secretive:
        token = "shpat_secret"

    assert "secret" not in render("{x.token} {x[0]} {x.__class__}", x=Secretive())


def test_plurals_follow_the_count() -> None:
    assert ngettext("{count} minute ago", "{count} minutes ago", 1) == "1 minute ago"
    assert ngettext("{count} minute ago", "{count} minutes ago", 5) == "5 minutes ago"
    with reading_in("tr"):
        assert ngettext("{count} minute ago", "{count} minutes ago", 5) == "5 dakika önce"


def test_a_stored_plural_says_one_for_one() -> None:
    stored = N_plural("{count} minute ago", "{count} minutes ago")
    assert render(Message(stored, {"count": 1})) == "1 minute ago"
    assert render(Message(stored, {"count": 2})) == "2 minutes ago"


def test_unknown_languages_are_read_in_english() -> None:
    with reading_in("xx"):
        assert (i18n.current(), _("Dashboard")) == ("en", "Dashboard")


@pytest.mark.parametrize(
    ("header", "language"),
    [("tr-TR,tr;q=0.9", "tr"), ("de,tr;q=0.5,en", "tr"), ("", "en"), ("*", "en"), ("de", "en")],
)
def test_the_browsers_first_language_that_we_speak(header: str, language: str) -> None:
    assert best_of(header) == language


def test_the_extraction_finds_every_way_of_writing_a_message() -> None:
    source = """
_("plain"); N_("marked"); say("said {x}", x=1); Message("stored"); Message(id="by name"); _(variable)
ngettext("{count} row", "{count} rows", n); raise NeedsOperator("raised")
i18n._("through the module"); _("joined " "up"); journal.say("error", text)
"""
    found = {entry.id: entry.plural for entry in messages.found_in(source)}
    assert found == {
        "plain": None,
        "marked": None,
        "said {x}": None,
        "stored": None,
        "by name": None,
        "raised": None,
        "{count} row": "{count} rows",
        "through the module": None,
        "joined up": None,
    }


def test_the_extraction_finds_what_a_module_keeps_in_a_table_and_says_later() -> None:
    table = """
LATE = "It comes {late}."
CAUSES: dict[str, tuple[str, str]] = {"a": ("field", "The field is empty."), "b": ("x", "plain words")}
text = "One way." if x else "The other one."
made = build("Of somebody else.") + f"Not a {template}."
"""
    said = {entry.id for entry in messages.found_in(table + "say(CAUSES[cause][1])")}
    assert said == {"It comes {late}.", "The field is empty.", "One way.", "The other one."}
    assert not list(messages.found_in(table + 'say("")')), "nothing here is said by a variable"


def test_merging_keeps_translations_and_drops_what_has_gone() -> None:
    old = [po.Entry("", texts=["head"]), po.Entry("kept", texts=["kalan"]), po.Entry("gone", texts=["giden"])]
    merged = messages.merged(old, {"kept": po.Entry("kept"), "new": po.Entry("new")})
    assert {entry.id: entry.texts for entry in merged} == {"": ["head"], "kept": ["kalan"], "new": [""]}


@given(
    st.lists(
        st.text(
            st.characters(
                exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
            ),
            min_size=1,
        ),
        unique=True,
    )
)
def test_a_catalogue_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    path = tmp_path_factory.mktemp("po") / "x.po"
    printable = [text for text in ids if text.isprintable() or text in ("\n", "\t")]
    po.write(
        path,
        [
            po.Entry("", texts=["Content-Type: text/plain; charset=UTF-8\n"]),
            *(po.Entry(i, texts=[i[::-1]]) for i in printable),
        ],
    )
    back = po.read(path)
    assert {entry.id: entry.texts for entry in back if entry.id} == {i: [i[::-1]] for i in printable}
    catalogue = po.translations(back)
    assert all(catalogue.gettext(i) == i[::-1] for i in printable)


def test_a_broken_catalogue_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text('msgid ""\nmsgstr ""\nnonsense here\n', encoding="utf-8")
    with pytest.raises(ValueError, match="x.po, line 3"):
        po.read(path)
