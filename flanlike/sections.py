"""The sections of a run's configuration: how it mixes, batches, learns, tunes and is spread.

Each field is a flag, and the comment beside it what `--help` says of it: see `flanlike.config`.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from flanlike import bounds, errors, knobs
from flanlike.bounds import Bounds

# A moment that only fades loses 1 - this of itself a step; rounding to 8 bits takes up to 1/256.
_MOST_BFLOAT16_MEMORY = 0.995


@dataclass(frozen=True, kw_only=True)
class MixConfig:
    """How tasks and forms of prompts are mixed. None leaves the mixture's own setting."""

    rate_cap: knobs.Count | None = None  # rows above this give a task no larger rate
    max_examples: knobs.Count | None = None  # distinct rows a task may give
    temperature: knobs.Temperature | None = None  # over 1: nearer to equal rates
    few_shot: knobs.Share | None = None  # share of prompts with exemplars, in [0, 1]
    min_shots: knobs.Shots | None = None  # exemplars a few-shot prompt is to have at least
    max_shots: knobs.Shots | None = None  # exemplars a few-shot prompt has at most
    no_options: knobs.Share | None = None  # share of prompts that do not show their options
    styled_options: knobs.Share | None = (
        None  # of prompts with options: lettered, numbered, inline ...
    )
    inverted: knobs.Share | None = None  # share of prompts that ask for the input
    cot: knobs.Share | None = None  # share of chain of thought, for tasks with a rationale
    templates: knobs.Templates | None = None  # a task is trained by, of each kind, drawn by --seed
    clusters: tuple[str, ...] | None = None  # to train on, of those that are not held out

    def __post_init__(self) -> None:
        bounds.check(self, "mix.")
        if self.clusters is not None:
            object.__setattr__(self, "clusters", tuple(self.clusters))  # JSON gives a list


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What one step reads. A decoder's row holds inputs and targets, of several examples."""

    rows: knobs.Rows = 16  # packed rows a step, over all devices: the global batch size
    # Of longer inputs the longest fields are cut. None: 192 on embedded rows, else 512.
    max_input_tokens: knobs.Tokens | None = None
    max_target_tokens: knobs.Tokens = 64  # longer targets lose their end, and are counted
    micro_batches: knobs.Rows = (
        1  # parts that a step goes through one by one: less memory, same gradient
    )
    # Streams that share out the rows, each read where its rows are; other data order than with 1.
    input_shards: knobs.Rows = 1

    def __post_init__(self) -> None:
        bounds.check(self, "batch.")
        for parts in (self.micro_batches, self.input_shards):
            check(self.rows % parts == 0, "batch.rows", self.rows, f"a multiple of {parts}")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What a target token costs besides its surprise."""

    # Times log(Z)^2 a token; keeps logits from drifting, 1e-4 is usual.
    z_loss: Annotated[float, Bounds(0, 10)] = 0.0
    label_smoothing: knobs.PartOf = 0.0  # share of the target spread evenly over the vocabulary

    def __post_init__(self) -> None:
        bounds.check(self, "loss.")


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """How parameters move."""

    name: Literal["adamw", "adafactor"] = "adamw"  # adafactor: T5's settings, half the memory
    peak_lr: knobs.LearningRate = (
        5e-4  # adamw: per parameter; adafactor: relative to the parameter's RMS
    )
    schedule: Literal["constant", "linear", "cosine", "rsqrt"] = "cosine"  # after the warmup
    warmup_steps: knobs.StepsOrNone = 20  # linear from 0; the first step already learns
    final_lr_fraction: knobs.Share = 0.1  # of the peak, where linear and cosine end
    b1: knobs.PartOf = 0.9  # adamw's memory of gradients
    b2: knobs.PartOf = 0.98  # adamw's memory of squares; 0.999 needs more steps than a tuning has
    eps: Annotated[float, Bounds(1e-30, 1)] = 1e-8  # adamw's floor under the square root
    # Times the learning rate; never on norms, embeddings, scales, biases.
    weight_decay: Annotated[float, Bounds(0, 100)] = 0.0
    # Over all parameters; 0 turns clipping off.
    max_gradient_norm: Annotated[float, Bounds(0, 1e6)] = 1.0
    # What adamw's two moments are kept in; bfloat16: half their memory, docs/long_runs.md.
    moments_dtype: Literal["float32", "bfloat16"] = "float32"
    # Decay a step of an average of the weights, which is then what is evaluated; 0: none is kept.
    ema: knobs.PartOf = 0.0

    def __post_init__(self) -> None:
        bounds.check(self, "optim.")
        if self.moments_dtype == "float32":
            return
        expected = "float32 with --optim.name adafactor, which has no such moments"
        check(self.name == "adamw", "optim.moments-dtype", self.moments_dtype, expected)
        for name in ("b1", "b2"):
            expected = (
                f"at most {_MOST_BFLOAT16_MEMORY} with --optim.moments-dtype bfloat16, whose 8 "
                "bits lose slower changes"
            )
            value = getattr(self, name)
            check(value <= _MOST_BFLOAT16_MEMORY, f"optim.{name}", value, expected)


ALL_LINEAR = "all-linear"  # of --lora.targets


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """--tune lora: beside a kernel W a pair that learns, x W + (alpha / rank) x A B."""

    # Columns of A and rows of B: parameters and checkpoints grow with it.
    rank: Annotated[int, Bounds(1, 1 << 14)] = 8
    # alpha / rank multiplies the change, and so acts like a learning rate.
    alpha: Annotated[float, Bounds(0, 1e6, above=True)] = 16.0
    # Kernels that get a pair, in every layer and attention; all-linear: all that the model has.
    targets: tuple[Literal["q", "k", "v", "out", "gate", "up", "down", "all-linear"], ...] = (
        "q",
        "v",
    )
    dropout: knobs.PartOf = 0.0  # share of the pairs' own inputs dropped in training
    rank_stabilized: bool = False  # alpha / sqrt(rank), so that a larger rank is no smaller step
    dora: bool = False  # learn the size of every output channel too, apart from its direction

    def __post_init__(self) -> None:
        bounds.check(self, "lora.")
        is_set = bool(self.targets) and len(set(self.targets)) == len(self.targets)
        check(is_set, "lora.targets", self.targets, "at least one kernel, each once")
        is_alone = ALL_LINEAR not in self.targets or len(self.targets) == 1
        check(is_alone, "lora.targets", self.targets, f"{ALL_LINEAR} alone, or single kernels")

    @property
    def scale(self) -> float:
        """Returns what the pairs' product is multiplied by."""
        return self.alpha / (self.rank**0.5 if self.rank_stabilized else self.rank)


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

    tokens: knobs.NewTokens = 20  # vectors; in training they count in --batch.max-input-tokens

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
    fsdp: knobs.Devices = (
        1  # devices that split a batch's rows and the parameters: less memory each
    )
    tensor: knobs.Devices = 1  # devices that split heads, hidden units and vocabulary

    def __post_init__(self) -> None:
        bounds.check(self, "mesh.")


