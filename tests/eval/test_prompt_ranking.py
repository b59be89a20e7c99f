"""Templates by perplexity, with made-up answers; and the command, with a model of one opinion."""

import itertools
import json

import numpy as np
import pytest
import training_toys
from eval_toys import Letters, cell, scored_by

import task_registry
from eval import __main__ as command
from eval import prompt_ranking, prompts_command
from flanlike import errors, models
from flanlike.models import decode, running_text
from flanlike.models import generate as generate_module
from flanlike.runs import loading, named


def _cells(rights, on_validation=()):
    """Returns cells of templates "a", "b", ... with so many right of eight rows, and of four."""
    made = []
    for name, right in zip("abcdefghijkl", rights, strict=False):
        made.append(cell([1] * right + [0] * (8 - right), template=name))
    for name, right in zip("abcdefghijkl", on_validation, strict=False):
        predicted = [1] * right + [0] * (4 - right)
        more = dict(template=name, is_choosing=True, split="validation")
        made.append(cell(predicted, rows=tuple("wxyz"), **more))
    return made


def _columns(means):
    """Returns perplexities of eight rows for each template, around its mean."""
    return [np.asarray([mean - 1, mean + 1] * 4) for mean in means]


def test_perplexity_is_of_the_predicted_tokens():
    log_probs = [np.log([0.5, 0.125]), np.log([0.1]), np.zeros(0)]
    np.testing.assert_allclose(prompt_ranking.perplexities(log_probs), [4.0, 10.0, 1.0])


def test_templates_are_ranked_and_picked_by_perplexity():
    found = prompt_ranking.rank(_cells([2, 8, 5, 6]), _columns([40.0, 10.0, 30.0, 20.0]))
    assert [(item.name, item.perplexity) for item in found.templates] == [
        *(("b", 10.0), ("d", 20.0), ("c", 30.0), ("a", 40.0)),
    ]
    assert found.spearman == pytest.approx(-1.0)
    assert found.spearman_p == pytest.approx(2 / 24)  # itself and its reverse
    assert found.spearman_ci95[0] <= -0.9 and found.spearman_ci95[1] < 0
    picked = found.by_perplexity
    assert (picked.templates, picked.value) == (("b",), 1.0)
    assert picked.over_mean == pytest.approx(1.0 - found.mean)
    low, high = picked.over_mean_ci95
    assert low < picked.over_mean < high  # of eight rows: it tells little
    assert (found.mean, found.best, found.n) == (pytest.approx(21 / 32), 1.0, 8)
    assert found.by_validation is None and found.templates[0].on_validation is None


def test_what_ties_on_validation_rows_counts_together():
    cells = _cells([2, 8, 5, 6], on_validation=[3, 3, 1, 2])
    found = prompt_ranking.rank(cells, _columns([40.0, 10.0, 30.0, 20.0]))
    chosen = found.by_validation
    assert (chosen.templates, chosen.value) == (("a", "b"), 5 / 8)
    assert found.validation_n == 4
    assert {item.name: item.on_validation for item in found.templates}["c"] == 0.25


def test_templates_that_no_headline_counts_are_left_aside():
    cells = [*_cells([2, 8, 5]), cell([1] * 8, template="bare", options=False)]
    found = prompt_ranking.rank(cells, _columns([3.0, 2.0, 4.0]))
    assert found.left_aside == ("bare",)
    assert {item.name for item in found.templates} == {"a", "b", "c"}


def test_proposed_templates_are_ranked_apart_and_chosen_by_validation_rows():
    """With "b" and "c" proposed, what is said of the others is as without them."""
    cells = _cells([2, 8, 5, 6, 1], on_validation=[3, 1, 2, 2, 0])
    columns = _columns([40.0, 10.0, 30.0, 20.0, 15.0])
    found = prompt_ranking.rank(cells, columns, proposed={"b", "c"})
    assert [item.name for item in found.proposed] == ["b", "c"]
    assert (found.by_search.templates, found.by_search.value) == (("c",), 5 / 8)
    assert found.by_search.over_mean == pytest.approx(5 / 8 - 9 / 24)
    others = prompt_ranking.rank(
        [one for one in cells if one.template not in "bc"], [columns[i] for i in (0, 3, 4)]
    )
    assert others.by_search is None and others.proposed == ()
    for name in ("templates", "spearman", "mean", "best", "by_perplexity", "by_validation"):
        assert getattr(found, name) == getattr(others, name)


def test_two_templates_or_equal_ones_have_no_correlation_to_speak_of():
    found = prompt_ranking.rank(_cells([2, 8]), _columns([3.0, 2.0]))
    assert (found.spearman, found.spearman_ci95, found.spearman_p) == (None, None, None)
    found = prompt_ranking.rank(_cells([4, 4, 4]), _columns([3.0, 2.0, 4.0]))
    assert (found.spearman, found.spearman_p) == (0.0, 1.0)


