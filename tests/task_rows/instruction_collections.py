"""Made-up rows of the tasks of task_registry/instruction_collections.py."""

from task_rows.layouts import Layouts

_NAMED = {"definition": "Name the animal.", "id": "task1-a"}

LAYOUTS: dict[str, Layouts] = {
    "t0_sf": Layouts(
        record={"instruction": "Say it in brief: Ivo, who is old, ran.", "references": ["He ran."]},
        folder={
            "template": "made_up_sum_in_brief",
            "prompt": "Say it in brief: Ivo, who is old, ran.\n",
            "completion": "He ran.",
        },
    ),
    "natural_instructions_v2": Layouts(
        record={
            "instruction": "Name the animal.",
            "input": "A duck sat there.",
            "references": ["duck"],
        },
        hub=_NAMED
        | {"task_name": "task1_naming", "inputs": "A duck sat there.", "targets": "duck"},
        tfds=_NAMED
        | {
            "task_name": "task1_naming",
            "source": "x",
            "input": "A duck sat there.",
            "output": "duck",
        },
        folder=_NAMED
        | {
            "task": "task1_naming",
            "category": "Naming",
            "input": "A duck sat there.",
            "output": ["duck"],
        },
    ),
}
