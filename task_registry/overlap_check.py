"""python -m task_registry overlap: which training rows share text with which evaluation rows."""

import argparse
import dataclasses
import json
from collections.abc import Mapping

from flanlike.prompts import overlap, recipe
from flanlike.sources import availability
from flanlike.sources import rows as rows_module
from flanlike.tasks import families, registry, texts

_SHOWN = 160  # characters of an example


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the check, beside those that other commands have as well."""
    command.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    command.add_argument(
        "--eval", nargs="+", metavar="T", help="tasks or clusters; by default those held out"
    )
    command.add_argument("--split", choices=rows_module.SPLITS[1:], default="test", help="(test)")


def show(found: registry.Registry, options: argparse.Namespace) -> None:
    """Prints the pairs of tasks whose rows overlap, with examples, or one JSON object."""
    asked = recipe.of_flags(options)
    composition = recipe.compose(asked, found, is_evaluated=options.eval is None)
    evaluated = composition.evaluated
    lacking: Mapping[str, str] = {}
    if options.eval is not None:
        selected = [task for name in options.eval for task in found.select(name)]
        named = [found.clusters.get(name, [name]) for name in selected]
        evaluated = tuple(dict.fromkeys(task for names in named for task in names))
        lacking = availability.of(
            evaluated,
            found,
            options.data,
            splits=dict.fromkeys(evaluated, (options.split,)),
            skip_missing=options.skip_missing,
            skip_bad_rows=options.skip_bad_rows,
        ).missing
        evaluated = tuple(name for name in evaluated if name not in lacking)
    result = overlap.find(
        composition, found, data=options.data, evaluated=evaluated, split=options.split
    )
    if options.json:
        print(json.dumps(_as_json(result, options) | {"missing": lacking}, indent=2))
        return
    _print(result, options.split, lacking)


def _as_json(found: overlap.Overlap, options: argparse.Namespace) -> dict[str, object]:
    return {
        "mixture": options.mixture,
        "data": options.data,
        "ngram": overlap.NGRAM,
        "training": {
            name: {"rows": count, "overlapping_rows": len(found.rows.get(name, ()))}
            for name, count in found.training_rows.items()
        },
        "evaluation": {
            name: {"split": options.split, "rows": count}
            for name, count in found.evaluation_rows.items()
        },
        "pairs": [dataclasses.asdict(pair) for pair in found.pairs],
    }


def _print(found: overlap.Overlap, split: str, lacking: Mapping[str, str]) -> None:
    for pair in found.pairs:
        total = found.training_rows[pair.training_task]
        outputs = f", {pair.output_rows:,} by their outputs" if pair.output_rows else ""
        print(
            f"{pair.training_task} -> {pair.evaluation_task}: {pair.training_rows:,} of {total:,} "
            f"training rows ({pair.exact_rows:,} the same as a whole{outputs}) overlap with "
            f"{pair.evaluation_rows:,} {split} rows ({pair.evaluation_share:.1%})"
        )
        for example in pair.examples:
            text = example.text if len(example.text) <= _SHOWN else example.text[:_SHOWN] + " ..."
            how = "the same" if example.is_exact else f"{overlap.NGRAM} words"
            how = "words of the output" if example.is_output else how
            print(f"    {example.training_row} = {example.evaluation_row}, {how}: {text}")
    for line in availability.by_reason(lacking):
        print(f"not asked: {line}")
    rows = sum(map(len, found.rows.values()))
    print(
        f"{rows:,} of {sum(found.training_rows.values()):,} training rows of "
        f"{texts.counted(len(found.training_rows), 'task')} overlap with {split} rows of "
        f"{families.listed(list(found.evaluation_rows))}"
    )
