"""From a model's choices or words to the columns that metrics read."""

import re
from collections.abc import Sequence

from eval import executing, metrics, numerals, reading, wording
from flanlike.tasks import task as tasks

NO_ANSWER = metrics.NO_ANSWER

# A point after a word of three letters or less ends no sentence: "St. Louis", "Mr. Bo".
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{4}[.!?])\s+(?=[A-Z])")
_FEW_WORDS = 3  # of a line that is an answer and nothing else
_QUOTES = "\"'\u201c\u201d\u2018\u2019`"


def from_labels(
    task: tasks.Task,
    records: Sequence[tasks.Record],
    labels: Sequence[int],
    *,
    is_generated: bool = False,
) -> metrics.Answered:
    """Returns the columns for predicted label indices (each into its record's own options)."""
    return metrics.Answered(
        predicted=tuple(labels),
        gold=tuple(record["label"] for record in records),
        predicted_numbers=_numbers(task, labels),
        gold_numbers=tuple(record["score"] for record in records if "score" in record),
        groups=tuple(record["group"] for record in records if "group" in record),
        unparsed=tuple(label == NO_ANSWER for label in labels) if is_generated else (),
        also_right=_also_right(records),
    )


def from_texts(
    records: Sequence[tasks.Record], texts: Sequence[str], *, unparsed: Sequence[bool] = ()
) -> metrics.Answered:
    """Returns the columns for free text in the model's own words."""
    references = tuple(tuple(record["references"]) for record in records)
    return metrics.Answered(
        predicted_texts=tuple(texts), references=references, unparsed=tuple(unparsed)
    )


def from_generated(
    task: tasks.Task,
    records: Sequence[tasks.Record],
    prompts: Sequence[tasks.Prompt],
    target: str,
    texts: Sequence[str],
) -> metrics.Answered:
    """Returns the columns for what a model wrote to prompts of a template with this target.

    Options are read by `label_said`; numbers, spans and texts by what the task's headline metric
    looks for. What is not found where the target has the answer is looked for in all of the text.
    """
    if not isinstance(task.answers, tasks.FreeText):
        labels = []
        for prompt, text in zip(prompts, texts, strict=True):
            led = _led(target, wording.before_follow_up(text))
            label = NO_ANSWER if led is None else label_said(prompt, led)
            if label == NO_ANSWER:
                label = label_said(prompt, text, is_first=target == "{answer}")
            labels.append(label)
        return from_labels(task, records, labels, is_generated=True)
    reads = metrics.known(task.metrics[0]).reads
    if reads == "code":
        said = [executing.code_in(text) for text in texts]
        return from_texts(records, said, unparsed=[not text.strip() for text in said])
    if reads == "span":
        said = [span_said(target, text) for text in texts]
        return from_texts(records, said, unparsed=[not text for text in said])
    reader = number_said if reads == "number" else after_rationale
    said = [reader(target, text) for text in texts]
    is_there = numerals.said if reads == "number" else str.strip
    return from_texts(records, said, unparsed=[not is_there(text) for text in said])


def label_said(prompt: tasks.Prompt, text: str, *, is_first: bool = False) -> int:
    """Returns the label whose option the text means; NO_ANSWER where it means none, or two.

    An option may be named as `reading` says: to the letter, by the letter or the text of its place
    in the prompt's list, with words before or after it. `is_first` as `reading.place` has it.
    """
    place = reading.place(prompt.options, text, shown=prompt.inputs, is_first=is_first)
    return NO_ANSWER if place is None else prompt.label_of_option[place]


def number_said(target: str, text: str) -> str:
    """Returns the number that answers a question, or several where nothing else is said.

    Before: "So the answer is $1,200, for 2 * 600 = 1200." After: "1200". A text without a number
    is left as it is.
    """
    text = wording.before_follow_up(text)
    led = _led(target, text)
    if numerals.are_several(led or text):
        return led or text
    return (led and numerals.leading(led)) or numerals.said(text) or text


