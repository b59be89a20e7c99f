"""From a model's choices or words to the columns that metrics read."""

import string
from collections.abc import Sequence

from eval import metrics
from flanlike.tasks import task as tasks

NO_ANSWER = -1


def from_labels(
    task: tasks.Task, records: Sequence[tasks.Record], labels: Sequence[int]
) -> metrics.Answered:
    """Returns the columns for predicted label indices (each into its record's own options)."""
    return metrics.Answered(
        predicted=tuple(labels),
        gold=tuple(record["label"] for record in records),
        predicted_numbers=_numbers(task, labels),
        gold_numbers=tuple(record["score"] for record in records if "score" in record),
        groups=tuple(record["group"] for record in records if "group" in record),
    )


def from_texts(records: Sequence[tasks.Record], texts: Sequence[str]) -> metrics.Answered:
    """Returns the columns for free text in the model's own words."""
    references = tuple(tuple(record["references"]) for record in records)
    return metrics.Answered(predicted_texts=tuple(texts), references=references)


def label_said(prompt: tasks.Prompt, text: str) -> int:
    """Returns the label whose option, worded as in the prompt, the text is; NO_ANSWER if none.

    A text that is no option to the letter may differ in its end mark, then in any mark, then in
    articles, as long as one option alone is meant: of "-4" and "4", "4." is the second.
    """
    for form in (str.strip, _without_end, _without_marks, metrics.normalised):
        said, words = form(text), [form(option) for option in prompt.options]
        if said and words.count(said) == 1:
            return prompt.label_of_option[words.index(said)]
    return NO_ANSWER


def after_rationale(target: str, text: str) -> str:
    """Returns the answer in a generated text, by the wording of its template's target.

    Before: "{rationale}\\nSo it is {answer}.", "Eels are fish.\\nSo it is yes." After: "yes".
    Where the words before {answer} do not occur, the last line is the answer.
    """
    before, _, after = target.partition("{answer}")
    before = before.rpartition("}")[2].strip()
    if before and before in text:
        answer = text.rpartition(before)[2]
    elif not before and "{rationale}" not in target:
        answer = text
    else:
        answer = text.strip().rpartition("\n")[2]
    if after.strip() and "{" not in after:
        answer = answer.strip().removesuffix(after.strip())
    return answer.strip()


def option_texts(task: tasks.Task, record: tasks.Record) -> tuple[str, ...]:
    """Returns the answer words that a record may be answered with, in the record's own order."""
    if isinstance(task.answers, tasks.Labels):
        return task.answers.words
    return tuple(record.get("options", ()))


def _without_end(text: str) -> str:
    return text.strip().rstrip(".,;:!?").casefold()


def _without_marks(text: str) -> str:
    return " ".join("".join(c for c in text.casefold() if c not in string.punctuation).split())


def _numbers(task: tasks.Task, labels: Sequence[int]) -> tuple[float, ...]:
    if not isinstance(task.answers, tasks.Labels):
        return ()
    try:
        values = [float(name) for name in task.answers.names]
    except ValueError:
        return ()  # labels that are no numbers
    # What cannot be read says nothing: it counts as the middle of what could have been said.
    middle = sum(values) / len(values)
    return tuple(middle if label == NO_ANSWER else values[label] for label in labels)
