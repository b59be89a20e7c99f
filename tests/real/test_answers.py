"""Two published models against transformers on the CPU: ids, option scores and greedy text.

What the evaluation gives to the model, and gets from it, is watched where it calls the model;
transformers is asked for the same, one prompt at a time.
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import real_toys

import task_registry
from eval import protocol, questions, results
from flanlike import config
from flanlike.batches import chat
from flanlike.models import decode, generate
from flanlike.runs import loading

torch = pytest.importorskip("torch", reason="needs the extra 'parity'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")

pytestmark = pytest.mark.real

RANKED = ("rte", "trec", "copa", "sst2")
GENERATED = ("samsum", "gsm8k")
NEW_TOKENS = 20
TEXTS = (
    "Is it true?\n\nOPTIONS:\n- yes\n- no\n",
    " Two  spaces,\ta tab,\n\n\nthree lines,\r\nand\n    four spaces. ",
    "\n",
    "1,234.5 + 007 = ?  $3 (50%)",
    "Größe, naïve, Żółć; привет мир; 日本語の文; नमस्ते; 👩‍👩‍👧 e\u0301",
    "{braces} <b>bold</b> `code` \\n [1] a_b C++",
)


class Real(NamedTuple):
    folder: Path
    ours: loading.Loaded
    theirs: object
    tokenizer: object


@pytest.fixture(scope="module")
def real(published) -> Real:
    """A published model of both sides, read from the same files."""
    theirs = real_toys.theirs_of(published)
    tokenizer = transformers.AutoTokenizer.from_pretrained(published)
    return Real(published, loading.load(published), theirs, tokenizer)


def ask(real: Real, names, monkeypatch, *, cells=None, **settings):
    """Returns the evaluation's first cells, and what it asked the model with what it was told."""
    asked = questions.collect(
        names,
        task_registry.registry(),
        real.ours.words,
        data="embedded",
        family="decoder",
        settings=config.EvalConfig(**{"validation_rows": 0, "rows_per_task": 1} | settings),
    )
    asked = dataclasses.replace(asked, cells=asked.cells[:cells])
    calls = []

    def watched(inner):
        def call(model, *inputs, **settings):
            found = inner(model, *inputs, **settings)
            calls.append((*map(_as_lists, inputs), list(found)))
            return calls[-1][-1]

        return call

    for module, name in ((decode, "scored_options"), (generate, "written_in_batches")):
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    setting = results.Setting(run="published", step=0, data="embedded", seed=0)
    protocol.evaluate(real.ours.model, real.ours.words, asked, setting=setting)
    (call,) = calls
    return asked.cells, call


def _as_lists(value):
    return list(map(_as_lists, value)) if isinstance(value, (list, tuple)) else value


def their_ids(real: Real, cells) -> list[list[int]]:
    """Returns their tokenizer's ids of the prompts, each with a newline where the answer begins."""
    texts = [prompt.inputs for cell in cells for prompt in cell.prompts]
    return [real.tokenizer(text.removesuffix("\n") + "\n")["input_ids"] for text in texts]


def their_scores(real: Real, prompt: list[int], options: list[list[int]]) -> list[float]:
    """Returns the log-probability of each option and EOS after the prompt."""
    answers = [[*option, real.tokenizer.eos_token_id] for option in options]
    longest = max(map(len, answers))
    # On the right of a text is nothing that a causal model could see from within it.
    rows = torch.tensor([[*prompt, *a, *[0] * (longest - len(a))] for a in answers])
    with torch.inference_mode():
        logits_OTV = real.theirs(rows, logits_to_keep=longest + 1).logits.double()
    log_probs_OTV = logits_OTV.log_softmax(-1)
    return [
        sum(log_probs_OTV[o, t, token].item() for t, token in enumerate(answer))
        for o, answer in enumerate(answers)
    ]


