"""A template is saved whole, checked and where it may be, or nothing is written."""

import os

import pytest
import template_toys as toys

from flanlike import errors
from flanlike.editing import saving
from flanlike.tasks import layouts, task

TASKS = (toys.task_of("toy"), toys.task_of("other"))
GOOD = {
    **{"id": "is_it_true", "kind": "forward", "input": "{premise} {hypothesis}?"},
    **{"target": "{answer}", "answers": None},
}
RECORDS = [{"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "in").mkdir()
    return toys.write(tmp_path / "in", "# Kept.\n" + toys.FORWARD + toys.INVERTED)


def save(path, folder=None, *, version=None, original="is_it_true", tasks=TASKS, **values):
    draft = saving.Draft(original=original, values={**GOOD, **values})
    return saving.Place(folder or path.parent).save(
        path,
        draft,
        tasks,
        version=version or saving.version_of(path.read_bytes()),
        layout=layouts.Layout(),
        records=RECORDS,
    )


def test_a_template_is_saved_and_the_rest_of_the_file_stays(path):
    path.chmod(0o640)
    before = path.read_text()
    version = save(path)
    old = "'''\n{premise}\nIs this true? {hypothesis}\n\n{options}'''"
    assert path.read_text() == before.replace(old, '"{premise} {hypothesis}?"')
    assert version == saving.version_of(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(path.parent) == ["toy.toml"]
    save(path, original="", id="new", input="{hypothesis} after {premise}?", version=version)
    assert path.read_text().endswith('target = "{answer}"\n')
    assert path.read_text().count("[[template]]") == 3


MISTAKES = [
    ({"input": "{premis}?"}, "unknown field 'premis': did you mean 'premise'"),
    ({"input": "{premise"}, "input has a stray brace"),
    ({"input": "{premise} "}, "white space at its start or end"),
    ({"target": "yes"}, "the target of a template of kind 'forward' lacks"),
    ({"id": "turned"}, "the id is there twice"),
    ({"id": "Not so"}, "id is 'Not so'"),
    ({"kind": "sideways"}, "unknown kind 'sideways'"),
    ({"answers": {"entailment": "yes"}}, "answers lack the labels"),
    ({"input": "TODO {premise}"}, "still says TODO"),
    ({"original": "gone"}, "unknown template of toy.toml 'gone'"),
    ({"original": "", "id": "b", "input": "{premise}\nIs this  TRUE? {hypothesis}\n\n{options}"},
     "says the same as template 'is_it_true'"),
    ({"original": "", "id": "b", "input": "{premise}\nIs that true? {hypothesis}\n\n{options}"},
     "differ in a word at most"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "said"), MISTAKES)
def test_what_does_not_pass_the_checks_is_not_saved(path, values, said):
    before = path.read_bytes()
    with pytest.raises(errors.UserError) as wrong:
        save(path, **values)
    assert said in str(wrong.value) and "toy" in str(wrong.value)
    assert path.read_bytes() == before and os.listdir(path.parent) == ["toy.toml"]


def test_a_template_has_to_fit_every_task_of_the_file(path):
    short = toys.task_of("short", fields=("premise",))
    longer = toys.task_of("longer", fields=("premise", "hypothesis", "more"))
    path.write_text(toys.WORDED.replace("{hypothesis}", "this"))
    with pytest.raises(errors.UserError, match=r"unknown field 'hypothesis'.*\(task 'short'\)"):
        save(path, original="worded", tasks=(longer, short))


def test_what_is_wrong_for_several_tasks_alike_is_said_once(path):
    draft = saving.Draft(original="is_it_true", values={**GOOD, "input": "{premis}"})
    found = saving.drafted("toy.toml", path.read_bytes(), draft)
    how = {"layout": layouts.Layout(), "records": ()}
    [said] = saving.problems("toy.toml", found, draft, TASKS, **how)
    assert said.endswith("(task 'toy')")


def test_a_rendering_is_checked_with_the_rows(path):
    answers = {"entailment": "the same", "not_entailment": "other"}
    draft = saving.Draft(original="is_it_true", values={**GOOD, "answers": answers})
    found = saving.drafted("toy.toml", path.read_bytes(), draft)
    choices = toys.task_of("toy", answers=task.Choices())
    record = {"premise": "a", "hypothesis": "b", "options": ["x", "x"], "label": 0}
    how = {"layout": layouts.Layout(), "records": [record]}
    draft = saving.Draft(original="is_it_true", values=GOOD)
    found = saving.drafted("toy.toml", path.read_bytes(), draft)
    said = saving.problems("toy.toml", found, draft, [choices], **how)
    assert any("are not all different" in line for line in said)


def test_a_file_that_has_changed_since_is_left_alone(path):
    version = saving.version_of(path.read_bytes())
    path.write_text(path.read_text() + "# Somebody else's.\n")
    before = path.read_bytes()
    with pytest.raises(saving.Changed, match="toy.toml has changed on disk since it was read"):
        save(path, version=version)
    assert path.read_bytes() == before


def test_a_change_at_the_last_moment_is_seen(path, monkeypatch):
    def slow(*arguments, **how):
        path.write_text(path.read_text() + "# Just now.\n")
        return []

    monkeypatch.setattr(saving, "problems", slow)
    with pytest.raises(saving.Changed):
        save(path)
    assert path.read_text().endswith("# Just now.\n") and os.listdir(path.parent) == ["toy.toml"]


def test_nothing_is_saved_outside_the_folder(path, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "link.toml").symlink_to(path)
    layout = path.parent / layouts.FILE
    layout.write_text("")
    before = path.read_bytes()
    for folder, file in (
        (other, path),
        (other, other / "link.toml"),
        (other, other / ".." / "in" / "toy.toml"),
        (path.parent, layout),
    ):
        assert saving.Place(folder).why_not(file)
        with pytest.raises(errors.UserError, match="is not saved: "):
            save(file, folder)
    assert "start with --templates FOLDER" in saving.Place(None).why_not(path)
    assert path.read_bytes() == before
    (path.parent / "link.toml").symlink_to(path)  # one that stays inside
    save(path.parent / "link.toml", path.parent)
    assert (path.parent / "link.toml").is_symlink() and path.read_bytes() != before


def test_a_byte_order_mark_stays(path):
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    save(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# Kept.\n")


def test_many_tasks_are_listed_by_the_first():
    assert saving.listed(["a", "b"]) == "a, b"
    assert saving.listed([f"t{n}" for n in range(40)]).endswith(", t11 and 28 more")
