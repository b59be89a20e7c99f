"""Commonsense, further sets: quizzes and claims about what everyone knows."""

from flanlike import seeding
from flanlike.tasks import task
from task_registry import columns

_YES_NO = task.Labels(names=("no", "yes"), words=("no", "yes"))
_CREAK = task.Labels(names=("false", "true"), words=("false", "true"))
_CODAH = ("0", "1", "2", "3")
_SOCIAL_I_QA = ("1", "2", "3")
_SENSE_MAKING = task.Labels(names=("first", "second"), words=("the first", "the second"))
_ASKING = "is are was were do does did can could will would should has have had must may"
_COM_VE = "https://github.com/wangcunxiang/SemEval2020-Task4-Commonsense-Validation-and-Explanation"


def commonsense_qa() -> task.Task:
    """CommonsenseQA, https://www.tau-nlp.org/commonsenseqa

    {"question": "Where do you sleep?", "choices": {"label": ["A", "B"],
     "text": ["bed", "oven"]}, "answerKey": "A"}
    """
    return task.Task(
        name="commonsense_qa",
        cluster="commonsense",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="commonsense_qa",
        microworld="commonsense_qa",
        splits=columns.carved(200, test="validation"),
        preprocess=_commonsense_qa,
        unlabelled={"answerKey": ""},
        hub=task.HubSource(
            repo="tau/commonsense_qa",
            columns={
                "id": "string",
                "question": "string",
                "question_concept": "string",
                "choices": {"label": ["string"], "text": ["string"]},
                "answerKey": "string",
            },
        ),
        licence="MIT",
        homepage="https://www.tau-nlp.org/commonsenseqa",
    )