def assert_same_scores(real: Real, cells, call) -> None:
    prompts, options, batches = call
    by_prompt = {one.prompt: one.of_tokens + one.of_eos for batch in batches for one in batch}
    scores = [by_prompt[i] for i in range(len(prompts))]
    assert prompts == their_ids(real, cells)
    texts = [
        [questions.completed(cell, record, option) for option in prompt.options]
        for cell in cells
        for prompt, record in zip(cell.prompts, cell.records, strict=True)
    ]
    encoded = [real.tokenizer(said, add_special_tokens=False)["input_ids"] for said in texts]
    assert options == encoded
    expected = [their_scores(real, *pair) for pair in zip(prompts, options, strict=True)]
    differences = np.abs(np.concatenate(scores) - np.concatenate(expected))
    print(f"{len(differences)} options of prompts of up to {max(map(len, prompts))} tokens:")
    print(f"sums down to {np.concatenate(scores).min():.0f} differ by {differences.max():.1e}")
    assert differences.max() < real_toys.TOLERANCE


def test_ids_and_text_are_those_of_their_tokenizer(real):
    words, theirs = real.ours.words, real.tokenizer
    before = [] if words.marks.bos_id is None else [words.marks.bos_id]
    for text in TEXTS:
        ids = theirs(text)["input_ids"]
        assert [*before, *words.encode(text)] == ids
        bare = ids[len(before) :]
        assert words.decode(bare) == theirs.decode(bare, clean_up_tokenization_spaces=False)
    assert words.marks.eos_id == theirs.eos_token_id == real.theirs.generation_config.eos_token_id


def test_what_spells_a_mark_in_a_text_is_no_mark(real):
    """Here they differ: theirs takes it for the mark, and a row could end its own prompt."""
    theirs = real.tokenizer
    text = f"What does {theirs.eos_token} mean, and {theirs.bos_token}?"
    assert theirs.eos_token_id in theirs(text)["input_ids"]
    assert {theirs.eos_token_id, theirs.bos_token_id}.isdisjoint(real.ours.words.encode(text))


def test_scores_of_options_agree(real, monkeypatch):
    cells, call = ask(real, RANKED, monkeypatch)
    assert len(cells) >= 28 and {len(prompt.options) for c in cells for prompt in c.prompts} > {2}
    assert_same_scores(real, cells, call)


def test_scores_agree_behind_more_tokens_than_a_window(real, monkeypatch):
    """Gemma's local layers see 512 tokens; exemplars make a prompt longer than that."""
    cells, call = ask(real, ("rte",), monkeypatch, cells=2, shots=16, max_input_tokens=1000)
    assert all(len(prompt) > 512 for prompt in call[0])
    assert_same_scores(real, cells, call)


def test_greedy_text_is_the_same_tokens(real, monkeypatch):
    """Ours of all prompts together, of whatever length; theirs of one after another."""
    cells, (prompts, batches) = ask(
        real, GENERATED, monkeypatch, generation_rows=1, max_new_tokens=NEW_TOKENS
    )
    by_prompt = {place: one for batch in batches for place, one in batch.items()}
    written = [by_prompt[place] for place in range(len(prompts))]
    assert prompts == their_ids(real, cells)
    assert len(prompts) >= 14 and len(set(map(len, prompts))) > 7
    eos_id = real.tokenizer.eos_token_id
    for (ids, _), prompt in zip(written, prompts, strict=True):
        with torch.inference_mode():
            row = real.theirs.generate(
                torch.tensor([prompt]), max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=0
            ).tolist()[0][len(prompt) :]
        assert ids == (row[: row.index(eos_id)] if eos_id in row else row)
    assert any(len(set(ids)) > NEW_TOKENS // 2 for ids, _ in written)


def test_a_chat_template_gives_what_transformers_does():
    """SmolLM2's own, with a system turn of its own where a conversation has none."""
    folder = real_toys.folder("smollm2")
    talk, theirs = chat.Chat.of(folder), transformers.AutoTokenizer.from_pretrained(folder)
    system = {"role": "system", "content": "be so"}
    turns = [{"role": ("user", "assistant")[n % 2], "content": t} for n, t in enumerate(TEXTS)]
    for messages in (turns[:1], turns[:2], turns[:5], [system, *turns]):
        for is_asked in (True, False):
            expected = theirs.apply_chat_template(
                messages, add_generation_prompt=is_asked, return_dict=False
            )
            assert talk.prompt(messages, generation=is_asked) == expected
    end = theirs.convert_tokens_to_ids("<|im_end|>")
    assert talk.marks.eos_id == end
    asked = [talk.asked(f"is it red?{mark}") for mark in ("", "<|im_end|>\n<|im_start|>assistant")]
    assert [ids.count(end) for ids in asked] == [2, 2]
