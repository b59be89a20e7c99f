"""BIG-Bench Hard (Suzgun et al., 2022): 23 tasks of BIG-bench in 27 parts, a task each.

Never trained on, and with a test split alone. Its three exemplars a part, with their reasons, are a
prompt that its makers publish; options keep their order and go by letter.
"""

import functools
import re
from collections.abc import Callable

from flanlike.tasks import task
from task_registry import columns, exemplar_prompts

_ORDER = "Put the things in order by what is said of them, and answer the question."
_SWAPS = "Follow who has what through all the swaps, to the end."

# What is asked for, in our words.
OPTIONS = {
    "date_understanding": "Work out a date from what is told.",
    "disambiguation_qa": "Say whom or what the pronoun means, or that the sentence leaves it open.",
    "geometric_shapes": "Name the shape that an SVG path draws.",
    "hyperbaton": "Find the sentence whose adjectives are in the order of good English.",
    "logical_deduction_three_objects": _ORDER,
    "logical_deduction_five_objects": _ORDER,
    "logical_deduction_seven_objects": _ORDER,
    "movie_recommendation": "Somebody likes some films: recommend the one that is most like them.",
    "penguins_in_a_table": "Answer a question on a table of penguins and what is said of it.",
    "reasoning_about_colored_objects": "Answer a question on things, their colours and places.",
    "ruin_names": "Find the small change that makes a funny name of an artist's or a film's.",
    "salient_translation_error_detection": "Say of what kind the mistake in the translation is.",
    "snarks": "Of two nearly equal sentences, find the sarcastic one.",
    "temporal_sequences": "Work out when somebody had the time to do it.",
    "tracking_shuffled_objects_three_objects": _SWAPS,
    "tracking_shuffled_objects_five_objects": _SWAPS,
    "tracking_shuffled_objects_seven_objects": _SWAPS,
}
_TRUE_FALSE = task.Labels(names=("True", "False"), words=("True", "False"))
_YES_NO = task.Labels(names=("Yes", "No"), words=("Yes", "No"))
_SMALL_YES_NO = task.Labels(names=("yes", "no"), words=("yes", "no"))
_VALID = task.Labels(names=("valid", "invalid"), words=("valid", "invalid"))
LABELS = {
    "boolean_expressions": (_TRUE_FALSE, "bbh_true_false", "Evaluate a logical expression."),
    "causal_judgement": (
        _YES_NO,
        "bbh_yes_no",
        "Answer as most people would when they are asked what caused something.",
    ),
    "formal_fallacies": (
        _VALID,
        "bbh_valid",
        "Judge whether an argument is valid: does its conclusion follow from its premises?",
    ),
    "navigate": (_YES_NO, "bbh_yes_no", "Say whether the steps lead back to where they began."),
    "sports_understanding": (
        _SMALL_YES_NO,
        "bbh_yes_no",
        "Say whether a sentence about sport could be true as it stands.",
    ),
    "web_of_lies": (_YES_NO, "bbh_yes_no", "Work out who tells the truth and who lies."),
}
_TEXT, _NUMBER = ("exact_match",), ("number_match", "exact_match")
WRITTEN = {
    "dyck_languages": (_TEXT, "bbh_brackets", "Write the brackets that close those left open."),
    "multistep_arithmetic_two": (_NUMBER, "bbh_arithmetic", "Compute the value."),
    "object_counting": (_NUMBER, "bbh_counting", "Count what is asked for. Answer in digits."),
    "word_sorting": (_TEXT, "bbh_sorting", "Write the words in the order of the alphabet."),
}
_LISTED = re.compile(r"\(([A-Z])\)\s*(.*)")


