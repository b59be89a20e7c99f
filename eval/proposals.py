"""Wordings of a task that a model proposes itself, from a few solved training rows.

After Zhou et al. 2022, "Large Language Models Are Human-Level Prompt Engineers": the model reads
inputs with their answers and goes on with what was asked. Every proposal is made from other rows,
and kept where it makes a template: the task's fields, the proposal, the options.

    read        {sentence} -> {answer}, a few times; "The question about each text was:"
    written     What does the writer think of the film?
    template    {sentence}\\nWhat does the writer think of the film?\\n\\n{options}

A proposal is chosen by validation rows (`prompt_ranking`), and has its figure on test rows: no row
that it was made from or chosen by.
"""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flanlike import errors, seeding
from flanlike.batches import features, tokenizer
from flanlike.models import generate, predicted
from flanlike.prompts import render
from flanlike.sources import rows
from flanlike.tasks import task as tasks
from flanlike.tasks import template_checks, templates

if TYPE_CHECKING:
    from flax import nnx

_ROWS = 5  # that a proposal is made from
_MOST_LETTERS = 400  # of such a row's inputs: longer ones are cut at their end
_NEW_TOKENS = 40
_FEWEST_WORDS, _MOST_WORDS = 3, 40
_QUOTED_WORDS = 6  # so many in a row that stand in a row's inputs are taken from there
_QUOTES = "\"'`“”‘’*#- "
_LEAD_INS = (
    "The same question was asked about each of these texts. The question was:",
    "Somebody gave one instruction, and it led to all of these answers. The instruction was:",
    "What has to be asked about each text to get these answers? One has to ask:",
)


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """Templates of the model's own wording, by number of what was asked for.

    `texts` has the wording of each; `refused` says how many were no template, and why.
    """

    templates: tuple[templates.Template, ...]
    texts: Mapping[str, str]
    refused: Mapping[str, int]


def propose(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    task: tasks.Task,
    shipped: templates.TemplateSet,
    train: rows.Records,
    *,
    count: int,
    seed: int,
    done: predicted.Done | None = None,
) -> Proposals:
    """Returns what the model makes of `count` draws of training rows: so many templates at most."""
    before = features.before_inputs(words.marks, model.config.family)
    asked, shown = [], []
    for number in range(count):
        inputs = _solved(task, shipped, train, seeding.key("proposal", seed, task.name, number))
        listed = "\n\n".join(f"Text: {text}\nAnswer: {answer}" for text, answer in inputs)
        lead_in = _LEAD_INS[number % len(_LEAD_INS)]
        asked.append([*before, *words.encode(f"{listed}\n\n{lead_in}")])
        shown.append([text for text, _ in inputs])
    written = generate.generate(
        model,
        asked,
        max_new_tokens=_NEW_TOKENS,
        eos_id=words.marks.eos_id,
        ends_source=words.marks.ends_inputs,
        done=done,
    )
    return kept(task, [words.decode(one.ids) for one in written], shown)


def kept(task: tasks.Task, written: Sequence[str], shown: Sequence[Sequence[str]]) -> Proposals:
    """Returns the templates that written texts make; `shown` are the inputs each was made from."""
    found: dict[str, templates.Template] = {}
    refused: collections.Counter[str] = collections.Counter()
    for number, (text, inputs) in enumerate(zip(written, shown, strict=True)):
        wording = _wording(text)
        if why := _why_not(wording, inputs, found):
            refused[why] += 1
            continue
        template = _template(task, f"proposed_{number}", wording)
        try:
            template_checks.check(template, task, where="a proposed wording")
        except errors.UserError:
            refused["no template"] += 1
        else:
            found[wording] = template
    return Proposals(
        templates=tuple(found.values()),
        texts={template.id: wording for wording, template in found.items()},
        refused=dict(refused),
    )


def _wording(text: str) -> str:
    """Returns the first line that says something: of sentences, up to the first question."""
    line = next((line for line in text.split("\n") if line.strip(_QUOTES)), "").strip(_QUOTES)
    question, mark, _ = line.partition("?")
    return question + mark


def _why_not(wording: str, inputs: Sequence[str], found: Mapping[str, object]) -> str | None:
    """Returns why a wording is left out; None where it is not."""
    count = len(wording.split())
    if count < _FEWEST_WORDS:
        return "too short"
    if count > _MOST_WORDS:
        return "too long"
    if wording.casefold() in {other.casefold() for other in found}:
        return "proposed before"
    of_wording = wording.casefold().split()
    texts = [f" {' '.join(text.casefold().split())} " for text in inputs]
    for start in range(max(1, count - _QUOTED_WORDS + 1)):
        part = f" {' '.join(of_wording[start : start + _QUOTED_WORDS])} "
        if any(part in text for text in texts):
            return "quotes a row"
    return None


def _template(task: tasks.Task, name: str, wording: str) -> templates.Template:
    fields = [f"{{{field}}}" for field in task.fields if field != "rationale"]
    options = [] if isinstance(task.answers, tasks.FreeText) else ["", "{options}"]
    lines = [*fields, wording, *options]
    return templates.Template(id=name, kind="forward", input="\n".join(lines), target="{answer}")


def _solved(
    task: tasks.Task, shipped: templates.TemplateSet, train: rows.Records, seed: int
) -> list[tuple[str, str]]:
    """Returns the inputs and the answer of some training rows."""
    rng = seeding.rng("proposal rows", seed)
    bare = _template(task, "bare", "")
    found = []
    for i in rng.sample(range(len(train)), min(_ROWS, len(train))):
        prompt = render.render(
            task,
            bare,
            train[i],
            layout=shipped.layout,
            source=train.source,
            split=train.split,
            row_id=train.row_id(i),
            seed=seed,
            style="inputs-only",
        )
        found.append((prompt.inputs[:_MOST_LETTERS], prompt.targets))
    return found