def test_p_counts_all_orders_or_many_and_agrees_with_a_count_by_hand():
    first, second = [1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]
    # Of 24 orders, by sums of squared differences d: rho = 1 - d / 10, and here d is 2.
    differences = [
        sum((a - b) ** 2 for a, b in zip(first, order, strict=True))
        for order in itertools.permutations(first)
    ]
    far = sum(abs(1 - d / 10) >= 0.8 - 1e-9 for d in differences)
    assert prompt_ranking.permutation_p(first, second) == pytest.approx(far / 24)
    many = list(range(12))
    assert prompt_ranking.permutation_p(many, many) == pytest.approx(1 / 20_001, rel=1e-6)
    scattered = [5, 0, 7, 2, 9, 4, 11, 6, 1, 8, 3, 10]
    assert 0.2 < prompt_ranking.permutation_p(many, scattered) <= 1.0


@pytest.fixture
def there(monkeypatch, tmp_path):
    """Lets the command load a model to which the first option is likeliest, and a short prompt."""
    loaded = loading.Loaded(
        model=models.build(training_toys.MODEL, seed=0), words=Letters(), step=3
    )
    monkeypatch.setattr(named, "find", lambda name, flag: named.Named(folder=tmp_path, name=name))
    monkeypatch.setattr(loading, "shape_of", lambda folder: loaded.model.config)
    monkeypatch.setattr(loading, "load", lambda folder: loaded)

    def option_scores(model, prompts, options, **_):
        return [-np.arange(len(choices), dtype=float) for choices in options]

    def log_probs(model, texts, *, max_tokens_per_batch, done):
        return [np.full(len(ids) - 1, -len(ids) / 100) for ids in texts]  # longer is worse

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    monkeypatch.setattr(running_text, "log_probs", log_probs)


FLAGS = ["--model", "<m>", "--task", "sst2", "--rows", "12", "--validation-rows", "6"]


def test_the_command_says_and_keeps_the_ranking(there, tmp_path, capsys):
    out = tmp_path / "out"
    command.main(["prompts", *FLAGS, "--out", str(out)])
    said = capsys.readouterr().out
    assert "the micro-world's" in said and "rank correlation of perplexity and accuracy" in said
    assert "lowest perplexity, no label read" in said and "best on 6 validation rows" in said
    kept = json.loads((out / "prompts.json").read_text())
    assert (kept["model"], kept["task"], kept["n"]) == ("<m>", "sst2", 12)
    shown = [item["perplexity"] for item in kept["templates"]]
    assert shown == sorted(shown) and len(shown) >= 3
    assert kept["by_perplexity"]["templates"] == [kept["templates"][0]["name"]]
    page = (out / "prompts.html").read_text()
    assert "&lt;m&gt;" in page and "<m>" not in page and "<svg" in page


def test_the_command_prints_json_alone(there, capsys):
    command.main(["prompts", *FLAGS, "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["by_validation"]["templates"]


def test_the_command_asks_and_shows_what_the_model_proposes(there, tmp_path, capsys, monkeypatch):
    wordings = ["What is the <b>mood</b> here?", "too short", "Say what it is in a word."]

    def generate(model, prompts, *, max_new_tokens, eos_id, ends_source, done):
        return [
            generate_module.Written(Letters().encode(text), False)
            for text in wordings[: len(prompts)]
        ]

    monkeypatch.setattr(generate_module, "generate", generate)
    command.main(["prompts", *FLAGS, "--propose", "3", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert "of 3 wordings that the model proposed 2 are templates (1 too short)" in said
    assert "of these the best on 6 validation rows" in said
    kept = json.loads((tmp_path / "prompts.json").read_text())
    assert kept["wordings"] == {"proposed_0": wordings[0], "proposed_2": wordings[2]}
    assert {item["name"] for item in kept["proposed"]} == {"proposed_0", "proposed_2"}
    assert "proposed_0" not in {item["name"] for item in kept["templates"]}
    page = (tmp_path / "prompts.html").read_text()
    assert "&lt;b&gt;mood" in page and "<b>mood" not in page


def test_what_is_proposed_needs_validation_rows(there):
    with pytest.raises(errors.UserError, match="--propose with --validation-rows 0"):
        prompts_command.main([*FLAGS[:-1], "0", "--propose", "3"], task_registry.registry)


def test_an_unknown_task_is_told_before_a_model_is_read(tmp_path):
    with pytest.raises(errors.UserError, match="unknown task 'sst3'"):
        prompts_command.main(["--model", str(tmp_path), "--task", "sst3"], task_registry.registry)


def test_an_encoder_decoder_is_refused(monkeypatch, tmp_path):
    import tuning_toys

    monkeypatch.setattr(named, "find", lambda name, flag: named.Named(folder=tmp_path, name=name))
    monkeypatch.setattr(loading, "shape_of", lambda _: tuning_toys.FAMILIES["encoder_decoder"])
    with pytest.raises(errors.UserError, match="the perplexity of a prompt needs a decoder"):
        prompts_command.main(["--model", "m", "--task", "sst2"], task_registry.registry)
