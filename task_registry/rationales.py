"""Records of the chain-of-thought sets: a function a set, and what their rows have in common.

All are pure. Options lose their letters, for a prompt lists them in an order of its own, and so do
reasons that end in nothing but a letter.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flanlike.tasks import task
from task_registry import columns

STRATEGYQA = task.Labels(names=("no", "yes"), words=("no", "yes"))
CREAK = task.Labels(names=("false", "true"), words=("no", "yes"))
ESNLI = task.Labels(
    names=("entailment", "neutral", "contradiction"), words=("yes", "impossible to tell", "no")
)
SENSE = task.Labels(names=("first", "second"), words=("the first", "the second"))
_SENSE_PAIR = re.compile(r'- Sentence A: "(.*)"\n- Sentence B: "(.*)"', re.DOTALL)
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
_OF_NO_QUESTION = re.compile(
    r"rivers flow th?rough valleys|health complications|gritting your teeth"
    r"|(?:(?:this|the|that) )?(?:word|option|answer|choice|one)(?: (?:is|was))?(?: the)?"
    r"(?: (?:most|more|only|best|better|correct|right|relev\w*|relav\w*|relat\w*|applicable"
    r"|suitable|appropriate|option|answer|word|choice|to this task|for this task))+"
    r"|(?:(?:this|it) is )?(?:the )?(?:only|best|better|most) (?:\w+ )?(?:option|answer|word)"
    r"|.* - wikipedia.*"
)
_ECQA_OPTIONS = ("q_op1", "q_op2", "q_op3", "q_op4", "q_op5")
_LETTERED = re.compile(r"(?:- )?\(([A-H])\)\s*(.*)")
_IS_RIGHT = r"(?:\s+is\s+(?:the\s+)?(?:correct|right|answer)(?:\s+(?:answer|choice|option))?)"
_LETTER_AT_END = re.compile(
    r"\s*(?:\b(?:so|hence|thus|therefore)\b[\s,]*)?"
    r"(?:"
    r"(?:\bthe\s+)?(?:\bcorrect\s+)?\b(?:answer|ans|option|choice)\b\s*"
    rf"(?:is\b|will be\b|[=:,-])?\s*:?\s*(?:(?:option|choice)\b\s*)?\(?[A-E]\b\)?{_IS_RIGHT}?"
    rf"|(?<=[\n.])\s*\(?[A-E]\)?{_IS_RIGHT}?"
    r")\s*[.!]?\s*\Z",
    re.IGNORECASE,
)


def strings(names: str) -> dict[str, str]:
    """Returns a hub's columns that are all strings: "id text" -> {"id": "string", ...}."""
    return dict.fromkeys(names.split(), "string")


def gsm8k(row: task.Row) -> task.Record:
    """Returns the record of a worked solution, or of a prepared row."""
    if "rationale" in row:
        working = columns.text(row, "rationale")
        number = columns.text(row, "answer").replace(",", "")
    else:
        working, number = columns.worked_solution(row)
    return {
        "question": columns.text(row, "question"),
        "rationale": working,
        "references": [number],
    }


def ecqa(row: task.Row) -> task.Record:
    """Returns the record of a row of ECQA, or of a prepared one."""
    if "q_text" in row:
        question = columns.text(row, "q_text")
        options = [columns.text(row, column) for column in _ECQA_OPTIONS]
    else:
        question, lines = listed(row)
        options = [line.removeprefix("- ") for line in lines]
    fields = {"question": question, "rationale": columns.text(row, "taskB", "rationale")}
    return columns.choice_by_text(fields, options, columns.text(row, "q_ans", "answer"))


def strategyqa(row: task.Row) -> task.Record:
    """Returns the record of a question with the facts that decide it."""
    facts = columns.value(row, "rationale", "facts")
    if isinstance(facts, list):
        row = {**row, "facts": " ".join(facts)}
    return {
        "question": columns.text(row, "question"),
        "rationale": columns.text(row, "rationale", "facts"),
        "label": columns.yes_or_no(row, "answer"),
    }


