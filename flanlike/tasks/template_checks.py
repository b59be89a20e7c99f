"""Whether a template is one: its own syntax, and whether it fits a task.

Every error names where the template stands, its id and the mend.
"""

from flanlike import errors
from flanlike.tasks import task as task_module
from flanlike.tasks import templates


def check(template: templates.Template, task: task_module.Task, *, where: str) -> None:
    """Raises unless a template is one for the task; `where` says what it stands in."""
    check_syntax(where, template)
    check_for_task(where, template, task)


def check_syntax(path: str, template: templates.Template) -> None:
    """Raises unless kind, white space, braces, {options} and {answer} are right."""
    if template.kind not in templates.KINDS:
        message = str(errors.did_you_mean("kind", template.kind, templates.KINDS))
        raise error(path, template.id, message)
    for key, text in (("input", template.input), ("target", template.target)):
        if text.strip() != text or not text:
            raise error(
                path,
                template.id,
                f"{key} is empty or has white space at its start or end: "
                f"{text[:20]!r} ... {text[-20:]!r}; delete it",
            )
        if text.count("{") == text.count("}") == len(templates.FIELD.findall(text)):
            continue
        left = templates.FIELD.sub("", text)
        at = min(i for i in (left.find("{"), left.find("}")) if i >= 0)
        raise error(
            path,
            template.id,
            f"{key} has a stray brace near {left[max(0, at - 15) : at + 15]!r}; "
            "braces hold one field name, as in {premise}, and nothing else",
        )
    _check_options(path, template)
    if template.kind in ("forward", "cot"):
        _check_direct(path, template)


def check_for_task(path: str, template: templates.Template, task: task_module.Task) -> None:
    """Raises unless the template's fields, options and answers fit the task."""
    allowed = {*task.fields, "answer"}
    if not isinstance(task.answers, task_module.FreeText):
        allowed.add("options")
    used = template.input_fields | template.target_fields
    if unknown := sorted(used - allowed):
        why = (
            f"task {task.name!r} has free-text answers and so no {{options}}"
            if unknown == ["options"]
            else str(errors.did_you_mean("field", unknown[0], allowed))
        )
        raise error(path, template.id, f"{why} (task {task.name!r})")
    if task.optional:
        _check_optional(path, template, task)
    needed = tuple(name for name in task.fields if name not in task.optional)
    texts = set(needed) - {"rationale"}
    if template.kind in ("forward", "cot"):
        if not template.input_fields & texts:
            raise error(
                path, template.id, f"the input uses no field of task {task.name!r}: {needed!r}"
            )
    elif not (template.target_fields - template.input_fields) & set(needed):
        raise error(
            path,
            template.id,
            f"the target of a template of kind {template.kind!r} has to hold a field of task "
            f"{task.name!r} that its input lacks ({needed!r}); it is {template.target!r}",
        )
    if template.kind == "cot_inverted" and "rationale" not in used:
        raise error(path, template.id, "uses no {rationale}; then its kind is 'inverted'")
    if template.answers is not None:
        _check_answers(path, template, task)


def error(path: str, template_id: str, message: str) -> errors.UserError:
    """Returns the error that says what is wrong with the template of this id."""
    return errors.UserError(f"{path}, template {template_id!r}: {message}")


def _check_options(path: str, template: templates.Template) -> None:
    for key, text in (("input", template.input), ("target", template.target)):
        if "{options}" not in text:
            continue
        if key == "target" and template.kind in ("forward", "cot"):
            raise error(path, template.id, "the target has {options}; only the input may list them")
        if text.count("{options}") > 1 or "{options}" not in text.split("\n"):
            raise error(
                path,
                template.id,
                f"{{options}} in the {key} must stand once and alone on its line, for it becomes "
                "a list over several lines",
            )


def _check_direct(path: str, template: templates.Template) -> None:
    """Raises unless the answer is in the target of a forward or CoT template, and only there."""
    if leaks := template.input_fields & {"answer", "rationale"}:
        raise error(
            path,
            template.id,
            f"the input of a template of kind {template.kind!r} has {sorted(leaks)!r}, which give "
            "the answer away; take them out, or make it 'inverted'",
        )
    needed = {"answer", "rationale"} if template.kind == "cot" else {"answer"}
    if missing := needed - template.target_fields:
        raise error(
            path,
            template.id,
            f"the target of a template of kind {template.kind!r} lacks {sorted(missing)!r}; "
            'expected, for example, target = "{answer}"',
        )
    if template.kind == "cot":
        _check_order(path, template)
    if template.kind == "forward" and "rationale" in template.target_fields:
        raise error(
            path, template.id, "the target has {rationale}; then its kind is 'cot', not 'forward'"
        )


def _check_order(path: str, template: templates.Template) -> None:
    """Raises unless a chain of thought comes to its answer: reasons, then what follows from them.

    There the answer is looked for in what a model writes.
    """
    example = '"{rationale} So the answer is {answer}."'
    for name in ("rationale", "answer"):
        if (count := template.target.count(f"{{{name}}}")) > 1:
            problem = f"the target has {{{name}}} {count} times; it may stand there once"
            raise error(path, template.id, problem)
    before, _, after = template.target.partition("{rationale}")
    if "{answer}" in before:
        raise error(
            path,
            template.id,
            "the target of a template of kind 'cot' has {answer} before {rationale}, and an answer "
            f"given first is none that was reasoned out; expected, for example, {example}",
        )
    if after.lstrip(" ").startswith("{answer}"):
        raise error(
            path,
            template.id,
            "in the target {answer} follows {rationale} with nothing to tell where it begins; put "
            f"a line break or words between them, as in {example}",
        )


def _check_optional(path: str, template: templates.Template, task: task_module.Task) -> None:
    """Raises unless each optional field stands on a line that can be left out."""
    if template.kind in ("forward", "cot") and (
        found := sorted((template.target_fields & set(task.optional)) - {"rationale"})
    ):
        raise error(
            path,
            template.id,
            f"the target has {found!r}, which may be empty in task {task.name!r} (Task.optional); "
            "only the input, or the target of an inverted template, may hold it",
        )
    for line in f"{template.input}\n{template.target}".split("\n"):
        fields = set(templates.FIELD.findall(line))
        if len(fields) > 1 and (found := sorted(fields & set(task.optional))):
            raise error(
                path,
                template.id,
                f"{{{found[0]}}} may be empty in task {task.name!r} (Task.optional), and then its "
                f"line is left out, which holds other fields: {line!r}; give it a line of its own",
            )


def _check_answers(path: str, template: templates.Template, task: task_module.Task) -> None:
    labels = task.answers
    if not isinstance(labels, task_module.Labels):
        raise error(
            path,
            template.id,
            f"has answers, but task {task.name!r} has no fixed labels; delete them",
        )
    if missing := [name for name in labels.names if name not in template.answers]:
        raise error(
            path,
            template.id,
            f"answers lack the labels {missing!r} of task {task.name!r}; it has {labels.names!r}",
        )
    words = [template.answers[name].casefold() for name in labels.names]
    if len(set(words)) != len(words):
        raise error(
            path,
            template.id,
            f"answers word two labels of task {task.name!r} the same: {words!r}; make them differ",
        )
