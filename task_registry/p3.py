"""P3, the prompts of T0, as a family: https://github.com/bigscience-workshop/promptsource

Each prompt of each dataset is a task, p3/super_glue_rte/does_it_follow_that, in the cluster of what
T0's authors call its dataset, p3_nli. Where a prompt brings its answers it is asked by rank
classification over them, else its target is text of the model's own.

Groups: `train` and `eval` are what T0 was trained and evaluated on (Sanh et al. 2022, 3 and 6;
of the second the prompts that ask for what the dataset was made for, where the template says so),
`train_plus` and `train_plus_plus` what T0+ and T0++ were, `bias` the sets of its appendix on bias,
and `flan2022` the part of P3 that the Flan 2022 collection has.
"""

import collections
import functools
from collections.abc import Mapping, Sequence

from flanlike.tasks import families, task
from task_registry import columns, p3_files, p3_templates

NAME = "p3"

# A dataset that has more rows counts as this many, divided among its prompts (Sanh et al. 2022, 5).
MOST_ROWS = 500_000

_MODELS = {
    "train": ("t0",),
    "train_plus": ("t0", "t0_plus"),
    "train_plus_plus": ("t0", "t0_plus", "t0_plus_plus"),
}
_NO_LABEL = "<NO LABEL>"  # what P3 has for the target of a row without one


class Members:
    """The prompts of one copy; rows are opened when they are asked for."""

    def __init__(self, data: str, found: Mapping[str, p3_files.Member]) -> None:
        self._data, self._found = data, found

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._found)

    @property
    def groups(self) -> Sequence[str]:
        return (*_MODELS, "eval", "bias", "flan2022")

    @functools.cached_property
    def categories(self) -> Sequence[str]:
        return tuple(dict.fromkeys(each.dataset.category for each in self._found.values()))

    def of_category(self, category: str) -> Sequence[str]:
        return [n for n, each in self._found.items() if each.dataset.category == category]

    def of_group(self, group: str) -> Sequence[str]:
        return [name for name, each in self._found.items() if _is_of(each, group)]

    def task(self, name: str) -> task.Task:
        member = self._found[name]
        by_choice = p3_files.has_choices(member)
        lists = by_choice and not p3_files.shows_choices(member)
        template = member.template
        preprocess, unusable = _record, None
        if template is not None:
            preprocess = functools.partial(_record_by, template)
            if template.may_be_empty:
                unusable = functools.partial(_leaves_out, template)
        return task.Task(
            name=f"{NAME}{families.MEMBER}{name}",
            cluster=f"{NAME}_{member.dataset.category}",
            fields=("instruction",),
            cut={"instruction": "middle"},
            answers=task.Choices() if by_choice else task.FreeText(),
            metrics=("accuracy",) if by_choice else ("rougeLsum", "exact_match"),
            templates="p3_choices" if lists else "p3",
            is_worded=True,
            splits={"train": "train", "validation": "validation", "test": "test"},
            rows=functools.partial(_rows, self._data, name),
            preprocess=preprocess,
            unusable=unusable,
            licence="Apache-2.0 for the prompts; the datasets in them keep their own",
            homepage="https://github.com/bigscience-workshop/promptsource",
            origins=(f"{NAME}/{member.dataset.name}",),
            counts_as=functools.partial(counts_as, prompts=self._prompts[member.dataset.name]),
        )

    @functools.cached_property
    def _prompts(self) -> Mapping[str, int]:
        return collections.Counter(each.dataset.name for each in self._found.values())


def counts_as(rows: int, *, prompts: int) -> int:
    """Returns how many rows a prompt counts as, of a dataset that has so many prompts (T0's rule).

    6,000 rows, 10 prompts -> 6,000          3,600,000 rows, 10 prompts -> 50,000
    """
    return rows if rows <= MOST_ROWS else MOST_ROWS // prompts


def _open(data: str) -> Members | None:
    found = _found(data)
    return Members(data, found) if found else None


FAMILY = families.Family(
    name=NAME,
    open=_open,
    description="P3, the prompts of T0, a task each",
    how_to_get="put configurations of huggingface.co/datasets/bigscience/P3 into it as "
    "p3/CONFIGURATION/train.jsonl, lines of template, prompt and completion as p3/train.jsonl, or "
    "a copy of github.com/bigscience-workshop/promptsource as p3/, beside rows of its datasets",
)


@functools.lru_cache(maxsize=4)
def _found(data: str) -> Mapping[str, p3_files.Member]:
    return p3_files.find(data)


def _rows(data: str, name: str, split: str) -> p3_files.Rows:
    return p3_files.rows(_found(data)[name], split)


def _is_of(member: p3_files.Member, group: str) -> bool:
    dataset = member.dataset
    if group == "eval":
        return dataset.is_asked and (member.template is None or member.template.is_original_task)
    if group == "bias":
        return dataset.is_about_bias
    if group == "flan2022":
        return dataset.is_in_flan_2022
    return dataset.trained in _MODELS[group]


def _record(row: task.Row) -> task.Record:
    prompt = columns.text(row, "inputs_pretokenized", "prompt", exact=True)
    target = columns.text(row, "targets_pretokenized", "completion", exact=True)
    return _of(prompt, target, row.get("answer_choices") or ())


def _record_by(template: p3_templates.Template, row: task.Row) -> task.Record:
    made = _made(template, row)
    if not made.prompt or not made.target:
        raise ValueError(f"{template.where}: it makes no prompt of the row, or no target")
    return _of(made.prompt, made.target, made.choices)


def _of(prompt: str, target: str, choices: Sequence[str]) -> task.Record:
    if target == _NO_LABEL:
        raise ValueError(f"the target is {_NO_LABEL!r}; expected a row with an answer")
    fields = {"instruction": prompt}
    if not choices:
        return {**fields, "references": columns.references(target, exact=True)}
    return columns.choice_by_text(fields, choices, target)


def _leaves_out(template: p3_templates.Template, row: task.Row) -> bool:
    made = _made(template, row)
    return not made.prompt or not made.target


def _made(template: p3_templates.Template, row: task.Row) -> p3_templates.Rendered:
    columns_of_it = {name: value for name, value in row.items() if name != p3_files.TEMPLATE}
    return p3_templates.applied(template, columns_of_it)