def span_said(target: str, text: str) -> str:
    """Returns the few words that answer a question, without what leads in or explains them.

    Before: "Answer: **Ada**, because she sang." or "Ada. She sang.\\nQ: Who else?" After: "Ada".
    What no words lead in stands in the last line where the target has a rationale before it, else
    in the first.
    """
    text = wording.before_follow_up(text)
    led = _led(target, text)
    if led is not None:
        line = wording.lines(led)[0]
    elif parts := wording.marked(text):
        line = parts[0]
    else:
        is_last = "{rationale}" in target.partition("{answer}")[0]
        line = wording.lines(text)[-1 if is_last else 0]
    line = re.split(r",\s+(?:because|since|as)\b", wording.plain(line))[0]
    line = _SENTENCE_END.split(line)[0]
    return line.strip().strip(_QUOTES).strip()


def after_rationale(target: str, text: str) -> str:
    """Returns the part of a generated text that has the answer, by its template's target.

    Before: "{rationale}\\nSo it is {answer}.", "Eels are fish.\\nSo it is yes." After: "yes".
    Before: "{answer}\\n{rationale}", "yes\\nEels are fish." After: "yes".
    Where the words before {answer} do not occur, "the answer is" and the like may stand for them.
    Else it is the last line if that is short, or all of the text, but for a question that a model
    appends to its answer.
    """
    text = wording.before_follow_up(text)
    if target == "{answer}":
        return text
    led = _led(target, text)
    if led is not None:
        return led
    last = wording.lines(text)[-1]
    said = last if len(last.split()) <= _FEW_WORDS and not wording.marked(text) else text
    return said.removesuffix(target.partition("{answer}")[2].strip()).strip()


def option_texts(task: tasks.Task, record: tasks.Record) -> tuple[str, ...]:
    """Returns the answer words that a record may be answered with, in the record's own order."""
    if isinstance(task.answers, tasks.Labels):
        return task.answers.words
    return tuple(record.get("options", ()))


def _led(target: str, text: str) -> str | None:
    """Returns what stands in a text where the target has its answer; None where nothing says so."""
    before, _, after = target.partition("{answer}")
    lead = before.rpartition("}")[2].strip()
    if "{" in after:
        return _at_beginning(lead, after.partition("{")[0], text)
    led = _after_words(lead, text) if lead else None
    if led is None and not wording.marked(text):
        led = wording.after_lead_in(text)
    return led if led is None else led.strip().removesuffix(after.strip()).strip()


def _after_words(words: str, text: str) -> str | None:
    """Returns what follows the last of these words, if they and anything after them occur."""
    text = wording.plain(text)
    found = list(re.finditer(rf"(?<!\w){re.escape(words)}", text, re.IGNORECASE))
    return (found and text[found[-1].end() :].strip()) or None


def _at_beginning(words: str, between: str, text: str) -> str:
    """Returns the answer at the beginning of a text, after these words and up to `between`."""
    text = text.strip()
    if words and text.casefold().startswith(words.casefold()):
        text = text[len(words) :].strip()
    end = text.find(between) if between.strip() else -1
    return (text[:end] if end > 0 else wording.lines(text)[0]).strip()


def numbers_of(task: tasks.Task) -> tuple[float, ...]:
    """Returns what the labels of a task are worth; empty where they are no numbers."""
    if not isinstance(task.answers, tasks.Labels):
        return ()
    try:
        return tuple(float(name) for name in task.answers.names)
    except ValueError:
        return ()


def _also_right(records: Sequence[tasks.Record]) -> tuple[tuple[int, ...], ...]:
    each = tuple(tasks.right_labels(record)[1:] for record in records)
    return each if any(each) else ()


def _numbers(task: tasks.Task, labels: Sequence[int]) -> tuple[float, ...]:
    values = numbers_of(task)
    if not values:
        return ()
    # What cannot be read says nothing: it counts as the middle of what could have been said. (T5
    # takes -1, out of range, which makes of the share of such answers a part of the correlation.)
    middle = sum(values) / len(values)
    return tuple(middle if label == NO_ANSWER else values[label] for label in labels)
