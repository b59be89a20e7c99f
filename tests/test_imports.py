"""The arrows of the design: who may import whom, and what nobody imports on the way to a batch."""

import ast
import pathlib
import subprocess
import sys
import textwrap

import pytest

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_HEAVY = ("tensorflow", "tensorflow_datasets", "seqio", "torch", "transformers")
# From the ground up: a package imports what stands before it, and itself. "" is `flanlike/` itself:
# _ROOT_MODULES.
_ORDER = (
    "",
    "tasks",
    "microworld",
    "sources",
    "mixtures",
    "prompts",
    "batches",
    "models",
    "pretrained",
    "training",
    "runs",
    "asking",
    "editing",
)
_ROOT_MODULES = {
    *(
        "atomic",
        "bounds",
        "cache",
        "config",
        "errors",
        "flags",
        "jsonl",
        "knobs",
        "sections",
        "seeding",
    ),
    "worker",
}
# Modules of `flanlike/` that stand above all packages.
_COMMANDS = {"__main__", "ask", "export", "plan", "pretrain", "workbench"}
_OPENING = {
    "ask",
    "workbench",
}  # of these, what brings in the registry of tasks and eval, inside a function
_JOINING = {"asking", "editing"}  # packages that join both halves, as train.py does
_MODEL_HALF = _ORDER[_ORDER.index("models") :]
# Where the two halves meet: what the model half may know of the data half.
_MEETING = {"best_fit", "chat", "features", "tokenizer", "vocabulary"}


def _imports(file: pathlib.Path, *, at_top_only: bool = False) -> set[str]:
    """Returns the dotted names that a file imports, also within functions unless `at_top_only`."""
    tree = ast.parse(file.read_text(), str(file))
    nodes = tree.body if at_top_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by the full name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _files(folder: str) -> list[pathlib.Path]:
    return sorted((_ROOT / folder).rglob("*.py"))


def _package(dotted: str) -> str:
    """Returns the package of a module of flanlike: "flanlike.tasks.task" is of "tasks"."""
    part = dotted.split(".")[1]
    return part if part in _ORDER else ""


def _module(file: pathlib.Path) -> str:
    return ".".join(file.relative_to(_ROOT).with_suffix("").parts)


def _roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def _own(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("flanlike.")}


def test_the_order_names_every_package():
    there = {path.parent.name for path in (_ROOT / "flanlike").glob("*/__init__.py")}
    assert there == set(_ORDER) - {""}
    alone = {path.stem for path in (_ROOT / "flanlike").glob("*.py")}
    assert alone == {"__init__", *_ROOT_MODULES, *_COMMANDS}


@pytest.mark.parametrize("file", _files("flanlike"), ids=_module)
def test_flanlike_imports_nothing_that_builds_on_it(file):
    above = {"task_registry", "eval", "train", "bench", "tests"}
    if file.stem in _OPENING and file.parent.name == "flanlike":
        assert not _roots(_imports(file, at_top_only=True)) & above
        above -= {"task_registry", "eval"}
    assert not _roots(_imports(file)) & above


def test_nothing_imports_what_opens_the_registry():
    for file in [*_files("flanlike"), *_files("eval"), *_files("task_registry")]:
        assert not _imports(file) & {f"flanlike.{name}" for name in _OPENING}


@pytest.mark.parametrize("file", _files("flanlike"), ids=_module)
def test_arrows_go_down(file):
    if file.stem in _COMMANDS and file.parent.name == "flanlike":
        return
    at = _ORDER.index(_package(_module(file)))
    for name in _own(_imports(file)):
        assert _ORDER.index(_package(name)) <= at, f"{file.name} imports {name}"


@pytest.mark.parametrize("file", _files("flanlike"), ids=_module)
def test_halves_meet_at_features(file):
    names, package = _imports(file), _package(_module(file))
    if file.stem in _COMMANDS and file.parent.name == "flanlike" or package in _JOINING:
        return
    if package not in _MODEL_HALF:
        assert not _roots(names) & {"jax", "flax", "optax", "orbax"}
        return
    for name in _own(names):
        of = _package(name)
        assert of == "" or of in _MODEL_HALF or name.split(".")[-1] in _MEETING, name


