"""Tests for flanlike/microworld/corpus.py."""

import pathlib
import re
import tomllib

import pytest

import flanlike
from flanlike import errors, seeding
from flanlike.microworld import corpus, corpus_compare, corpus_stories, generators, ontology

TEMPLATES = pathlib.Path(flanlike.__file__).parent.parent / "templates"


@pytest.fixture(scope="module")
def documents():
    """Documents of the second edition from all of its course; it has all that the first has."""
    rows = [*range(14_000), *range(100_000, 400_000, 20), *range(560_000, 950_000, 40)]
    return [corpus.document(row, edition=2) for row in rows]


def test_a_document_depends_on_row_and_seed_alone():
    forward = [corpus.document(row) for row in range(50)]
    backward = [corpus.document(row) for row in reversed(range(50))]
    assert forward == backward[::-1]
    assert forward != [corpus.document(row, seed=1) for row in range(50)]


def test_the_second_edition_has_all_of_the_first_and_no_other_is_known():
    first, second = (corpus._EDITIONS[number] for number in (1, 2))
    assert corpus.EDITIONS == (1, 2) and set(first.shares) < set(second.shares)
    with pytest.raises(errors.UserError, match=r"edition 3 of the corpus: there are \(1, 2\)"):
        corpus.document(0, edition=3)


def test_the_second_edition_says_of_no_deed_what_a_task_may_say():
    first = [str(corpus.document(row)) for row in range(3_000)]
    second = [str(corpus.document(row, edition=2)) for row in range(3_000)]
    deed = re.compile(r"\b[A-Z]\w+ (bought|threw|gave|hid) the \w+")
    assert any(map(deed.search, first)) and not any(map(deed.search, second))


def test_where_the_course_is_most_documents_are_of_its_kind():
    for edition, rows, kind in (
        (1, range(160_000, 160_400), corpus_stories.simply_true_or_false),
        (2, range(260_000, 260_400), corpus_compare.following_among_several),
    ):
        tellers = [corpus._EDITIONS[edition].teller(row, seeding.rng(row)) for row in rows]
        others = [corpus._EDITIONS[edition].teller(row, seeding.rng(row)) for row in range(400)]
        assert others.count(kind) < 40 < 260 < tellers.count(kind)


def test_typesetting_closes_up_punctuation_and_starts_sentences():
    text = 'plum . "what is it ? " "a plum ."'
    assert corpus.typeset(text, capitals=False) == 'plum. "what is it?" "a plum."'
    assert corpus.typeset(text, capitals=True) == 'Plum. "What is it?" "A plum."'


def test_no_document_has_the_layout_or_the_words_of_a_template(documents):
    """Neither the header that prompts give their options, nor five words in a row of a template."""
    wordings = {
        run
        for template in _templates()
        for part in re.split(r"\{\w+\}", template["input"].lower())  # between the fields
        for run in _runs(part, 5)
    }
    assert len(wordings) > 1_000
    for document in documents:
        text = str(document).lower()
        assert "option" not in text
        assert not wordings & set(_runs(text, 5)), text


def test_the_answer_is_apart_and_nothing_of_it_is_lost(documents):
    answered = [document for document in documents[:2_000] if document.answer]
    assert len(answered) > 400
    assert all("|" not in str(d) and str(d).endswith(d.answer) for d in answered)


def test_no_sentence_of_a_task_is_a_sentence_of_the_corpus(documents):
    """But for causes and effects, which are clauses of the world itself, and for sums."""
    told = {sentence for document in documents for sentence in _sentences(str(document))}
    shared = set()
    for name in generators.GENERATORS:
        for row in range(200):
            record = generators.generate(name, "test", row)
            texts = [value for value in record.values() if isinstance(value, str)]
            shared |= told & {s for text in texts for s in _sentences(text)}
    clauses = {c for cause in ontology.CAUSES for c in (cause.cause, cause.effect)}
    names = [person.name for person in ontology.PEOPLE]
    shared -= {clause.format(who=name).lower() for clause in clauses for name in names}
    assert not {sentence for sentence in shared if not re.fullmatch(r"[\d+\-= ]+", sentence)}


def _templates() -> list[dict]:
    files = [path for path in TEMPLATES.glob("*.toml") if not path.name.startswith("_")]
    return [one for path in files for one in tomllib.loads(path.read_text())["template"]]


def _runs(text: str, length: int) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return [tuple(words[i : i + length]) for i in range(len(words) - length + 1)]


def _sentences(text: str) -> set[str]:
    parts = re.split(r"[.?!:\"\n]", text.lower())
    return {part.strip() for part in parts if len(part.split()) >= 4}
