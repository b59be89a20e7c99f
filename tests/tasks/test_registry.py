import pytest
import template_toys as toys

from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.tasks import registry, templates


def registry_of(folder, *names, mixtures=()):
    builders = [toys.builder_of(name) for name in names]
    return registry.Registry(builders, mixtures, templates_folder=folder)


def test_tasks_are_built_and_templates_read_when_first_asked_for(tmp_path):
    built = []

    def toy():
        built.append("toy")
        return toys.task_of()

    found = registry.Registry([toy], templates_folder=tmp_path / "nowhere")
    assert (found.task_names, built) == (["toy"], [])
    assert found.task("toy") is found.task("toy")
    assert built == ["toy"]
    with pytest.raises(errors.UserError, match="no template file"):
        found.templates("toy")


def test_clusters_and_templates_of_tasks(tmp_path):
    toys.write(tmp_path, toys.FORWARD, "one")
    (tmp_path / "_layout.toml").write_text(
        '[[options]]\nname = "stars"\n[[few_shot]]\nbetween = " "\nafter = " "\n'
    )
    found = registry.Registry(
        [toys.builder_of("one"), toys.builder_of("two", cluster="math")], templates_folder=tmp_path
    )
    assert found.clusters == {"nli": ["one"], "math": ["two"]}
    assert [t.id for t in found.templates("one").templates] == ["is_it_true"]
    assert found.templates("one").layout.plain.name == "stars"
    assert found.templates("one") is found.templates("one")


def test_mixtures_know_their_tasks(tmp_path):
    good = mixture.Mixture(name="good", entries=("one",))
    bad = mixture.Mixture(name="bad", entries=("one", "onne"))
    found = registry_of(tmp_path, "one", mixtures=[good, bad])
    assert found.mixture_names == ["good", "bad"]
    assert found.mixture("good") is good
    with pytest.raises(errors.UserError, match="mixture 'bad': unknown task 'onne': did you mean"):
        found.mixture("bad")
    with pytest.raises(errors.UserError, match="unknown mixture 'goood': did you mean 'good'"):
        found.mixture("goood")
    with pytest.raises(errors.UserError, match="unknown task 'ones': did you mean 'one'"):
        found.task("ones")


def test_two_of_one_name_are_an_error(tmp_path):
    with pytest.raises(errors.UserError, match="task 'one' is there twice"):
        registry_of(tmp_path, "one", "one")
    mix = mixture.Mixture(name="mix", entries=("one",))
    with pytest.raises(errors.UserError, match="mixture 'mix' is there twice"):
        registry_of(tmp_path, "one", mixtures=[mix, mix])


def test_builders_and_tasks_have_one_name(tmp_path):
    def other():
        return toys.task_of("toy")

    found = registry.Registry([other], templates_folder=tmp_path)
    with pytest.raises(errors.UserError, match="builder 'other' builds a task named 'toy'"):
        found.task("other")
    with pytest.raises(errors.UserError, match="TASKS holds 'toy'; expected a function"):
        registry.Registry(["toy"], templates_folder=tmp_path)
    with pytest.raises(errors.UserError, match="MIXTURES holds 'mix'; expected a Mixture"):
        registry.Registry([], ["mix"], templates_folder=tmp_path)


USER_MODULE = """
import template_toys as toys
from flanlike.mixtures import mixture

def mine():
    return toys.task_of("mine", cluster="math", templates="mine_templates")

TASKS = [mine]
MIXTURES = [mixture.Mixture(name="my_mix", entries=("mine", "one"))]
"""


def test_a_user_module_adds_tasks_with_templates_beside_it(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    path = theirs / "my_tasks.py"
    path.write_text(USER_MODULE)
    toys.write(theirs, toys.FORWARD + toys.WORDED, "mine_templates")
    found = registry_of(ours, "one")
    found.load_user_module(path)
    assert found.task_names == ["one", "mine"]
    assert found.mixture("my_mix").task_names == ["mine", "one"]
    assert found.templates_path("mine") == str(theirs / "mine_templates.toml")
    assert len(found.templates("mine").templates) == 2
    (theirs / "mine_templates.toml").unlink()
    assert found.templates_path("mine") == str(ours / "mine_templates.toml")
    with pytest.raises(errors.UserError, match="my_tasks.py: task 'mine' is there twice"):
        found.load_user_module(path)


def test_an_absolute_path_to_templates_is_taken_as_it_is(tmp_path):
    path = toys.write(tmp_path, toys.FORWARD, "elsewhere")
    found = registry.Registry(
        [toys.builder_of("one", templates=str(path))], templates_folder=tmp_path / "nowhere"
    )
    assert found.templates_path("one") == str(path)
    assert isinstance(found.templates("one"), templates.TemplateSet)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "TASKS is None and MIXTURES .*; expected lists"),
        ("TASKS = [1]\n", r"TASKS holds 1; expected a function"),
        ("TASKS = (\n", r"my_tasks.py, line 1: SyntaxError: '\(' was never closed"),
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of"),
        ("\n\nimport sys; sys.exit('bye')\n", "my_tasks.py, line 3: SystemExit: bye"),
        ("x = 1\nx.y\n", "my_tasks.py, line 2: AttributeError: 'int' object has no"),
        ("def f():\n  return 1\n return 2\n", "my_tasks.py, line 3: IndentationError: unindent"),
        ("TASKS = 'weather'\n", "TASKS is 'weather' and MIXTURES .*; expected lists"),
        ("TASKS = []\nFAMILIES = None\n", "FAMILIES is None; expected a list of Family"),
        ("TASKS = []\nMIXTURES = [1]\n", "MIXTURES holds 1; expected a Mixture"),
        (
            "from flanlike import mixture\nMIXTURES = [mixture.Mixture(\n"
            "  name='m', entries='one')]\nTASKS = []\n",
            "my_tasks.py, line 2: mixture 'm': entries is 'one'; expected a tuple",
        ),
        (
            "from flanlike import mixture\nMIXTURES = [mixture.Mixture(\n"
            "  name='m', entries=(print,))]\nTASKS = []\n",
            "my_tasks.py, line 2: mixture 'm': .* expected a task's name",
        ),
    ],
)
def test_a_user_module_that_is_wrong_is_one_clear_error(tmp_path, text, message):
    path = tmp_path / "my_tasks.py"
    path.write_text(text)
    with pytest.raises(errors.UserError, match=message):
        registry_of(tmp_path).load_user_module(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"TASKS = []\0\n", "my_tasks.py.*: SyntaxError: .*null bytes"),
        (b"x = 'caf\xe9'\n", "my_tasks.py.*: SyntaxError: .*'utf-8' codec can't decode"),
        (b"# coding: no-such\nTASKS = []\n", "my_tasks.py.*: SyntaxError: .*encoding.*no-such"),
    ],
)
def test_a_user_module_that_is_no_text_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "my_tasks.py"
    path.write_bytes(content)
    with pytest.raises(errors.UserError, match=message) as caught:
        registry_of(tmp_path).load_user_module(path)
    assert "None" not in str(caught.value)


