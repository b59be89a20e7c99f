"""Answers in the many ways in which models write them, made up, and what each means."""

import json
import pathlib

from flanlike.tasks import task as tasks

LISTED = ("7", "42", "12", "8 km", "6")  # under (A) to (E), where letters are asked for

_FILE = pathlib.Path(__file__).parent / "golden" / "written.jsonl"


def written(kind: str) -> list[tuple[str, str | None]]:
    """Returns (text, what it means) of a kind of answer, None for what no answer is in.

    Kinds: number, letter (of LISTED), yes_no, true_false, span and text. Right ones stand among
    wrong ones: numbers that were said before, options that are denied, a question appended.
    """
    lines = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return [(line["text"], line["means"]) for line in lines if line["kind"] == kind]


def prompt_of(options: tuple[str, ...], inputs: str) -> tasks.Prompt:
    """Returns a prompt of these inputs and options, the first of which is right."""
    return tasks.Prompt(
        inputs=inputs,
        targets=options[0],
        options=options,
        label_of_option=tuple(range(len(options))),
        gold=0,
        references=(options[0],),
        provenance=None,
    )


YES_NO = prompt_of(("yes", "no"), "Can a trout play?\n\nOptions:\n- yes\n- no")
TRUE_FALSE = prompt_of(("true", "false"), "Trout play.\n\nOptions:\n- true\n- false")
LETTERS = prompt_of(
    ("(A)", "(B)", "(C)", "(D)", "(E)"),
    "\n".join(
        ["How many?\n\nOptions:", *map("({}) {}".format, "ABCDE", LISTED)],
    ),
)
PROMPTS = {"letter": LETTERS, "yes_no": YES_NO, "true_false": TRUE_FALSE}


def option_said(prompt: tasks.Prompt, text: str, target: str = "{answer}") -> str | None:
    """Returns the option that is read from a text under a template's target; None for none."""
    from eval import answers

    task = tasks.Task(
        name="toy",
        cluster="chain_of_thought",
        fields=("rationale",),
        answers=tasks.Choices(),
        metrics=("accuracy",),
        templates="toy",
    )
    found = answers.from_generated(task, [{"label": 0}], [prompt], target, [text])
    label = found.predicted[0]
    assert found.unparsed == (label == answers.NO_ANSWER,)
    return None if label == answers.NO_ANSWER else prompt.options[label]
