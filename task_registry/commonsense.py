"""Commonsense, the sets of FLAN and two more: what everyone knows about causes, uses and events."""

import re

from flanlike.tasks import task
from task_registry import columns

_COPA = ("choice1", "choice2")
_PIQA = ("0", "1")  # sol1, sol2
_HELLASWAG = ("0", "1", "2", "3")
_STORY_CLOZE = ("1", "2")

_ROC_STORIES = "https://cs.rochester.edu/nlp/rocstories"
_MARK = re.compile(r"\s*\[(?:header|title|step|substeps)\]\s*")
_SENTENCE_END = re.compile(r"[.!?:;,][\"')]*$")
_LETTERED = re.compile(r"\s*\([AB]\)\s*")
_LAST_START = re.compile(r"(?<=[.!?] )[a-z](?=[^.!?]*$)")


def copa() -> task.Task:
    """Choice of Plausible Alternatives, https://people.ict.usc.edu/~gordon/copa.html

    {"premise": "The lamp fell.", "choice1": "It broke.", "choice2": "It sang.",
     "question": "effect", "label": 0}
    """
    return task.Task(
        name="copa",
        cluster="commonsense",
        fields=("premise", "relation"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="copa",
        microworld="copa",
        splits=columns.carved(50, test="validation"),
        preprocess=_copa,
        label_columns={"label": _COPA},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="aps/super_glue",
            config="copa",
            columns={
                "premise": "string",
                "choice1": "string",
                "choice2": "string",
                "question": "string",
                "idx": "int32",
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="super_glue/copa:1.0.2"),
        licence="BSD-2-Clause",
        homepage="https://people.ict.usc.edu/~gordon/copa.html",
        flan_dataset="copa",
    )


def piqa() -> task.Task:
    """Physical Interaction QA, https://yonatanbisk.com/piqa: a goal and two ways to reach it.

    {"goal": "Dry a wet boot.", "sol1": "Fill it with paper.", "sol2": "Fill it with tea.",
     "label": 0}
    """
    return task.Task(
        name="piqa",
        cluster="commonsense",
        fields=("goal",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="piqa",
        microworld="piqa",
        splits=columns.carved(100, test="validation"),
        preprocess=_piqa,
        label_columns={"label": _PIQA},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="baber/piqa",
            columns={
                "goal": "string",
                "sol1": "string",
                "sol2": "string",
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="piqa:1.0.0"),
        licence="none stated",
        homepage="https://yonatanbisk.com/piqa",
        flan_dataset="piqa",
    )


def hellaswag() -> task.Task:
    """HellaSwag, https://rowanzellers.com/hellaswag: which of four endings goes on with a text?

    Half of the texts are from WikiHow and carry marks of its layout, which are taken out.

    {"ctx": "[header] How to eat a pear [title] Wash it. [step] then", "label": "0",
     "endings": ["bite into it.", "paint it blue.", ...]}                         the hub
    {"context": ..., "endings": [...], "label": 0}                                TFDS
    """
    return task.Task(
        name="hellaswag",
        cluster="commonsense",
        fields=("context",),
        cut={"context": "middle"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="continuation",
        microworld="hellaswag",
        splits=columns.carved(200, test="validation"),
        preprocess=_hellaswag,
        unlabelled={"label": ""},
        hub=task.HubSource(
            repo="Rowan/hellaswag",
            columns={
                "ind": "int32",
                "activity_label": "string",
                "ctx_a": "string",
                "ctx_b": "string",
                "ctx": "string",
                "endings": ["string"],
                "source_id": "string",
                "split": "string",
                "split_type": "string",
                "label": "string",
            },
        ),
        tfds=task.TfdsSource(name="hellaswag:1.1.0"),
        licence="none stated on the hub (publisher's repository: MIT)",
        homepage="https://rowanzellers.com/hellaswag",
        flan_dataset="hellaswag",
    )


def story_cloze() -> task.Task:
    """Story Cloze Test of 2016, https://cs.rochester.edu/nlp/rocstories: four sentences of five.

    Its training stories have no wrong endings, so that FLAN trains on its validation split.

    {"context": "Ivo dug. It grew dark. He had no lamp. He heard a wolf.", "label": 2,
     "endings": ["He sang a song.", "He ran home."]}                              TFDS
    {"InputSentence1": "Ivo dug.", ..., "InputSentence4": "He heard a wolf.",
     "RandomFifthSentenceQuiz1": "He sang a song.",
     "RandomFifthSentenceQuiz2": "He ran home.", "AnswerRightEnding": 2}          its files
    """
    return task.Task(
        name="story_cloze",
        cluster="commonsense",
        fields=("story",),
        cut={"story": "middle"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="story_cloze",
        microworld="story_cloze",
        splits={"train": "validation[:-200]", "validation": "validation[-200:]", "test": "test"},
        preprocess=_story_cloze,
        unlabelled={"label": -1},
        tfds=task.TfdsSource(
            name="story_cloze/2016:1.0.0",
            manual=f"ask for the files by the form at {_ROC_STORIES} and put them, named "
            "cloze_test_val__spring2016.csv and cloze_test_test__spring2016.csv, into TFDS's "
            "manual folder",
        ),
        licence="none stated; given out on request, by form",
        homepage=_ROC_STORIES,
        flan_dataset="story_cloze",
        how_to_get=f"ask for the files of 2016 by the form at {_ROC_STORIES}, then use TFDS or "
        "a folder",
    )


def quarel() -> task.Task:
    """QuaRel: which of two, by how one quantity goes with another, https://allenai.org/data/quarel

    The options are in the question's text.

    {"id": "Q_7", "question": "Ada skates on ice and Ben on sand. Who is faster? (A) Ada (B) Ben",
     "answer_index": 0, "logical_forms": [], "logical_form_pretty": "", "world_literals": {}}
    """
    return task.Task(
        name="quarel",
        cluster="commonsense",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="quarel",
        microworld="quarel",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_quarel,
        hub=task.HubSource(
            repo="community-datasets/quarel",
            columns={
                "id": "string",
                "answer_index": "int32",
                "logical_forms": ["string"],
                "logical_form_pretty": "string",
                "world_literals": {"world1": ["string"], "world2": ["string"]},
                "question": "string",
            },
        ),
        licence="none stated on the hub",
        homepage="https://allenai.org/data/quarel",
    )


def lambada() -> task.Task:
    """LAMBADA: the last word of a passage from a novel, https://zenodo.org/record/2630551

    The train split is whole novels, in which no word is to be told: the passages of the development
    set are trained on. Accuracy is `squad_em`: capitals and full stops do not count.

    {"text": "ada bought a drum . ben heard it , and he hated the drum", "domain": "Romance"}  hub
    {"passage": "ada bought a drum . ben heard it , and he hated the drum"}                    TFDS
    """
    return task.Task(
        name="lambada",
        cluster="commonsense",
        fields=("passage",),
        answers=task.FreeText(),
        metrics=("squad_em",),
        templates="lambada",
        microworld="lambada",
        cut={"passage": "never"},  # the word is only to be guessed from all of it
        splits={"train": "validation[:-200]", "validation": "validation[-200:]", "test": "test"},
        preprocess=_lambada,
        hub=task.HubSource(
            repo="cimec/lambada",
            config="plain_text",
            columns={"text": "string", "domain": "string"},
        ),
        tfds=task.TfdsSource(name="lambada:1.0.0", split_names={"validation": "train"}),
        licence="CC BY 4.0",
        homepage="https://zenodo.org/record/2630551",
    )


TASKS = [copa, piqa, hellaswag, story_cloze, quarel, lambada]


def _copa(row: task.Row) -> task.Record:
    relation = columns.text(row, "question")
    if relation not in ("cause", "effect"):
        raise ValueError(f"column 'question' is {relation!r}; expected 'cause' or 'effect'")
    fields = {"premise": columns.text(row, "premise"), "relation": relation}
    options = [columns.text(row, column) for column in _COPA]
    return columns.choice(fields, options, columns.label(row, _COPA, "label"))


def _piqa(row: task.Row) -> task.Record:
    options = [columns.text(row, "sol1"), columns.text(row, "sol2")]
    goal = {"goal": columns.text(row, "goal")}
    return columns.choice(goal, options, columns.label(row, _PIQA, "label"))


def _hellaswag(row: task.Row) -> task.Record:
    context = _without_marks(columns.text(row, "ctx", "context"))
    context = _LAST_START.sub(lambda start: start[0].upper(), context)
    endings = [_without_marks(ending) for ending in columns.value(row, "endings")]
    gold = columns.numbered(row, _HELLASWAG, "label")
    return columns.choice({"context": context}, endings, gold)


def _without_marks(text: str) -> str:
    """Returns the text without WikiHow's marks, and with a stop where only a mark ended a sentence.

    "[header] How to eat [title] Sit down. [step] Bite." -> "How to eat. Sit down. Bite."
    """
    parts = [part for part in _MARK.split(text.strip()) if part]
    ended = [part if _SENTENCE_END.search(part) else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, *parts[-1:]])


def _story_cloze(row: task.Row) -> task.Record:
    if "endings" in row:
        story, endings = columns.text(row, "context"), columns.value(row, "endings")
    else:
        numbers = ("1", "2", "3", "4")
        story = " ".join(
            columns.text(row, f"input_sentence_{number}", f"InputSentence{number}")
            for number in numbers
        )
        endings = [
            columns.text(row, f"sentence_quiz{number}", f"RandomFifthSentenceQuiz{number}")
            for number in _STORY_CLOZE
        ]
    gold = columns.numbered(row, _STORY_CLOZE, "label", "answer_right_ending", "AnswerRightEnding")
    return columns.choice({"story": story}, endings, gold)


def _quarel(row: task.Row) -> task.Record:
    """Before: "Who is faster? (A) Ada (B) Ben". After: "Who is faster?", ["Ada", "Ben"]."""
    question = columns.text(row, "question")
    stem, *options = (part.strip() for part in _LETTERED.split(question))
    if len(options) != 2 or not stem:
        raise ValueError(
            f"column 'question' is {question!r}; expected a question, '(A) ...' and '(B) ...'"
        )
    return columns.choice({"question": stem}, options, columns.label(row, (0, 1), "answer_index"))


def _lambada(row: task.Row) -> task.Record:
    """Before: "it is a duck , said ada". After: "it is a duck, said" and the reference "ada"."""
    passage, _, word = columns.text(row, "text", "passage").rpartition(" ")
    if not passage:
        raise ValueError(f"expected a passage of two words or more, got {word!r}")
    return {"passage": columns.untokenized(passage).strip(), "references": [word]}
