"""Chain of thought: the answer with the reasoning that leads to it."""

from flanlike.tasks import task
from task_registry import columns, rationales

_SPAN = {"start": "int32", "end": "int32", "string": "string"}
_REFERENCE = _SPAN | {"bridge": "string"}
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
        metrics=("number_match",),
        templates="cot_gsm8k",
        microworld="cot_gsm8k",
        splits=columns.carved(200, test="test"),
        preprocess=rationales.gsm8k,
        hub=task.HubSource(
            repo="openai/gsm8k", config="main", columns=rationales.strings("question answer")
        ),
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
        preprocess=rationales.ecqa,
        hub=task.HubSource(
            repo="yangdong/ecqa",
            columns=rationales.strings("q_no q_concept q_text q_op1 q_op2 q_op3 q_op4 q_op5 q_ans")
            | rationales.strings("taskA_pos taskA_neg taskB"),
            unverified="q_no, q_concept, taskA_pos, taskA_neg; that it loads without a revision",
        ),
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
        answers=rationales.STRATEGYQA,
        metrics=("accuracy",),
        templates="cot_strategyqa",
        microworld="cot_strategyqa",
        splits=columns.carved(200, test="test"),
        preprocess=rationales.strategyqa,
        hub=task.HubSource(
            repo="ChilleD/StrategyQA",
            columns=rationales.strings("qid term description question facts") | {"answer": "bool"},
            unverified="qid, term and description; that it loads without a revision",
        ),
        licence=f"MIT; {_PREPARED}",
        homepage="https://allenai.org/data/strategyqa",
    )


def cot_creak() -> task.Task:
    """CREAK, claims that common sense judges, https://github.com/yasumasaonoe/creak

    {"sentence": "Trout can climb.", "label": "false", "explanation": "Trout have no feet."}  hub
    {"question": "Is the following statement true?\n\"Trout can climb.\"", "answer": "no",
     "rationale": "Trout have no feet."}                                          a folder
    """
    return task.Task(
        name="cot_creak",
        cluster="chain_of_thought",
        fields=("claim", "rationale"),
        answers=rationales.CREAK,
        metrics=("accuracy",),
        templates="cot_creak",
        microworld="cot_creak",
        splits=columns.carved(200, test="validation"),
        preprocess=rationales.creak,
        hub=task.HubSource(
            repo="amydeng2000/CREAK",
            columns=rationales.strings("ex_id sentence explanation label entity en_wiki_pageid")
            | {"entity_mention_loc": [["int64"]]},
            unverified="the licence",
        ),
        licence=f"MIT; {_PREPARED}",
        homepage="https://github.com/yasumasaonoe/creak",
    )


def cot_qasc() -> task.Task:
    """QASC, where two facts answer together, https://allenai.org/data/qasc

    {"question": "What can swim?", "choices": {"text": ["eel", "moth"], "label": ["A", "B"]},
     "answerKey": "A", "fact1": "Fish can swim.", "fact2": "An eel is a fish",
     "combinedfact": "An eel can swim."}                                          hub, TFDS
    {"question": "What can swim?\nOptions:\n- (A) eel\n- (B) moth", "answer": "(A)",
     "rationale": "Fish can swim. An eel is a fish. An eel can swim."}            a folder
    """
    return task.Task(
        name="cot_qasc",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cot_qasc",
        microworld="cot_qasc",
        splits=columns.carved(200, test="validation"),
        preprocess=rationales.qasc,
        unlabelled={"answerKey": ""},
        hub=task.HubSource(
            repo="allenai/qasc",
            columns=rationales.strings(
                "id question answerKey fact1 fact2 combinedfact formatted_question"
            )
            | {"choices": {"text": ["string"], "label": ["string"]}},
        ),
        tfds=task.TfdsSource(name="qasc:0.1.0"),
        licence=f"CC BY 4.0; {_PREPARED}",
        homepage="https://allenai.org/data/qasc",
    )


