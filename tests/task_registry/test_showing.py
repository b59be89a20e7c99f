"""What `python -m task_registry show` prints, and what it refuses."""

import re

import pytest

import task_registry
from flanlike.mixtures import compose, mixture
from flanlike.prompts import stream
from task_registry import __main__ as command_line

REGISTRY = task_registry.registry()


def shown(capsys, *arguments):
    """Returns what is printed, and the heading of each prompt: row, template, kind, shots."""
    command_line.main(["show", *arguments])
    printed = capsys.readouterr().out
    return printed, re.findall(r"^(\S+/\d+) · (\w+) \((\w+)\) · (\d+) shots", printed, re.M)


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        command_line.main(["show", *arguments])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_templates_of_every_kind_are_shown(capsys):
    for kind in ("inverted", "cot", "cot_inverted"):
        _, told = shown(capsys, "cot_ecqa" if "cot" in kind else "rte", "--kind", kind, "--n", "2")
        assert [each[2] for each in told] == [kind] * 2
    assert shown(capsys, "cot_ecqa", "--cot") == shown(capsys, "cot_ecqa", "--kind", "cot")
    printed, told = shown(capsys, "rte", "--kind", "inverted", "--shots", "2", "--n", "1")
    assert told[0][2:] == ("inverted", "2")
    assert "   of: " not in printed


def test_one_template_is_shown_on_several_rows(capsys):
    name = REGISTRY.templates("rte").inverted[-1].id
    _, told = shown(capsys, "rte", "--template", name, "--n", "2")
    assert told == [("train/0", name, "inverted", "0"), ("train/1", name, "inverted", "0")]


def test_one_row_is_shown_by_every_template_of_the_kind(capsys):
    forward = [template.id for template in REGISTRY.templates("rte").forward]
    _, told = shown(capsys, "rte", "--row", "3")
    assert told == [("train/3", name, "forward", "0") for name in forward]
    assert shown(capsys, "rte", "--row", "train/3")[1] == told
    assert len(shown(capsys, "rte", "--row", "3", "--n", "2")[1]) == 2
    assert shown(capsys, "rte", "--row", "test/3")[1][0][0] == "test/3"
    assert shown(capsys, "rte", "--row", "3", "--split", "test")[1][0][0] == "test/3"
    assert len(shown(capsys, "rte", "--row", "3", "--template", forward[1])[1]) == 1


def test_the_seed_of_a_prompt_shows_it_again(capsys):
    shares = mixture.Shares(few_shot=0.0, styled_options=0.5, inverted=0.3)
    mixed = mixture.Mixture(name="mixed", entries=("openbookqa",), shares=shares)
    composition = compose.compose(mixed, REGISTRY, "embedded", held_out=())
    prompts = stream.Prompts(composition, REGISTRY, data="embedded", seed=3)
    for prompt in (prompts[i] for i in range(12)):
        told = prompt.provenance
        style = ["--option-style", told.option_style] if told.option_style else []
        printed, _ = shown(
            capsys,
            *["openbookqa", "--row", told.row_id, "--template", told.template],
            *["--seed", str(told.seed), *style],
        )
        assert f"{prompt.inputs}\n=> {prompt.targets}\n" in printed
    assert shown(capsys, "openbookqa", "--seed", "1") != shown(capsys, "openbookqa", "--seed", "2")


def test_rows_about_their_options_are_shown_with_them(capsys):
    printed, told = shown(capsys, "arc_easy", "--n", "60")
    prompts = re.split(r"^\S+/\d+ · .*$", printed, flags=re.M)[1:]
    asking = [prompt for prompt in prompts if "which of these" in prompt.casefold()]
    assert asking and all("Options" in prompt for prompt in asking)
    row = next(each[0] for each, p in zip(told, prompts, strict=True) if p is asking[0])
    found = REGISTRY.templates("arc_easy")
    named = [each[1] for each in shown(capsys, "arc_easy", "--row", row)[1]]
    assert named == [template.id for template in found.forward if template.shows_options]
    bare = next(template.id for template in found.forward if not template.shows_options)
    assert shown(capsys, "arc_easy", "--row", row, "--template", bare)[1][0][1] == bare


MISTAKES = (
    ("rte --template is_this_tru", "unknown template 'is_this_tru': did you mean 'is_this_true'"),
    ("rte --row 99999", "no row '99999' in split 'train'; expected a number from 0 to"),
    (f"rte --row {'9' * 5000}", "no row '9999"),
    ("rte --row train/x", "or an id, 'train/0' to 'train/"),
    ("rte --row -- 7", "expected one argument"),
    ("rte --kind invertd", "invalid choice: 'invertd'"),
    ("sst2 --kind cot", "no template of kind 'cot'; it has ['forward', 'inverted']"),
    ("rte --template is_this_true --kind inverted", "is of kind 'forward', not 'inverted'"),
    ("rte --cot --kind inverted", "--cot means --kind cot, not 'inverted'"),
    ("rte --row 3 --n 99", "--row leaves one row, to be shown by"),
    ("rte --seed -1", "--seed is -1: it must be 0 or more and at most"),
    ("rte --n 0", "--n is 0: it must be 1 or more and at most"),
    ("common_gen --option-style letters", "no forward template of task 'common_gen' lists options"),
)


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_what_makes_no_sense_is_refused_in_one_line(capsys, words, message):
    assert message in refused(capsys, *words.split())


def test_a_template_that_lists_no_options_has_no_style_of_them(capsys):
    found = REGISTRY.templates("rte").templates
    bare = next(template.id for template in found if not template.lists_options)
    error = refused(capsys, "rte", "--template", bare, "--option-style", "letters")
    assert f"template '{bare}' of task 'rte' lists no options" in error