def test_the_line_is_told_of_a_module_named_from_the_folder_it_is_in(tmp_path, monkeypatch):
    (tmp_path / "my_tasks.py").write_text("x = 1\nx.y\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.UserError, match="^my_tasks.py, line 2: AttributeError"):
        registry_of(tmp_path).load_user_module("my_tasks.py")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pass", "my_tasks.py: the builder 'mine' returns None; expected a Task"),
        ("return {'name': 'mine'}", "the builder 'mine' returns {'name': 'mine'}; expected a Task"),
        ("raise SystemExit", "my_tasks.py, line 2: task 'mine': SystemExit$"),
        ("return nobody_knows", "my_tasks.py, line 2: task 'mine': NameError: name 'nobody"),
    ],
)
def test_a_builder_that_builds_no_task_is_one_clear_error(tmp_path, body, message):
    path = tmp_path / "my_tasks.py"
    path.write_text(f"def mine():\n    {body}\n\nTASKS = [mine]\n")
    found = registry_of(tmp_path)
    found.load_user_module(path)
    with pytest.raises(errors.UserError, match=message):
        found.task("mine")


def test_a_task_in_place_of_its_builder_is_one_clear_error(tmp_path):
    for task in (toys.task_of(), None):
        with pytest.raises(errors.UserError, match="TASKS holds .*; expected a function without"):
            registry.Registry([task], templates_folder=tmp_path)


def test_a_user_module_that_is_not_there_or_not_python(tmp_path):
    with pytest.raises(errors.UserError, match="no file .*expected a Python file with TASKS"):
        registry_of(tmp_path).load_user_module(tmp_path / "my_tasks.py")
    (tmp_path / "my_tasks.txt").write_text("")
    with pytest.raises(errors.UserError, match="expected a name that ends in .py"):
        registry_of(tmp_path).load_user_module(tmp_path / "my_tasks.txt")


def test_two_thousand_tasks_are_registered_at_once(tmp_path):
    names = [f"task_{number}" for number in range(2000)]
    everything = mixture.Mixture(name="everything", entries=tuple(names))
    found = registry_of(tmp_path, *names, mixtures=[everything])
    counts = dict.fromkeys(names, 5)
    composition = compose.resolve(found.mixture("everything"), found, counts)
    assert composition.tasks[1999].share == pytest.approx(1 / 2000)


def test_a_builder_of_a_user_that_fails_is_one_clear_error(tmp_path):
    path = tmp_path / "my_tasks.py"
    path.write_text("def mine():\n    return {}['templates']\n\nTASKS = [mine]\n")
    found = registry_of(tmp_path)
    found.load_user_module(path)
    with pytest.raises(errors.UserError, match=r"my_tasks.py, line 2: task 'mine': KeyError"):
        found.task("mine")


def test_the_files_of_a_users_tasks_can_be_kept_in_one_folder(tmp_path):
    mine, far, kept = (tmp_path / name for name in ("mine", "far", "kept"))
    for folder in (mine, far, kept):
        folder.mkdir()
    templates_there = toys.write(far, toys.FORWARD, "mine_templates")
    module = mine / "my_tasks.py"
    module.write_text(USER_MODULE.replace('"mine_templates"', repr(str(templates_there))))
    found = registry_of(tmp_path)
    found.load_user_module(module)
    assert found.user_files == [module, templates_there]
    for path in found.user_files:
        path.rename(kept / path.name)
    copy = registry_of(tmp_path)
    copy.load_user_module(kept / "my_tasks.py")
    assert copy.user_files == [kept / "my_tasks.py", kept / "mine_templates.toml"]
    assert len(copy.templates("mine").templates) == 1
    assert registry_of(tmp_path).user_files == []
