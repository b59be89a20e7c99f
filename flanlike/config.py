"""Every knob of a run, each with its unit or its consequence.

The flags of `train.py` are derived from these dataclasses: `optim.peak_lr` is `--optim.peak-lr`,
and the comment beside a field is what `--help` says of it. Values are passed to functions; a
function may take its own section, and only `train.main` sees the whole. The resolved configuration
is written to the run's folder.
"""

import contextlib
import dataclasses
import difflib
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from flanlike import errors

# Where --batch.max-input-tokens is not given. The micro-world's prompts fit the first, and a step
# on longer rows takes nearly twice the time; of real prompts a fifth would be cut at it.
EMBEDDED_INPUT_TOKENS, INPUT_TOKENS = 192, 512


@dataclass(frozen=True, kw_only=True)
class MixConfig:
    """How tasks and forms of prompts are mixed. None leaves the mixture's own setting."""

    rate_cap: int | None = None  # rows above this give a task no larger rate
    max_examples: int | None = None  # distinct rows a task may give
    temperature: float | None = None  # over 1: nearer to equal rates
    few_shot: float | None = None  # share of prompts with exemplars, in [0, 1]
    min_shots: int | None = None  # exemplars a few-shot prompt is to have at least
    max_shots: int | None = None  # exemplars a few-shot prompt has at most
    no_options: float | None = None  # share of prompts that do not show their options
    styled_options: float | None = None  # of prompts with options: lettered, numbered, inline ...
    inverted: float | None = None  # share of prompts that ask for the input
    cot: float | None = None  # share of chain of thought, for tasks with a rationale


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What one step reads. A decoder's row holds inputs and targets, of several examples."""

    rows: int = 16  # packed rows a step, over all devices: the global batch size
    # Of longer inputs the longest fields are cut. None: 192 on embedded rows, else 512.
    max_input_tokens: int | None = None
    max_target_tokens: int = 64  # longer targets lose their end, and are counted
    micro_batches: int = 1  # parts that a step goes through one by one: less memory, same gradient
    # Streams that share out the rows, each read where its rows are; other data order than with 1.
    input_shards: int = 1

    def __post_init__(self) -> None:
        # A token and its EOS are 2.
        least = {"rows": 1, "max_input_tokens": 2, "max_target_tokens": 2, "micro_batches": 1}
        least["input_shards"] = 1
        for name, bound in least.items():
            value = getattr(self, name)
            is_right = value is None or value >= bound
            _check(is_right, "batch." + name.replace("_", "-"), value, f"{bound} or more")
        for parts in (self.micro_batches, self.input_shards):
            _check(self.rows % parts == 0, "batch.rows", self.rows, f"a multiple of {parts}")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What a target token costs besides its surprise."""

    z_loss: float = 0.0  # times log(Z)^2 a token; keeps logits from drifting, 1e-4 is usual
    label_smoothing: float = 0.0  # share of the target spread evenly over the vocabulary

    def __post_init__(self) -> None:
        _check(self.z_loss >= 0, "loss.z-loss", self.z_loss, "0 or more")
        is_share = 0 <= self.label_smoothing < 1
        _check(is_share, "loss.label-smoothing", self.label_smoothing, "in [0, 1)")


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """How parameters move."""

    name: Literal["adamw", "adafactor"] = "adamw"  # adafactor: T5's settings, half the memory
    peak_lr: float = 5e-4  # adamw: per parameter; adafactor: relative to the parameter's RMS
    schedule: Literal["constant", "linear", "cosine", "rsqrt"] = "cosine"  # after the warmup
    warmup_steps: int = 20  # linear from 0; the first step already learns
    final_lr_fraction: float = 0.1  # of the peak, where linear and cosine end
    b1: float = 0.9  # adamw's memory of gradients
    b2: float = 0.98  # adamw's memory of squares; 0.999 needs more steps than a tuning has
    eps: float = 1e-8  # adamw's floor under the square root
    weight_decay: float = 0.0  # times the learning rate; never on norms, embeddings, scales, biases
    max_gradient_norm: float = 1.0  # over all parameters; 0 turns clipping off

    def __post_init__(self) -> None:
        _check(self.peak_lr > 0, "optim.peak-lr", self.peak_lr, "more than 0")
        _check(self.warmup_steps >= 0, "optim.warmup-steps", self.warmup_steps, "0 or more")
        is_share = 0 <= self.final_lr_fraction <= 1
        _check(is_share, "optim.final-lr-fraction", self.final_lr_fraction, "in [0, 1]")
        _check(0 <= self.b1 < 1, "optim.b1", self.b1, "in [0, 1)")
        _check(0 <= self.b2 < 1, "optim.b2", self.b2, "in [0, 1)")
        _check(self.eps > 0, "optim.eps", self.eps, "more than 0")
        _check(self.weight_decay >= 0, "optim.weight-decay", self.weight_decay, "0 or more")
        is_norm = self.max_gradient_norm >= 0
        _check(is_norm, "optim.max-gradient-norm", self.max_gradient_norm, "0 or more")


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """--tune lora: beside a kernel W a pair that learns, x W + (alpha / rank) x A B."""

    rank: int = 8  # columns of A and rows of B: parameters and checkpoints grow with it
    alpha: float = 16.0  # alpha / rank multiplies the change, and so acts like a learning rate
    # Kernels that get a pair, in every layer and attention.
    targets: tuple[Literal["q", "k", "v", "out", "gate", "up", "down"], ...] = ("q", "v")

    def __post_init__(self) -> None:
        _check(self.rank >= 1, "lora.rank", self.rank, "1 or more")
        _check(self.alpha > 0, "lora.alpha", self.alpha, "more than 0")
        is_set = bool(self.targets) and len(set(self.targets)) == len(self.targets)
        _check(is_set, "lora.targets", self.targets, "at least one kernel, each once")


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """--tune adapter: a bottleneck that learns after every attention and feed-forward."""

    size: int = 32  # units of the bottleneck: parameters and time a step grow with it

    def __post_init__(self) -> None:
        _check(self.size >= 1, "adapter.size", self.size, "1 or more")


@dataclass(frozen=True, kw_only=True)
class SoftPromptConfig:
    """--tune prompt: vectors that learn, before the inputs of every example."""

    tokens: int = 20  # vectors; in training they count in --batch.max-input-tokens

    def __post_init__(self) -> None:
        _check(self.tokens >= 1, "soft-prompt.tokens", self.tokens, "1 or more")


Tuning = LoraConfig | AdapterConfig | SoftPromptConfig

# The section of each --tune that has one.
TUNE_SECTIONS = {"lora": "lora", "adapter": "adapter", "prompt": "soft_prompt"}


@dataclass(frozen=True, kw_only=True)
class MeshConfig:
    """How many devices share what; the product is the number of devices."""

    data: int = -1  # devices that split a batch's rows and copy parameters; -1: all that are left
    fsdp: int = 1  # devices that split a batch's rows and the parameters: less memory each
    tensor: int = 1  # devices that split heads, hidden units and vocabulary

    def __post_init__(self) -> None:
        _check(self.data >= 1 or self.data == -1, "mesh.data", self.data, "1 or more, or -1")
        _check(self.fsdp >= 1, "mesh.fsdp", self.fsdp, "1 or more")
        _check(self.tensor >= 1, "mesh.tensor", self.tensor, "1 or more")


@dataclass(frozen=True, kw_only=True)
class DistributedConfig:
    """How the processes of one run find each other, where no cluster tells: all three or none."""

    coordinator: str | None = None  # HOST:PORT of process 0; else JAX_COORDINATOR_ADDRESS
    processes: int | None = None  # how many there are; else JAX_NUM_PROCESSES
    process: int | None = None  # which one this is, from 0; else JAX_PROCESS_ID
    timeout_s: int = 300  # seconds that processes wait for each other at the start

    def __post_init__(self) -> None:
        _check(self.timeout_s >= 1, "distributed.timeout-s", self.timeout_s, "1 or more")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """What is kept of a run. SIGTERM saves in any case."""

    every: int = 100  # steps between checkpoints; 0: only after the last step
    keep: int = 2  # newest checkpoints kept

    def __post_init__(self) -> None:
        _check(self.every >= 0, "checkpoint.every", self.every, "0 or more")
        _check(self.keep >= 1, "checkpoint.keep", self.keep, "1 or more")


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """How the held-out tasks are asked, before and after training."""

    every: int = 0  # steps between evaluations besides the first and the last; 0: none between
    rows_per_task: int = 60  # rows a template, fixed by seed
    validation_rows: int = 30  # to choose a template by; 0: no best-on-validation figure
    generation_rows: int = 30  # rows a template where the answer is written, which is slow
    split: Literal["test", "validation"] = "test"  # what figures are made on
    shots: int = 0  # exemplars before each question
    option_style: str | None = None  # how options are listed; None: the layout's plain style
    per_token: bool = False  # divide an option's score by its number of tokens
    max_input_tokens: int = 512  # of longer prompts the longest fields are cut, and counted
    max_new_tokens: int = 64  # of a written answer
    max_tokens_per_batch: int = 4096  # padding included; bounds memory
    seed: int = 0  # of the choice of rows: apart from the run's, so that runs are comparable

    @property
    def splits(self) -> tuple[str, ...]:
        """Returns the splits whose rows are asked."""
        is_choosing = self.validation_rows > 0 and self.split == "test"
        return (self.split, "validation") if is_choosing else (self.split,)

    def __post_init__(self) -> None:
        least = {"every": 0, "validation_rows": 0, "shots": 0, "max_input_tokens": 2}
        for name in ("rows_per_task", "generation_rows", "max_new_tokens", "max_tokens_per_batch"):
            least[name] = 1
        for name, bound in least.items():
            value = getattr(self, name)
            _check(value >= bound, "eval." + name.replace("_", "-"), value, f"{bound} or more")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Instruction-tune a model on a mixture of tasks and measure it on held-out clusters."""

    mixture: str = "flan_core"  # a name of `python -m task_registry`
    data: str = "embedded"  # where rows come from: embedded | hub | tfds | a folder
    hold_out: tuple[str, ...] | None = None  # clusters or tasks to evaluate; None: the mixture's
    # What else leaves training with them; None: by the mixture's own rules.
    hold_out_rules: Literal["strict", "flan"] | None = None
    model: str | None = None  # preset; None: as --init has it, else "micro"
    # default: the shipped base where it fits | none | folder of a run, a base or a published model
    # | its id on the hub, owner/model or owner/model@revision
    init: str = "default"
    # What learns: all parameters, or few beside a base that stays: low-rank pairs, bottleneck
    # adapters, a soft prompt.
    tune: Literal["full", "lora", "adapter", "prompt"] = "full"
    base_dtype: Literal["float32", "bfloat16"] = "float32"  # of a base that stays: half the memory
    vocabulary: str | None = None  # folder or file; None: that of --init, else trained on prompts
    vocabulary_size: int = 8192  # pieces, where one is trained
    steps: int = 200  # optimizer steps
    out: str | None = None  # the run's folder; None: runs/<mixture>-<hash of this configuration>
    tasks: str | None = None  # Python file with TASKS and MIXTURES of your own
    manifest: str | None = None  # manifest.json of another run: stop unless this one reads the same
    skip_missing: bool = False  # leave out tasks whose rows --data lacks, and list them
    exclude_overlap: bool = False  # leave out training rows that share text with evaluation rows
    skip_bad_rows: bool = False  # leave out and count rows that give no record; reads all first
    # How training and evaluation ask; the others are controls, without templates.
    prompts: Literal["instructions", "options-only", "task-name", "inputs-only"] = "instructions"
    seed: int = 0  # of parameters, data order and dropout
    workers: int = 0  # processes that make batches; the batches are the same
    attention: Literal["causal", "prefix"] | None = None  # decoder's over inputs; None: the model's
    dropout: float | None = None  # share of activations dropped in training; None: the model's
    dtype: Literal["float32", "bfloat16"] | None = None  # of activations; None: the model's
    remat: Literal["none", "full", "dots"] | None = None  # what backward recomputes; saves memory
    mix: MixConfig = field(default_factory=MixConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    soft_prompt: SoftPromptConfig = field(default_factory=SoftPromptConfig)
    mesh: MeshConfig = field(default_factory=MeshConfig)
    distributed: DistributedConfig = field(default_factory=DistributedConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    eval: EvalConfig = field(default_factory=EvalConfig)

    def __post_init__(self) -> None:
        if self.batch.max_input_tokens is None:
            most = EMBEDDED_INPUT_TOKENS if self.data == "embedded" else INPUT_TOKENS
            batch = dataclasses.replace(self.batch, max_input_tokens=most)
            object.__setattr__(self, "batch", batch)  # frozen, and not yet made
        _check(self.steps >= 1, "steps", self.steps, "1 or more")
        _check(self.workers >= 0, "workers", self.workers, "0 or more")
        is_frozen = self.tune != "full" or self.base_dtype == "float32"
        expected = "float32 with --tune full, where all parameters learn"
        _check(is_frozen, "base-dtype", self.base_dtype, expected)
        if self.tune == "prompt":
            most = self.batch.max_input_tokens - 2
            tokens = self.soft_prompt.tokens
            expected = f"at most {most}, or --batch.max-input-tokens has to grow"
            _check(tokens <= most, "soft-prompt.tokens", tokens, expected)
        # Bytes, controls and digits alone are 300 pieces.
        _check(self.vocabulary_size >= 300, "vocabulary-size", self.vocabulary_size, "300 or more")

    @property
    def tuning(self) -> Tuning | None:
        """Returns what --tune adds to the model; None where all of it learns."""
        return getattr(self, TUNE_SECTIONS[self.tune]) if self.tune != "full" else None


def parse(arguments: Sequence[str] | None = None) -> RunConfig:
    """Returns the configuration that command-line flags give; None reads those of the process."""
    import tyro

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            config, unknown = tyro.cli(RunConfig, args=arguments, return_unknown_args=True)
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
        raise errors.UserError(_one_line(said.getvalue())) from None
    if unknown:
        flag = unknown[0].split("=")[0]
        near = difflib.get_close_matches(flag, _flags(RunConfig), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise errors.UserError(f"unknown flag {flag!r}: {hint}python train.py --help lists all")
    return config


def given(section: Any) -> dict[str, Any]:
    """Returns the fields of a section that are not None."""
    values = {one.name: getattr(section, one.name) for one in fields(section)}
    return {name: value for name, value in values.items() if value is not None}


def tuning_of(config: dict[str, Any]) -> Tuning | None:
    """Returns what the run of that config.json tunes; None where all of it learns."""
    if config.get("tune", "full") == "full":
        return None
    section = TUNE_SECTIONS[config["tune"]]
    kind = {one.name: one.type for one in fields(RunConfig)}[section]
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in config[section].items()}
    return kind(**values)


def _one_line(box: str) -> str:
    """Returns the message of a box that tyro draws: what stands above its first rule."""
    lines = [line.strip("│ ") for line in box.splitlines()[1:]]
    message = itertools.takewhile(lambda line: not line.startswith(("─", "╰")), lines)
    # "Error parsing eval: --eval.shots ..." names a section that the flag names as well.
    return f"{re.sub('^Error parsing ([A-Za-z]+: )?', '', ' '.join(message))} (see --help)"


def _flags(section: type, prefix: str = "--") -> list[str]:
    """Returns the spelling of every flag."""
    names = []
    for one in fields(section):
        name = prefix + one.name.replace("_", "-")
        names += _flags(one.type, name + ".") if is_dataclass(one.type) else [name]
    return names


def _check(is_right: bool, flag: str, value: object, expected: str) -> None:
    if not is_right:
        raise errors.UserError(f"--{flag} is {value!r}: it must be {expected}")
