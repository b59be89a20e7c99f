"""Our models in lm-evaluation-harness: the class behind its `--model flanlike`.

    python -m eval lm-eval --model flanlike --model_args run=runs/NAME --tasks hellaswag
    python -m eval lm-eval --model flanlike --model_args model=google/flan-t5-small --tasks boolq

In place of a command line: `eval.lm_eval_command.register()`, then
`lm_eval.simple_evaluate(model="flanlike", model_args={"run": "runs/NAME"}, tasks=[...])`.

Texts become ids as in its own class for transformers, marks that a text spells among them (a chat
template spells them), and scores are defined as there. All continuations of one context are scored
in one pass over it. Needs the extra `lm-eval`; only the command imports this module.
"""

import itertools
import pathlib
from collections.abc import Sequence
from typing import Any

from lm_eval import utils as harness_utils
from lm_eval.api import instance, model
from lm_eval.models import utils as model_utils

from flanlike import errors
from flanlike.batches import tokenizer
from flanlike.models import decode, generate
from flanlike.pretrained import hub
from flanlike.prompts import chat_template
from flanlike.runs import loading

_DEFAULT_TOKENS = 2048  # that a model reads whose files name no number, as in the harness
_DEFAULT_NEW_TOKENS = 256  # as there
_GENERATION_BATCH = 32