def codah() -> task.Task:
    """CODAH, https://github.com/Websail-NU/CODAH, first fold: which ending makes sense?

    {"question_propmt": "The duck saw the pond. It", "correct_answer_idx": 1,
     "candidate_answers": ["read a book.", "swam.", "sang a song.", "flew to the moon."]}  the hub
    {"question_prompt": ...}                                                       a folder
    """
    return task.Task(
        name="codah",
        cluster="commonsense",
        fields=("context",),
        cut={"context": "middle"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="continuation",
        microworld="codah",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_codah,
        hub=task.HubSource(
            repo="jaredfern/codah",
            config="fold_0",
            labels={
                "question_category": (
                    "Idioms",
                    "Reference",
                    "Polysemy",
                    "Negation",
                    "Quantitative",
                    "Others",
                )
            },
            columns={
                "id": "int32",
                "question_category": "ClassLabel",
                "question_propmt": "string",  # sic
                "candidate_answers": ["string"],
                "correct_answer_idx": "int32",
            },
            unverified="whether it loads without its converted branch",
        ),
        licence="ODC-By 1.0",
        homepage="https://github.com/Websail-NU/CODAH",
    )


def commonsense_qa_2() -> task.Task:
    """CommonsenseQA 2.0, https://github.com/allenai/csqa2: yes or no, to a question or a claim.

    {"question": "Every duck has four legs.", "answer": "no", "confidence": 0.9}
    """
    return task.Task(
        name="commonsense_qa_2",
        cluster="commonsense",
        fields=("question",),
        answers=_YES_NO,
        metrics=("accuracy",),
        templates="commonsense_qa_2",
        microworld="commonsense_qa_2",
        splits=columns.carved(200, test="validation"),
        preprocess=_commonsense_qa_2,
        hub=task.HubSource(
            repo="tasksource/commonsense_qa_2.0",
            columns={
                "id": "string",
                "question": "string",
                "answer": "string",
                "confidence": "float64",
                "relational_prompt": "string",
                "relational_prompt_used": "bool",
                "topic_prompt": "string",
                "topic_prompt_used": "bool",
            },
            unverified="the columns besides question and answer; two more are not listed",
        ),
        licence="CC BY 4.0",
        homepage="https://github.com/allenai/csqa2",
    )


def creak() -> task.Task:
    """CREAK, https://github.com/yasumasaonoe/creak: is a claim about something known true?

    {"sentence": "A trout can play the drum.", "label": "false", "entity": "Trout",
     "explanation": "A trout has no hands."}
    """
    return task.Task(
        name="creak",
        cluster="commonsense",
        fields=("claim",),
        answers=_CREAK,
        metrics=("accuracy",),
        templates="creak",
        microworld="creak",
        splits=columns.carved(200, test="validation"),
        preprocess=_creak,
        hub=task.HubSource(
            repo="amydeng2000/CREAK",
            columns={
                "ex_id": "string",
                "sentence": "string",
                "explanation": "string",
                "label": "string",
                "entity": "string",
                "en_wiki_pageid": "string",
                "entity_mention_loc": [["int64"]],
            },
            unverified="the licence",
        ),
        licence="MIT",
        homepage="https://github.com/yasumasaonoe/creak",
    )


def mc_taco() -> task.Task:
    """MC-TACO, https://github.com/CogComp/MCTACO: is this when, how long or how often it was?

    Candidates of one question share a group. There is no split for training: its makers train on
    what they call validation.

    {"sentence": "Ada ate a pear.", "question": "How long did it take?", "answer": "a year",
     "label": 0, "category": 1}
    """
    return task.Task(
        name="mc_taco",
        cluster="commonsense",
        fields=("sentence", "question", "candidate"),
        answers=_YES_NO,
        metrics=("accuracy", "multirc_f1a", "multirc_em"),
        templates="mc_taco",
        microworld="mc_taco",
        splits={"train": "validation[:-200]", "validation": "validation[-200:]", "test": "test"},
        preprocess=_mc_taco,
        label_columns={"label": _YES_NO.names},
        hub=task.HubSource(
            repo="CogComp/mc_taco",
            revision="refs/convert/parquet",
            data_dir="plain_text",  # the one configuration of its loading script
            labels={
                "category": (
                    "Event Duration",
                    "Event Ordering",
                    "Frequency",
                    "Typical Time",
                    "Stationarity",
                )
            },
            columns={
                "sentence": "string",
                "question": "string",
                "answer": "string",
                "label": "ClassLabel",
                "category": "ClassLabel",
            },
            unverified="whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="mctaco:1.0.0"),
        licence="none stated",
        homepage="https://github.com/CogComp/MCTACO",
    )


def sense_making() -> task.Task:
    """Sense-Making (SemEval 2020, task 4): which of two statements makes sense?

    https://github.com/wangcunxiang/SemEval2020-Task4-Commonsense-Validation-and-Explanation. The
    order of the two depends on their words alone. Rows where both are the same are left out.

    {"Correct Statement": "Ada ate a pear", "Incorrect Statement": "Ada ate a house",
     "Right Reason1": "A house is too big to eat", ...}
    """
    return task.Task(
        name="sense_making",
        cluster="commonsense",
        fields=("sentence1", "sentence2"),
        answers=_SENSE_MAKING,
        metrics=("accuracy",),
        templates="sense_making",
        microworld="sense_making",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_sense_making,
        unusable=_says_one_thing,
        licence="CC BY-SA 4.0",
        homepage=_COM_VE,
        how_to_get=f"download train.csv, dev.csv and test.csv from {_COM_VE} ('ALL data') and put "
        "them, as JSON lines, into a folder",
    )


def social_i_qa() -> task.Task:
    """Social IQa, https://maartensap.com/social-iqa: why people do things, and how they feel.

    {"context": "Ada lent Bela a hat.", "question": "How does Bela feel?", "answerA": "thankful",
     "answerB": "hungry", "answerC": "angry", "label": "1"}
    """
    return task.Task(
        name="social_i_qa",
        cluster="commonsense",
        fields=("context", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="social_i_qa",
        microworld="social_i_qa",
        splits=columns.carved(200, test="validation"),
        preprocess=_social_i_qa,
        hub=task.HubSource(
            repo="allenai/social_i_qa",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                "context": "string",
                "question": "string",
                "answerA": "string",
                "answerB": "string",
                "answerC": "string",
                "label": "string",
            },
        ),
        licence="CC BY 4.0 (as its makers give it; not stated on the hub)",
        homepage="https://maartensap.com/social-iqa",
    )


def strategy_qa() -> task.Task:
    """StrategyQA, https://allenai.org/data/strategyqa: yes or no, after several steps of thought.

    {"question": "Can a trout play a drum?", "answer": false, "facts": "Trout have no hands."}
    """
    return task.Task(
        name="strategy_qa",
        cluster="commonsense",
        fields=("question",),
        answers=_YES_NO,
        metrics=("accuracy",),
        templates="strategy_qa",
        microworld="strategy_qa",
        splits=columns.carved(200, test="test"),
        preprocess=_strategy_qa,
        hub=task.HubSource(
            repo="ChilleD/StrategyQA",
            columns={
                "qid": "string",
                "term": "string",
                "description": "string",
                "question": "string",
                "answer": "bool",
                "facts": "string",
            },
            unverified="the columns besides question, answer and facts; that it loads without a "
            "revision",
        ),
        licence="MIT",
        homepage="https://allenai.org/data/strategyqa",
    )


TASKS = [
    commonsense_qa,
    codah,
    commonsense_qa_2,
    creak,
    mc_taco,
    sense_making,
    social_i_qa,
    strategy_qa,
]


def _commonsense_qa(row: task.Row) -> task.Record:
    return columns.choice(
        {"question": columns.prose(row, "question")}, *columns.lettered_choices(row)
    )


def _codah(row: task.Row) -> task.Record:
    context = columns.text(row, "question_prompt", "question_propmt")
    gold = columns.numbered(row, _CODAH, "correct_answer_idx")
    return columns.choice({"context": context}, row["candidate_answers"], gold)


def _commonsense_qa_2(row: task.Row) -> task.Record:
    question = _as_sentence(columns.text(row, "question"))
    return {"question": question, "label": columns.label(row, _YES_NO.names, "answer")}


def _creak(row: task.Row) -> task.Record:
    return {
        "claim": columns.text(row, "sentence"),
        "label": columns.label(row, _CREAK.names, "label"),
    }


def _mc_taco(row: task.Row) -> task.Record:
    sentence = columns.prose(row, "sentence")
    question = columns.untokenized(columns.question(row, "question"))
    return {
        "sentence": sentence,
        "question": question,
        "candidate": columns.prose(row, "answer"),
        "label": columns.label(row, _YES_NO.names, "label"),
        "group": f"{sentence} {question}",
    }


def _sense_making(row: task.Row) -> task.Record:
    right, wrong = _statements(row)
    label = seeding.key("sense_making", *sorted((right, wrong))) % 2
    pair = (wrong, right) if label else (right, wrong)
    return {"sentence1": pair[0], "sentence2": pair[1], "label": label}


def _says_one_thing(row: task.Row) -> bool:
    return len(set(_statements(row))) < 2


def _statements(row: task.Row) -> list[str]:
    return [
        _as_sentence(columns.text(row, f"{which} Statement")) for which in ("Correct", "Incorrect")
    ]


def _as_sentence(text: str) -> str:
    """Returns the text with a capital and an end mark, which many rows leave out.

    "ducks have wings" -> "Ducks have wings."        "do ducks swim" -> "Do ducks swim?"
    """
    if text[-1] not in ".?!":
        text += "?" if text.partition(" ")[0].lower() in _ASKING.split() else "."
    return text[0].upper() + text[1:]


def _social_i_qa(row: task.Row) -> task.Record:
    fields = {"context": columns.text(row, "context"), "question": columns.text(row, "question")}
    options = [columns.text(row, f"answer{letter}") for letter in "ABC"]
    return columns.choice(fields, options, columns.numbered(row, _SOCIAL_I_QA, "label"))


def _strategy_qa(row: task.Row) -> task.Record:
    return {"question": columns.prose(row, "question"), "label": columns.yes_or_no(row, "answer")}
