"""What exactly a run or an export read: written as manifest.json, and compared with another.

    {"format": 1,
     "recipe": {"mixture": "flan_core", "data": "ROWS", "seed": 0, ...},      # makes it again
     "source": "folder", "rules": "strict", "held_out": ["nli"], "shares": {"few_shot": 0.1, ...},
     "tasks": {"sst2": {"split": "train", "rows": 30000, "content": HASH, "records": HASH,
                        "revision": "", "rate": 3000, "share": 0.04, ...}, ...},
     "evaluation": {"rte": {"split": "test", "rows": 277, "content": HASH, ...}, ...},
     "templates": {"nli.toml": HASH, ...},
     "code": {"prompts": HASH, "version": "0.1.0", "commit": "6e42326...+dirty"}}

`content` is of what the rows are read from: the file of a folder, the drawable rows of the hub and
of TFDS. The micro-world makes its rows: `code.microworld` is of the modules that do. `records` is
of the first rows as records, so that a task's `preprocess` and labels are in it too. `code.prompts`
is of the modules that make prompts of records.
"""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from flanlike import atomic, errors, jsonl
from flanlike import config as config_lib
from flanlike.mixtures import drawing, mixture
from flanlike.prompts import recipe
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import layouts
from flanlike.tasks import registry as registry_module

FILE = "manifest.json"
FORMAT = 1
SAMPLED_RECORDS = 32

# What makes prompts of records: another version of these may make other prompts.
CODE = (
    "seeding.py",
    "tasks/*.py",
    "sources/*.py",
    "mixtures/*.py",
    "prompts/duplicates.py",
    "prompts/overlap.py",
    "prompts/render.py",
    "prompts/stream.py",
)

_COMMIT = re.compile(r"[0-9a-f]{40}")

Manifest = dict[str, Any]

_HERE = Path(__file__).resolve().parent.parent
# Told where they differ, but no difference of what is read: the hashes decide that.
_NOTES = ("revision", "version", "commit")


def build(
    asked: recipe.Recipe,
    composition: mixture.Composition,
    registry: registry_module.Registry,
    *,
    evaluated: Mapping[str, str] | None = None,
) -> Manifest:
    """Returns the manifest of a mixture, and of the splits (task -> split) it is evaluated on.

    All sources that fail are named in one error.
    """
    evaluated = evaluated or {}
    failures: list[str] = []
    tasks: dict[str, Any] = {}
    evaluation: dict[str, Any] = {}
    for share in composition.tasks:
        left_out = composition.left_out(share.name)
        part = _rows(registry, asked, share.name, "train", failures, share.rows, left_out)
        part["overlapping_rows"] = len(composition.overlapping.get(share.name, ()))
        if asked.drop_duplicates:
            part["duplicate_rows"] = len(composition.duplicated.get(share.name, ()))
        rates = {"rate": _rounded(share.rate), "share": _rounded(share.share)}
        if share.shares != composition.shares:  # of a nested mixture
            rates["shares"] = dataclasses.asdict(share.shares)
        tasks[share.name] = {"cluster": share.cluster, **part, **rates}
    for name, split in evaluated.items():
        evaluation[name] = _rows(registry, asked, name, split, failures)
    if failures:
        raise errors.UserError(f"{len(failures)} sources failed: {'; '.join(failures)}")
    resolved = dataclasses.replace(asked, hold_out=composition.held_out, rules=composition.rules)
    content = {
        "format": FORMAT,
        "recipe": dataclasses.asdict(resolved),
        "source": asked.data if asked.data in config_lib.DATA else "folder",
        "held_out": composition.held_out,
        "rules": composition.rules,
        "shares": dataclasses.asdict(composition.shares),
        "tasks": tasks,
        "evaluation": evaluation,
        "templates": _templates(registry, [*tasks, *evaluation]),
        "code": _code(with_microworld=asked.data == "embedded"),
    }
    return json.loads(json.dumps(content))  # as it reads back: tuples are lists


def of_run(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    registry: registry_module.Registry,
    out: Path,
) -> Manifest:
    """Returns the manifest of what a run reads; raises if it is not that of its --manifest.

    Nor may it be another than the run in `out` began with, or that of --continue-from: its code may
    have changed since, and how it is evaluated.
    """
    evaluated = dict.fromkeys(composition.evaluated, config.eval.split)
    content = build(recipe.of_run(config), composition, registry, evaluated=evaluated)
    if config.manifest is not None:
        expect(read(config.manifest), content, where=config.manifest)
    for folder in map(Path, filter(None, (out, config.continued[0]))):
        if (folder / FILE).is_file():
            began = {**read(folder), "code": content["code"]}
            splits = {entry.get("split") for entry in began["evaluation"].values()}
            if splits != {config.eval.split}:
                began["evaluation"] = content["evaluation"]
            expect(began, content, where=folder / FILE)
    return content


