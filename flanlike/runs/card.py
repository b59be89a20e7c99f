"""The model card of an exported run: README.md in the form that the Hugging Face hub reads.

All of it is read in the run's folder: config.json, composition.json, manifest.json, command.txt and
the evaluation of the step that is exported, eval/STEP/summary.json, beside that of step 0.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flanlike import config as config_lib
from flanlike import errors
from flanlike.runs import bases, loading
from flanlike.runs import folder as run_folder

FILE = "README.md"
_UNKNOWN = "not recorded"
_MICRO_WORLD = (
    "**The rows {of}are the micro-world's:** a small synthetic world, made by rule in the shape of "
    "the datasets whose names the tasks bear. None of their rows is in it, no licence of theirs "
    "applies to it, and no figure on it says how well this model does on them."
)
_RIGHTS = (
    "The weights derive from the base and from the rows below. There is no licence over the whole: "
    "that of the base holds, and for each dataset its own. Look at each before you pass them on."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Base:
    """What the first of a chain of runs began with: in words, and where it lies on the hub."""

    words: str
    repository: str = ""
    runs: tuple[str, ...] = ()  # those on the way from there, the last first


def of_run(run: Path, *, step: int, family: str, name: str, beside: str | None = None) -> str:
    """Returns the card of what a run held after `step` steps, a model of that family.

    `name` is what it is loaded by: a folder's, or OWNER/NAME on the hub. `beside` is the base that
    transformers loads it beside, where it is an adapter of peft's.
    """
    config = run_folder.read_config(run)
    composition, manifest = _json(run / "composition.json"), _json(run / "manifest.json")
    summaries = [_json(run / "eval" / str(at) / "summary.json") for at in (0, step)]
    untuned, tuned = summaries if step else ({}, summaries[1])
    base = base_of(run, config)
    header = {
        "license": "other",
        "license_name": "of-the-base-and-of-each-dataset",
        **({"base_model": base.repository.partition("@")[0]} if base.repository else {}),
        "library_name": "peft" if beside else "transformers",
        "tags": ["flanlike", "instruction-tuning"],
        **_datasets(composition, manifest),
        **_model_index(name, tuned, manifest),
        "flanlike": {
            "base": base.words,
            "mixture": config_lib.public_name(config["mixture"]),
            "held_out": composition.get("held_out", []),
            "step": step,
            "command": _command(run),
            "manifest_sha256": _hash(run / "manifest.json"),
            "licences": _licences(composition, manifest),
        },
    }
    parts = [
        f"# {name}",
        _what(config, base, manifest, step),
        _results(untuned, tuned, step),
        _tasks(composition, manifest),
        _how(run),
        f"## Loading it\n\n```python\n{_usage(family, name, beside)}\n```",
    ]
    front = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n\n" + "\n\n".join(parts) + "\n"


def base_of(run: Path, config: Mapping[str, Any]) -> Base:
    """Returns what a run began with, through the runs before it, as far as they are still there."""
    runs: list[str] = []
    seen = {run.resolve()}
    while True:
        if not config.get("continue_from") and (repository := bases.repository_of(config)):
            return Base(words=repository, repository=repository, runs=tuple(runs))
        begun = config_lib.run_and_step(config.get("continue_from"))[0] or config["init"]
        if begun in _WORDS:
            return Base(words=_WORDS[begun], runs=tuple(runs))
        folder = Path(begun)
        if folder.resolve() in seen or not _is_run(folder):
            return Base(words=f"the model in a folder {folder.name!r}", runs=tuple(runs))
        seen.add(folder.resolve())
        runs.append(folder.name)
        config = run_folder.read_config(folder)


_WORDS = {
    "default": "the small base that ships with flanlike",
    "none": "random parameters",
}


def _is_run(folder: Path) -> bool:
    return run_folder.has_config(folder) and loading.is_run(folder)


def _json(path: Path) -> dict[str, Any]:
    """Returns a file of the run; {} where it is not there, as in runs of earlier versions."""
    try:
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise errors.UserError(
            f"{path}: not JSON ({error}): bring it back from a copy, or remove it, and the model "
            "card does without"
        ) from error


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else _UNKNOWN


def _command(run: Path) -> str:
    path = run / "command.txt"
    return path.read_text("utf-8").strip() if path.is_file() else _UNKNOWN


def _is_made(task: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Returns whether a task's rows are the micro-world's."""
    return manifest.get("source") == "embedded" and not task.get("dataset", {}).get("is_own")


def _licence(task: Mapping[str, Any]) -> str:
    dataset = task.get("dataset")
    return _UNKNOWN if dataset is None else dataset["licence"] or "unknown"


def _licences(composition: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, str]:
    """Returns each dataset's licence; none of those that were imitated applies."""
    tasks = composition.get("tasks", [])
    return {task["task"]: _licence(task) for task in tasks if not _is_made(task, manifest)}


