"""Reading comprehension: questions about a text that is given."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flanlike import seeding
from flanlike.tasks import task
from task_registry import columns

_LETTERS = ("A", "B", "C", "D")
_UNANSWERABLE = "unanswerable"
_MARK_AHEAD = re.compile(r" +([,;!?])(?=[A-Za-z])")  # RACE: "the shop ,it got dark"
_SCRAPS = re.compile(r"\n[ ,.]+$")  # and what was left of a last line
_SQUAD_COLUMNS = {
    "id": "string",
    "title": "string",
    "context": "string",
    "question": "string",
    "answers": {"text": ["string"], "answer_start": ["int32"]},
}
_BOOL_Q = task.Labels(names=("False", "True"), words=("no", "yes"))
_MULTIRC = task.Labels(names=("False", "True"), words=("no", "yes"))


def openbookqa() -> task.Task:
    """OpenBookQA, https://allenai.org/data/open-book-qa

    {"question_stem": "A duck has", "choices": {"text": ["wings", "horns"], "label": ["A", "B"]},
     "answerKey": "A"}
    """
    return task.Task(
        name="openbookqa",
        cluster="reading_comprehension",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="openbookqa",
        microworld="openbookqa",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_openbookqa,
        hub=task.HubSource(
            repo="allenai/openbookqa",
            config="main",
            columns={
                "id": "string",
                "question_stem": "string",
                "choices": {"text": ["string"], "label": ["string"]},
                "answerKey": "string",
            },
        ),
        tfds=task.TfdsSource(name="openbookqa:0.1.0"),
        licence="none stated for the data (publisher's repository: Apache-2.0)",
        homepage="https://allenai.org/data/open-book-qa",
        flan_dataset="openbookqa",
    )


def squad_v1() -> task.Task:
    """SQuAD 1.1, https://rajpurkar.github.io/SQuAD-explorer

    {"title": "Ducks", "context": "Ducks eat snails.", "question": "What do ducks eat?",
     "answers": {"text": ["snails"], "answer_start": [10]}}
    """
    return task.Task(
        name="squad_v1",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="squad",
        microworld="squad_v1",
        splits=columns.carved(200, test="validation"),
        preprocess=_squad_v1,
        hub=task.HubSource(repo="rajpurkar/squad", config="plain_text", columns=_SQUAD_COLUMNS),
        tfds=task.TfdsSource(name="squad/v1.1:3.0.0"),
        licence="CC BY-SA 4.0 (publisher; CC BY 4.0 by the hub's card)",
        homepage="https://rajpurkar.github.io/SQuAD-explorer",
        flan_dataset="squad",
    )


def squad_v2() -> task.Task:
    """SQuAD 2.0, https://rajpurkar.github.io/SQuAD-explorer

    As SQuAD 1.1, with questions that the text does not answer: their answer is "unanswerable".

    {"title": "Ducks", "context": "Ducks eat snails.", "question": "What do owls eat?",
     "answers": {"text": [], "answer_start": []}}
    """
    return task.Task(
        name="squad_v2",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="squad_v2",
        microworld="squad_v2",
        splits=columns.carved(200, test="validation"),
        preprocess=_squad_v2,
        hub=task.HubSource(
            repo="rajpurkar/squad_v2",
            config="squad_v2",
            columns=_SQUAD_COLUMNS,
            unverified="whether it loads without its converted branch",
        ),
        tfds=task.TfdsSource(name="squad/v2.0:3.0.0"),
        licence="CC BY-SA 4.0",
        homepage="https://rajpurkar.github.io/SQuAD-explorer",
        flan_dataset="squad",
    )


def bool_q() -> task.Task:
    """BoolQ, https://github.com/google-research-datasets/boolean-questions

    The question gets its question mark here. TFDS has a title too, which the hub lacks.

    {"question": "do ducks eat snails", "passage": "Ducks eat snails.", "answer": true}
    """
    return task.Task(
        name="bool_q",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        answers=_BOOL_Q,
        metrics=("accuracy",),
        templates="bool_q",
        microworld="bool_q",
        splits=columns.carved(200, test="validation"),
        preprocess=_bool_q,
        hub=task.HubSource(
            repo="google/boolq",
            columns={"question": "string", "answer": "bool", "passage": "string"},
        ),
        tfds=task.TfdsSource(name="bool_q:1.0.0"),
        licence="CC BY-SA 3.0",
        homepage="https://github.com/google-research-datasets/boolean-questions",
        flan_dataset="bool_q",
    )


def multirc() -> task.Task:
    """MultiRC: is this candidate one of a question's right answers? https://cogcomp.org/multirc

    Candidates of one question share a group.

    {"paragraph": "Ivo baked a pie.", "question": "What did Ivo bake?", "answer": "a cake",
     "label": 0, "idx": {"paragraph": 0, "question": 0, "answer": 1}}
    """
    return task.Task(
        name="multirc",
        cluster="reading_comprehension",
        fields=("paragraph", "question", "candidate"),
        answers=_MULTIRC,
        metrics=("accuracy", "multirc_f1a", "multirc_em"),
        templates="multirc",
        microworld="multirc",
        splits=columns.carved(200, test="validation"),
        preprocess=_multirc,
        label_columns={"label": _MULTIRC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="aps/super_glue",
            config="multirc",
            columns={
                "paragraph": "string",
                "question": "string",
                "answer": "string",
                "idx": dict.fromkeys(("paragraph", "question", "answer"), "int32"),
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="super_glue/multirc:1.0.2"),
        licence="Research and Academic Use License, University of Illinois",
        homepage="https://cogcomp.seas.upenn.edu/multirc",
        flan_dataset="multirc",
    )


def drop() -> task.Task:
    """DROP, https://allenai.org/data/drop; the spans of one answer are joined by commas.

    The hub has the answers of all annotators of a validation row in one list: each is right alone.
    TFDS has the first span alone, and no answer where a date has no day: such rows are left out.

    {"passage": "Leo ran 3 miles, Milo 5.", "question": "How many miles did they run?",
     "answer": "8"}                                                              TFDS
    {"passage": ..., "answers_spans": {"spans": ["8", "8"], "types": ["number", "number"]}}  the hub
    """
    return task.Task(
        name="drop",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        answers=task.FreeText(),
        metrics=("drop_em", "drop_f1"),
        templates="drop",
        microworld="drop",
        splits=columns.carved(200, test="validation"),
        preprocess=_drop,
        unlabelled={"answer": ""},
        hub=task.HubSource(
            repo="ucinlp/drop",
            columns={
                "section_id": "string",
                "query_id": "string",
                "passage": "string",
                "question": "string",
                "answers_spans": {"spans": ["string"], "types": ["string"]},
            },
            unverified="whether it loads without its converted branch",
        ),
        tfds=task.TfdsSource(name="drop:2.0.0", split_names={"validation": "dev"}),
        licence="CC BY-SA 4.0",
        homepage="https://allenai.org/data/drop",
        flan_dataset="drop",
    )


def mctest() -> task.Task:
    """MCTest (mc500), stories for children, https://mattr1.github.io/mctest

    {"story": "Ivo fed an owl.", "question": "What did Ivo feed?", "answer": "B",
     "answer_options": {"A": "a fox", "B": "an owl", "C": "a carp", "D": "an ant"}}    the hub
    {"story": ..., "question": ..., "options": ["a fox", "an owl", "a carp", "an ant"],
     "answer": "B"}                                                                    a folder
    """
    return task.Task(
        name="mctest",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="passage_choice",
        microworld="mctest",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_mctest,
        hub=task.HubSource(
            repo="sagnikrayc/mctest",
            revision="refs/convert/parquet",
            data_dir="mc500",
            columns={
                "story": "string",
                "question": "string",
                "answer_options": dict.fromkeys(_LETTERS, "string"),
                "answer": "string",
            },
            unverified="its other columns, and what it has for line breaks",
        ),
        licence="Microsoft Research licence (research use)",
        homepage="https://mattr1.github.io/mctest",
    )


def race_middle() -> task.Task:
    """RACE, the exams of middle schools, https://www.cs.cmu.edu/~glai1/data/race

    On the hub a row is one question. In TFDS it is a text with all its questions; its record asks
    the one that a hash of the text and the questions draws (so always the same).

    {"article": "Ivo fed an owl.", "question": "Ivo fed  _  .", "answer": "B",
     "options": ["a fox", "an owl", "a carp", "an ant"]}                               the hub
    {"article": ..., "questions": ["Ivo fed  _  ."], "answers": ["B"],
     "options": [["a fox", "an owl", "a carp", "an ant"]]}                             TFDS
    """
    return task.Task(
        name="race_middle",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="passage_choice",
        microworld="race_middle",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_race_middle,
        unlabelled={"options": ["<<>>"] * 4},  # what one row of the source has for options
        hub=task.HubSource(
            repo="ehovy/race",
            config="middle",
            columns={
                "example_id": "string",
                "article": "string",
                "answer": "string",
                "question": "string",
                "options": ["string"],
            },
        ),
        tfds=task.TfdsSource(name="race/middle:2.0.0", split_names={"validation": "dev"}),
        licence="non-commercial research only (publisher)",
        homepage="https://www.cs.cmu.edu/~glai1/data/race",
    )


TASKS = [openbookqa, squad_v1, squad_v2, bool_q, multirc, drop, mctest, race_middle]


def _openbookqa(row: task.Row) -> task.Record:
    nested = row.get("question")
    stem = columns.text(nested, "stem") if nested else columns.text(row, "question_stem")
    return columns.choice({"question": stem}, *columns.lettered_choices(row))


def _squad_v1(row: task.Row) -> task.Record:
    return _squad(row, columns.columns_of(row["answers"])["text"])


def _squad_v2(row: task.Row) -> task.Record:
    return _squad(row, columns.columns_of(row["answers"]).get("text") or [_UNANSWERABLE])


def _squad(row: task.Row, answers: Sequence[str]) -> task.Record:
    return {
        "title": columns.text(row, "title").replace("_", " "),
        "context": columns.without_notes(columns.text(row, "context")),
        "question": columns.text(row, "question"),
        "references": columns.references([columns.without_notes(text) for text in answers]),
    }


def _bool_q(row: task.Row) -> task.Record:
    return {
        "passage": columns.text(row, "passage"),
        "question": columns.question(row, "question"),
        "label": columns.label({"answer": str(row["answer"])}, _BOOL_Q.names, "answer"),
    }


def _multirc(row: task.Row) -> task.Record:
    index = row["idx"]
    return {
        "paragraph": columns.untokenized(columns.mended(columns.text(row, "paragraph"))),
        "question": columns.untokenized(columns.mended(columns.text(row, "question"))),
        "candidate": columns.untokenized(columns.mended(columns.text(row, "answer"))),
        "label": columns.label(row, _MULTIRC.names, "label"),
        "group": f"{index['paragraph']}/{index['question']}",
    }


def _drop(row: task.Row) -> task.Record:
    if "answers_spans" in row:
        answers = _drop_answers(columns.columns_of(row["answers_spans"]))
    else:
        answers = [columns.value(row, "answer"), *row.get("validated_answers", ())]
    return {
        "passage": html.unescape(columns.text(row, "passage")).replace("\xa0", " "),
        "question": html.unescape(columns.question(row, "question")),
        "references": columns.references([" ".join(html.unescape(a).split()) for a in answers]),
    }


def _drop_answers(nested: Mapping[str, Any]) -> list[str]:
    """Returns the answers in a list of spans in which nothing says where one answer ends.

    It is one of several spans where none comes twice or is within another, and there are no
    numbers or dates, of which an answer has one. Where annotators agree on several spans, the list
    is that answer several times over. Else each span is an annotator's.

    ["Leo", "Milo"] -> ["Leo, Milo"]              ["Leo", "Leo", "Milo"] -> ["Leo", "Milo"]
    ["Leo", "Milo", "Milo", "Leo"] -> ["Leo, Milo", "Milo, Leo"]
    """
    spans = [span.strip() for span in nested["spans"]]
    distinct = list(dict.fromkeys(spans))
    count = len(distinct)
    are_alone = set(nested.get("types", ())) - {"span"} or any(
        re.search(rf"(?<!\w){re.escape(one)}(?!\w)", other)
        for one in distinct
        for other in distinct
        if one != other
    )
    said = [spans[start : start + count] for start in range(0, len(spans), max(count, 1))]
    if are_alone or not all(set(one) == set(distinct) for one in said):
        return distinct
    return [", ".join(one) for one in said]


def _mctest(row: task.Row) -> task.Record:
    if "answer_options" in row:
        options = [columns.text(row["answer_options"], letter) for letter in _LETTERS]
    else:
        options = columns.value(row, "options")
    story = columns.text(row, "story").replace("\\newline", "\n")
    fields = {"passage": story, "question": columns.text(row, "question")}
    return columns.choice(fields, options, columns.label(row, _LETTERS, "answer"))


def _race_middle(row: task.Row) -> task.Record:
    article = _SCRAPS.sub("", _MARK_AHEAD.sub(r"\1 ", columns.prose(row, "article")))
    if "questions" in row:
        sound = [i for i, options in enumerate(row["options"]) if len(set(options)) > 1]
        if not sound:
            raise ValueError(f"expected a question with different options, got {row['options']!r}")
        drawn = sound[seeding.key("question", article, *row["questions"]) % len(sound)]
        row = {
            "question": row["questions"][drawn],
            "options": row["options"][drawn],
            "answer": row["answers"][drawn],
        }
    fields = {"passage": article, "question": columns.prose(row, "question")}
    options = [columns.single_blanks(columns.untokenized(option)) for option in row["options"]]
    return columns.choice(fields, options, columns.label(row, _LETTERS, "answer"))
