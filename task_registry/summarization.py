"""Summarization of what is not news: mails, talk, opinions, guides and papers."""

import re
from collections.abc import Sequence
from typing import Any

from flanlike.tasks import task
from task_registry import columns

_ROUGE = ("rouge1", "rouge2", "rougeLsum")
_SPLITS = {"train": "train", "validation": "validation[:200]", "test": "test"}
# TFDS has a train split only; FLAN carves the others from it.
_OPINIONS_SPLITS = {
    "train": "train[:-600]",
    "validation": "train[-600:-500]",
    "test": "train[-500:]",
}

_TRANSFER_MARK = re.compile(r"=(?:20|09|01)(?!\d\d)")
_TRANSFERRED = (
    (re.compile(r"=[ \n]"), ""),  # a line that was broken within
    (re.compile(r"=(?:20|09)(?!\d\d)"), " "),
    (re.compile(r"=01,"), "'"),
    (re.compile(r"=01[&'8]"), '"'),
    (re.compile(r" {2,}"), " "),
    (re.compile(r"(?m)^ | $"), ""),
)


def aeslc() -> task.Task:
    """AESLC: the subject line of an email, https://github.com/ryanzhumich/AESLC

    {"email_body": "Please send the June figures.", "subject_line": "June figures"}
    """
    return task.Task(
        name="aeslc",
        cluster="summarization",
        fields=("email",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="aeslc",
        microworld="aeslc",
        splits={"train": "train", "validation": "validation[-200:]", "test": "test"},
        preprocess=_aeslc,
        hub=task.HubSource(
            repo="Yale-LILY/aeslc",
            columns={"email_body": "string", "subject_line": "string"},
            unverified="that it loads without a script",
        ),
        tfds=task.TfdsSource(name="aeslc:1.0.0"),
        licence="CC BY-NC-SA 4.0",
        homepage="https://github.com/ryanzhumich/AESLC",
        flan_dataset="aeslc",
    )


def samsum() -> task.Task:
    """SAMSum: summaries of chats, https://arxiv.org/abs/1911.12237

    {"id": "1", "dialogue": "Ada: tea?\\r\\nHugo: yes <file_gif>", "summary": "Hugo wants tea."}
    """
    return task.Task(
        name="samsum",
        cluster="summarization",
        fields=("dialogue",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="samsum",
        microworld="samsum",
        splits=_SPLITS,
        preprocess=_dialogue,
        unlabelled={"dialogue": None},
        hub=task.HubSource(
            repo="knkarthick/samsum",
            columns={"id": "string", "dialogue": "string", "summary": "string"},
        ),
        tfds=task.TfdsSource(
            name="samsum:1.0.0",
            manual="download https://arxiv.org/src/1911.12237v2/anc/corpus.7z, unpack it and put "
            "train.json, val.json and test.json into TFDS's manual folder",
        ),
        licence="CC BY-NC-ND 4.0",
        homepage="https://arxiv.org/abs/1911.12237",
        flan_dataset="samsum",
    )


def dialogsum() -> task.Task:
    """DialogSum: summaries of everyday talk, https://github.com/cylnlp/dialogsum

    The speakers are called #Person1#, #Person2#, ..., in the summaries too; they stay so.

    {"id": "test_0_1", "dialogue": "#Person1#: Tea?\\n#Person2#: Yes.",
     "summary": "#Person2# wants tea.", "topic": "tea"}
    """
    return task.Task(
        name="dialogsum",
        cluster="summarization",
        fields=("dialogue",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="dialogsum",
        microworld="dialogsum",
        splits=_SPLITS,
        preprocess=_dialogsum,
        hub=task.HubSource(
            repo="knkarthick/dialogsum",
            columns={"id": "string", "dialogue": "string", "summary": "string", "topic": "string"},
            unverified="the type of its columns",
        ),
        licence="CC BY-NC-SA 4.0",
        homepage="https://github.com/cylnlp/dialogsum",
    )


def opinion_abstracts_rotten_tomatoes() -> task.Task:
    """Critics' quotes and their consensus, https://web.eecs.umich.edu/~wangluxy/data.html

    {"_movie_name": "Low Tide", "_movie_id": "7", "_critic_consensus": "Slow, but well played.",
     "_critics": {"key": ["1", "2"], "value": ["It drags.", "A fine cast."]}}
    """
    return task.Task(
        name="opinion_abstracts_rotten_tomatoes",
        cluster="summarization",
        fields=("movie", "reviews"),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="movie_consensus",
        microworld="opinion_abstracts_rotten_tomatoes",
        splits=_OPINIONS_SPLITS,
        preprocess=_rotten_tomatoes,
        unlabelled={"_critic_consensus": ""},
        tfds=task.TfdsSource(name="opinion_abstracts/rotten_tomatoes:1.0.0"),
        licence="none stated (research use)",
        homepage="https://web.eecs.umich.edu/~wangluxy/data.html",
        flan_dataset="opinion_abstracts_rotten_tomatoes",
    )


def opinion_abstracts_idebate() -> task.Task:
    """Arguments of a debate and their claim, https://web.eecs.umich.edu/~wangluxy/data.html

    {"_debate_name": "This House would ban cars", "_claim_id": "7", "_claim": "Cars are loud.",
     "_argument_sentences": {"key": ["1"], "value": ["One hears a car from afar."]}}
    """
    return task.Task(
        name="opinion_abstracts_idebate",
        cluster="summarization",
        fields=("debate", "arguments"),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="debate_claim",
        microworld="opinion_abstracts_idebate",
        splits=_OPINIONS_SPLITS,
        preprocess=_idebate,
        unlabelled={"_claim": ""},
        tfds=task.TfdsSource(name="opinion_abstracts/idebate:1.0.0"),
        licence="none stated (research use)",
        homepage="https://web.eecs.umich.edu/~wangluxy/data.html",
        flan_dataset="opinion_abstracts_idebate",
    )


def wiki_lingua_english_en() -> task.Task:
    """WikiLingua, English: how-to guides in short, https://github.com/esdurmus/Wikilingua

    {"source": "Fill a pot with water. Wait until it boils.", "target": "Boil water.",
     "references": ["Boil water."]}
    """
    return task.Task(
        name="wiki_lingua_english_en",
        cluster="summarization",
        fields=("guide",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="guide",
        microworld="wiki_lingua_english_en",
        splits=_SPLITS,
        preprocess=_wiki_lingua,
        hub=task.HubSource(
            repo="GEM/wiki_lingua",
            revision="refs/convert/parquet",
            data_dir="en",
            columns={
                "gem_id": "string",
                "source_language": "string",
                "target_language": "string",
                "source": "string",
                "target": "string",
                "references": ["string"],
            },
            unverified="its columns, and whether the converted branch has the folder en",
        ),
        tfds=task.TfdsSource(name="gem/wiki_lingua_english_en:1.1.0"),
        licence="CC BY-NC-SA 3.0",
        homepage="https://github.com/esdurmus/Wikilingua",
        flan_dataset="wiki_lingua_english_en",
    )


def scitldr() -> task.Task:
    """SciTLDR: papers in one sentence, from their abstracts, https://github.com/allenai/scitldr

    {"source": ["We mend boats.", "It works."], "target": ["Boats can be mended."],
     "paper_id": "7"}
    """
    return task.Task(
        name="scitldr",
        cluster="summarization",
        fields=("abstract",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="scitldr",
        microworld="scitldr",
        splits=_SPLITS,
        preprocess=_scitldr,
        hub=task.HubSource(
            repo="allenai/scitldr",
            revision="refs/convert/parquet",
            data_dir="Abstract",
            columns={
                "source": ["string"],
                "source_labels": ["ClassLabel"],
                "rouge_scores": ["float32"],
                "paper_id": "string",
                "target": ["string"],
            },
            labels={"source_labels": ("non-oracle", "oracle")},
            unverified="the layout of the converted branch",
        ),
        licence="Apache 2.0",
        homepage="https://github.com/allenai/scitldr",
    )


TASKS = [
    aeslc,
    samsum,
    dialogsum,
    opinion_abstracts_rotten_tomatoes,
    opinion_abstracts_idebate,
    wiki_lingua_english_en,
    scitldr,
]


def _aeslc(row: task.Row) -> task.Record:
    return {
        "email": columns.single_blanks(_decoded(columns.text(row, "email_body", exact=True))),
        "references": columns.references(row["subject_line"]),
    }


def _decoded(mail: str) -> str:
    """Returns a mail without the marks that its transfer left in some (quoted-printable).

    "it wil= l=20 go out"  ->  "it will go out"     "Enron=01,s plan= s"  ->  "Enron's plans"
    """
    if not _TRANSFER_MARK.search(mail):
        return mail
    for mark, text in _TRANSFERRED:
        mail = mark.sub(text, mail)
    return mail.strip()


def _dialogue(row: task.Row) -> task.Record:
    return {
        "dialogue": columns.text(row, "dialogue").replace("\r\n", "\n"),
        "references": columns.references(row["summary"]),
    }


def _dialogsum(row: task.Row) -> task.Record:
    record = _dialogue(row)
    return {**record, "dialogue": columns.untokenized(record["dialogue"])}


def _rotten_tomatoes(row: task.Row) -> task.Record:
    return {
        "movie": columns.text(row, "_movie_name"),
        "reviews": _quotes(row["_critics"]),
        "references": columns.references(row["_critic_consensus"]),
    }


def _idebate(row: task.Row) -> task.Record:
    return {
        "debate": columns.text(row, "_debate_name"),
        "arguments": _quotes(row["_argument_sentences"]),
        "references": columns.references(row["_claim"]),
    }


def _wiki_lingua(row: task.Row) -> task.Record:
    return {
        "guide": columns.text(row, "source"),
        "references": columns.references(row.get("target"), row.get("references")),
    }


def _scitldr(row: task.Row) -> task.Record:
    return {"abstract": _joined(row["source"]), "references": columns.references(row["target"])}


def _quotes(pairs: Any) -> str:
    """Returns the values of key-value pairs as a list, one a line, in their order.

    {"key": ["1", "2"], "value": ["It drags.", " A fine\\ncast."]}
        -> "- It drags.\\n- A fine cast."
    """
    values = [" ".join(value.split()) for value in columns.columns_of(pairs).get("value", ())]
    if not any(values):
        raise ValueError(f"expected at least one text among the values, got {pairs!r}")
    return "\n".join(f"- {value}" for value in values if value)


def _joined(sentences: Sequence[str]) -> str:
    """Returns a list of sentences, some cut at a line's end, as running text."""
    text = " ".join(" ".join(sentences).split())
    if not text:
        raise ValueError(f"column 'source' is {sentences!r}; expected sentences")
    return text
