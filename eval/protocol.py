"""Zero-shot evaluation of a model: rank classification and greedy generation, over all templates.

    questions = questions.collect(tasks, registry, words, data=..., family=..., settings=...)
    before = protocol.evaluate(model, words, questions, setting=..., held_out=("nli",))
    evaluation.write(run_folder, before)

All prompts of all tasks go to the model in one call, which packs them into full batches.
"""

import contextlib
import pathlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eval import (
    answers,
    evaluation,
    executing,
    generating,
    kept_prompts,
    metrics,
    pace,
    predictions,
    ranking,
    requests,
    results,
    scoring,
)
from eval import questions as question_module
from flanlike import config as config_lib
from flanlike.batches import tokenizer
from flanlike.prompts import fitting
from flanlike.tasks import task as tasks

if TYPE_CHECKING:
    from flax import nnx

_SAMPLES_PER_TASK = 2


def evaluate(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    questions: question_module.Questions,
    *,
    setting: results.Setting,
    held_out: Sequence[str] = (),
    reporter: pace.Reporter | None = None,
    cache: pathlib.Path | None = None,
) -> evaluation.Evaluation:
    """Returns the model's answers to the questions; `evaluation.write` keeps them.

    `setting` names run, step, data and the run's seed; `held_out` the clusters that training never
    saw. `reporter` says meanwhile how far it is. What the model was asked before, as the folder
    `cache` keeps it, is not asked again.
    """
    reporter = reporter or pace.Silent()
    started_s = time.monotonic()
    settings = questions.settings
    ranked = [cell for cell in questions.cells if not cell.is_generated]
    generated = [cell for cell in questions.cells if cell.is_generated]
    with contextlib.ExitStack() as stack:
        with reporter.waiting("looking for what was asked before"):  # all parameters are read
            marks = words.marks
            opened = requests.opened(
                cache, model, eos_id=marks.eos_id, ends_source=marks.ends_inputs
            )
            kept = stack.enter_context(opened)
        options = ranking.options(
            model,
            words,
            questions.family,
            ranked,
            max_tokens_per_batch=settings.max_tokens_per_batch,
            reporter=reporter,
            kept=kept,
        )
        written = generating.write(
            model, words, questions.family, generated, settings, reporter, kept
        )
    told = [
        *(_ranked_cell(cell, its, settings) for cell, its in zip(ranked, options, strict=True)),
        *(_generated_cell(cell, its) for cell, its in zip(generated, written, strict=True)),
    ]
    return evaluation.Evaluation(
        setting=setting,
        held_out=tuple(held_out),
        open_clusters=_open_clusters(questions.cells),
        options=vars(settings),
        cells=[predicted for predicted, _ in told],
        given=questions.given,
        samples=[sample for _, samples in told for sample in samples],
        prompts=kept_prompts.of_questions(questions.cells),
        notes={**_notes(questions), "seconds": round(time.monotonic() - started_s, 1)},
    )


def _open_clusters(cells: Sequence[question_module.Cell]) -> tuple[str, ...]:
    """Returns the clusters with tasks in which only the instruction decides."""
    return tuple(sorted({one.task.cluster for one in cells if one.task.is_microworld_only}))


def _not_executed(questions: question_module.Questions) -> list[str]:
    """Returns the tasks whose programs are written and, for want of leave, not run."""
    if questions.settings.execute_code:
        return []
    with_programs = (c.task for c in questions.cells if executing.METRIC in c.task.metrics)
    return sorted({task.name for task in with_programs})


def _notes(questions: question_module.Questions) -> dict[str, Any]:
    """Returns what the evaluation says of its prompts: how many, what was cut or left out."""
    return {
        "prompts": questions.prompts,
        "truncated_prompts": sum(counts.cut for counts in questions.counts.values()),
        "cuts": fitting.as_json(questions.counts),
        "same_options": dict(questions.same_options),
        "dropped_exemplars": questions.dropped_exemplars,
        "dropped_rows": dict(questions.dropped_rows),
        "about_options": questions.about_options,
        "bad_rows": dict(questions.bad_rows),
        "without_training": list(questions.without_training),
        "not_executed": _not_executed(questions),
        "templates": questions.wordings,
    }


