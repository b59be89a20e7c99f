"""What is read from a model's own words, by us and by lm-evaluation-harness's flexible filters.

    python bench/readings.py --model ../models/smollm2 --data ../shared/data --texts FILE
    python bench/readings.py --texts FILE                              # read again, no model
    python bench/readings.py --data ../shared/data --split train --rationales --rows 600

GSM8K, AQuA-RAT and StrategyQA: half of the rows by the tasks' own templates, half by those of
their chains of thought, zero-shot, written greedily; the filters' `until` ends their texts, and
nothing ends ours. With --rationales the texts are the rows' own chains of thought, which people
wrote, and in most of which the answer is not marked off. Letters are those of the order shown: a
text that names the source's letter is then wrong for both.

Right is what the row says is right; "read" counts the texts in which we find any answer. Below a
set stand the texts that a filter has right and we have not.
"""

import argparse
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

import flexible_filters  # noqa: E402

import task_registry  # noqa: E402
from eval import answers, metrics  # noqa: E402
from flanlike import jsonl, seeding  # noqa: E402
from flanlike.batches import features  # noqa: E402
from flanlike.prompts import render  # noqa: E402
from flanlike.sources import opening  # noqa: E402
from flanlike.tasks import task as tasks  # noqa: E402

SETS = {
    "gsm8k": ("number", "gsm8k", "cot_gsm8k"),
    "aqua_rat": ("letter", "aqua_rat", "cot_aqua"),
    "strategy_qa": ("yes_no", "strategy_qa", "cot_strategyqa"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, help="folder; without it --texts is read")
    parser.add_argument("--data", default="embedded", help="where the rows come from")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--texts", type=pathlib.Path, help="file that keeps what was written")
    parser.add_argument("--rationales", action="store_true", help="read those of the rows")
    parser.add_argument("--rows", type=int, default=30, help="of each set")
    parser.add_argument("--new-tokens", type=int, default=128)
    options = parser.parse_args(arguments)
    if options.rationales:
        lines = rationales(options)
    elif options.model:
        lines = write(options)
    elif options.texts:
        lines = jsonl.read(options.texts)
    else:
        parser.error("give --model, --rationales, or --texts of an earlier call")
    print(f"{'set':14}{'texts':>6}{'ours':>6}{'read':>6}  right by the filters", flush=True)
    for name, of_set in itertools.groupby(lines, key=lambda line: line["set"]):
        show(name, SETS[name][0], list(of_set))


def rationales(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yields one object a row, set by set, with its own chain of thought for a text."""
    for name, (_, *names) in SETS.items():
        for line in _asked(name, names[-1:], options.rows, options):
            yield line | {"text": line["record"]["rationale"]}


def write(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yields one object a row, set by set: its task, template, prompt and what the model wrote."""
    from flanlike.models import generate
    from flanlike.runs import loading

    loaded = loading.load(options.model)
    family, words = loaded.model.config.family, loaded.words
    before = features.before_inputs(words.marks, family)
    with open(options.texts or os.devnull, "w", encoding="utf-8") as file:
        for name in SETS:
            lines = _asked(name, SETS[name][1:], options.rows // 2, options)
            texts = [features.inputs_text(line["inputs"], family) for line in lines]
            written = generate.generate(
                loaded.model,
                [[*before, *words.encode(text)] for text in texts],
                max_new_tokens=options.new_tokens,
                batch_size=15,
                eos_id=words.marks.eos_id,
                ends_source=words.marks.ends_inputs,
            )
            for line, one in zip(lines, written, strict=True):
                line["text"] = words.decode(one.ids)
                file.write(json.dumps(line) + "\n")
            file.flush()
            yield from lines


def show(name: str, kind: str, lines: Sequence[dict[str, Any]]) -> None:
    """Prints how many texts each reading has right, and those that ours alone has wrong."""
    each = [reading(line) for line in lines]
    ours = [is_right for is_right, _ in each]
    rows = [_written(kind, line) for line in lines]
    theirs = {
        each: flexible_filters.right(kind, each, rows) for each in flexible_filters.names(kind)
    }
    read = sum(is_read for _, is_read in each)
    shown = ", ".join(f"{filter_name} {sum(found)}" for filter_name, found in theirs.items())
    print(f"{name:14}{len(lines):6}{sum(ours):6}{read:6}  {shown}", flush=True)
    for number, line in enumerate(lines):
        by = [filter_name for filter_name, found in theirs.items() if found[number]]
        if by and not ours[number]:
            print(f"  {line['row']} by {', '.join(by)}: {rows[number].gold!r} in {line['text']!r}")


def reading(line: dict[str, Any]) -> tuple[bool, bool]:
    """Returns whether what we read from a line's text is right, and whether we read anything."""
    task = task_registry.registry().task(line["task"])
    record, prompt = line["record"], tasks.Prompt(**line["prompt"], provenance=None)
    found = answers.from_generated(task, [record], [prompt], line["target"], [line["text"]])
    return metrics.compute(task.metrics[0], found) == 1.0, not found.unparsed[0]


def _asked(
    name: str, names: Sequence[str], rows_each: int, options: argparse.Namespace
) -> list[dict[str, Any]]:
    kind = SETS[name][0]
    registry = task_registry.registry()
    lines = []
    for task_name in names:
        task, found = registry.task(task_name), registry.templates(task_name)
        choices = found.cot or found.forward
        rows = opening.open_rows(task, options.data, options.split)
        for number in range(min(rows_each, len(rows))):
            template = choices[number % len(choices)]
            listing = "letters" if kind == "letter" else None
            prompt = render.render(
                task,
                template,
                rows[number],
                layout=found.layout,
                source="",
                split=options.split,
                row_id=rows.row_id(number),
                seed=seeding.key("readings", task_name, number),
                option_style=listing if template.shows_options else None,
            )
            shown = {
                key: getattr(prompt, key)
                for key in ("inputs", "targets", "options", "label_of_option", "gold", "references")
            }
            lines.append(
                {
                    "set": name,
                    "task": task_name,
                    "row": rows.row_id(number),
                    "target": template.target,
                    "inputs": prompt.inputs,
                    "record": rows[number],
                    "prompt": shown,
                }
            )
    return lines


def _written(kind: str, line: dict[str, Any]) -> flexible_filters.Written:
    prompt, record = line["prompt"], line["record"]
    gold, listed = prompt["references"][0], ()
    if kind == "letter":
        listed = tuple(record["options"][i] for i in prompt["label_of_option"])
        gold = f"({chr(65 + prompt['gold'])})"
    return flexible_filters.Written(text=line["text"], gold=gold, listed=listed)


if __name__ == "__main__":
    main()
