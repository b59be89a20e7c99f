"""Tests for flanlike/microworld/corpus.py."""

from flanlike.microworld import corpus


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


def test_label_words_are_never_attached_to_a_whole_sentence():
    """ "positive" occurs only in entries about single words, not next to a person's opinion."""
    names = {"ada", "boris", "carl", "dina"}
    for row in range(5_000):
        words = set(corpus.document(row).lower().replace(".", " ").split())
        if words & {"positive", "negative"}:
            assert not words & names
