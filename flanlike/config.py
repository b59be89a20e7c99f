"""Every knob of a run, each with its unit or its consequence.

The flags of `train.py` are derived from these dataclasses (by `flanlike.flags`): `optim.peak_lr` is
`--optim.peak-lr`, and the comment beside a field is what `--help` says of it. Values are passed to
functions; a function may take its own section; `train.py`, and what a part makes `of_run`, see the
whole. The resolved configuration is written to the run's folder.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from flanlike import bounds, errors, worker
from flanlike.bounds import Bounds

# What a number of each kind may be. A most that no machine or type gives is what nobody means.
Share = Annotated[float, Bounds(0, 1)]
PartOf = Annotated[float, Bounds(0, 1, below=True)]  # where all of it would leave nothing
Count = Annotated[int, Bounds(1, 10**12)]  # of rows
Sample = Annotated[int, Bounds(1, 1_000_000)]  # rows of one template
SampleOrNone = Annotated[int, Bounds(0, 1_000_000)]
Temperature = Annotated[float, Bounds(0.1, 1000)]  # rates to the power of 10 are numbers still
Shots = Annotated[int, Bounds(0, 64)]  # each is a row that is read and rendered
Templates = Annotated[int, Bounds(1, 1000)]  # of a task and kind
Rows = Annotated[int, Bounds(1, 1 << 20)]  # of a batch; memory bounds them further
Tokens = Annotated[int, Bounds(2, 1 << 17)]  # a token and its EOS are 2
NewTokens = Annotated[int, Bounds(1, 1 << 17)]
BatchTokens = Annotated[int, Bounds(1, 1 << 24)]
Steps = Annotated[int, Bounds(0, 2**31 - 1)]  # counted in 32 bits
StepsOrNone = Annotated[int, Bounds(0, 2**31 - 1)]
Seed = Annotated[int, Bounds(0, 2**32 - 1, why="random keys are made from 32 bits")]
LearningRate = Annotated[float, Bounds(0, 10, above=True)]  # of a step that any model survives
Devices = Annotated[int, Bounds(1, 1 << 20)]
Workers = Annotated[int, Bounds(0, worker.MOST, why=worker.WHY_MOST)]
Pieces = Annotated[int, Bounds(300, 1 << 20)]  # bytes, controls and digits alone are 300

# Where --batch.max-input-tokens is not given. The micro-world's prompts fit the first, and a step
# on longer rows takes nearly twice the time; of real prompts a fifth would be cut at it.
EMBEDDED_INPUT_TOKENS, INPUT_TOKENS = 192, 512

FILES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")  # a mixture of such a name is that file
HUB_FILE = "hub:"  # before the name of a repository of such rows
FILE_DATA = "file"  # --data where the mixture's own file has all rows
DATA = ("embedded", "hub", "tfds", FILE_DATA)  # any other --data is a folder


@dataclass(frozen=True, kw_only=True)
class MixConfig:
    """How tasks and forms of prompts are mixed. None leaves the mixture's own setting."""

    rate_cap: Count | None = None  # rows above this give a task no larger rate
    max_examples: Count | None = None  # distinct rows a task may give
    temperature: Temperature | None = None  # over 1: nearer to equal rates
    few_shot: Share | None = None  # share of prompts with exemplars, in [0, 1]
    min_shots: Shots | None = None  # exemplars a few-shot prompt is to have at least
    max_shots: Shots | None = None  # exemplars a few-shot prompt has at most
    no_options: Share | None = None  # share of prompts that do not show their options
    styled_options: Share | None = None  # of prompts with options: lettered, numbered, inline ...
    inverted: Share | None = None  # share of prompts that ask for the input
    cot: Share | None = None  # share of chain of thought, for tasks with a rationale
    templates: Templates | None = None  # a task is trained by, of each kind, drawn by --seed
    clusters: tuple[str, ...] | None = None  # to train on, of those that are not held out

    def __post_init__(self) -> None:
        bounds.check(self, "mix.")
        if self.clusters is not None:
            object.__setattr__(self, "clusters", tuple(self.clusters))  # JSON gives a list


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What one step reads. A decoder's row holds inputs and targets, of several examples."""

    rows: Rows = 16  # packed rows a step, over all devices: the global batch size
    # Of longer inputs the longest fields are cut. None: 192 on embedded rows, else 512.
    max_input_tokens: Tokens | None = None
    max_target_tokens: Tokens = 64  # longer targets lose their end, and are counted
    micro_batches: Rows = 1  # parts that a step goes through one by one: less memory, same gradient
    # Streams that share out the rows, each read where its rows are; other data order than with 1.
    input_shards: Rows = 1

    def __post_init__(self) -> None:
        bounds.check(self, "batch.")
        for parts in (self.micro_batches, self.input_shards):
            _check(self.rows % parts == 0, "batch.rows", self.rows, f"a multiple of {parts}")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What a target token costs besides its surprise."""

    # Times log(Z)^2 a token; keeps logits from drifting, 1e-4 is usual.
    z_loss: Annotated[float, Bounds(0, 10)] = 0.0
    label_smoothing: PartOf = 0.0  # share of the target spread evenly over the vocabulary

    def __post_init__(self) -> None:
        bounds.check(self, "loss.")


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """How parameters move."""

    name: Literal["adamw", "adafactor"] = "adamw"  # adafactor: T5's settings, half the memory
    peak_lr: LearningRate = 5e-4  # adamw: per parameter; adafactor: relative to the parameter's RMS
    schedule: Literal["constant", "linear", "cosine", "rsqrt"] = "cosine"  # after the warmup
    warmup_steps: StepsOrNone = 20  # linear from 0; the first step already learns
    final_lr_fraction: Share = 0.1  # of the peak, where linear and cosine end
    b1: PartOf = 0.9  # adamw's memory of gradients
    b2: PartOf = 0.98  # adamw's memory of squares; 0.999 needs more steps than a tuning has
    eps: Annotated[float, Bounds(1e-30, 1)] = 1e-8  # adamw's floor under the square root
    # Times the learning rate; never on norms, embeddings, scales, biases.
    weight_decay: Annotated[float, Bounds(0, 100)] = 0.0
    # Over all parameters; 0 turns clipping off.
    max_gradient_norm: Annotated[float, Bounds(0, 1e6)] = 1.0

    def __post_init__(self) -> None:
        bounds.check(self, "optim.")


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """--tune lora: beside a kernel W a pair that learns, x W + (alpha / rank) x A B."""

    # Columns of A and rows of B: parameters and checkpoints grow with it.
    rank: Annotated[int, Bounds(1, 1 << 14)] = 8
    # alpha / rank multiplies the change, and so acts like a learning rate.
    alpha: Annotated[float, Bounds(0, 1e6, above=True)] = 16.0
    # Kernels that get a pair, in every layer and attention.
    targets: tuple[Literal["q", "k", "v", "out", "gate", "up", "down"], ...] = ("q", "v")

    def __post_init__(self) -> None:
        bounds.check(self, "lora.")
        is_set = bool(self.targets) and len(set(self.targets)) == len(self.targets)
        _check(is_set, "lora.targets", self.targets, "at least one kernel, each once")


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """--tune adapter: a bottleneck that learns after every attention and feed-forward."""

    # Units of the bottleneck: parameters and time a step grow with it.
    size: Annotated[int, Bounds(1, 1 << 14)] = 32

    def __post_init__(self) -> None:
        bounds.check(self, "adapter.")


@dataclass(frozen=True, kw_only=True)
class SoftPromptConfig:
    """--tune prompt: vectors that learn, before the inputs of every example."""

    tokens: NewTokens = 20  # vectors; in training they count in --batch.max-input-tokens

    def __post_init__(self) -> None:
        bounds.check(self, "soft_prompt.")


Tuning = LoraConfig | AdapterConfig | SoftPromptConfig

# The section of each --tune that has one.
TUNE_SECTIONS = {"lora": "lora", "adapter": "adapter", "prompt": "soft_prompt"}


@dataclass(frozen=True, kw_only=True)
class MeshConfig:
    """How many devices share what; the product is the number of devices."""

    # Devices that split a batch's rows and copy parameters; -1: all that are left.
    data: Annotated[int, Bounds(1, 1 << 20, also=-1)] = -1
    fsdp: Devices = 1  # devices that split a batch's rows and the parameters: less memory each
    tensor: Devices = 1  # devices that split heads, hidden units and vocabulary

    def __post_init__(self) -> None:
        bounds.check(self, "mesh.")


@dataclass(frozen=True, kw_only=True)
class DistributedConfig:
    """How the processes of one run find each other, where no cluster tells: all three or none."""

    coordinator: str | None = None  # HOST:PORT of process 0; else JAX_COORDINATOR_ADDRESS
    processes: Devices | None = None  # how many there are; else JAX_NUM_PROCESSES
    # Which one this is, from 0; else JAX_PROCESS_ID.
    process: Annotated[int, Bounds(0, (1 << 20) - 1)] | None = None
    # Seconds that processes wait for each other at the start.
    timeout_s: Annotated[int, Bounds(1, 7 * 24 * 3600)] = 300

    def __post_init__(self) -> None:
        bounds.check(self, "distributed.")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """What is kept of a run. SIGTERM saves in any case."""

    every: StepsOrNone = 100  # steps between checkpoints; 0: only after the last step
    keep: Annotated[int, Bounds(1, 10_000)] = 2  # newest checkpoints kept

    def __post_init__(self) -> None:
        bounds.check(self, "checkpoint.")


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """How the held-out tasks are asked, before and after training."""

    at_start: bool = True  # before the first step; without, the report has no "before"
    # Steps between evaluations besides the first and the last; 0: none between.
    every: StepsOrNone = 0
    rows_per_task: Sample = 60  # rows a template, fixed by seed
    validation_rows: SampleOrNone = 30  # to choose a template by; 0: no best-on-validation figure
    # Rows a template where the answer is written, which is slow; 0: none is.
    generation_rows: SampleOrNone = 30
    split: Literal["test", "validation"] = "test"  # what figures are made on
    shots: Shots = 0  # exemplars before each question
    # Which training rows these are: any, as many of each label, or those most like the question.
    exemplars: Literal["random", "balanced", "similar"] = "random"
    # How they stand: as drawn, or by likeness to the question, ascending: the most alike last.
    exemplar_order: Literal["random", "ascending", "descending"] = "random"
    # What they show; all but gold are controls (Min et al. 2022): docs/evaluation.md.
    demonstrations: Literal["gold", "random-labels", "other-labels", "other-inputs"] = "gold"
    option_style: str | None = None  # how options are listed; None: the layout's plain style
    # How options are compared, by the log-probability of their tokens: docs/evaluation.md.
    scoring: Literal["sum", "per-token", "per-byte", "pmi", "calibrated"] = "sum"
    eos: bool = True  # an option's log-probability counts that it ends there
    content_free: bool = False  # ask without content too, so that pmi and calibrated are shown
    # Folder of answers that evaluations share: what the same model was asked before is not again.
    cache: str | None = None
    max_input_tokens: Tokens = 512  # of longer prompts the longest fields are cut, and counted
    # Of a written answer; None: by task, as it says or as its training answers are long.
    max_new_tokens: NewTokens | None = None
    # Of written answers: 0 takes the likeliest token, above it they are drawn, by seed and row.
    temperature: Annotated[float, Bounds(0.01, 100, also=0)] = 0.0
    top_k: Annotated[int, Bounds(0, 1 << 20)] = 0  # likeliest tokens that are drawn from; 0: all
    top_p: Annotated[float, Bounds(0, 1, above=True)] = 1.0  # probability that is drawn from
    beams: Annotated[int, Bounds(1, 64)] = 1  # of a beam search; 1: none
    # Beam scores are sums of log-probabilities over length to this power; 0: bare sums.
    length_penalty: Annotated[float, Bounds(0, 10)] = 1.0
    stop: tuple[str, ...] = ()  # texts that end a written answer, and are no part of it
    # Answers drawn for each chain of thought, of which the majority counts (self-consistency).
    samples: Annotated[int, Bounds(1, 256)] = 1
    # Run the programs that are written, with their tests, in processes with limits: no prison.
    execute_code: bool = False
    least_to_most: bool = False  # ask for chains of thought a second time, by smaller questions
    max_tokens_per_batch: BatchTokens = 4096  # padding included; bounds memory
    seed: Seed = 0  # of the choice of rows: apart from the run's, so that runs are comparable

    @property
    def splits(self) -> tuple[str, ...]:
        """Returns the splits whose rows are asked."""
        is_choosing = self.validation_rows > 0 and self.split == "test"
        return (self.split, "validation") if is_choosing else (self.split,)

    def __post_init__(self) -> None:
        bounds.check(self, "eval.")
        object.__setattr__(self, "stop", tuple(self.stop))  # frozen; JSON gives a list
        _check(all(self.stop), "eval.stop", self.stop, "texts that are not empty")
        if self.temperature:
            expected = "1 with --eval.temperature above 0: beams draw nothing"
            _check(self.beams == 1, "eval.beams", self.beams, expected)
            return
        for name, off in (("top_k", 0), ("top_p", 1.0), ("samples", 1)):
            value, flag = getattr(self, name), f"eval.{name}".replace("_", "-")
            expected = f"{off:g} unless --eval.temperature is above 0: without, nothing is drawn"
            _check(value == off, flag, value, expected)


# Settings of an evaluation that say when it is made or how fast, and not what is asked.
NOT_ASKED = ("at_start", "every", "max_tokens_per_batch", "cache")


def eval_of(fields: Mapping[str, Any], **changes: Any) -> EvalConfig:
    """Returns an evaluation's settings as a run's folder has them, an older one's too."""
    fields = {**fields, **changes}
    if fields.pop("per_token", False):  # what `scoring` was once
        fields.setdefault("scoring", "per-token")
    return EvalConfig(**fields)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Instruction-tune a model on a mixture of tasks and measure it on held-out clusters."""

    # A name of `python -m task_registry`, or a file of instructions and answers of your own
    # (docs/your_own_data.md): .jsonl, .json, .csv, .tsv or .parquet, or hub:OWNER/NAME.
    mixture: str = "flan_core"
    # Of such a file: alpaca | dolly | completion | messages | sharegpt; None: by its columns.
    format: str | None = None
    data: str = "embedded"  # where rows come from: embedded | hub | tfds | file | a folder
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
    freeze: Literal["none", "embeddings"] = "none"  # with --tune full: what stays as it is
    base_dtype: Literal["float32", "bfloat16"] = "float32"  # of a base that stays: half the memory
    vocabulary: str | None = None  # folder or file; None: that of --init, else trained on prompts
    vocabulary_size: Pieces = 8192  # pieces, where one is trained
    steps: Steps = 200  # optimizer steps; 0: only evaluate
    out: str | None = None  # the run's folder; None: runs/<mixture>-<hash of this configuration>
    # A run of the same model and data, whose newest weights, optimizer and place in the data this
    # one begins with, by its own learning rate, steps and evaluation.
    continue_from: str | None = None
    tasks: str | None = None  # Python file with TASKS and MIXTURES of your own
    wandb: str | None = None  # project (or owner/project) of Weights & Biases that is told too
    manifest: str | None = None  # manifest.json of another run: stop unless this one reads the same
    skip_missing: bool = False  # leave out tasks whose rows --data lacks, and list them
    exclude_overlap: bool = False  # leave out training rows that share text with evaluation rows
    # Leave out training rows that say again what an earlier row says; needs the extra `lint`.
    drop_duplicates: bool = False
    skip_bad_rows: bool = False  # leave out and count rows that give no record; reads all first
    # How training and evaluation ask; the others are controls, without templates.
    prompts: Literal["instructions", "options-only", "task-name", "inputs-only"] = "instructions"
    chat: bool = False  # by the model's chat template, or a plain one; conversations always are
    answers: Literal["all", "last"] = "all"  # of a conversation of several turns, to learn
    seed: Seed = 0  # of parameters, data order and dropout
    workers: Workers = 0  # processes that make batches; the batches are the same
    attention: Literal["causal", "prefix"] | None = None  # decoder's over inputs; None: the model's
    dropout: PartOf | None = None  # share of activations dropped in training; None: the model's
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
        object.__setattr__(self, "data", data_of(self.mixture, self.data))  # frozen
        if self.batch.max_input_tokens is None:
            batch = dataclasses.replace(self.batch, max_input_tokens=input_tokens(self.data))
            object.__setattr__(self, "batch", batch)  # frozen, and not yet made
        bounds.check(self)
        is_file = names_file(self.mixture) or self.mixture.startswith(HUB_FILE)
        expected = "left out, for --mixture is no file"
        _check(self.format is None or is_file, "format", self.format, expected)
        is_frozen = self.tune != "full" or self.base_dtype == "float32"
        expected = "float32 with --tune full, where all parameters learn"
        _check(is_frozen, "base-dtype", self.base_dtype, expected)
        expected = "none with --tune lora, adapter and prompt, where all of the base stays"
        _check(self.tune == "full" or self.freeze == "none", "freeze", self.freeze, expected)
        if self.tune == "prompt":
            most = self.batch.max_input_tokens - 2
            tokens = self.soft_prompt.tokens
            expected = f"at most {most}, or --batch.max-input-tokens has to grow"
            _check(tokens <= most, "soft-prompt.tokens", tokens, expected)

    @property
    def tuning(self) -> Tuning | None:
        """Returns what --tune adds to the model; None where all of it learns."""
        return getattr(self, TUNE_SECTIONS[self.tune]) if self.tune != "full" else None


def input_tokens(data: str) -> int:
    """Returns how long inputs may be where nothing is said, by where rows come from."""
    return EMBEDDED_INPUT_TOKENS if data == "embedded" else INPUT_TOKENS


def names_file(mixture: str) -> bool:
    """Returns whether a mixture of that name is a file."""
    return mixture.lower().removesuffix(".gz").endswith(FILES)


def data_of(mixture: str, data: str) -> str:
    """Returns --data: by default the micro-world, which has no part in a mixture that is a file."""
    if data == "embedded" and mixture.startswith(HUB_FILE):
        return "hub"
    return FILE_DATA if data == "embedded" and names_file(mixture) else data


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


def _check(is_right: bool, flag: str, value: object, expected: str) -> None:
    if not is_right:
        raise errors.UserError(f"--{flag} is {value!r}: it must be {expected}")
