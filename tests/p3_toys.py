"""A made-up part of P3 in each of its layouts, and templates in promptsource's format."""

import json

RTE = "super_glue_rte"
PROMPTS = ("is it so", "so it is")


def rows(count, split="train"):
    return [
        {
            "premise": f"Ivo has {n} hens in {split}.",
            "hypothesis": f"There are {n} hens.",
            "label": n % 2,
            "idx": n,
        }
        for n in range(count)
    ]


def template(name, jinja, choices="Yes ||| No", *, number=1, original=True, shown=False):
    lines = [
        f"  id-{number}: !Template",
        *([f"    answer_choices: {choices}"] if choices else []),
        f"    id: id-{number}",
        f"    jinja: {json.dumps(jinja)}",
        "    metadata: !TemplateMetadata",
        f"      choices_in_prompt: {str(shown).lower()}",
        "      languages:",
        "      - en",
        "      metrics:",
        "      - Accuracy",
        f"      original_task: {str(original).lower()}",
        f"    name: {name}",
        "    reference: ''",
    ]
    return "\n".join(lines) + "\n"


IS_IT_SO = template(
    "is it so",
    "{{premise}} Is it so that {{hypothesis | lower}} ||| "
    "{% if label != -1 %}{{ answer_choices[label] }}{% endif %}",
)
BACKWARDS = template(
    "make one up",
    'Say what "{{hypothesis}}" {{ ["follows", "comes"] | choice }} from. ||| {{premise}}',
    "",
    number=2,
    original=False,
)


def write_templates(folder, *templates, dataset="super_glue", subset="rte"):
    folder.mkdir(parents=True, exist_ok=True)
    head = f"dataset: {dataset}\n" + (f"subset: {subset}\n" if subset else "") + "templates:\n"
    (folder / "templates.yaml").write_text(head + "".join(templates), encoding="utf-8")


def write_rows(folder, **splits):
    folder.mkdir(parents=True, exist_ok=True)
    for split, told in splits.items():
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told)
        (folder / f"{split}.jsonl").write_text(content, encoding="utf-8")


def rendered(count, split="train", *, choices=("Yes", "No")):
    return [
        {
            "inputs": [3, 1],
            "targets": [2, 1],
            "inputs_pretokenized": f"\n{row['premise']} Is it so that {row['hypothesis']}\n",
            "targets_pretokenized": f" {('Yes', 'No')[row['label']]}",
            **({"answer_choices": list(choices)} if choices else {}),
        }
        for row in rows(count, split)
    ]


def scored(count, split="validation"):
    """Returns a row for each choice of each example."""
    return [
        {
            "idx": [number, place],
            "inputs_pretokenized": row["inputs_pretokenized"],
            "targets_pretokenized": choice,
            "is_correct": choice == row["targets_pretokenized"].strip(),
            "weight": 1.0,
        }
        for number, row in enumerate(rendered(count, split))
        for place, choice in enumerate(("Yes", "No"))
    ]


def lines(**counts):
    """Returns lines of all prompts: so many of each."""
    return [
        {"template": name, "prompt": f'{name} "template": "x" {n}?', "completion": f"it is {n}"}
        for name, count in counts.items()
        for n in range(count)
    ]