def write(folder: str | os.PathLike[str], content: Manifest) -> None:
    """Writes manifest.json into the folder."""
    atomic.write_json(Path(folder) / FILE, content)


def read(path: str | os.PathLike[str]) -> Manifest:
    """Returns the manifest in a file, or in the folder of a run or an export."""
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise errors.UserError(
            f"no manifest {str(path)!r}; expected the {FILE} of a run's or an export's folder"
        )
    try:
        content = jsonl.parsed(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise errors.UserError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise errors.UserError(f"{path}: not JSON ({error}); expected a {FILE}") from error
    wanted = ("recipe", "shares", "tasks", "evaluation", "templates", "code")
    is_one = isinstance(content, dict) and all(isinstance(content.get(k), dict) for k in wanted)
    entries = [*content["tasks"].values(), *content["evaluation"].values()] if is_one else []
    is_one = is_one and all(map(_is_entry, entries))
    is_one = is_one and isinstance(content.get("export", {}), dict)
    if not is_one or content.get("format") != FORMAT:
        raise errors.UserError(
            f"{path}: not a manifest of format {FORMAT}; expected the {FILE} of a run's or an "
            "export's folder: make it again with this version"
        )
    return content


def _is_entry(entry: Any) -> bool:
    """Returns whether a value may say what was read of a task."""
    said = ("split", "revision")
    return isinstance(entry, dict) and all(isinstance(entry.get(n, ""), str) for n in said)


def commits(content: Manifest) -> dict[str, str]:
    """Returns the commits at which the repositories of tasks were read: task -> commit.

    Who pins a registry to them (`Registry.pinned`) reads the same rows.
    """
    if content.get("source") != "hub":
        return {}
    entries = {**content["tasks"], **content["evaluation"]}
    told = {name: entry.get("revision", "") for name, entry in entries.items()}
    return {name: told[name] for name in told if _COMMIT.fullmatch(told[name])}


def commits_in(folder: str | os.PathLike[str] | None) -> dict[str, str]:
    """Returns the `commits` of the manifest in a file or a folder; none where there is none."""
    if folder is None or not (Path(folder).is_file() or (Path(folder) / FILE).is_file()):
        return {}
    return commits(read(folder))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How two manifests differ, a line each. `notes` are differences that change no prompt."""

    differences: list[str]
    notes: list[str]


def compare(there: Manifest, here: Manifest) -> Comparison:
    """Returns every difference of `here` from the manifest `there`.

    Evaluation rows are compared where both manifests have some (an export has none). Shares follow
    from rates, so they are compared only where nothing before them differs.
    """
    found = _Lines([], [])
    for key in ("mixture", "prompts", "seed"):
        found.values(key, there["recipe"].get(key), here["recipe"].get(key))
    chats = [bool(one["recipe"].get("chat")) for one in (there, here)]  # none, once
    found.values("chat", *chats)
    for key in ("source", "held_out", "rules"):
        found.values(key, there.get(key), here.get(key))
    found.fields("shares of prompts", there["shares"], here["shares"])
    found.entries("task", there["tasks"], here["tasks"], without=("share",))
    if not found.differences:
        shares = [
            {name: {"share": task.get("share")} for name, task in one["tasks"].items()}
            for one in (there, here)
        ]
        found.entries("task", *shares)
    if there["evaluation"] and here["evaluation"]:
        found.entries("evaluation of task", there["evaluation"], here["evaluation"])
    templates = [
        {name: {"content": content} for name, content in one["templates"].items()}
        for one in _same_evaluation(there, here)
    ]
    found.entries("template file", *templates)
    found.fields("code", there["code"], here["code"])
    return Comparison(differences=found.differences, notes=found.notes)


def expect(there: Manifest, here: Manifest, *, where: str | os.PathLike[str]) -> None:
    """Raises unless both read the same; every difference goes to stderr, a line each.

    `where` is the file of `there`.
    """
    found = compare(there, here)
    for line in found.differences:
        print(f"  {line}", file=sys.stderr)
    for line in found.notes:
        print(f"  note: {line}", file=sys.stderr)
    if found.differences:
        raise errors.UserError(
            f"{len(found.differences)} differences from {str(where)!r}, listed above: bring back "
            "what it read, or go on without that file"
        )


def _same_evaluation(there: Manifest, here: Manifest) -> tuple[Manifest, Manifest]:
    """Returns both without template files that only the evaluation of one of them reads."""
    if bool(there["evaluation"]) == bool(here["evaluation"]):
        return there, here
    trained = [{task["templates"] for task in one["tasks"].values()} for one in (there, here)]
    both = [
        {
            **one,
            "templates": {k: v for k, v in one["templates"].items() if k in used or k[0] == "_"},
        }
        for one, used in zip((there, here), trained, strict=True)
    ]
    return both[0], both[1]


@dataclass(frozen=True)
class _Lines:
    """Collects differences."""

    differences: list[str]
    notes: list[str]

    def values(self, what: str, there: Any, here: Any, *, is_note: bool = False) -> None:
        if there != here:
            lines = self.notes if is_note else self.differences
            lines.append(f"{what} is {here!r}, in the manifest {there!r}")

    def fields(
        self,
        what: str,
        there: Mapping[str, Any],
        here: Mapping[str, Any],
        without: Sequence[str] = (),
    ) -> None:
        for key in [*there, *(key for key in here if key not in there)]:
            if key not in without:
                self.values(f"{what}: {key}", there.get(key), here.get(key), is_note=key in _NOTES)

    def entries(
        self,
        what: str,
        there: Mapping[str, Mapping[str, Any]],
        here: Mapping[str, Mapping[str, Any]],
        without: Sequence[str] = (),
    ) -> None:
        for name in [*there, *(name for name in here if name not in there)]:
            if name not in here:
                self.differences.append(f"{what} {name} is in the manifest only")
            elif name not in there:
                self.differences.append(f"{what} {name} is not in the manifest")
            else:
                self.fields(f"{what} {name}", there[name], here[name], without)


def _rows(
    registry: registry_module.Registry,
    asked: recipe.Recipe,
    name: str,
    split: str,
    failures: list[str],
    count: int | None = None,
    left_out: tuple[int, ...] = (),
) -> dict[str, Any]:
    """Returns what is read of a split: its first `count` drawable rows, or all of them."""
    try:
        task = registry.task(name)
        records = opening.open_rows(task, asked.data, split, skip_bad_rows=asked.skip_bad_rows)
        total = len(records)
        rows: Sequence[int] = range(total)
        if count is not None:
            rows = drawing.Drawable(task=name, rows=count, total=total, left_out=left_out)
        some = (records[rows[row]] for row in range(min(len(rows), SAMPLED_RECORDS)))
        return {
            "templates": _template_name(registry, name),
            "revision": records.revision(),
            "split": split,
            "official_split": records.official_split,
            "rows": len(rows),
            "dropped_rows": records.dropped,
            "bad_rows": records.bad,
            "overlapping_rows": 0,
            "content": records.content(rows),
            "records": _hash(rows_module.as_text(record).encode() for record in some),
        }
    except errors.UserError as error:
        failures.append(str(error))
        return {}


def _template_name(registry: registry_module.Registry, task: str) -> str:
    """Returns a template file's name; a user's own is told apart by the name of its folder."""
    path = Path(registry.templates_path(task))
    if path.parent == registry.layout_path.parent:
        return path.name
    return f"{path.resolve().parent.name}/{path.name}"


def _templates(registry: registry_module.Registry, names: Iterable[str]) -> dict[str, str]:
    paths = {_template_name(registry, name): Path(registry.templates_path(name)) for name in names}
    if registry.layout_path.exists():
        paths[registry.layout_path.name] = registry.layout_path
    return {name: _hash([layouts.read_bytes(path)]) for name, path in sorted(paths.items())}


def _code(*, with_microworld: bool) -> dict[str, str]:
    try:
        version = metadata.version("flanlike")
    except metadata.PackageNotFoundError:  # run from a checkout, not installed
        version = ""
    files = [path for pattern in CODE for path in sorted(_HERE.glob(pattern))]
    code = {"prompts": _hash(path.read_bytes() for path in files)}
    if with_microworld:
        modules = sorted((_HERE / "microworld").glob("*.py"))
        code["microworld"] = _hash(path.read_bytes() for path in modules)
    return {**code, "version": version, "commit": _commit(_HERE.parent)}


def _commit(root: Path) -> str:
    """Returns the checkout's commit, with "+dirty" where tracked files differ; "" outside git."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return ""
    git = ["git", "-C", str(root)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
    status = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True
    )
    if commit.returncode or status.returncode:  # no commit yet, or a folder of someone else's
        return ""
    return commit.stdout.strip() + ("+dirty" if status.stdout.strip() else "")


def _hash(parts: Iterable[bytes]) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()


def _rounded(value: float) -> float:
    """Returns the value as machines agree on it, whatever their last bits."""
    return float(f"{value:.12g}")
