"""Tests for flanlike/microworld/corpus.py."""

import re

from flanlike.microworld import corpus, generators, ontology


def test_a_document_depends_on_row_and_seed_alone():
    forward = [corpus.document(row) for row in range(50)]
    backward = [corpus.document(row) for row in reversed(range(50))]
    assert forward == backward[::-1]
    assert forward != [corpus.document(row, seed=1) for row in range(50)]


def test_typesetting_closes_up_punctuation_and_starts_sentences():
    text = 'plum . "what is it ? " "a plum ."'
    assert corpus._typeset(text, capitals=False) == 'plum. "what is it?" "a plum."'
    assert corpus._typeset(text, capitals=True) == 'Plum. "What is it?" "A plum."'


def test_documents_hold_no_instruction_and_no_list_of_options():
    for row in range(5_000):
        text = corpus.document(row).lower()
        assert "option" not in text and "\n" not in text


def test_no_sentence_of_a_task_is_a_sentence_of_the_corpus():
    """But for causes and effects, which are clauses of the world itself, and for sums."""
    told = {s for row in range(20_000) for s in _sentences(corpus.document(row))}
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


def _sentences(text: str) -> set[str]:
    parts = re.split(r"[.?!:\"\n]", text.lower())
    return {part.strip() for part in parts if len(part.split()) >= 4}
