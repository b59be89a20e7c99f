"""Struct to text: sentences from words or from facts."""

import html
import re
from collections.abc import Sequence

from flanlike.tasks import task
from task_registry import columns

_METRICS = ("rouge1", "rouge2", "rougeLsum", "bleu")
_ATTRIBUTE = re.compile(r"(\w[\w ]*)\[([^\[\]]+)\]")
_MEANING = re.compile(rf"{_ATTRIBUTE.pattern}(?:, ?{_ATTRIBUTE.pattern})*")
_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z]*)+")
_ATTRIBUTES = {
    "eatType": "type",
    "priceRange": "price range",
    "familyFriendly": "family friendly",
}


def common_gen() -> task.Task:
    """CommonGen: a sentence that uses all the words, https://inklab.usc.edu/CommonGen

    {"concepts": ["dog", "catch", "ball"], "target": "The dog catches a ball."}
    """
    return task.Task(
        name="common_gen",
        cluster="struct_to_text",
        fields=("concepts",),
        cut={"concepts": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="common_gen",
        microworld="common_gen",
        splits=columns.carved(200, test="validation"),
        preprocess=_common_gen,
        hub=task.HubSource(
            repo="allenai/common_gen",
            columns={"concept_set_idx": "int32", "concepts": ["string"], "target": "string"},
        ),
        tfds=task.TfdsSource(name="gem/common_gen:1.1.0"),
        licence="MIT",
        homepage="https://inklab.usc.edu/CommonGen",
        flan_dataset="common_gen",
    )


def web_nlg_en() -> task.Task:
    """WebNLG, English: text from DBpedia triples, https://synalp.gitlabpages.inria.fr/webnlg-challenge

    {"input": ["Port_Ena | mayor | \\"Ivo\\""], "target": "Ivo is the mayor of Port Ena."}
    """
    return task.Task(
        name="web_nlg_en",
        cluster="struct_to_text",
        fields=("triples",),
        cut={"triples": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="triples",
        microworld="web_nlg_en",
        splits=columns.carved(200, test="validation"),
        preprocess=_web_nlg_en,
        hub=task.HubSource(
            repo="GEM/web_nlg",
            revision="refs/convert/parquet",
            data_dir="en",
            columns={
                "gem_id": "string",
                "input": ["string"],
                "category": "string",
                "webnlg_id": "string",
                "target": "string",
                "references": ["string"],
            },
            unverified="the names of its columns",
        ),
        tfds=task.TfdsSource(name="gem/web_nlg_en:1.1.0"),
        licence="CC BY-NC-SA 4.0",
        homepage="https://synalp.gitlabpages.inria.fr/webnlg-challenge",
        flan_dataset="web_nlg_en",
    )


def dart() -> task.Task:
    """DART: text from triples of tables, https://github.com/Yale-LILY/dart

    TFDS has each triple as one string without bars; it is taken as it is.

    {"tripleset": [["Port Ena", "mayor", "Ivo"]], "target": "Ivo is the mayor of Port Ena."}
    """
    return task.Task(
        name="dart",
        cluster="struct_to_text",
        fields=("triples",),
        cut={"triples": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="triples",
        microworld="dart",
        splits=columns.carved(200, test="validation"),
        preprocess=_dart,
        hub=task.HubSource(
            repo="GEM/dart",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                "gem_id": "string",
                "tripleset": [["string"]],
                "subtree_was_extended": "bool",
                "target_sources": ["string"],
                "target": "string",
                "references": ["string"],
            },
            unverified="the names of its columns, and whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="gem/dart:1.1.0"),
        licence="MIT",
        homepage="https://github.com/Yale-LILY/dart",
        flan_dataset="dart",
    )


def e2e_nlg() -> task.Task:
    """E2E NLG, cleaned: restaurants from their data, https://github.com/tuetschek/e2e-cleaning

    {"meaning_representation": "name[The Eel], eatType[pub], priceRange[cheap]",
     "target": "The Eel is a cheap pub.", "references": ["The Eel is a cheap pub."]}
    """
    return task.Task(
        name="e2e_nlg",
        cluster="struct_to_text",
        fields=("attributes",),
        cut={"attributes": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="e2e_nlg",
        microworld="e2e_nlg",
        splits=columns.carved(200, test="validation"),
        preprocess=_e2e_nlg,
        hub=task.HubSource(
            repo="GEM/e2e_nlg",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                "gem_id": "string",
                "meaning_representation": "string",
                "target": "string",
                "references": ["string"],
            },
            unverified="the names of its columns, and whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="gem/e2e_nlg:1.1.0"),
        licence="CC BY-SA 4.0",
        homepage="https://github.com/tuetschek/e2e-cleaning",
        flan_dataset="e2e_nlg",
    )


TASKS = [common_gen, web_nlg_en, dart, e2e_nlg]


def _common_gen(row: task.Row) -> task.Record:
    return {"concepts": ", ".join(row["concepts"]), "references": _references(row)}


def _web_nlg_en(row: task.Row) -> task.Record:
    triples = [triple.split(" | ") for triple in row["input"]]
    return {"triples": _lines(triples), "references": _references(row)}


def _dart(row: task.Row) -> task.Record:
    triples = [[triple] if isinstance(triple, str) else triple for triple in row["tripleset"]]
    return {
        "triples": html.unescape(_lines(triples)),
        "references": _references(row),
    }


def _e2e_nlg(row: task.Row) -> task.Record:
    return {
        "attributes": _attributes(columns.text(row, "meaning_representation")),
        "references": _references(row),
    }


def _lines(triples: Sequence[Sequence[str]]) -> str:
    """Returns one "subject | relation | object" a line, as people write the names."""
    if not triples:
        raise ValueError("expected at least one triple, got none")
    return "\n".join(
        " | ".join(_in_words(part.strip().strip('"').replace("_", " ")) for part in triple)
        for triple in triples
    )


def _in_words(part: str) -> str:
    """Returns a part of a triple, a database's name in words: "cityServed" -> "city served"."""
    if not _CAMEL.fullmatch(part):
        return columns.untokenized(part)
    return _ATTRIBUTES.get(part) or re.sub("(?=[A-Z])", " ", part).lower()


def _attributes(meaning: str) -> str:
    """Returns a meaning representation as people write such data.

    "name[The Eel], eatType[pub], customer rating[3 out of 5]"
        -> "name: The Eel, type: pub, customer rating: 3 out of 5"
    """
    if not _MEANING.fullmatch(meaning):
        raise ValueError(f"cannot read {meaning!r}; expected name[value] pairs with commas between")
    return ", ".join(
        f"{_ATTRIBUTES.get(name, name)}: {value.strip()}"
        for name, value in _ATTRIBUTE.findall(meaning)
    )


def _references(row: task.Row) -> list[str]:
    texts = columns.references(row.get("target"), row.get("references"))
    return columns.references([columns.untokenized(text) for text in texts])