def _datasets(composition: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns the hub's names of the datasets, for the header; not of those that were imitated."""
    found = {
        task["dataset"]["repository"]
        for task in composition.get("tasks", [])
        if task.get("dataset") and not _is_made(task, manifest) and not task["dataset"]["is_own"]
    }
    return {"datasets": sorted(found - {""})} if found - {""} else {}


def _model_index(
    name: str, tuned: Mapping[str, Any], manifest: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """Returns the figures as the hub's own reader wants them: one of each task."""
    is_made = manifest.get("source") == "embedded"
    results = []
    for item in tuned.get("tasks", []):
        read = manifest.get("evaluation", {}).get(item["task"], {})
        rows = {"name": item["task"] + " (micro-world)" * is_made, "type": item["task"]}
        rows |= {"split": read["official_split"]} if read.get("official_split") else {}
        metric = {"type": item["metric"], "value": item["mean"], "args": {"ci95": item["ci95"]}}
        results.append({"task": {"type": "text-generation"}, "dataset": rows, "metrics": [metric]})
    return {"model-index": [{"name": name, "results": results}]} if results else {}


def _what(config: Mapping[str, Any], base: Base, manifest: Mapping[str, Any], step: int) -> str:
    code = manifest.get("code", {})
    version = f"flanlike {code.get('version') or '(unknown version)'}"
    version += f", commit {code['commit']}" if code.get("commit") else ""
    through = f", through the runs {', '.join(base.runs)}" if base.runs else ""
    tune = config.get("tune", "full")
    how = "all parameters" if tune == "full" else f"few parameters beside it (`--tune {tune}`)"
    return (
        f"Base: {base.words}{through}. Tuned on instructions for {step:,} steps, {how}, with the "
        f"mixture `{config_lib.public_name(config['mixture'])}` (`--prompts {config['prompts']}`, "
        f"rows from `{manifest.get('source', _UNKNOWN)}`, seed {config['seed']}), by {version}."
    )


def _results(untuned: Mapping[str, Any], tuned: Mapping[str, Any], step: int) -> str:
    if not tuned:
        return f"## Results\n\nThe run's folder has no evaluation after {step:,} steps."
    before = {_key(item): item["mean"] for kind in _ROWS for item in untuned.get(kind, [])}
    lines = [
        "| | metric | before | after | 95 % interval | chance |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in _ROWS:
        for item in tuned[kind]:
            low, high = item["ci95"]
            is_cluster = kind == "clusters"
            metric = f"mean of {len(item['tasks'])}" if is_cluster else item["metric"]
            cells = [
                f"**{item['cluster']}**" if is_cluster else item["task"],
                metric if item["prompts"] == "instructions" else f"{metric}, {item['prompts']}",
                _figure(before.get(_key(item))),
                f"{item['mean']:.3f}",
                f"[{low:.3f}, {high:.3f}]",
                _figure(item["chance"]),
            ]
            lines.append(_row(cells))
    held_out = ", ".join(tuned["held_out"])
    heading = "## Results on held-out tasks" if held_out else "## Results on trained tasks"
    told = f"Held out of training: {held_out}." if held_out else "Nothing was held out of training."
    if tuned["setting"].get("data") == "embedded":
        told += " " + _MICRO_WORLD.format(of="of these figures ")
    return f"{heading}\n\n{told}\n\n" + "\n".join(lines)


_ROWS = ("clusters", "tasks")


def _key(item: Mapping[str, Any]) -> tuple[str, str, str]:
    return item["cluster"], item.get("task", ""), item["prompts"]


def _tasks(composition: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    tasks = composition.get("tasks", [])
    made = [task["task"] for task in tasks if _is_made(task, manifest)]
    rights = [] if len(made) == len(tasks) else [_RIGHTS]
    if made:
        of = "" if len(made) == len(tasks) else f"of {', '.join(made)} "
        rights.append(_MICRO_WORLD.format(of=of))
    lines = [
        "| task | cluster | rows | share | licence of the dataset | dataset | revision |",
        "| --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    for task in tasks:
        dataset = task.get("dataset") or {}
        read = manifest.get("tasks", {}).get(task["task"], {})
        home = dataset.get("repository") or dataset.get("homepage") or "–"
        whose = [_licence(task), home, read.get("revision") or "–"]
        lines.append(
            _row(
                [
                    task["task"],
                    task["cluster"],
                    f"{task['rows']:,}",
                    f"{task['share']:.2%}",
                    *(["–", "micro-world", "–"] if task["task"] in made else whose),
                ]
            )
        )
    return "## Tuned on\n\n" + "\n\n".join([*rights, "\n".join(lines)])


def _how(run: Path) -> str:
    return (
        f"## How it was made\n\n```\n{_command(run)}\n```\n\n"
        f"SHA-256 of the run's `manifest.json`, which has hashes of all rows and templates that "
        f"were read: `{_hash(run / 'manifest.json')}`."
    )


def _usage(family: str, name: str, beside: str | None) -> str:
    """Returns the Python that loads it."""
    kind = "AutoModelForCausalLM" if family == "decoder" else "AutoModelForSeq2SeqLM"
    lines = [f"from transformers import {kind}, AutoTokenizer"]
    lines += ["from peft import PeftModel"] if beside else []
    lines += ["", f'model = {kind}.from_pretrained("{beside or name}")']
    lines += [f'model = PeftModel.from_pretrained(model, "{name}")'] if beside else []
    return "\n".join([*lines, f'tokenizer = AutoTokenizer.from_pretrained("{beside or name}")'])


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
