"""The prompts that an evaluation keeps beside its predictions."""

import gzip
import json
from types import SimpleNamespace

import explorer_toys as toys
import pytest

from eval import kept_prompts, requests
from flanlike import errors


def _asked(*prompts, is_generated=False, template="entail"):
    """Returns a cell of questions: (ids, options, gold) each."""
    return SimpleNamespace(
        task=SimpleNamespace(name="rte"),
        template=template,
        kind="forward",
        is_generated=is_generated,
        rows=tuple(f"test-{place}" for place in range(len(prompts))),
        ids=tuple(ids for ids, _, _ in prompts),
        prompts=tuple(
            SimpleNamespace(inputs=f"ids {ids}", options=options, gold=gold, targets="12 eggs")
            for ids, options, gold in prompts
        ),
    )


def test_a_prompt_is_kept_once():
    found = kept_prompts.of_questions(
        [
            _asked(([1, 2], ("yes", "no"), 1), ([1, 2], ("yes", "no"), 1)),
            _asked(([3], ("a", "b"), 0), is_generated=True, template="count"),
        ]
    )
    assert [vars(one) for one in found] == [
        {
            "hash": requests.hash_of([1, 2]),
            "inputs": "ids [1, 2]",
            "options": ("yes", "no"),
            "gold": "no",
            "of": None,
        },
        {
            "hash": requests.hash_of([3]),
            "inputs": "ids [3]",
            "options": (),
            "gold": "12 eggs",
            "of": None,
        },
    ]


def test_rows_that_ask_the_same_keep_their_own_options(tmp_path):
    same = requests.hash_of([1])
    asked = _asked(([1], ("yes", "no"), 0), ([1], ("no", "yes"), 1), ([1], ("yes", "no"), 0))
    path = tmp_path / kept_prompts.FILE
    kept_prompts.write(path, kept_prompts.of_questions([asked]))
    prompts = kept_prompts.read(tmp_path)
    assert len(prompts) == 2
    cell, _ = toys.ranked([True] * 4)
    cell = toys.replaced(cell, prompt_hashes=(same,) * 3 + ("unknown",))
    assert [prompts.of(cell, place).options for place in range(3)] == [
        ("yes", "no"),
        ("no", "yes"),
        ("yes", "no"),
    ]
    assert prompts.of(cell, 3) is None
    assert prompts.of(toys.replaced(cell, prompt_hashes=()), 0) is None


def test_the_file_is_lines_and_equal_for_equal_prompts(tmp_path):
    _, prompts = toys.written(["1"], ["1"])
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        kept_prompts.write(path, prompts)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    (line,) = gzip.decompress(paths[0].read_bytes()).splitlines()
    assert json.loads(line) == {
        "hash": "gsm8k 0",
        "inputs": f"{toys.HOSTILE} How many?",
        "options": [],
        "gold": "1",
    }


def test_an_evaluation_from_before_prompts_were_kept_has_none(tmp_path):
    assert len(kept_prompts.read(tmp_path)) == 0


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"{}\n"), gzip.compress(b"{\n"), gzip.compress(b"{}\n" * 9)[:-9]],
    ids=["no gzip", "no prompt", "no JSON", "torn"],  # gzip writes the time: no name for a test
)
def test_a_damaged_file_is_told_in_one_line(tmp_path, content):
    (tmp_path / kept_prompts.FILE).write_bytes(content)
    with pytest.raises(errors.UserError, match=r"prompts.jsonl.gz: cannot be read .* move it") as e:
        kept_prompts.read(tmp_path)
    assert "\n" not in str(e.value)
