"""Mathematics: word problems and equations with a number for an answer."""

import ast
import re

from flanlike.tasks import task
from task_registry import columns, rationales

_BYTES = re.compile(r"""b(['"]).*\1""", re.DOTALL)
_UNIT = re.compile(r"\s+\([^()]*\)\s*$")
_ASKS = re.compile(r"^(?:How|What|Which|Who|By|In|On)\b")
_SLOT = re.compile(r"\bnumber(\d+)\b")


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
        metrics=("number_match",),
        templates="gsm8k",
        microworld="gsm8k",
        splits=columns.carved(200, test="test"),
        preprocess=_gsm8k,
        hub=task.HubSource(
            repo="openai/gsm8k",
            config="main",
            columns={"question": "string", "answer": "string"},
        ),
        tfds=task.TfdsSource(name="gsm8k:1.0.0"),
        licence="MIT",
        homepage="https://github.com/openai/grade-school-math",
    )


def math_dataset() -> task.Task:
    """DeepMind Mathematics, linear equations in one unknown.

    Home: https://github.com/google-deepmind/mathematics_dataset

    {"question": "Solve 2*x + 1 = 7 for x.", "answer": "3"}                        TFDS
    {"question": "b'Solve 2*x + 1 = 7 for x.\\\\n'", "answer": "b'3\\\\n'"}             the hub
    """
    return task.Task(
        name="math_dataset",
        cluster="math",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("number_match",),
        templates="math_dataset",
        microworld="math_dataset",
        splits=columns.carved(200, test="test"),
        preprocess=_math_dataset,
        hub=task.HubSource(
            repo="deepmind/math_dataset",
            revision="refs/convert/parquet",
            data_dir="algebra__linear_1d",
            is_sorted=True,  # by difficulty: easy, medium, hard
            columns={"question": "string", "answer": "string"},
            unverified="whether the converted branch exists, and the order of its rows",
        ),
        tfds=task.TfdsSource(name="math_dataset/algebra__linear_1d:1.0.0"),
        licence="none stated for the data (the generator: Apache-2.0)",
        homepage="https://github.com/google-deepmind/mathematics_dataset",
        flan_dataset="math_dataset",
    )


def asdiv() -> task.Task:
    """ASDiv, sums of primary school, https://github.com/chaochun/nlu-asdiv-dataset

    The unit in brackets is no part of the answer. The hub has all rows in one split.

    {"body": "Leo has 2 plums. He gets 3.", "question": "How many has he?",
     "answer": "5 (plums)", "solution_type": "Addition", "formula": "2+3=5"}
    """
    return task.Task(
        name="asdiv",
        cluster="math",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("number_match",),
        templates="asdiv",
        microworld="asdiv",
        splits={
            "train": "validation[:-500]",
            "validation": "validation[-500:-300]",
            "test": "validation[-300:]",
        },
        preprocess=_asdiv,
        hub=task.HubSource(
            repo="EleutherAI/asdiv",
            columns={
                "body": "string",
                "question": "string",
                "solution_type": "string",
                "answer": "string",
                "formula": "string",
            },
            unverified="the columns solution_type and formula, and the licence",
        ),
        licence="CC BY-NC 4.0",
        homepage="https://github.com/chaochun/nlu-asdiv-dataset",
    )


def mawps() -> task.Task:
    """MAWPS, sums of primary school, https://github.com/arkilpatel/SVAMP

    {"Question": "Leo has number0 plums . He gets number1 . How many has he ?",
     "Numbers": [2.0, 3.0], "Equation": "+ number0 number1", "Answer": 5.0}        a folder
    """
    return task.Task(
        name="mawps",
        cluster="math",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("number_match",),
        templates="gsm8k",
        microworld="mawps",
        splits=columns.carved(100, test="validation"),
        preprocess=_mawps,
        licence="MIT (the repository of SVAMP)",
        homepage="https://github.com/arkilpatel/SVAMP",
        how_to_get="copy data/cv_mawps/fold0 of https://github.com/arkilpatel/SVAMP by hand and "
        "give --data a folder of rows",
    )


