"""lm-evaluation-harness's flexible filters on texts of ours, by its own code and task files.

A filter is the one named "flexible-extract" of a task file in the installed package, with the stop
texts and the exact match of the same file: GSM8K's for numbers; MMLU's (direct and with reasons)
and BIG-Bench Hard's for letters, and its "navigate" and "web_of_lies" for yes or no. AQuA-RAT and
StrategyQA are in its tasks without such a filter.
"""

import functools
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_FILES = {
    "number": {"gsm8k": "gsm8k/gsm8k.yaml", "gsm8k, reasons": "gsm8k/gsm8k-cot.yaml"},
    "letter": {
        "mmlu": "mmlu/flan_n_shot/generative/_mmlu_flan_generative_template_yaml",
        "mmlu, reasons": "mmlu/flan_cot_zeroshot/_mmlu_flan_cot_zeroshot_template_yaml",
        "bbh": "bbh/zeroshot/date_understanding.yaml",
        "bbh, reasons": "bbh/cot_zeroshot/date_understanding.yaml",
    },
    "yes_no": {
        "bbh": "bbh/zeroshot/navigate.yaml",
        "bbh, reasons": "bbh/cot_zeroshot/navigate.yaml",
        "bbh lies": "bbh/zeroshot/web_of_lies.yaml",
        "bbh lies, reasons": "bbh/cot_zeroshot/web_of_lies.yaml",
    },
}
KINDS = tuple(_FILES)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text that answers a question, and what is right: "42", "(B)", or "yes".

    `listed` are the texts of the options that letters stand for, in their order.
    """

    text: str
    gold: str
    listed: tuple[str, ...] = ()


def names(kind: str) -> tuple[str, ...]:
    """Returns the names of the filters for a kind of answer."""
    return tuple(_FILES[kind])


def right(kind: str, name: str, rows: Sequence[Written]) -> list[bool]:
    """Returns of each text whether the filter reads the right answer from it."""
    from lm_eval.api import metrics

    config = _config(_FILES[kind][name])
    texts = [_before(row.text, config["generation_kwargs"]["until"]) for row in rows]
    docs = [
        {
            "choices": list(row.listed),
            "input": "\n".join(f"({chr(65 + i)}) {text}" for i, text in enumerate(row.listed)),
        }
        for row in rows
    ]
    found: Any = [[text] for text in texts]
    for build, settings in _parts(config):
        found = build(**settings).apply(found, docs)
    how = config["metric_list"][0]
    how = {name: how[name] for name in how if name.startswith(("ignore", "regexes"))}
    return [
        bool(metrics.exact_match_hf_evaluate([said], [row.gold], **how)["exact_match"])
        for said, row in zip(found, rows, strict=True)
    ]


@functools.cache
def _config(path: str) -> dict[str, Any]:
    import lm_eval.tasks
    from lm_eval.tasks import _yaml_loader

    return _yaml_loader.load_yaml(pathlib.Path(lm_eval.tasks.__file__).parent / path)


def _parts(config: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    from lm_eval.api import registry

    (flexible,) = (each for each in config["filter_list"] if each["name"] == "flexible-extract")
    parts = []
    for each in flexible["filter"]:
        settings = {name: value for name, value in each.items() if name != "function"}
        function = each["function"]
        parts.append((registry.get_filter(function), settings))
    return parts


def _before(text: str, stops: Sequence[str]) -> str:
    return min((text.partition(stop)[0] for stop in stops), key=len)
