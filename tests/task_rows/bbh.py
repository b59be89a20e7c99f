"""Made-up rows of the tasks of task_registry/bbh.py."""

from task_registry import bbh
from task_rows.layouts import Layouts

RED = "Which is red?\nOptions:\n(A) ink\n(B) blood\n(C) milk"
PAIRS = {
    "boolean_expressions": "not ( True ) is",
    "causal_judgement": "Ena pushed Ivo. Did she move him?\nOptions:\n- Yes\n- No",
    "formal_fallacies": "Eels swim, so eels swim.\nOptions:\n- valid \n- invalid",
    "navigate": "Take 2 steps. Turn around.\nOptions:\n- Yes\n- No",
    "sports_understanding": 'Can this be? "Ena scored a set."',
    "web_of_lies": "Ena lies. Ivo says so. Does Ivo tell the truth?",
}
WRITTEN = {
    "dyck_languages": ("Close this: ( [", "] )"),
    "multistep_arithmetic_two": ("(2 - 3) =", "-1"),
    "object_counting": ("I have an eel and two owls. How many?", "3"),
    "word_sorting": ("Sort: owl eel", "eel owl"),
}


def _layouts(part: str) -> Layouts:
    if part in bbh.OPTIONS:
        row = {"input": RED, "target": "(B)"}
        options = ["ink", "blood", "milk"]
        asked, told = bbh.OPTIONS[part], {"question": "Which is red?", "options": options}
        told |= {"label": 1}
    elif part in bbh.LABELS:
        labels, _, asked = bbh.LABELS[part]
        row = {"input": PAIRS[part], "target": labels.names[1]}
        told = {"question": PAIRS[part].partition("\nOptions:")[0], "label": 1}
    else:
        question, answer = WRITTEN[part]
        row, asked = {"input": question, "target": answer}, bbh.WRITTEN[part][2]
        told = {"question": question, "references": [answer]}
    record = {"instruction": asked, "rationale": "", **told}
    return Layouts(record=record, hub=row, folder=row)


LAYOUTS: dict[str, Layouts] = {
    f"bbh_{part}": _layouts(part) for part in (*bbh.OPTIONS, *bbh.LABELS, *bbh.WRITTEN)
}
