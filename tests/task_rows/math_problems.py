"""Made-up rows of the tasks of task_registry/math_problems.py."""

from task_rows.layouts import SUM, WORKED, Layouts

EQUATION = {"question": "Solve 0 = 2*b - 8 for b.", "answer": "4"}
ASDIV = {
    "body": "Leo has 2.5 plums (ripe ones). If he gets 6.5 more,",
    "question": "how many has he?",
    "solution_type": "Addition",
    "answer": "9.0 (plums)",
    "formula": "2.5+6.5=9.0",
}
AQUA = {
    "question": "A pie costs 4 coins. What do 3 cost?",
    "options": ["A)7", "B)12", "C)7", "D) 1", "E)A)"],
    "rationale": "4 * 3 = 12. Answer: B",
    "correct": "B",
}

LAYOUTS: dict[str, Layouts] = {
    "gsm8k": Layouts(
        record=SUM | {"references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=WORKED,
    ),
    "math_dataset": Layouts(
        record={"question": "Solve 0 = 2*b - 8 for b.", "references": ["4"]},
        hub={"question": "b'Solve 0 = 2*b - 8 for b.\\n'", "answer": "b'4\\n'"},
        tfds=EQUATION,
        folder=EQUATION,
    ),
    "asdiv": Layouts(
        record={
            "question": "Leo has 2.5 plums (ripe ones). If he gets 6.5 more, how many has he?",
            "references": ["9"],
        },
        hub=ASDIV,
        folder={"id": "x", "grade": "3", **ASDIV},
    ),
    "mawps": Layouts(
        record={"question": "Ada's hat costs $5. What do 1.5 hats cost?", "references": ["7.5"]},
        folder={
            "Question": "Ada 's hat costs $ number0 . What do number1 hats cost ?",
            "Numbers": [5.0, 1.5],
            "Equation": "* number0 number1",
            "Answer": 7.5,
        },
    ),
    "aqua_rat": Layouts(
        record={
            "question": "A pie costs 4 coins. What do 3 cost?",
            "options": ["7", "12", "1", "A)"],
            "label": 1,
        },
        hub=AQUA,
        folder=AQUA,
    ),
    "svamp": Layouts(
        record={
            "question": "Leo has 5 plums. If he eats 3, how many are left?",
            "references": ["2"],
        },
        hub={
            "ID": "chal-7",
            "Body": "Leo has 5 plums. If he eats 3",
            "Question": "How many are left?",
            "Equation": "( 5.0 - 3.0 )",
            "Answer": "2.0",
            "Type": "Subtraction",
            "question_concat": "x",
        },
        folder={
            "ID": "chal-7",
            "Body": "Leo has 5 plums. If he eats 3 ",
            "Question": "How many are left?",
            "Answer": 2.0,
        },
    ),
}
