"""Flags to configuration."""

import dataclasses
import json

import pytest

from flanlike import config, errors, flags


def test_flags_are_spelt_as_promised():
    arguments = (
        "--mixture cot --data ../rows --hold-out nli paraphrase --model micro --init none "
        "--steps 7 --out runs/x --tasks mine.py --skip-missing --skip-bad-rows "
        "--prompts task-name --seed 3 --optim.peak-lr 3e-4"
    )
    got = flags.parse(arguments.split())
    assert got == config.RunConfig(
        mixture="cot",
        data="../rows",
        hold_out=("nli", "paraphrase"),
        model="micro",
        init="none",
        steps=7,
        out="runs/x",
        tasks="mine.py",
        skip_missing=True,
        skip_bad_rows=True,
        prompts="task-name",
        seed=3,
        optim=config.OptimConfig(peak_lr=3e-4),
    )


def test_without_flags_everything_has_a_default():
    assert flags.parse([]) == config.RunConfig()


def test_inputs_of_real_rows_have_more_room_unless_told_otherwise():
    assert flags.parse([]).batch.max_input_tokens == config.EMBEDDED_INPUT_TOKENS
    assert flags.parse(["--data", "hub"]).batch.max_input_tokens == config.INPUT_TOKENS
    given = ["--data", "hub", "--batch.max-input-tokens", "64", "--batch.rows", "2"]
    assert flags.parse(given).batch.max_input_tokens == 64
    assert flags.parse(given).batch.rows == 2


def test_hold_out_nothing_differs_from_the_mixtures_default():
    assert flags.parse(["--hold-out"]).hold_out == ()
    assert flags.parse([]).hold_out is None


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ("--hold-outt nli", "unknown flag '--hold-outt': did you mean --hold-out"),
        ("--optim.peak-rl=3", "unknown flag '--optim.peak-rl': did you mean --optim.peak-lr"),
        ("stray", "unknown flag 'stray'"),
        ("--prompts chatty", "invalid choice 'chatty' for argument '--prompts'"),
        ("--batch.rows 3 --batch.micro-batches 2", "--batch.rows is 3: it must be a multiple of 2"),
        ("--checkpoint.keep 0", "--checkpoint.keep is 0"),
        ("--batch.max-input-tokens 1", "--batch.max-input-tokens is 1: it must be 2 or more"),
        ("--eval.rows-per-task 0", "--eval.rows-per-task is 0: it must be 1 or more"),
        ("--eval.shots -1", "--eval.shots is -1: it must be 0 or more"),
        ("--steps abc", "--steps: invalid literal for int() with base 10: 'abc' (see --help)"),
        ("--mesh.data 0", "--mesh.data is 0: it must be 1 or more, or -1"),
        ("--mesh.tensor 0", "--mesh.tensor is 0: it must be 1 or more"),
        ("--optim.peak-lr 1e38", "--optim.peak-lr is 1e+38: it must be more than 0 and at most 10"),
        ("--workers 100000", "cores, and never more than 256)"),
        ("--seed -1", "--seed is -1: it must be 0 or more and at most 4294967295 (random keys"),
        ("--eval.shots 65", "--eval.shots is 65: it must be 0 or more and at most 64"),
        ("--eval.temperature 0.001", "--eval.temperature is 0.001: it must be 0.01 or more, or 0,"),
        ("--eval.temperature 1e9", "and at most 100"),
        ("--eval.top-k 5", "--eval.top-k is 5: it must be 0 unless --eval.temperature is above 0"),
        ("--eval.top-p 0", "--eval.top-p is 0.0: it must be more than 0 and at most 1"),
        ("--eval.samples 8", "--eval.samples is 8: it must be 1 unless --eval.temperature is"),
        ("--eval.samples 1000", "--eval.samples is 1000: it must be 1 or more and at most 256"),
        ("--eval.beams 99", "--eval.beams is 99: it must be 1 or more and at most 64"),
        ("--eval.beams 2 --eval.temperature 1", "--eval.beams is 2: it must be 1 with --eval.temp"),
        ("--eval.length-penalty -1", "--eval.length-penalty is -1.0: it must be 0 or more"),
        ("--eval.max-new-tokens 0", "--eval.max-new-tokens is 0: it must be 1 or more"),
    ],
)
def test_a_wrong_flag_is_one_line(arguments, expected):
    with pytest.raises(errors.UserError) as raised:
        flags.parse(arguments.split())
    assert expected in str(raised.value) and "\n" not in str(raised.value)
    assert "Error parsing" not in str(raised.value)


@pytest.mark.parametrize("flag", ["--out", "--model", "--init", "--data", "--eval.cache"])
def test_an_empty_text_is_no_way_to_leave_a_flag_out(flag):
    with pytest.raises(errors.UserError, match=f"{flag} is '': it must be a text that is not"):
        flags.parse([flag, ""])


def test_help_says_what_every_flag_is_for(capsys):
    with pytest.raises(SystemExit) as stop:
        flags.parse(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert stop.value.code == 0
    assert "--hold-out" in said and "packed rows a step" in said
    assert "--optim.peak-lr FLOAT >0..10" in said and "--mix.max-shots {None}|INT 0..64" in said


def test_how_answers_are_written_is_read_from_flags_and_from_json():
    arguments = "--eval.temperature 0.7 --eval.samples 5 --eval.stop Q: END --eval.least-to-most"
    found = flags.parse(arguments.split()).eval
    assert (found.samples, found.stop, found.least_to_most) == (5, ("Q:", "END"), True)
    as_json = json.loads(json.dumps(dataclasses.asdict(found)))
    assert config.EvalConfig(**as_json) == found
    with pytest.raises(errors.UserError, match=r"--eval.stop is \('',\): it must be texts that"):
        config.EvalConfig(stop=("",))


def test_clusters_and_templates_of_a_mix():
    found = flags.parse(["--mix.clusters", "nli", "math", "--mix.templates", "3"]).mix
    assert (found.clusters, found.templates) == (("nli", "math"), 3)
    assert config.MixConfig(**json.loads(json.dumps(dataclasses.asdict(found)))) == found
    with pytest.raises(errors.UserError, match="--mix.templates is 0: it must be 1 or more"):
        flags.parse(["--mix.templates", "0"])


def test_settings_of_an_evaluation_are_read_in_either_spelling():
    for flag in ("--eval.no-at-start", "--eval.no_at_start"):
        assert flags.eval_flags([flag], command="c") == {"at_start": False}
    given = ["--eval.top_k=3", "--eval.temperature", "0.5"]
    assert flags.eval_flags(given, command="c") == {"top_k": 3, "temperature": 0.5}


def test_a_number_below_zero_is_no_flag_of_an_evaluation():
    with pytest.raises(errors.UserError, match="--eval.top-k is -1: it must be 0 or more"):
        flags.eval_flags(["--eval.top-k", "-1"], command="c")
    with pytest.raises(errors.UserError, match="unknown flag '--steps': c --help lists all"):
        flags.eval_flags(["--steps", "2"], command="c")
