"""Our questions as tasks of lm-evaluation-harness: what others can run on any model of theirs.

```
DIR/rows.py                       reads the rows, wherever the folder lies
DIR/flanlike_rte_exam.yaml        one for each template: how to ask and score
DIR/flanlike_rte_exam.jsonl       its rows, as {"row": "test/3", "inputs": "Does it follow ...",
                                  "choices": ["yes", "no"], "gold": 0}
```

`gold` is a list of places in a task of which some rows have several right options.

Options are ranked as `acc` (the sum of log-probabilities without EOS) and `acc_norm` (that by
characters). Answers in a model's own words are compared with the references as `exact_match`. Its
metrics read no answer out of a rationale: such templates are left out, and counted.
"""

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval import questions
from flanlike import atomic
from flanlike.tasks import families
from flanlike.tasks import task as tasks

PREFIX = "flanlike"
_READER = '''"""Reads the rows of these tasks, for lm-evaluation-harness."""

import json
import pathlib

import datasets


def read(rows_file, **_):
    file = pathlib.Path(__file__).parent / rows_file
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\\n") if line]
    return {"test": datasets.Dataset.from_list(rows)}
'''


@dataclass(frozen=True, kw_only=True)
class Written:
    """The names of the tasks in a folder, and the templates that it has no task for."""

    names: tuple[str, ...]
    left_out: tuple[str, ...]


def write(folder: pathlib.Path, asked: questions.Questions) -> Written:
    """Writes a task for each template that is asked for figures; returns which there are."""
    cells = [cell for cell in asked.cells if not cell.is_choosing]
    kept = [cell for cell in cells if not (cell.is_generated and cell.kind == "cot")]
    with atomic.folder(folder) as partial:
        (partial / "rows.py").write_text(_READER, encoding="utf-8")
        for cell in kept:
            name = name_of(cell)
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows(cell)]
            (partial / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
            content = _yaml(config(cell, asked))
            (partial / f"{name}.yaml").write_text(content, encoding="utf-8")
    return Written(
        names=tuple(map(name_of, kept)),
        left_out=tuple(name_of(cell) for cell in cells if cell not in kept),
    )


def name_of(cell: questions.Cell) -> str:
    shots = f"_{cell.shots}shot" if cell.shots else ""
    task = cell.task.name.replace(families.MEMBER, "_")  # the name is a file's
    return f"{PREFIX}_{task}_{cell.template}{shots}"


def rows(cell: questions.Cell) -> list[dict[str, Any]]:
    """Returns what the harness reads of each prompt, the answers worded by the template's target.

    `inputs` come without the newline that a decoder reads after them: it is the task's delimiter.
    """
    found = []
    has_several = any(record.get("also_right") for record in cell.records)
    for row, record, prompt in zip(cell.rows, cell.records, cell.prompts, strict=True):
        one: dict[str, Any] = {"row": row, "inputs": prompt.inputs.removesuffix("\n")}
        if cell.is_generated:
            one["answers"] = [questions.completed(cell, record, r) for r in prompt.references]
        else:
            choices = [questions.completed(cell, record, o) for o in prompt.options]
            right = [prompt.label_of_option.index(i) for i in tasks.right_labels(record)]
            one |= {"choices": choices, "gold": right if has_several else prompt.gold}
        found.append(one)
    return found


def config(cell: questions.Cell, asked: questions.Questions) -> dict[str, Any]:
    """Returns the harness's settings of a cell's task, but for the function that reads its rows."""
    name = name_of(cell)
    tags = [PREFIX, f"{PREFIX}_{cell.task.cluster}", f"{PREFIX}_{cell.task.name}"]
    how: dict[str, Any] = {
        "output_type": "multiple_choice",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "metric_list": [_metric("acc"), _metric("acc_norm")],
    }
    if cell.is_generated:
        how = {
            "output_type": "generate_until",
            "doc_to_target": "answers",
            "generation_kwargs": {
                "until": [],
                "do_sample": False,
                "max_gen_toks": cell.max_new_tokens,
            },
            "metric_list": [_metric("exact_match", ignore_case=True, ignore_punctuation=True)],
        }
    if asked.family == "decoder":
        text = {"doc_to_text": "{{inputs}}\n" if cell.is_generated else "inputs"}
    else:
        text = {"doc_to_text": "inputs"}
    return {
        "task": name,
        "tag": list(dict.fromkeys(tags)),
        "dataset_kwargs": {"rows_file": f"{name}.jsonl"},
        "test_split": "test",
        **how,
        **text,
        "target_delimiter": "\n" if asked.family == "decoder" else "",
        "num_fewshot": 0,
        "metadata": {"version": 1},
    }


def _metric(name: str, **settings: Any) -> dict[str, Any]:
    return {"metric": name, "aggregation": "mean", "higher_is_better": True, **settings}


def _yaml(settings: Mapping[str, Any]) -> str:
    """Returns the settings as YAML, each value in JSON, which is YAML too."""
    lines = [f"{name}: {json.dumps(value, ensure_ascii=True)}" for name, value in settings.items()]
    lines.insert(2, "custom_dataset: !function rows.read")
    return "\n".join(lines) + "\n"