@dataclass(frozen=True, kw_only=True)
class DistributedConfig:
    """How the processes of one run find each other, where no cluster tells: all three or none."""

    coordinator: str | None = None  # HOST:PORT of process 0; else JAX_COORDINATOR_ADDRESS
    processes: knobs.Devices | None = None  # how many there are; else JAX_NUM_PROCESSES
    # Which one this is, from 0; else JAX_PROCESS_ID.
    process: Annotated[int, Bounds(0, (1 << 20) - 1)] | None = None
    # Seconds that processes wait for each other at the start.
    timeout_s: Annotated[int, Bounds(1, 7 * 24 * 3600)] = 300

    def __post_init__(self) -> None:
        bounds.check(self, "distributed.")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """What is kept of a run. SIGTERM saves in any case."""

    every: knobs.StepsOrNone = 100  # steps between checkpoints; 0: only after the last step
    keep: Annotated[int, Bounds(1, 10_000)] = 2  # newest checkpoints kept

    def __post_init__(self) -> None:
        bounds.check(self, "checkpoint.")


@dataclass(frozen=True, kw_only=True)
class ValidationConfig:
    """The loss on validation rows of the tasks that are trained on: docs/long_runs.md."""

    every: knobs.StepsOrNone = 0  # steps between two looks, besides the first and the last; 0: none
    rows: knobs.Sample = 256  # prompts in all, drawn as training's are; of held-out tasks none
    # Looks without a lower loss after which training stops, and the best weights count; 0: never.
    patience: Annotated[int, Bounds(0, 1_000_000)] = 0
    seed: knobs.Seed = 0  # of the choice of rows: apart from the run's, so that runs are comparable

    def __post_init__(self) -> None:
        bounds.check(self, "validation.")
        expected = "0 without --validation.every: nothing is looked at"
        check(not self.patience or self.every > 0, "validation.patience", self.patience, expected)


def check(is_right: bool, flag: str, value: object, expected: str) -> None:
    """Raises unless a flag's value is right, saying what it must be."""
    if not is_right:
        raise errors.UserError(f"--{flag} is {value!r}: it must be {expected}")
