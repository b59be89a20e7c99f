"""The first files of a user's task: a module stub and a template file that already load."""

import importlib.util
import keyword
import pathlib
import re
import sys
from collections.abc import Collection

from flanlike import errors

_NAME = re.compile(r"[a-z_][a-z0-9_]*")  # of a task that is a function too
_NAMES = ("task", "mixture", "to_record")  # that the module has already

_MODULE = '''"""TODO: one line on what the task {name} is about."""

from flanlike import mixture, task

LABELS = ("no", "yes")  # TODO: the labels, in the order of the record's indices


def {name}() -> task.Task:
    """TODO: one line on a row, with an example: {{"text": "...", "label": "yes"}}."""
    return task.Task(
        name="{name}",
        cluster="{cluster}",
        fields=("text",),  # TODO: the strings that templates may use
        answers=task.Labels(names=LABELS, words=LABELS),
        metrics=("accuracy",),
        templates="{name}",  # {name}.toml, beside this file
        preprocess=to_record,
    )


def to_record(row: task.Row) -> task.Record:
    """TODO: from a row of the data to the fields and the label's index."""
    return {{"text": row["text"], "label": LABELS.index(row["label"])}}


TASKS = [{name}]
MIXTURES = [mixture.Mixture(name="{name}_only", entries=("{name}",))]
'''

_TEMPLATES = '''# TODO: what is asked here. For {name}: text.
# {{field}} is the only syntax. Write ten or more, at least seven of kind "forward".

[[template]]
id = "first"
kind = "forward"
input = """
{{text}}
TODO: ask for the answer.

{{options}}"""
target = "{{answer}}"

[[template]]
id = "turned_around"
kind = "inverted"
input = """
TODO: ask for a text with the answer {{answer}}."""
target = "{{text}}"
'''


def write(
    name: str,
    cluster: str,
    *,
    folder: pathlib.Path,
    tasks: Collection[str],
    clusters: Collection[str],
    is_new_cluster: bool = False,
) -> list[pathlib.Path]:
    """Writes NAME.py and NAME.toml into the folder and returns their paths; overwrites nothing.

    A cluster that no task has is a mistake unless `is_new_cluster`: what is misspelt would not be
    held out with the cluster that was meant.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _NAMES:
        raise errors.UserError(
            f"the task's name {name!r} cannot be the name of a function: use small letters from a "
            f"to z, digits and _, and no word of Python or of the module ({', '.join(_NAMES)})"
        )
    if not cluster.isidentifier():
        raise errors.UserError(f"the cluster {cluster!r} has to be letters, digits and _ alone")
    if name in tasks:
        raise errors.UserError(f"there is a task {name!r} already: give yours another name")
    if cluster not in clusters and not is_new_cluster:
        error = errors.did_you_mean("cluster", cluster, clusters)
        raise errors.UserError(f"{error}; if a new one is meant, add --new-cluster")
    contents = {f"{name}.py": _MODULE, f"{name}.toml": _TEMPLATES}
    paths = [folder / file for file in contents]
    if there := [path for path in paths if path.exists()]:
        raise errors.UserError(f"{str(there[0])!r} is there already: nothing was written")
    if name in sys.modules or importlib.util.find_spec(name) is not None:
        raise errors.UserError(
            f"{name}.py would stand in the way of a module {name!r} that is installed: give your "
            "task another name"
        )
    made: list[pathlib.Path] = []
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            with path.open("x", encoding="utf-8") as file:
                made.append(path)
                file.write(content.format(name=name, cluster=cluster))
    except OSError as error:
        for one in made:  # half of what was asked for would stand in the way of the next try
            one.unlink(missing_ok=True)
        raise errors.UserError(
            f"cannot write {str(path)!r} ({error.strerror}): go to a folder of your own"
        ) from error
    return paths
