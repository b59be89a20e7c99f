"""Collections whose rows bring an instruction of their own, for tasks of every cluster.

Hold-outs do not reach into them: a collection has inference, sentiment and all the rest.
"""

import html
import re

from flanlike.tasks import task
from task_registry import columns

_LINE_BREAKS = re.compile(r"(?:<br ?/?>\s*)+")
_BLANK_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}")


def t0_sf() -> task.Task:
    """T0's training prompts without the sets of FLAN 2021, https://github.com/bigscience-workshop/t-zero

    {"template": "made_up_sum_in_brief", "prompt": "Say it in brief: Ivo, who is old, baked a pie.",
     "completion": "Old Ivo baked."}
    """
    return task.Task(
        name="t0_sf",
        cluster="instruction_collections",
        fields=("instruction",),
        cut={"instruction": "middle"},
        answers=task.FreeText(),
        metrics=("rougeLsum", "exact_match"),
        templates="t0_sf",
        microworld="t0_sf",
        splits=columns.carved(200, test="validation"),
        preprocess=_t0_sf,
        licence="Apache-2.0 for the prompts; the datasets in them keep their own",
        homepage="https://github.com/bigscience-workshop/t-zero",
        how_to_get="a configuration a prompt on the hub (bigscience/P3): write JSON lines of "
        "template, prompt and completion; or take the sample in github.com/yizhongw/self-instruct, "
        "data/finetuning/t0_train_50k",
    )


def natural_instructions_v2() -> task.Task:
    """Super-NaturalInstructions, https://github.com/allenai/natural-instructions

    {"task_name": "task1_made_up_naming", "id": "task1-a", "definition": "Name the animal.",
     "inputs": "A duck sat there.", "targets": "duck"}                              the hub
    {"task_name": ..., "id": ..., "definition": ..., "input": ..., "output": "duck"}   TFDS
    {"task": ..., "id": ..., "definition": ..., "input": ..., "output": ["duck"]}      a folder
    """
    return task.Task(
        name="natural_instructions_v2",
        cluster="instruction_collections",
        fields=("instruction", "input"),
        cut={"instruction": "middle", "input": "middle"},
        answers=task.FreeText(),
        metrics=("rougeLsum", "exact_match"),
        templates="natural_instructions",
        microworld="natural_instructions_v2",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_natural_instructions_v2,
        hub=task.HubSource(
            repo="Muennighoff/natural-instructions",
            is_sorted=True,
            columns=dict.fromkeys(("task_name", "id", "definition", "inputs", "targets"), "string"),
            unverified="the sizes of the splits, and the licence",
        ),
        tfds=task.TfdsSource(
            name="natural_instructions:1.0.1",
            split_names={  # there is but one official split
                "train": "train[:-4000]",
                "validation": "train[-4000:-2000]",
                "test": "train[-2000:]",
            },
        ),
        licence="Apache-2.0; inputs keep the licence of their sources",
        homepage="https://github.com/allenai/natural-instructions",
    )


TASKS = [t0_sf, natural_instructions_v2]


def _t0_sf(row: task.Row) -> task.Record:
    return {
        "instruction": _printed(columns.text(row, "prompt", exact=True)),
        "references": [_printed(columns.text(row, "completion", exact=True))],
    }


def _printed(text: str) -> str:
    """Returns a text without what its sources and templates left in it.

    "a &#x27;doped&#x27; layer<br /><br />-lrb- n -rrb-"  ->  "a 'doped' layer\\n(n)"     and of
    several blank lines one is left.
    """
    text = _LINE_BREAKS.sub("\n", html.unescape(columns.mended(text)).replace("\r\n", "\n"))
    text = columns.with_brackets(text)
    return _BLANK_LINES.sub("\n\n", text).strip()


def _natural_instructions_v2(row: task.Row) -> task.Record:
    return {
        "instruction": columns.text(row, "definition", exact=True),
        "input": columns.text(row, "input", "inputs", exact=True),
        "references": columns.references(columns.value(row, "output", "targets"), exact=True),
    }
