"""Chain of thought: the answer with the reasoning that leads to it."""

from flanlike import task
from task_registry import rows

_STRATEGYQA = task.Labels(names=("no", "yes"), words=("no", "yes"))
_ECQA_OPTIONS = ("q_op1", "q_op2", "q_op3", "q_op4", "q_op5")
_PREPARED = "as prepared for the FLAN Collection (Apache-2.0)"


def cot_gsm8k() -> task.Task:
    """GSM8K with its worked solutions, https://github.com/openai/grade-school-math

    {"question": "Leo has 2 plums and gets 3. How many has he?",
     "answer": "2+3=<<2+3=5>>5\\n#### 5"}                                          hub, TFDS
    {"question": ..., "rationale": "He has 2 + 3 = 5 plums.", "answer": "5"}      a folder
    """
    return task.Task(
        name="cot_gsm8k",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=task.FreeText(),
        metrics=("exact_match",),
        templates="cot_gsm8k",
        microworld="cot_gsm8k",
        splits=rows.carved(200, test="test"),
        preprocess=_cot_gsm8k,
        hub=task.HubSource(repo="openai/gsm8k", config="main"),
        tfds=task.TfdsSource(name="gsm8k:1.0.0"),
        licence=f"MIT; {_PREPARED}",
        homepage="https://github.com/openai/grade-school-math",
    )


def cot_ecqa() -> task.Task:
    """Explanations for CommonsenseQA, https://github.com/dair-iitd/ECQA-Dataset

    {"q_text": "Where do you sleep?", "q_op1": "bed", ..., "q_op5": "oven", "q_ans": "bed",
     "taskB": "A bed is made to sleep in."}                                       the hub
    {"question": "Where do you sleep?\\nOptions:\\n- bed\\n- oven", "answer": "bed",
     "rationale": "A bed is made to sleep in."}                                   a folder
    """
    return task.Task(
        name="cot_ecqa",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cot_ecqa",
        microworld="cot_ecqa",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_cot_ecqa,
        hub=task.HubSource(repo="yangdong/ecqa"),
        licence=f"CDLA-Sharing-1.0; {_PREPARED}",
        homepage="https://github.com/dair-iitd/ECQA-Dataset",
    )


def cot_strategyqa() -> task.Task:
    """StrategyQA with its facts as reasoning, https://allenai.org/data/strategyqa

    {"question": "Can a trout play a drum?", "answer": false, "facts": "Trout have no hands."}
    {"question": ..., "answer": "no", "rationale": "Trout have no hands."}        a folder
    """
    return task.Task(
        name="cot_strategyqa",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=_STRATEGYQA,
        metrics=("accuracy",),
        templates="cot_strategyqa",
        microworld="cot_strategyqa",
        splits=rows.carved(200, test="test"),
        preprocess=_cot_strategyqa,
        hub=task.HubSource(repo="ChilleD/StrategyQA"),
        licence=f"MIT; {_PREPARED}",
        homepage="https://allenai.org/data/strategyqa",
    )


TASKS = [cot_gsm8k, cot_ecqa, cot_strategyqa]


def _cot_gsm8k(row: task.Row) -> task.Record:
    if "rationale" in row:
        working, number = rows.text(row, "rationale"), rows.text(row, "answer").replace(",", "")
    else:
        working, number = rows.worked_solution(row)
    return {
        "question": rows.text(row, "question"),
        "rationale": working,
        "references": [number],
    }


def _cot_ecqa(row: task.Row) -> task.Record:
    if "q_text" in row:
        question = rows.text(row, "q_text")
        options = [rows.text(row, column) for column in _ECQA_OPTIONS]
    else:
        question, mark, listed = rows.text(row, "question").partition("\nOptions:\n")
        if not mark:
            raise ValueError(f"column 'question' is {question!r}; expected a line 'Options:' in it")
        options = [line.removeprefix("- ").strip() for line in listed.split("\n")]
    answer = rows.text(row, "q_ans", "answer")
    if answer not in options:
        raise ValueError(f"unknown label {answer!r} in the answer; expected one of {options!r}")
    fields = {"question": question, "rationale": rows.text(row, "taskB", "rationale")}
    return rows.choice(fields, options, options.index(answer))


def _cot_strategyqa(row: task.Row) -> task.Record:
    answer = rows.value(row, "answer")
    named = dict(row, answer=("no", "yes")[answer] if isinstance(answer, bool) else answer)
    facts = rows.value(row, "rationale", "facts")
    if isinstance(facts, list):
        named["facts"] = " ".join(facts)
    return {
        "question": rows.text(row, "question"),
        "rationale": rows.text(named, "rationale", "facts"),
        "label": rows.label(named, _STRATEGYQA.names, "answer"),
    }