def cot_esnli() -> task.Task:
    """e-SNLI, SNLI with written reasons, https://github.com/OanaMariaCamburu/e-SNLI

    {"premise": "A man eats a pear.", "hypothesis": "A man sleeps.", "label": 2,
     "explanation_1": "Who eats is awake.", "explanation_2": "", "explanation_3": ""}
    """
    return task.Task(
        name="cot_esnli",
        cluster="chain_of_thought",
        fields=("premise", "hypothesis", "rationale"),
        answers=rationales.ESNLI,
        metrics=("accuracy",),
        templates="cot_esnli",
        microworld="cot_esnli",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=rationales.esnli,
        label_columns={"label": rationales.ESNLI.names},
        unlabelled={"label": -1, "explanation_1": ""},
        hub=task.HubSource(
            repo="esnli/esnli",
            revision="refs/convert/parquet",
            data_dir="plain_text",
            columns=rationales.strings(
                "premise hypothesis explanation_1 explanation_2 explanation_3"
            )
            | {"label": "ClassLabel"},
            unverified="whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="esnli:0.1.0"),
        licence="MIT for the reasons; SNLI's sentences CC BY-SA 4.0",
        homepage="https://github.com/OanaMariaCamburu/e-SNLI",
    )


def cot_sensemaking() -> task.Task:
    """Sense-making (SemEval-2020 task 4): which of two sentences is against common sense, and why?

    Rows where both are the same are left out.

    {"question": "Pick which sentence is not logical.\nOptions:\n- Sentence A: \"I ate a pear.\"
     \n- Sentence B: \"I ate a cart.\"", "answer": "Sentence B", "rationale": "Carts are wood."}
    """
    return task.Task(
        name="cot_sensemaking",
        cluster="chain_of_thought",
        fields=("sentence1", "sentence2", "rationale"),
        answers=rationales.SENSE,
        metrics=("accuracy",),
        templates="cot_sensemaking",
        microworld="cot_sensemaking",
        splits=columns.carved(200, test="validation"),
        preprocess=rationales.sensemaking,
        unusable=rationales.is_one_sentence,
        licence=f"CC BY-SA 4.0; {_PREPARED}",
        homepage="https://github.com/wangcunxiang/SemEval2020-Task4-Commonsense-Validation-and-Explanation",
        how_to_get="not on the hub: turn the columns of flan/v2/cot_data/sensemaking_train.tsv "
        "(github.com/google-research/FLAN) into JSON lines of question, answer and rationale",
    )


def cot_aqua() -> task.Task:
    """AQuA-RAT, algebra with worked solutions, https://github.com/google-deepmind/AQuA

    {"question": "What is 2 + 3?", "options": ["A)4", "B)5"], "correct": "B",
     "rationale": "2 + 3 = 5\nAnswer: B"}                                         the hub
    {"question": "What is 2 + 3?\nOptions:\n(A) 4\n(B) 5", "answer": "(B)",
     "rationale": "2 + 3 = 5"}                                                    a folder
    """
    return task.Task(
        name="cot_aqua",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cot_aqua",
        microworld="cot_aqua",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=rationales.aqua,
        unusable=rationales.has_one_option,
        hub=task.HubSource(
            repo="deepmind/aqua_rat",
            config="raw",
            columns=rationales.strings("question rationale correct") | {"options": ["string"]},
        ),
        licence=f"Apache-2.0; {_PREPARED}",
        homepage="https://github.com/google-deepmind/AQuA",
    )


def cot_qed() -> task.Task:
    """QED, Natural Questions with the sentence that answers, and what its words stand for.

    {"question": "who is the mayor of ena", "paragraph_text": "Ena is old. Ivo is its mayor.",
     "original_nq_answers": [{"start": 12, "end": 15, "string": "Ivo"}], "annotation": {
         "explanation_type": "single_sentence",
         "selected_sentence": {"start": 12, "end": 29, "string": "Ivo is its mayor."},
         "answer": [{"paragraph_reference": {"string": "Ivo", ...}, ...}],
         "referential_equalities": [{"question_reference": {"string": "ena", ...},
                                     "sentence_reference": {"string": "its", ...}}]}}
    """
    return task.Task(
        name="cot_qed",
        cluster="chain_of_thought",
        fields=("passage", "question", "rationale"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="cot_qed",
        microworld="cot_qed",
        splits=columns.carved(200, test="validation"),
        preprocess=rationales.qed,
        unusable=rationales.is_unexplained,
        hub=task.HubSource(
            repo="google-research-datasets/qed",
            revision="refs/convert/parquet",
            data_dir="qed",
            columns=rationales.strings("title_text url question paragraph_text")
            | {
                "example_id": "int64",
                "sentence_starts": ["int32"],
                "original_nq_answers": [_SPAN],
                "annotation": {
                    "referential_equalities": [
                        {"question_reference": _SPAN, "sentence_reference": _REFERENCE}
                    ],
                    "answer": [{"sentence_reference": _REFERENCE, "paragraph_reference": _SPAN}],
                    "explanation_type": "string",
                    "selected_sentence": _SPAN,
                },
            },
            unverified="whether the converted branch exists",
        ),
        licence="none stated on the hub (text of Wikipedia, CC BY-SA 3.0)",
        homepage="https://github.com/google-research-datasets/QED",
    )


def cos_e() -> task.Task:
    """CoS-E v1.11, short reasons for CommonsenseQA, https://github.com/salesforce/cos-e

    Rows whose reason says nothing of the question are left out, those of the test split too.

    {"question": "Where do you sleep?", "choices": ["oven", "bed"], "answer": "bed",
     "abstractive_explanation": "a bed is made to sleep in", "extractive_explanation": "sleep"}
    """
    return task.Task(
        name="cos_e",
        cluster="chain_of_thought",
        fields=("question", "rationale"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cos_e",
        microworld="cos_e",
        splits=columns.carved(200, test="validation"),
        preprocess=rationales.cos_e,
        unusable=rationales.says_nothing,
        hub=task.HubSource(
            repo="Salesforce/cos_e",
            config="v1.11",
            columns=rationales.strings(
                "id question answer abstractive_explanation extractive_explanation"
            )
            | {"choices": ["string"]},
        ),
        tfds=task.TfdsSource(name="cos_e:0.0.1"),
        licence="BSD-3-Clause",
        homepage="https://github.com/salesforce/cos-e",
    )


TASKS = [
    cot_gsm8k,
    cot_ecqa,
    cot_strategyqa,
    cot_creak,
    cot_qasc,
    cot_esnli,
    cot_sensemaking,
    cot_aqua,
    cot_qed,
    cos_e,
]
