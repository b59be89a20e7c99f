"""The data card of an export: README.md in the form that the Hugging Face hub reads."""

from collections.abc import Mapping
from typing import Any

from flanlike import config as config_lib
from flanlike.mixtures import mixture
from flanlike.prompts import manifest
from flanlike.tasks import registry, texts

_MICRO_WORLD = (
    "**All rows {but}are the micro-world's:** a small synthetic world, made by rule in the shape "
    "of the datasets named below. None of their rows is in it, and no licence of theirs applies "
    "to it."
)
_REAL = (
    "Each prompt is a work derived from a row of the dataset named below and keeps that dataset's "
    "licence. There is no licence over the whole: look at each before you pass it on."
)
_COLUMNS = """\
| column | what it is |
| --- | --- |
| `inputs`, `targets` | what a model reads, and what it should write |
| `options`, `gold` | the answers to choose from as shown, and the index of the right one |
| `references` | all right answers |
| `task`, `cluster`, `source`, `split`, `row_id` | the row it was made of |
| `template`, `kind`, `shots`, `shows_options`, `option_style` | how it was rendered |
| `seed` | of this prompt: 64 bits, as text |
"""
_CUT = """\
| `cut_tokens` | of the row's longest fields, cut from `inputs` for want of room |
"""


def write(
    read: manifest.Manifest,
    composition: mixture.Composition,
    counts: Mapping[str, Mapping[str, int]],
    found: registry.Registry,
    cuts: Mapping[str, Mapping[str, int]],
) -> str:
    """Returns the text of the card."""
    asked, plan = read["recipe"], read["export"]
    in_a_chat = ", also as the messages of a chat" if asked["chat"] else ""
    is_limited = "max_input_tokens" in plan
    name = config_lib.public_name(asked["mixture"])
    held_out = ", ".join(read["held_out"]) or "nothing"
    code = read["code"]["version"] or "unknown"
    if commit := read["code"]["commit"]:
        code += f", commit {commit}"
    parts = [
        _front_matter(plan["format"]) + f"# {name}: prompts",
        f"{texts.counted(sum(counts['task'].values()), 'rendered prompt')} of "
        f"{texts.counted(len(composition.tasks), 'task')}, in "
        f"{texts.counted(plan['files'], 'file')}. Mixture `{name}`, rows from "
        f"`{read['source']}`, held out: {held_out} (rules: {read['rules']}), style "
        f"`{asked['prompts']}`{in_a_chat}, seed {asked['seed']}, made by "
        f"flanlike {code}. `manifest.json` has the hashes of all that was read; the same flags on "
        "the same rows give the same files.",
        "## Columns\n\n" + _COLUMNS + _CUT * is_limited,
        "## How it is composed\n\n" + _forms(counts),
        "## Tasks and licences\n\n"
        + _rights(read["source"], composition, found)
        + "\n\n"
        + _tasks(read, composition, counts["task"], found),
        "## What was left out\n\n" + _left_out(composition, cuts, plan.get("max_input_tokens")),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _front_matter(format: str) -> str:
    if format == "arrayrecord":  # the hub's viewer reads none
        return ""
    return (
        "---\nlicense: other\nconfigs:\n- config_name: default\n  data_files:\n"
        f"  - split: train\n    path: train-*.{format}\n---\n\n"
    )


def _forms(counts: Mapping[str, Mapping[str, int]]) -> str:
    lines = ["| | prompts |", "| --- | ---: |"]
    lines += [f"| {kind} | {count:,} |" for kind, count in counts["kind"].items()]
    lines += [f"| {shots} exemplars | {count:,} |" for shots, count in counts["shots"].items()]
    for style, count in counts["option_style"].items():
        lines.append(f"| options: {style or 'none shown'} | {count:,} |")
    return "\n".join(lines)


def _rights(source: str, composition: mixture.Composition, found: registry.Registry) -> str:
    """Returns whose the rows are: also where --data is embedded, those from code are not ours."""
    names = [share.name for share in composition.tasks]
    real = [name for name in names if source != "embedded" or found.task(name).rows is not None]
    if not real:
        return _MICRO_WORLD.format(but="")
    if len(real) == len(names):
        return _REAL
    made = _MICRO_WORLD.format(but=f"but those of {', '.join(real)} ")
    return f"{made} For these: {_REAL}"


def _tasks(
    read: Mapping[str, Any],
    composition: mixture.Composition,
    counts: Mapping[str, int],
    found: registry.Registry,
) -> str:
    lines = [
        "| task | cluster | prompts | rows | expected share | revision | licence | home |",
        "| --- | --- | ---: | ---: | ---: | --- | --- | --- |",
    ]
    for share in composition.tasks:
        task = found.task(share.name)
        revision = read["tasks"][share.name]["revision"] or "–"
        lines.append(
            f"| {share.name} | {share.cluster} | {counts.get(share.name, 0):,} | {share.rows:,} | "
            f"{share.share:.2%} | {revision} | {task.licence or 'unknown'} | {task.homepage} |"
        )
    return "\n".join(lines)


def _left_out(
    composition: mixture.Composition,
    cuts: Mapping[str, Mapping[str, int]],
    max_input_tokens: int | None,
) -> str:
    lines = [f"* {name}: {reason}" for name, reason in composition.excluded.items()]
    for name, count in composition.dropped_rows.items():
        lines.append(f"* {name}: {count:,} rows without an answer")
    for name, count in composition.bad_rows.items():
        lines.append(f"* {name}: {count:,} rows that give no record")
    for name, rows in composition.overlapping.items():
        lines.append(f"* {name}: {len(rows):,} rows that overlap with evaluation rows")
    for name, rows in composition.duplicated.items():
        lines.append(f"* {name}: {len(rows):,} rows that repeat an earlier one")
    for name, counts in cuts.items():
        lines.append(
            f"* {name}: {counts['left_out']:,} prompts that do not fit {max_input_tokens} tokens; "
            f"{counts['cut']:,} others lost {counts['cut_tokens']:,} tokens of text"
        )
    return "\n".join(lines) or "Nothing."