def aqua_rat() -> task.Task:
    """AQuA-RAT, five-way algebra, https://github.com/google-deepmind/AQuA

    {"question": "A pie costs 4 coins. What do 3 cost?",
     "options": ["A)7", "B)12", "C)8", "D)1", "E)43"], "rationale": "4 * 3 = 12. Answer: B",
     "correct": "B"}
    """
    return task.Task(
        name="aqua_rat",
        cluster="math",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="aqua_rat",
        microworld="aqua_rat",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_aqua_rat,
        unusable=rationales.has_one_option,
        hub=task.HubSource(
            repo="deepmind/aqua_rat",
            config="raw",
            columns={
                "question": "string",
                "options": ["string"],
                "rationale": "string",
                "correct": "string",
            },
        ),
        licence="Apache-2.0",
        homepage="https://github.com/google-deepmind/AQuA",
    )


def svamp() -> task.Task:
    """SVAMP, sums of ASDiv and MAWPS told otherwise, https://github.com/arkilpatel/SVAMP

    The 1,000 problems were published as one test; train (700) and test (300) are the hub's.

    {"ID": "chal-7", "Body": "Leo has 5 plums. If he eats 3", "Question": "How many are left?",
     "Equation": "( 5.0 - 3.0 )", "Answer": "2.0", "Type": "Subtraction"}
    """
    return task.Task(
        name="svamp",
        cluster="math",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("number_match",),
        templates="svamp",
        microworld="mawps:svamp",
        splits=columns.carved(100, test="test"),
        preprocess=_svamp,
        hub=task.HubSource(
            repo="ChilleD/SVAMP",
            columns=dict.fromkeys(
                ("ID", "Body", "Question", "Equation", "Answer", "Type", "question_concat"),
                "string",
            ),
            unverified="the column question_concat, which is not read, and the licence",
        ),
        licence="MIT",
        homepage="https://github.com/arkilpatel/SVAMP",
    )


TASKS = [gsm8k, math_dataset, asdiv, mawps, aqua_rat, svamp]


def _gsm8k(row: task.Row) -> task.Record:
    _, number = columns.worked_solution(row)
    return {"question": columns.text(row, "question"), "references": [number]}


def _math_dataset(row: task.Row) -> task.Record:
    question, answer = (_unwrapped(columns.text(row, column)) for column in ("question", "answer"))
    return {"question": question, "references": columns.references(answer)}


def _unwrapped(text: str) -> str:
    """Returns the text that the source code of a bytes object stands for; other text as it is.

    Before: "b'Solve b = 2 for b.\\\\n'". After: "Solve b = 2 for b."
    """
    if _BYTES.fullmatch(text):
        text = ast.literal_eval(text).decode("utf-8")
    return text.strip()


def _asdiv(row: task.Row) -> task.Record:
    # "28 (ft); 21 (ft)" asks for two numbers.
    parts = [_UNIT.sub("", part).strip() for part in columns.text(row, "answer").split(";")]
    return {
        "question": columns.closed(f"{columns.text(row, 'body')} {columns.text(row, 'question')}"),
        "references": columns.references("; ".join(part.removesuffix(".0") for part in parts)),
    }


def _mawps(row: task.Row) -> task.Record:
    numbers = [_number(value) for value in row["Numbers"]]
    question = _SLOT.sub(lambda slot: numbers[int(slot[1])], columns.text(row, "Question"))
    return {"question": columns.untokenized(question), "references": [_number(row["Answer"])]}


def _number(value: float) -> str:
    """Returns a number as one writes it, to four places: 48.0 -> "48", 2 / 3 -> "0.6667"."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _aqua_rat(row: task.Row) -> task.Record:
    options, gold = rationales.with_letters(row["options"], columns.text(row, "correct"))
    fields = {"question": columns.closed(columns.mended(columns.text(row, "question")))}
    return columns.choice(fields, [columns.mended(option) for option in options], gold)


def _svamp(row: task.Row) -> task.Record:
    """A body that ends in a clause goes on: "If he eats 3", "How many" -> "If he eats 3, how many".

    It is so with every body that has no full stop.
    """
    body, question = columns.text(row, "Body"), columns.text(row, "Question")
    if body[-1] not in ".,;:!?":
        body += ","
        question = _ASKS.sub(lambda word: word[0].lower(), question)
    return {
        "question": f"{body} {question}",
        "references": [_number(float(row["Answer"]))],
    }