def creak(row: task.Row) -> task.Record:
    """Returns the record of a claim, bare or in the quotes of a prepared question."""
    if "sentence" in row:
        claim = columns.text(row, "sentence")
    else:
        question = columns.text(row, "question")
        if not (quoted := _QUOTED.search(question)):
            raise ValueError(f"column 'question' is {question!r}; expected a claim in quotes")
        claim = quoted[1].strip()
    return {
        "claim": claim,
        "rationale": _reason(row, "explanation", "rationale"),
        "label": columns.label(row, CREAK.names, "label", "answer", no="false", yes="true"),
    }


def qasc(row: task.Row) -> task.Record:
    """Returns the record of a question; its two facts and what they come to are the rationale."""
    if "choices" in row:
        facts = [_reason(row, column) for column in ("fact1", "fact2", "combinedfact")]
        fields = {"question": columns.text(row, "question"), "rationale": " ".join(facts)}
        return columns.choice(fields, *columns.lettered_choices(row))
    question, options, gold = lettered(row)
    return columns.choice(
        {"question": question, "rationale": _reason(row, "rationale")}, options, gold
    )


def esnli(row: task.Row) -> task.Record:
    """Returns the record of a pair of sentences with the first written reason."""
    return {
        "premise": columns.prose(row, "premise"),
        "hypothesis": columns.prose(row, "hypothesis"),
        "rationale": _reason(row, "explanation_1"),
        "label": columns.label(row, ESNLI.names, "label"),
    }


def sensemaking(row: task.Row) -> task.Record:
    """Returns the record of the two sentences that a prepared question lists."""
    first, second = _two_sentences(row)
    aliases = {"Sentence A": "first", "Sentence B": "second"}
    return {
        "sentence1": first,
        "sentence2": second,
        "rationale": _reason(row, "rationale"),
        "label": columns.label(row, SENSE.names, "answer", **aliases),
    }


def is_one_sentence(row: task.Row) -> bool:
    """Returns whether the two sentences of a prepared question are the same."""
    first, second = _two_sentences(row)
    return first == second


def aqua(row: task.Row) -> task.Record:
    """Returns the record of a sum with five options."""
    if "options" in row:
        question = columns.text(row, "question")
        options, gold = with_letters(row["options"], columns.text(row, "correct"))
    else:
        question, options, gold = lettered(row)
    reason = without_last_letter(columns.text(row, "rationale"))
    question = columns.closed(columns.mended(question))
    fields = {"question": question, "rationale": columns.mended(reason)}
    return columns.choice(fields, [columns.mended(option) for option in options], gold)


def has_one_option(row: task.Row) -> bool:
    """Returns whether a sum's options are all the same, as they are where only units were kept."""
    if "options" in row:
        options, _ = with_letters(row["options"], columns.text(row, "correct"))
    else:
        _, options, _ = lettered(row)
    return len(set(options)) < 2


def is_unexplained(row: task.Row) -> bool:
    """Returns whether the answer has no sentence of its own: it is in several, or in none."""
    return not row["annotation"]["selected_sentence"]["string"].strip()


def qed(row: task.Row) -> task.Record:
    """Returns the record of a question with the sentence that answers it."""
    annotation = row["annotation"]
    sentence = annotation["selected_sentence"]["string"].strip()
    if not sentence:
        raise ValueError(
            f"the annotation is of type {annotation['explanation_type']!r} and selects no "
            "sentence; expected one with an explanation: leave such rows out"
        )
    answers = [answer["paragraph_reference"]["string"] for answer in annotation["answer"]]
    return {
        "passage": columns.text(row, "paragraph_text"),
        "question": columns.text(row, "question"),
        "rationale": located(sentence, annotation["referential_equalities"]),
        "references": columns.references(
            answers, [answer["string"] for answer in row["original_nq_answers"]]
        ),
    }


