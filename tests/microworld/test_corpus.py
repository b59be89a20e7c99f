"""Tests for flanlike/microworld/corpus.py."""

import pathlib
import re
import tomllib

import flanlike
from flanlike.microworld import corpus, generators, ontology

TEMPLATES = pathlib.Path(flanlike.__file__).parent.parent / "templates"


def test_a_document_depends_on_row_and_seed_alone():
    forward = [corpus.document(row) for row in range(50)]
    backward = [corpus.document(row) for row in reversed(range(50))]
    assert forward == backward[::-1]
    assert forward != [corpus.document(row, seed=1) for row in range(50)]


def test_typesetting_closes_up_punctuation_and_starts_sentences():
    text = 'plum . "what is it ? " "a plum ."'
    assert corpus.typeset(text, capitals=False) == 'plum. "what is it?" "a plum."'
    assert corpus.typeset(text, capitals=True) == 'Plum. "What is it?" "A plum."'


def test_no_document_has_the_layout_or_the_words_of_a_template():
    """Neither the header that prompts give their options, nor five words in a row of a template."""
    wordings = {
        run
        for template in _templates()
        for part in re.split(r"\{\w+\}", template["input"].lower())  # between the fields
        for run in _runs(part, 5)
    }
    assert len(wordings) > 1_000
    for row in range(20_000):
        text = str(corpus.document(row)).lower()
        assert "option" not in text
        assert not wordings & set(_runs(text, 5)), text


def test_the_answer_is_apart_and_nothing_of_it_is_lost():
    answered = [d for d in map(corpus.document, range(2_000)) if d.answer]
    assert len(answered) > 400
    assert all("|" not in str(d) and str(d).endswith(d.answer) for d in answered)


def test_no_sentence_of_a_task_is_a_sentence_of_the_corpus():
    """But for causes and effects, which are clauses of the world itself, and for sums."""
    told = {s for row in range(20_000) for s in _sentences(str(corpus.document(row)))}
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