class FlanlikeLM(model.TemplateLM):
    """A run's, a bare or a published model, on one device.

    `run` names a run's folder, whose checkpoint of `step` (None: the newest) is read, on the `base`
    that it was tuned from, where that has moved; or `model` any folder, or an id on the hub.
    `max_length` is how many tokens the model is given at once (longer contexts lose their
    beginning), `dtype` what it computes in. A `batch_size` above 1 is that of generation; scoring
    fills batches of `max_tokens_per_batch`. `prefix_token_id` stands in for an empty context.
    """

    def __init__(
        self,
        *,
        run: str | None = None,
        model: str | None = None,
        step: int | None = None,
        base: str | None = None,
        max_length: int | None = None,
        dtype: str | None = None,
        max_tokens_per_batch: int = 4096,
        prefix_token_id: int | None = None,
        batch_size: int | str | None = None,
        max_batch_size: int | None = None,  # the harness always gives it, and `device`
        device: str | None = None,
    ) -> None:
        super().__init__()
        if (run is None) == (model is None):
            raise errors.UserError(
                "--model_args needs one of run=DIR and model=FOLDER_OR_HUB_ID, and not both"
            )
        name = str(run or model)
        is_id = run is None and hub.is_id(name)
        folder = hub.fetch(name).folder if is_id else pathlib.Path(name)
        if not folder.is_dir():
            raise errors.UserError(f"--model_args: there is no folder {name!r}")
        loaded = loading.load(
            folder,
            step=step,
            base=None if base is None else pathlib.Path(base),
            **({} if dtype is None else {"dtype": dtype}),
        )
        self._model, self._words = loaded.model, loaded.words
        self._is_decoder = loaded.model.config.family == "decoder"
        self.backend = "causal" if self._is_decoder else "seq2seq"
        self.max_length = int(max_length or loaded.model.config.max_positions or _DEFAULT_TOKENS)
        self._max_tokens_per_batch = int(max_tokens_per_batch)
        self._prefix_token_id = prefix_token_id
        given = str(batch_size or "")
        self._generation_batch = int(given) if given.isdigit() and given != "1" else 0
        self.batch_size = self._generation_batch or _GENERATION_BATCH
        self._name = f"{name}@{loaded.step}" if loaded.step is not None else name

    @property
    def eot_token_id(self) -> int:
        return self._words.marks.eos_id

    @property
    def prefix_token_id(self) -> int:
        """The id before a text without a context: the words' BOS, or EOS where there is none."""
        if self._prefix_token_id is not None:
            return int(self._prefix_token_id)
        found = self._published and self._published.first_id
        return self.eot_token_id if found is None else found

    @property
    def tokenizer_name(self) -> str:
        return f"{self._name} {self._words.fingerprint}".replace("/", "__")

    @property
    def _published(self) -> tokenizer.PublishedTokenizer | None:
        return self._words if isinstance(self._words, tokenizer.PublishedTokenizer) else None

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **_: Any
    ) -> list[int]:
        """Returns the ids of a text; they begin with BOS, where the model reads one.

        An encoder's EOS is not among them: every pass puts it there.
        """
        encode = self._published.encode_spelt if self._published else self._words.encode
        ids, bos_id = encode(string), self._words.marks.bos_id
        if bos_id is None or add_special_tokens is False:
            return ids
        return ids if add_special_tokens is None and ids[:1] == [bos_id] else [bos_id, *ids]

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[Any, list[int], list[int]]], **_: Any
    ) -> list[tuple[float, bool]]:
        """Returns (log-probability, is greedy) of each continuation's ids after its context's."""
        of_context: dict[tuple[int, ...], list[int]] = {}  # its requests
        for i, (_, context, continuation) in enumerate(requests):
            if len(continuation) > self.max_length:
                raise errors.UserError(
                    f"a continuation has {len(continuation)} tokens, and the model reads "
                    f"{self.max_length}: give more by --model_args max_length=N"
                )
            # The last token is predicted, never read. An encoder has its own room, and an EOS that
            # stands for an empty context is the one that ends every source.
            room = self.max_length + (1 - len(continuation) if self._is_decoder else 0)
            context = context[-room:]
            ends = not self._is_decoder and self._words.marks.ends_inputs
            if ends and context[-1:] == [self.eot_token_id]:
                context = context[:-1]
            of_context.setdefault(tuple(context), []).append(i)
        of_prompt = list(of_context.values())
        batches = decode.scored_options(
            self._model,
            list(of_context),
            [[requests[i][2] for i in places] for places in of_prompt],
            max_tokens_per_batch=self._max_tokens_per_batch,
            eos_id=self.eot_token_id,
            ends_source=self._words.marks.ends_inputs,
            asks_eos=False,
        )
        found: list[tuple[float, bool]] = [(0.0, True)] * len(requests)
        for one in itertools.chain.from_iterable(batches):
            of_each = zip(one.of_tokens.tolist(), one.are_greedy.tolist(), strict=True)
            for i, pair in zip(of_prompt[one.prompt], of_each, strict=True):
                found[i] = pair
                if requests[i][0] is not None:
                    self.cache_hook.add_partial("loglikelihood", requests[i][0], pair)
        return found

    def loglikelihood_rolling(
        self, requests: Sequence[instance.Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """Returns the log-probability of each text whole, in windows of what the model reads."""
        windows, texts = [], []
        for i, (text,) in enumerate(request.args for request in requests):
            cut = harness_utils.get_rolling_token_windows(
                token_list=self.tok_encode(text),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            for window in map(harness_utils.make_disjoint_window, cut):
                windows.append((None, *window))
                texts.append(i)
        totals = [0.0] * len(requests)
        scored = self._loglikelihood_tokens(windows)
        for i, (log_prob, _) in zip(texts, scored, strict=True):
            totals[i] += log_prob
        for request, total in zip(requests, totals, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", request.args, total)
        return totals

    def generate_until(
        self, requests: Sequence[instance.Instance], disable_tqdm: bool = False
    ) -> list[str]:
        """Returns what the model writes after each context, greedily, up to a stop string."""
        of_length: dict[int, list[int]] = {}  # most new tokens -> requests
        stops, prompts = [], []
        for i, (context, asked) in enumerate(request.args for request in requests):
            settings = model_utils.normalize_gen_kwargs(asked, _DEFAULT_NEW_TOKENS)
            if settings["do_sample"]:
                raise errors.UserError(f"generation is greedy here; {asked!r} asks for samples")
            new_tokens = settings["max_gen_toks"]
            room = self.max_length - (new_tokens if self._is_decoder else 0)
            if room < 1:
                raise errors.UserError(
                    f"{new_tokens} new tokens leave no room for a prompt: the model reads "
                    f"{self.max_length}; give less by --gen_kwargs max_gen_toks=N"
                )
            prompts.append(self.tok_encode(context)[-room:])
            stops.append([stop for stop in settings["until"] if stop])
            of_length.setdefault(new_tokens, []).append(i)
        found = [""] * len(requests)
        for new_tokens, places in of_length.items():
            written = generate.generate(
                self._model,
                [prompts[i] for i in places],
                max_new_tokens=new_tokens,
                batch_size=self.batch_size,
                eos_id=self.eot_token_id,
                ends_source=self._words.marks.ends_inputs,
            )
            for i, one in zip(places, written, strict=True):
                found[i] = cut(self._words.decode(one.ids), stops[i])
                self.cache_hook.add_partial("generate_until", requests[i].args, found[i])
        return found

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """Returns the words' template, or None where none is asked for."""
        if not chat_template:
            return None
        if isinstance(chat_template, str):
            raise errors.UserError(
                f"chat template {chat_template!r}: only the tokenizer's default one is known; "
                "give --apply_chat_template alone"
            )
        return self._template()

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Returns the conversation as the model reads it.

        Without `add_generation_prompt` it ends with the last message's text, for the model to go
        on with.
        """
        marks = self._published and self._published.spelt_marks
        template = chat_template.ChatTemplate(self._template(), marks=marks, where=self._name)
        text = template.render(chat_history, generation=add_generation_prompt)
        if add_generation_prompt:
            return text
        last = chat_history[-1]["content"].lstrip()
        at = text.rindex(last.strip())  # some templates take the white space off a message
        return text[: at + len(last if text.startswith(last, at) else last.strip())]

    def _template(self) -> str:
        found = self._published and self._published.chat_template
        if not found:
            raise errors.UserError(
                f"the tokenizer of {self._name!r} has no chat template: leave "
                "--apply_chat_template out"
            )
        return found


def cut(text: str, stops: Sequence[str]) -> str:
    """Returns the text before the stop strings, cut at one after the other, as in the harness.

    Before: "red\\nQ: why?", ["Q:", "\\n"]. After: "red".
    """
    for stop in stops:
        text = text.partition(stop)[0]
    return text