def _part(part: str) -> task.Task:
    """One part of BIG-Bench Hard, https://github.com/suzgunmirac/BIG-Bench-Hard

    {"input": "Which is red?\\nOptions:\\n(A) ink\\n(B) blood", "target": "(B)"}
    {"input": "not ( True ) is", "target": "False"}
    {"input": "( 2 + 3 ) =", "target": "5"}
    """
    name = f"bbh_{part}"
    unusable = None
    metrics, templates = ("accuracy",), "bbh"
    answers: task.Answers = task.FreeText()
    if part in OPTIONS:
        answers, microworld, asked = task.Choices(), "bbh_options", OPTIONS[part]
        read, unusable = _with_options, _is_malformed
    elif part in LABELS:
        answers, microworld, asked = LABELS[part]
        read = functools.partial(_with_labels, answers.names)
    else:
        metrics, microworld, asked = WRITTEN[part]
        read, templates = _written, "bbh_written"
    return task.Task(
        name=name,
        cluster="bbh",
        fields=("instruction", "question", "rationale"),
        optional=("rationale",),
        answers=answers,
        metrics=metrics,
        templates=templates,
        microworld=f"{microworld}:{part}",
        splits={"test": "test"},
        preprocess=functools.partial(_record, read, asked),
        unusable=unusable,
        hub=task.HubSource(
            repo="lukaemon/bbh", config=part, columns={"input": "string", "target": "string"}
        ),
        licence="MIT (BIG-bench: Apache-2.0)",
        homepage="https://github.com/suzgunmirac/BIG-Bench-Hard",
        option_style="letters" if part in OPTIONS else "",
        keeps_order=True,
        read_exemplars=_exemplars,
        exemplars_from=f"cot-prompts/{part}.txt (github.com/suzgunmirac/BIG-Bench-Hard)",
    )


def _builder(part: str) -> Callable[[], task.Task]:
    """Returns the builder of a part's task; it has the task's name, and pickles."""
    builder = functools.partial(_part, part)
    builder.__name__, builder.__doc__ = f"bbh_{part}", _part.__doc__
    return builder


TASKS = [_builder(part) for part in sorted((*OPTIONS, *LABELS, *WRITTEN))]


def _record(read: Callable[[task.Row], task.Record], asked: str, row: task.Row) -> task.Record:
    rationale = row.get("rationale", "").strip()
    return {"instruction": asked, "rationale": rationale, **read(row)}


def _with_options(row: task.Row) -> task.Record:
    question, listed = _apart(row)
    found = [_LISTED.fullmatch(line.strip()) for line in listed]
    if not found or not all(found):
        raise ValueError(f"the options are {listed!r}; expected lines like '(A) red'")
    letters = [match[1] for match in found]
    letter = columns.text(row, "target").strip("()")
    if letter not in letters:
        raise ValueError(f"unknown label {letter!r} in column 'target'; expected one of {letters}")
    options = [match[2] for match in found]
    return columns.choice({"question": question}, options, letters.index(letter))


def _is_malformed(row: task.Row) -> bool:
    """Returns whether a row has no answer in its list, or nothing to choose from.

    Of the published rows two of ruin_names and one of movie_recommendation name the answer by its
    text alone, and two of snarks have the same sentence twice.
    """
    listed = [line.strip() for line in _apart(row)[1]]
    options = {line[4:].strip().removesuffix(".") for line in listed}
    letters = [line[1:2] for line in listed]
    return columns.text(row, "target").strip("()") not in letters or len(options) < 2


def _with_labels(names: tuple[str, ...], row: task.Row) -> task.Record:
    return {"question": _apart(row)[0], "label": columns.label(row, names, "target")}


def _written(row: task.Row) -> task.Record:
    return {
        "question": columns.text(row, "input", exact=True),
        "references": columns.references(columns.text(row, "target", exact=True), exact=True),
    }


def _apart(row: task.Row) -> tuple[str, list[str]]:
    """Returns the question, and the lines below "Options:" if there is such a line."""
    text = columns.text(row, "input", exact=True)
    question, mark, listed = text.rpartition("\nOptions:\n")
    return (question.strip(), listed.split("\n")) if mark else (text, [])


def _exemplars(text: str) -> list[task.Row]:
    """Returns the rows of a prompt with reasons."""
    return [
        {"input": question, "target": answer, "rationale": reason}
        for question, reason, answer in exemplar_prompts.read(text)
    ]