@pytest.mark.parametrize("file", _files("eval"), ids=_module)
def test_evaluation_knows_no_task_but_in_its_commands(file):
    if file.stem != "__main__" and not file.stem.endswith("_command"):
        assert not _roots(_imports(file)) & {"task_registry", "train"}


def test_no_import_goes_in_a_circle():
    files = {_module(file): file for file in _files("flanlike")}
    uses = {name: _own(_imports(file)) & set(files) for name, file in files.items()}
    left = dict(uses)
    while free := [name for name, used in left.items() if not used & set(left) - {name}]:
        for name in free:
            del left[name]
    assert not left, f"these import each other: {sorted(left)}"


@pytest.mark.parametrize(
    "file", [*_files("flanlike"), *_files("task_registry"), *_files("eval")], ids=_module
)
def test_heavy_packages_are_imported_inside_functions(file):
    heavy = {*_HEAVY, "datasets", "pyarrow"}
    assert not _roots(_imports(file, at_top_only=True)) & heavy


@pytest.mark.parametrize(
    "file",
    [*_files("flanlike"), *_files("task_registry"), *_files("eval"), _ROOT / "train.py"],
    ids=_module,
)
def test_torch_and_transformers_are_for_tests_alone(file):
    assert not _roots(_imports(file)) & {"torch", "transformers", "peft"}


def _loaded_after(code: str, names: tuple[str, ...]) -> str:
    """Returns those of `names` that a fresh process has loaded after running `code`."""
    report = f"\nimport sys\nprint([n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code) + report],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_listing_and_rendering_load_no_framework():
    code = """
        import flanlike, task_registry
        from flanlike.prompts import render
        from flanlike.sources import opening
        found = task_registry.registry()
        for name in found.task_names:
            found.task(name), found.templates(name), opening.availability(found.task(name), "hub")
        records = opening.open_rows(found.task("rte"), "embedded", "train")
        template_set = found.templates("rte")
        render.render(found.task("rte"), template_set.forward[0], records[0], layout=found.layout,
                      source="embedded", split="train", row_id=records.row_id(0), seed=0)
    """
    assert _loaded_after(code, (*_HEAVY, "jax", "grain", "datasets")) == "[]"


def test_the_first_batch_loads_no_framework():
    code = """
        import task_registry
        from flanlike.mixtures import compose
        from flanlike.mixtures import mixture
        from flanlike.batches import pipeline, vocabulary
        found = task_registry.registry()
        mixed = mixture.Mixture(name="mixed", entries=("rte", "sst2"))
        composition = compose.resolve(mixed, found, {"rte": 1000, "sst2": 1000})
        words = vocabulary.Vocabulary.train(["Is it true? yes or no"] * 9, 300)
        next(pipeline.batches(composition, found, words, data="embedded", seed=0, family="decoder",
                              rows=2, max_input_tokens=400, max_target_tokens=100))
    """
    assert _loaded_after(code, (*_HEAVY, "flax", "optax", "datasets")) == "[]"


@pytest.mark.parametrize(
    "module",
    [
        *("batches.features", "batches.vocabulary", "tasks.task", "tasks.registry"),
        *("prompts.render", "prompts.stream", "sources.opening", "mixtures.compose"),
    ],
)
def test_the_data_half_runs_without_jax(module):
    # Only Grain, which `packing` and so `pipeline` need, brings jax in where it is installed.
    assert _loaded_after(f"import flanlike.{module}", ("jax",)) == "[]"


def test_importing_reads_no_template_and_builds_no_task():
    code = """
        import builtins, io, task_registry
        from flanlike.tasks import task, template_files
        def refuse(*_, **__): raise AssertionError("work on import")
        import importlib
        task.Task.__post_init__ = refuse
        template_files.load = refuse
        for name in list(sorted(__import__("sys").modules)):
            if name.startswith("task_registry"):
                importlib.reload(__import__("sys").modules[name])
    """
    assert _loaded_after(code, _HEAVY) == "[]"