def _ranked_cell(
    cell: question_module.Cell,
    scored: Sequence[scoring.Options],
    settings: config_lib.EvalConfig,
) -> tuple[predictions.Predictions, list[evaluation.Sample]]:
    """Returns what the model chose, and some of its prompts to show."""
    scores = scoring.scores(scored, settings.scoring, eos=settings.eos)
    pairs = list(zip(cell.prompts, scores, strict=True))
    labels = [prompt.label_of_option[score.choice] for prompt, score in pairs]
    found = _predictions(
        cell,
        answers.from_labels(cell.task, cell.records, labels),
        scoring=scoring.name_of(settings.scoring, eos=settings.eos),
        shown_choice=tuple(score.choice for score in scores),
        scored=tuple(scored),
        labels=tuple(prompt.label_of_option for prompt in cell.prompts),
        label_numbers=answers.numbers_of(cell.task),
    )
    return found, _ranked_samples(cell, scores)


def _generated_cell(
    cell: question_module.Cell, written: generating.Answers
) -> tuple[predictions.Predictions, list[evaluation.Sample]]:
    """Returns what the model wrote, and some of its prompts to show."""
    found = _predictions(
        cell, written.answered, scoring=written.scoring, shown_choice=(), **written.columns
    )
    return found, _generated_samples(cell, written.texts)


def _predictions(
    cell: question_module.Cell,
    answered: metrics.Answered,
    *,
    scoring: str,
    shown_choice: tuple[int, ...],
    **more: Any,
) -> predictions.Predictions:
    has_options = not isinstance(cell.task.answers, tasks.FreeText)
    return predictions.Predictions(
        task=cell.task.name,
        cluster=cell.task.cluster,
        template=cell.template,
        kind=cell.kind,
        prompts=cell.style,
        shots=cell.shots,
        options=all(prompt.provenance.shows_options for prompt in cell.prompts),
        scoring=scoring,
        split=cell.split,
        is_choosing=cell.is_choosing,
        metrics=metrics.of_answers(cell.task.metrics, answered),
        rows=cell.rows,
        inputs=cell.inputs,
        fixed_labels=isinstance(cell.task.answers, tasks.Labels),
        option_counts=tuple(len(p.options) for p in cell.prompts) if has_options else (),
        shown_gold=tuple(p.gold for p in cell.prompts) if has_options else (),
        shown_choice=shown_choice,
        answered=answered,
        prompt_hashes=tuple(map(requests.hash_of, cell.ids)),
        **more,
    )


def _ranked_samples(
    cell: question_module.Cell, scores: Sequence[scoring.Score]
) -> list[evaluation.Sample]:
    return [
        evaluation.Sample(
            task=cell.task.name,
            template=cell.template,
            row=cell.rows[i],
            inputs=cell.prompts[i].inputs,
            options=cell.prompts[i].options,
            probabilities=scores[i].probabilities,
            gold=_right_option(cell.prompts[i], scores[i].choice),
            answer=cell.prompts[i].options[scores[i].choice],
            prompts=cell.style,
        )
        for i in _shown(cell)
    ]


def _right_option(prompt: tasks.Prompt, choice: int) -> str:
    """Returns the right option: of several the chosen one, or else the target's."""
    chosen = prompt.options[choice]
    return chosen if chosen in prompt.references else prompt.options[prompt.gold]


def _generated_samples(cell: question_module.Cell, texts: Sequence[str]) -> list[evaluation.Sample]:
    return [
        evaluation.Sample(
            task=cell.task.name,
            template=cell.template,
            row=cell.rows[i],
            inputs=cell.prompts[i].inputs,
            options=(),
            probabilities=(),
            gold=cell.prompts[i].targets,
            answer=texts[i],
            prompts=cell.style,
        )
        for i in _shown(cell)
    ]


def _shown(cell: question_module.Cell) -> range:
    """Returns the rows of a cell that the report may show."""
    return range(min(_SAMPLES_PER_TASK, len(cell.rows))) if not cell.is_choosing else range(0)
