"""The tasks and mixtures there are, by name: an explicit list, built when first asked for."""

import contextlib
import copy
import dataclasses
import functools
import importlib.util
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from flanlike import errors
from flanlike.tasks import families, layouts, template_files, texts
from flanlike.tasks import task as task_module
from flanlike.tasks import templates as templates_module

Builder = Callable[[], task_module.Task]


@runtime_checkable
class Mixture(Protocol):
    """What a registry knows of a mixture; `mixtures.mixture` says what one is."""

    name: str

    @property
    def task_names(self) -> list[str]:
        """Returns the names of all tasks in it."""

    def expanded(self, select: Callable[[str], Sequence[str]]) -> "Mixture":
        """Returns the mixture with the tasks in place of what selects them."""


class Registry:
    """Tasks by the names of their builders, mixtures, and the folder of their templates.

    Nothing is built, and no template is read, before it is asked for. The members of a family are
    among its tasks once `at` has said where the rows are. `mixture_of` makes a mixture of what a
    selector like "niv2:train" names, where that is asked for as one.
    """

    def __init__(
        self,
        tasks: Sequence[Builder],
        mixtures: Sequence[Mixture] = (),
        *,
        templates_folder: str | os.PathLike[str],
        of_file: Callable[[str, Collection[str]], tuple[Builder, Mixture] | None] | None = None,
        its_families: Sequence[families.Family] = (),
        mixture_of: Callable[..., Mixture] | None = None,
    ) -> None:
        """`of_file` makes the task and the mixture of a file, of its name and the names taken."""
        self._of_file = of_file
        self._folder = Path(templates_folder)
        self._builders: dict[str, Builder] = {}
        self._mixtures: dict[str, Mixture] = {}
        self._built: dict[str, task_module.Task] = {}
        self._templates: dict[str, templates_module.TemplateSet] = {}
        self._user_modules: dict[str, Path] = {}  # of each of their tasks
        self._modules: list[Path] = []
        self._files: set[str] = set()  # taken for a task and a mixture each
        self._commits: Mapping[str, str] = {}
        self._mixture_of = mixture_of
        self._data = "embedded"
        self._families: dict[str, families.Family] = {}
        self._members: dict[str, families.Members | None] = {}
        self._member_templates: dict[tuple[str, str], templates_module.TemplateSet] = {}
        for family in its_families:
            self._add_family(family)
        for builder in tasks:
            self._add_task(builder)
        for each in mixtures:
            self._add_mixture(each)

    @property
    def task_names(self) -> list[str]:
        """Returns the names of all tasks: those with a builder, then the members of families."""
        names = list(self._builders)
        for family in self._families:
            if (members := self._members_of(family)) is not None:
                names += [f"{family}{families.MEMBER}{name}" for name in members.names]
        return names

    @property
    def mixture_names(self) -> list[str]:
        return list(self._mixtures)

    @property
    def clusters(self) -> dict[str, list[str]]:
        """Returns the names of each cluster's tasks, in the order of the list."""
        clusters: dict[str, list[str]] = {}
        for name in self.task_names:
            clusters.setdefault(self.task(name).cluster, []).append(name)
        return clusters

    def task(self, name: str) -> task_module.Task:
        """Returns the task of that name."""
        if name in self._built:
            return self._built[name]
        if (family := families.family_of(name)) in self._families:
            self._built[name] = self._member(family, name)
            return self._built[name]
        if name not in self._builders:
            raise errors.did_you_mean("task", name, self._builders)
        task = self._build(name)
        if not isinstance(task, task_module.Task):
            where = f"{self._user_modules[name]}: " if name in self._user_modules else ""
            raise errors.UserError(
                f"{where}the builder {name!r} returns {texts.shown(task)}; expected a Task"
            )
        if task.name != name:
            raise errors.UserError(
                f"the builder {name!r} builds a task named {task.name!r}; give both one name"
            )
        if task.hub is not None and name in self._commits:
            hub = dataclasses.replace(task.hub, commit=self._commits[name])
            task = dataclasses.replace(task, hub=hub)
        self._built[name] = task
        return task

    def at(self, data: str) -> "Registry":
        """Returns this registry with the members that its families have in `data`."""
        if data == self._data:
            return self
        found = copy.copy(self)
        found._data, found._members, found._member_templates = data, {}, {}
        # Of members, and of what stands for them, other data has others.
        found._built = {n: task for n, task in self._built.items() if not families.family_of(n)}
        return found

    def select(self, name: str) -> Sequence[str]:
        """Returns the tasks of a family that a selector names; any other name is its own.

        So is a selector of a family that the data lacks, and of a group of which it has no task:
        the task of that name says why. The cluster of a category selects as the category does:
        niv2_question_answering is niv2:question_answering.
        """
        for each in self._families if name not in self._builders else ():
            category = name.removeprefix(f"{each}_")
            members = self._members_of(each) if category != name else None
            if members is not None and category in members.categories:
                return families.select(self._families[each], members, category)
        family = families.family_of(name)
        if not families.is_selector(name) or family not in self._families:
            return [name]
        members = self._members_of(family)
        if members is None:
            return [name]
        selector = name.partition(families.SELECTOR)[2]
        if selector in members.groups and not members.of_group(selector):
            return [name]
        return families.select(self._families[family], members, selector)

    def pinned(self, commits: Mapping[str, str]) -> "Registry":
        """Returns this registry with the repositories of some tasks as they were at a commit."""
        found = copy.copy(self)
        found._commits = {**self._commits, **commits}
        found._built = {}
        return found

    def with_templates(self, name: str, more: Sequence[templates_module.Template]) -> "Registry":
        """Returns this registry with further templates of one task, after its own."""
        own = self.templates(name)
        found = copy.copy(self)
        more_set = dataclasses.replace(own, templates=(*own.templates, *more))
        found._templates = {**self._templates, name: more_set}
        return found

    def mixture(self, name: str) -> Mixture:
        """Returns the mixture of that name, or of that file, with every task in it known.

        That may be what selects tasks of a family, as "niv2:train": a mixture of these.
        """
        self._take_file(name)
        if families.family_of(name) in self._families and self._mixture_of is not None:
            found = self._mixture_of(name=name, entries=(name,), description="members of a family")
        elif name in self._mixtures:
            found = self._mixtures[name]
        else:
            raise errors.did_you_mean("mixture", name, self._mixtures)
        found = found.expanded(self.select)
        for task in found.task_names:
            if families.family_of(task) in self._families:
                self.task(task)
            elif task not in self._builders:
                error = errors.did_you_mean("task", task, self._builders)
                raise errors.UserError(f"mixture {name!r}: {error}")
        return found

    def takes(self, name: str) -> bool:
        """Returns whether the name is a file's (or a repository's), which is then a mixture."""
        self._take_file(name)
        return name in self._files

    def tasks_of(self, name: str) -> list[task_module.Task]:
        """Returns the task of that name, the one of that file, or those of a selector or mixture.

        Raises where the data holds nothing of what is selected.
        """
        is_mixture = self.takes(name) or name in self._mixtures and name not in self._builders
        names = self.mixture(name).task_names if is_mixture else self.select(name)
        tasks = [self.task(each) for each in names]
        if families.is_selector(tasks[0].name):  # stands for what is not there
            raise errors.UserError(f"{name}: {tasks[0].absent}")
        return tasks

    def templates(self, name: str) -> templates_module.TemplateSet:
        """Returns the templates of the task of that name, checked for it.

        Those of a family's members, which may be thousands, are checked for the first of them.
        """
        if name not in self._templates and (family := families.family_of(name)):
            path = self.templates_path(name)
            if (family, path) not in self._member_templates:
                loaded = template_files.load(path, self.task(name), layout=self.layout)
                self._member_templates[family, path] = loaded
            return self._member_templates[family, path]
        if name not in self._templates:
            path = self.templates_path(name)
            self._templates[name] = template_files.load(path, self.task(name), layout=self.layout)
        return self._templates[name]

    def templates_path(self, name: str) -> str:
        """Returns the file of a task's templates: an absolute path is taken as it is; a user's
        task has its own folder looked through first, then comes the folder of all templates."""
        stem = self.task(name).templates
        file = stem if stem.endswith(".toml") else f"{stem}.toml"
        module = self._user_modules.get(name)
        if module is not None:
            folder = module.resolve().parent
            # The last is where a run's folder keeps a copy of what was elsewhere.
            for beside in (folder / file, folder / Path(file).name):
                if beside.exists():
                    return str(beside)
        return str(self._folder / file)

    @property
    def user_files(self) -> list[Path]:
        """Returns the files of the user's own tasks: their module, and templates of their own."""
        found = list(dict.fromkeys(self._modules))
        for name in self._user_modules:
            with contextlib.suppress(errors.UserError):  # told where the task is used
                path = Path(self.templates_path(name))
                if path.is_file() and path.parent != self._folder:
                    found.append(path)
        return list(dict.fromkeys(found))

    @property
    def layout_path(self) -> Path:
        return self._folder / layouts.FILE

    @functools.cached_property
    def layout(self) -> layouts.Layout:
        path = self.layout_path
        return layouts.load(path) if path.exists() else layouts.Layout()

    def load_user_module(self, path: str | os.PathLike[str]) -> None:
        """Adds the TASKS (builders), MIXTURES and FAMILIES of the Python file at `path`."""
        path = Path(path)
        if not path.is_file():
            raise errors.UserError(f"no file {str(path)!r}; expected a Python file with TASKS")
        spec = importlib.util.spec_from_file_location(f"user_tasks_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise errors.UserError(f"{path}: not a Python file; expected a name that ends in .py")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:  # a user's mistake: its place in their file
            raise errors.UserError(f"{_place(error, path)}: {_short(error)}") from error
        tasks = getattr(module, "TASKS", None)
        mixtures = getattr(module, "MIXTURES", ())
        if not isinstance(tasks, (list, tuple)) or not isinstance(mixtures, (list, tuple)):
            raise errors.UserError(
                f"{path}: TASKS is {texts.shown(tasks)} and MIXTURES {texts.shown(mixtures)}; "
                "expected lists: TASKS of functions that return a Task, MIXTURES of Mixture"
            )
        its_families = getattr(module, "FAMILIES", ())
        if not isinstance(its_families, (list, tuple)):
            shown = texts.shown(its_families)
            raise errors.UserError(f"{path}: FAMILIES is {shown}; expected a list of Family")
        self._modules.append(path)
        for builder in tasks:
            self._add_task(builder, where=f"{path}: ")
            self._user_modules[builder.__name__] = path
        for each in mixtures:
            self._add_mixture(each, where=f"{path}: ")
        for family in its_families:
            self._add_family(family, where=f"{path}: ")

    def _members_of(self, family: str) -> families.Members | None:
        if family not in self._members:
            is_folder = self._data not in task_module.BACKENDS
            found = self._families[family].open(self._data) if is_folder else None
            self._members[family] = found
        return self._members[family]

    def _member(self, family: str, name: str) -> task_module.Task:
        members = self._members_of(family)
        if members is None or self.select(name) == [name] and families.is_selector(name):
            why = (
                f"none of these tasks is among the {len(members.names):,} there" if members else ""
            )
            return families.absent(self._families[family], name, self._data, why=why)
        member = name[len(family) + 1 :]
        if families.is_selector(name) or member not in members.names:
            raise families.near(f"task of {family}", member, members.names)
        return members.task(member)

    def _take_file(self, name: str) -> None:
        """Adds the task and the mixture of a file, where the name is a file's and is new."""
        if self._of_file is None or name in self._mixtures:
            return
        if found := self._of_file(name, self._builders):
            self._add_task(found[0])
            self._add_mixture(found[1])
            self._files.add(name)

    def _build(self, name: str) -> task_module.Task:
        module = self._user_modules.get(name)
        if module is None:
            return self._builders[name]()
        try:
            return self._builders[name]()
        except (Exception, SystemExit) as error:  # a user's mistake, as above
            place = _place(error, module)
            raise errors.UserError(f"{place}: task {name!r}: {_short(error)}") from error

    def _add_task(self, builder: Builder, *, where: str = "") -> None:
        name = getattr(builder, "__name__", None)
        if not callable(builder) or name is None:
            raise errors.UserError(
                f"{where}TASKS holds {texts.shown(builder)}; expected a function without arguments "
                "that returns a Task and has its name"
            )
        if name in self._builders:
            raise errors.UserError(f"{where}task {name!r} is there twice; give one another name")
        self._builders[name] = builder

    def _add_mixture(self, each: Mixture, *, where: str = "") -> None:
        if not isinstance(each, Mixture):
            raise errors.UserError(f"{where}MIXTURES holds {texts.shown(each)}; expected a Mixture")
        if each.name in self._mixtures:
            raise errors.UserError(f"{where}mixture {each.name!r} is there twice; rename one")
        self._mixtures[each.name] = each

    def _add_family(self, family: families.Family, *, where: str = "") -> None:
        if not isinstance(family, families.Family):
            raise errors.UserError(
                f"{where}FAMILIES holds {texts.shown(family)}; expected a Family"
            )
        if family.name in self._families:
            raise errors.UserError(f"{where}family {family.name!r} is there twice; rename one")
        self._families[family.name] = family


def _place(error: BaseException, path: Path) -> str:
    """Returns the file, and where there is one its last line on the way to the error."""
    line = errors.line_of(error, path)
    return f"{path}, line {line}" if line else str(path)


def _short(error: BaseException) -> str:
    if isinstance(error, errors.UserError):
        return str(error)
    if isinstance(error, SyntaxError) and error.msg:  # the place is told already
        return f"{type(error).__name__}: {error.msg}"
    return errors.in_one_line(error)


class Opener(Protocol):
    """What opens the registry: with a user's module of tasks, or with None.

    `format` is that of files that are named as mixtures; None: by their columns.
    """

    def __call__(
        self, user_module: str | os.PathLike[str] | None, *, format: str | None = None
    ) -> Registry: ...