def cos_e(row: task.Row) -> task.Record:
    """Returns the record of a question with five options."""
    fields = {
        "question": columns.text(row, "question"),
        "rationale": _reason(row, "abstractive_explanation"),
    }
    return columns.choice_by_text(fields, row["choices"], columns.text(row, "answer"))


def says_nothing(row: task.Row) -> bool:
    """Returns whether the reason is one that its writer gave for question after question.

    They are a ninth of CoS-E's: that rivers flow through valleys, that a word is the relevant one,
    or what a web page is called.
    """
    reason = columns.text(row, "abstractive_explanation")
    return _OF_NO_QUESTION.fullmatch(reason.casefold().rstrip(". ")) is not None


def as_sentence(text: str) -> str:
    """Returns the text with a capital and an end: "trout have fins" -> "Trout have fins."."""
    text = text.strip()
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?\"')" else ".")


def listed(row: task.Row) -> tuple[str, list[str]]:
    """Returns the question and the lines below "Options:" of a prepared row."""
    question, mark, options = columns.text(row, "question").partition("\nOptions:\n")
    if not mark:
        raise ValueError(f"column 'question' is {question!r}; expected a line 'Options:' in it")
    return question.strip(), options.split("\n")


def lettered(row: task.Row) -> tuple[str, list[str], int]:
    """Returns question, options without letters and gold index of a prepared row.

    {"question": "What flies?\\nOptions:\\n- (A) moth\\n- (B) eel", "answer": "(A)"}
        -> "What flies?", ["moth", "eel"], 0
    """
    question, lines = listed(row)
    found = [_LETTERED.fullmatch(line) for line in lines]
    if not all(found):
        raise ValueError(f"the options are {lines!r}; expected lines like '(A) red'")
    letters = [match[1] for match in found]
    options = [without_letter(match[2], match[1]) for match in found]
    answer = columns.text(row, "answer").strip("()")
    return question, options, _index(answer, letters)


def with_letters(options: Sequence[str], correct: str) -> tuple[list[str], int]:
    """Returns AQuA's options without letters and the gold index: ["A)3", "B)4"], "B"."""
    letters = [option.strip()[:1] for option in options]
    bare = [without_letter(*pair) for pair in zip(options, letters, strict=True)]
    return bare, _index(correct.strip(), letters)


def without_letter(option: str, letter: str) -> str:
    """Returns the option without its own letter: "A) 59", "A" -> "59"."""
    return re.sub(rf"\A\s*\(?{letter}\s*\)", "", option, flags=re.IGNORECASE).strip()


def without_last_letter(reason: str) -> str:
    """Returns the reason without an end like "Answer: D"; one that is nothing else stays."""
    return _LETTER_AT_END.sub("", reason.strip()).strip() or reason.strip()


def located(sentence: str, equalities: Sequence[Mapping[str, Any]]) -> str:
    """Returns QED's explanation in words: the sentence, and what its words stand for.

    'She ruled Ena.', she = the queen -> 'The text says: "She ruled Ena." Here "She" means "the
    queen".'
    """
    said = [f'The text says: "{sentence.strip()}"']
    for pair in equalities:
        there = pair["sentence_reference"]["string"].strip()
        asked = pair["question_reference"]["string"].strip()
        if there and asked and there.casefold() != asked.casefold():
            said.append(f'Here "{there}" means "{asked}".')
    return " ".join(said)


def _two_sentences(row: task.Row) -> tuple[str, str]:
    lines = "\n".join(listed(row)[1])
    if not (pair := _SENSE_PAIR.fullmatch(lines)):
        raise ValueError(f"the options are {lines!r}; expected '- Sentence A: \"...\"' and B")
    return pair[1].strip(), pair[2].strip()


def _index(letter: str, letters: Sequence[str]) -> int:
    if letter not in letters:
        raise ValueError(f"unknown label {letter!r} in the answer; expected one of {letters!r}")
    return letters.index(letter)


def _reason(row: task.Row, *names: str) -> str:
    return as_sentence(columns.prose(row, *names))
