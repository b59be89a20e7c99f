"""Families: collections of many tasks, opened where their rows are and no sooner.

    niv2/task1_made_up_naming     a member, by the name that it has in its collection
    niv2:test                     a group, as the collection divides its tasks
    niv2:question_answering       a category: the cluster niv2_question_answering
    niv2:task1_*                  a pattern of members' names; niv2:* is all of them

A family knows nothing of its members before `Registry.at` says where the rows are.
"""

import collections
import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from flanlike import errors
from flanlike.tasks import task as task_module

MEMBER, SELECTOR = "/", ":"  # what follows a family's name

_LISTED = 5  # names of one family
_OF_FAMILY = re.compile(r"([a-z0-9_]+)[/:]")


class Members(Protocol):
    """The tasks of a family, as one place has them; names are without the family's."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def categories(self) -> Sequence[str]: ...

    @property
    def groups(self) -> Sequence[str]: ...

    def of_category(self, category: str) -> Sequence[str]: ...

    def of_group(self, group: str) -> Sequence[str]: ...

    def task(self, name: str) -> task_module.Task:
        """Returns the task of the member of that name."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A collection of tasks. `open` finds its members in the folder that --data names.

    It returns None where that holds nothing of the family, which is no mistake. All members that
    name one file of templates have the same fields and answers.
    """

    name: str
    open: Callable[[str], Members | None]
    description: str = ""
    how_to_get: str = ""


def family_of(name: str) -> str:
    """Returns the family of a task or a selector, "" where it is of none.

    "niv2/task1_naming" -> "niv2"      "niv2:train" -> "niv2"      "rte" -> ""
    """
    found = _OF_FAMILY.match(name)
    return found.group(1) if found else ""


def is_selector(name: str) -> bool:
    """Returns whether a name in a mixture or a hold-out is one of several tasks of a family."""
    return SELECTOR in name


def select(family: Family, members: Members, selector: str) -> list[str]:
    """Returns the full names of the members that a selector ("train", "task1_*") names, in order.

    A group goes before a category, and that before a pattern.
    """
    if selector in members.groups:
        chosen = members.of_group(selector)
    elif selector in members.categories:
        chosen = members.of_category(selector)
    else:
        chosen = [name for name in members.names if fnmatch.fnmatchcase(name, selector)]
        if not chosen and not set("*?[") & set(selector):
            known = [*members.groups, *members.categories, *members.names]
            raise near(f"group, category or task of {family.name}", selector, known)
    if not chosen:
        raise errors.UserError(
            f"{family.name}{SELECTOR}{selector} names no task of the {len(members.names):,} there; "
            f"its groups are {', '.join(members.groups)}, its categories "
            f"{', '.join(members.categories)}"
        )
    return [f"{family.name}{MEMBER}{name}" for name in chosen]


def listed(names: Sequence[str]) -> str:
    """Returns names in one line, of a family with many of them only how many these are.

    ("rte", "niv2/task1_a", "niv2/task2_b", ...)  ->  "rte, 119 tasks of niv2"
    """
    counts = collections.Counter(family_of(name) for name in names if MEMBER in name)
    many = {family for family, count in counts.items() if count > _LISTED}
    told = [f"{counts[family_of(n)]} tasks of {family_of(n)}" if family_of(n) in many else n
            for n in names]  # fmt: skip
    return ", ".join(dict.fromkeys(told))


def absent(family: Family, name: str, data: str, *, why: str = "") -> task_module.Task:
    """Returns a task that stands for a selector of a family of which `data` has nothing.

    Or, with `why`, nothing of what is selected.
    """
    why = why or f"--data {data} holds no tasks of the family {family.name!r}"
    return task_module.Task(
        name=name,
        cluster=family.name,
        fields=("input",),
        answers=task_module.FreeText(),
        metrics=("exact_match",),
        templates=family.name,
        absent=f"{why}: {family.how_to_get}" if family.how_to_get else why,
    )


def near(what: str, name: str, known: Sequence[str]) -> errors.UserError:
    """Returns the error for an unknown name: near matches, and no list of thousands."""
    full = str(errors.did_you_mean(what, name, known))
    head, _, listed = full.rpartition("known: ")
    if len(known) <= 40:
        return errors.UserError(full)
    return errors.UserError(f"{head}the copy in --data has {len(known):,} (list tells which)")
