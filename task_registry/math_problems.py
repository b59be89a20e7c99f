"""Mathematics: word problems with a number for an answer."""

from flanlike import task
from task_registry import rows


def gsm8k() -> task.Task:
    """Grade School Math 8K, https://github.com/openai/grade-school-math

    Only the final number is asked for here; cot_gsm8k asks for the working too.

    {"question": "Leo has 2 plums and gets 3. How many has he?",
     "answer": "2+3=<<2+3=5>>5\\n#### 5"}
    """
    return task.Task(
        name="gsm8k",
        cluster="math",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("exact_match",),
        templates="gsm8k",
        microworld="gsm8k",
        splits=rows.carved(200, test="test"),
        preprocess=_gsm8k,
        hub=task.HubSource(repo="openai/gsm8k", config="main"),
        tfds=task.TfdsSource(name="gsm8k:1.0.0"),
        licence="MIT",
        homepage="https://github.com/openai/grade-school-math",
    )


TASKS = [gsm8k]


def _gsm8k(row: task.Row) -> task.Record:
    _, number = rows.worked_solution(row)
    return {"question": rows.text(row, "question"), "references": [number]}
