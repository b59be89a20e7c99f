"""Our models in lm-evaluation-harness, against its own class for transformers on the same files.

Needs the extra `parity`; skipped without it.
"""

import dataclasses
import itertools
import json
import sys

import numpy as np
import published_toys
import pytest
import training_toys

from eval import lm_eval_command
from flanlike import config, errors, models
from flanlike.models import decode
from flanlike.pretrained import weights
from flanlike.runs import folder as run_folder
from flanlike.runs import loading
from flanlike.training import checkpoint, loop, optim

lm_eval = pytest.importorskip("lm_eval", reason="needs the extra 'parity'")
pytest.importorskip("torch", reason="needs the extra 'parity'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")

from eval import lm_eval_model  # noqa: E402

CHAT = (
    "{% for m in messages %}\n{{ '<|begin|>' if loop.first }}{{ m.role }}: {{ m.content }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}yes:{% endif %}"
)
ROWS = [
    {"question": "is it red or blue?", "answers": ["yes it is", "no", "blue"], "gold": 0},
    {"question": "no,", "answers": ["it is", "it is not so", "so"], "gold": 1},
    {"question": "is it not so, is it red or is it red or is it red?", "answers": ["no", "yes"]}
    | {"gold": 1},
    {"question": "", "answers": ["red", "blue it is"], "gold": 0},
    {"question": "so<|end|>", "answers": ["red ", "<|begin|>is"], "gold": 0},
]
TASKS = {
    "choice": {
        **{"output_type": "multiple_choice", "doc_to_text": "question", "doc_to_target": "gold"},
        **{"doc_to_choice": "answers", "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}]},
    },
    "rolling": {
        **{"output_type": "loglikelihood_rolling", "doc_to_text": ""},
        **{"doc_to_target": "{{question}} {{answers | join(' ')}}"},
        "metric_list": [{"metric": "byte_perplexity"}],
    },
    "writing": {
        **{"output_type": "generate_until", "doc_to_text": "Q: {{question}}\nA:"},
        **{"doc_to_target": "{{answers[gold]}}", "metric_list": [{"metric": "exact_match"}]},
        "generation_kwargs": {"until": ["e", "o it"], "max_gen_toks": 6},
    },
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A small random Llama with its tokenizer and chat template, as published; it reads 32."""
    folder = tmp_path_factory.mktemp("llama")
    published_toys.published_llama(folder)
    (folder / "chat_template.jinja").write_text(CHAT)
    return folder


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    """A small random T5, the first kind: the harness ties the head to the table in any case.

    Its stacks are of one depth, for transformers writes by no others.
    """
    folder = tmp_path_factory.mktemp("t5")
    shape = dataclasses.replace(
        published_toys.T5, vocab_size=56, encoder_layers=2, tied_embeddings=True, scale_head=True
    )
    weights.save(folder, models.build(shape, seed=3))
    (folder / "spiece.model").write_bytes(published_toys.pieces_model())
    return folder


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """The folder of the task files."""
    folder = tmp_path_factory.mktemp("tasks")
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for name, task in TASKS.items():
        data = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(rows)}}}
        content = {"task": name, **data, "test_split": "test", **task}
        (folder / f"{name}.yaml").write_text(json.dumps(content))
    return folder


def answers(model, model_args, tasks, *names, **settings):
    """Returns the harness's figures, and the answers that it got for every row and request."""
    from lm_eval import tasks as harness_tasks

    lm_eval_command.register()
    found = lm_eval.simple_evaluate(
        model=model,
        model_args=model_args,
        tasks=list(names),
        task_manager=harness_tasks.TaskManager(include_path=str(tasks), include_defaults=False),
        bootstrap_iters=0,
        **settings,
    )
    said = {name: [sample["resps"] for sample in found["samples"][name]] for name in names}
    return found["results"], said


def hf(folder, tasks, *names, **settings):
    args = {"pretrained": str(folder), "dtype": "float32", "batch_size": 2}
    return answers("hf", args, tasks, *names, device="cpu", **settings)


def assert_same(ours, theirs):
    """Compares figures, log-probabilities to rounding, and the rest to the letter."""
    assert ours[1].keys() == theirs[1].keys()
    for name, said in ours[1].items():
        for mine, other in zip(_flat(said), _flat(theirs[1][name]), strict=True):
            if isinstance(other, float):
                assert mine == pytest.approx(other, abs=2e-4)
            else:
                assert mine == other, name
        figures = {k: v for k, v in ours[0][name].items() if isinstance(v, float)}
        assert figures and figures == pytest.approx({k: theirs[0][name][k] for k in figures})


def _flat(values):
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def test_a_decoder_answers_as_transformers_does(llama, tasks):
    """Contexts longer than the model reads, an empty one, and marks that a row spells."""
    ours = answers("flanlike", {"model": str(llama)}, tasks, *TASKS)
    assert_same(ours, hf(llama, tasks, *TASKS))
    greedy = [is_greedy for row in ours[1]["choice"] for [(_, is_greedy)] in row]
    assert len(greedy) == 12
    assert len(set(map(str, ours[1]["writing"]))) > 1


def test_a_chat_template_is_applied_as_transformers_does(llama, tasks):
    chat = dict(apply_chat_template=True, system_instruction="be so")
    ours = answers("flanlike", f"model={llama}", tasks, "choice", "writing", **chat)
    assert_same(ours, hf(llama, tasks, "choice", "writing", **chat))


def test_an_encoder_decoder_answers_as_transformers_does(t5, tasks):
    """But for the length of what it writes: there a context's tokens are added to the most."""
    settings = {"model": str(t5), "max_length": 64}
    assert_same(answers("flanlike", settings, tasks, "choice"), hf(t5, tasks, "choice"))
    ours, theirs = answers("flanlike", settings, tasks, "writing"), hf(t5, tasks, "writing")
    pairs = [*zip(_flat(ours[1]["writing"]), _flat(theirs[1]["writing"]), strict=True)]
    assert len(pairs) == 5 and any(mine for mine, _ in pairs)
    assert all(other.startswith(mine) for mine, other in pairs)


@pytest.mark.parametrize("template", [CHAT, CHAT.replace("m.content", "m.content | trim")])
def test_a_final_message_is_gone_on_with(template, tmp_path):
    published_toys.published_llama(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(template)
    lm = lm_eval_model.FlanlikeLM(model=str(tmp_path))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    messages = [{"role": "user", "content": "is it?"}, {"role": "no", "content": " it is "}]
    for is_new in (True, False):
        expected = theirs.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=is_new,
            continue_final_message=not is_new,
        )
        assert lm.apply_chat_template(messages, add_generation_prompt=is_new) == expected


def test_a_run_is_read_with_its_own_words(words, tmp_path):
    """Its ids are those that it was trained on: a space stands before every word, none is read."""
    model, shape = training_toys.write_bare(tmp_path / "bare", words)
    run = tmp_path / "run"
    run_folder.claim(run, {"shape": run_folder.as_json(shape), "tune": "full"})
    words.save(run / "vocabulary")
    state = loop.init_state(model, optim.build(config.OptimConfig(), 2))
    checkpoints = checkpoint.Checkpoints(run / "checkpoints")
    checkpoints.save(3, state, training_toys.stream(), {})
    checkpoints.close()
    lm = lm_eval_model.FlanlikeLM(run=str(run), batch_size=1)
    assert lm.tokenizer_name.startswith(f"{run}@3 ".replace("/", "__"))
    assert lm.prefix_token_id == lm.eot_token_id == words.marks.eos_id
    pairs = [("Is it so?", " yes"), ("Is it so?", " no"), ("yes", "\nno")]
    requests = [_instance("loglikelihood", *pair) for pair in pairs]
    expected = decode.scored_options(
        loading.load(run).model,
        [words.encode("Is it so?"), words.encode("yes")],
        [[words.encode("yes"), words.encode("no")], [words.encode("\nno")]],
    )
    found = lm.loglikelihood(requests, disable_tqdm=True)
    of_prompt = {one.prompt: one.of_tokens for one in itertools.chain(*expected)}
    flat = np.concatenate([of_prompt[0], of_prompt[1]])
    np.testing.assert_allclose([f for f, _ in found], flat, atol=1e-5)
    with pytest.raises(errors.UserError, match="has no chat template: leave --apply_chat"):
        lm.chat_template(True)


def test_contexts_are_read_once(llama, monkeypatch):
    read = []
    scores = decode.scored_options

    def watch(model, prompts, *more, **settings):
        read.extend(prompts)
        return scores(model, prompts, *more, **settings)

    monkeypatch.setattr(decode, "scored_options", watch)
    lm = lm_eval_model.FlanlikeLM(model=str(llama))
    requests = [_instance("loglikelihood", "is it?", answer) for answer in (" yes", " no", " so")]
    lm.loglikelihood(requests, disable_tqdm=True)
    assert len(read) == 1


def test_mistakes_are_told(llama, tmp_path):
    make = lm_eval_model.FlanlikeLM
    for arguments in ({}, {"run": str(llama), "model": str(llama)}):
        with pytest.raises(errors.UserError, match="needs one of run=DIR and model="):
            make(**arguments)
    with pytest.raises(errors.UserError, match="there is no folder '.*nowhere'"):
        make(run=str(tmp_path / "nowhere"))
    lm = make(model=str(llama), max_length=4)
    with pytest.raises(errors.UserError, match="asks for samples"):
        lm.generate_until([_instance("generate_until", "is", {"temperature": 0.5})])
    with pytest.raises(errors.UserError, match="6 new tokens leave no room .* reads 4"):
        lm.generate_until([_instance("generate_until", "is", {"max_gen_toks": 6})])
    with pytest.raises(errors.UserError, match=r"continuation has \d+ tokens, and the model reads"):
        lm.loglikelihood([_instance("loglikelihood", "is", " &&&&&&")], disable_tqdm=True)
    with pytest.raises(errors.UserError, match="chat template 'other': only the tokenizer's"):
        lm.chat_template("other")
    assert lm.chat_template(False) is None


def test_templates_by_name_and_their_refusals(tmp_path):
    published_toys.published_llama(tmp_path)
    several = [
        {"name": "tools", "template": "no"},
        {"name": "default", "template": "{{ raise_exception('be polite') }}"},
    ]
    words = published_toys.words_of("byte_level", chat_template=several)
    words.save(tmp_path)
    assert words.spelt_marks == {"bos_token": "<|begin|>", "eos_token": "<|end|>"}
    lm = lm_eval_model.FlanlikeLM(model=str(tmp_path))
    with pytest.raises(errors.UserError, match="refuses these messages: be polite"):
        lm.apply_chat_template([{"role": "user", "content": "is it?"}])


def test_the_command_is_the_harness_with_our_model(monkeypatch):
    from lm_eval import __main__ as harness
    from lm_eval.api import registry

    told = []
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(harness, "cli_evaluate", lambda: told.extend(sys.argv))
    lm_eval_command.main(["--model", "flanlike"], None)
    assert told == ["lm_eval", "--model", "flanlike"]
    assert registry.get_model("flanlike") is lm_eval_model.FlanlikeLM
    assert registry.get_model("hf") is not None


@pytest.mark.slow  # it reads the thousands of tasks that it brings
def test_the_command_writes_its_figures(llama, tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", list(sys.argv))  # it is set anew
    flags = ["--model", "flanlike", "--model_args", f"model={llama}", "--tasks", "choice"]
    flags += ["--include_path", str(tasks), "--output_path", str(tmp_path)]
    lm_eval_command.main(flags, None)
    [written] = tmp_path.rglob("results_*.json")
    assert 0 <= json.loads(written.read_text())["results"]["choice"]["acc,none"] <= 1


def _instance(kind, *arguments):
    from lm_eval.api import instance

    return instance.Instance(request_type=kind, doc={}, arguments=arguments, idx=0)
