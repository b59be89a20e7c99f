"""A made-up collection in the layouts of Super-NaturalInstructions."""

import json
import zipfile

NAMING, LOUDER, SAME = "task1_made_up_naming", "task2_made_up_louder", "task3_made_up_same"
FRENCH = "task4_made_up_french"
CATEGORIES = {
    NAMING: "Question Answering",
    LOUDER: "Text to Text",
    SAME: "Textual Entailment",
    FRENCH: "Translation",
}
ORIGINS = {NAMING: "animals", LOUDER: "shouts", SAME: "animals", FRENCH: "shouts"}


def task(name, count=20):
    number = name[4]
    return {
        "Contributors": ["nobody"],
        "Source": [ORIGINS[name]],
        "URL": ["https://example.org"],
        "Categories": [CATEGORIES[name]],
        "Definition": [f'Do what is "Instances": [ of task {number}.'],
        "Input_language": ["English"],
        "Output_language": ["French" if name == FRENCH else "English"],
        "Instruction_language": ["English"],
        "Positive Examples": [
            {"input": f"in {number}a", "output": f"out {number}a", "explanation": "Because a."},
            {"input": f"in {number}b", "output": f"out {number}b", "explanation": "Because b."},
        ],
        "Negative Examples": [
            {"input": f"in {number}c", "output": "nonsense", "explanation": "Because not."}
        ],
        "Instances": [
            {
                "id": f"task{number}-{row}",
                "input": f"Häslein {row} of {number}",
                "output": [f"answer {row}", f"Antwort {row}"],
            }
            for row in range(count)
        ],
        "Instance License": ["MIT"],
    }


def write_json(root, *, splits=True, below="tasks", counts=()):
    """Writes the layout of the collection's repository: splits/ beside tasks/."""
    folder = root / below
    folder.mkdir(parents=True)
    counts = dict(counts)
    for name in CATEGORIES:
        told = task(name, counts.get(name, 20))
        content = json.dumps(told, indent=4, ensure_ascii=name != NAMING)
        (folder / f"{name}.json").write_text(content, encoding="utf-8")
    if splits:
        for track, kind, names in (
            ("default", "train", [NAMING, "task9_not_here"]),
            ("default", "test", [LOUDER]),
            ("xlingual", "train", [NAMING, SAME]),
            ("xlingual", "test", [FRENCH]),
        ):
            path = root / "splits" / track / f"{kind}_tasks.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(names) + "\n", encoding="utf-8")


def write_zip(path, folder):
    """Packs a folder as a repository's archive: all below one folder of its own."""
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.rglob("*.*")):
            packed.write(file, f"collection-main/{file.relative_to(folder).as_posix()}")


def write_lines(folder):
    """Writes the layout of lines, the tasks in one file and the instances of all in others."""
    folder.mkdir(parents=True)
    tasks, train, validation = [], [], []
    for name in CATEGORIES:
        told = task(name)
        definition = told["Definition"][0]
        tasks.append(
            {
                "task": name,
                "definition": definition,
                "categories": told["Categories"],
                "source": told["Source"],
                "positive_examples": told["Positive Examples"],
                "negative_examples": told["Negative Examples"],
            }
        )
        rows = [{"task": name, "definition": definition, **each} for each in told["Instances"]]
        train += rows[:15]
        validation += rows[15:]
    for stem, lines in (("tasks", tasks), ("train", train), ("validation", validation)):
        content = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{stem}.jsonl").write_text(content, encoding="utf-8")
