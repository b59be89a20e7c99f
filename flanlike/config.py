"""Every knob of a run, each with its unit or its consequence.

The flags of `train.py` are derived from these dataclasses (by `flanlike.flags`): `optim.peak_lr` is
`--optim.peak-lr`, and the comment beside a field is what `--help` says of it. Values are passed to
functions; a function may take its own section; `train.py`, and what a part makes `of_run`, see the
whole. The resolved configuration is written to the run's folder.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from flanlike import bounds, knobs, sections
from flanlike.bounds import Bounds
from flanlike.sections import (
    AdapterConfig,
    BatchConfig,
    CheckpointConfig,
    DistributedConfig,
    LoraConfig,
    LossConfig,
    MeshConfig,
    MixConfig,
    OptimConfig,
    SoftPromptConfig,
    Tuning,
    ValidationConfig,
)

# Where --batch.max-input-tokens is not given. The micro-world's prompts fit the first, and a step
# on longer rows takes nearly twice the time; of real prompts a fifth would be cut at it.
EMBEDDED_INPUT_TOKENS, INPUT_TOKENS = 192, 512

FILES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")  # a mixture of such a name is that file
HUB_FILE = "hub:"  # before the name of a repository of such rows
FILE_DATA = "file"  # --data where the mixture's own file has all rows
DATA = ("embedded", "hub", "tfds", FILE_DATA)  # any other --data is a folder


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """How the held-out tasks are asked, before and after training."""

    at_start: bool = True  # before the first step; without, the report has no "before"
    # Steps between evaluations besides the first and the last; 0: none between.
    every: knobs.StepsOrNone = 0
    rows_per_task: knobs.Sample = 60  # rows a template, fixed by seed
    validation_rows: knobs.SampleOrNone = (
        30  # to choose a template by; 0: no best-on-validation figure
    )
    # Rows a template where the answer is written, which is slow; 0: none is.
    generation_rows: knobs.SampleOrNone = 30
    split: Literal["test", "validation"] = "test"  # what figures are made on
    shots: knobs.Shots = 0  # exemplars before each question
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
    max_input_tokens: knobs.Tokens = (
        512  # of longer prompts the longest fields are cut, and counted
    )
    # Of a written answer; None: by task, as it says or as its training answers are long.
    max_new_tokens: knobs.NewTokens | None = None
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
    max_tokens_per_batch: knobs.BatchTokens = 4096  # padding included; bounds memory
    seed: knobs.Seed = 0  # of the choice of rows: apart from the run's, so that runs are comparable

    @property
    def splits(self) -> tuple[str, ...]:
        """Returns the splits whose rows are asked."""
        is_choosing = self.validation_rows > 0 and self.split == "test"
        return (self.split, "validation") if is_choosing else (self.split,)

    def __post_init__(self) -> None:
        bounds.check(self, "eval.")
        object.__setattr__(self, "stop", tuple(self.stop))  # frozen; JSON gives a list
        sections.check(all(self.stop), "eval.stop", self.stop, "texts that are not empty")
        if self.temperature:
            expected = "1 with --eval.temperature above 0: beams draw nothing"
            sections.check(self.beams == 1, "eval.beams", self.beams, expected)
            return
        for name, off in (("top_k", 0), ("top_p", 1.0), ("samples", 1)):
            value, flag = getattr(self, name), f"eval.{name}".replace("_", "-")
            expected = f"{off:g} unless --eval.temperature is above 0: without, nothing is drawn"
            sections.check(value == off, flag, value, expected)


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
    # Of a base that stays: half the memory, or with int8 a quarter, rounded channel by channel.
    base_dtype: Literal["float32", "bfloat16", "int8"] = "float32"
    vocabulary: str | None = None  # folder or file; None: that of --init, else trained on prompts
    vocabulary_size: knobs.Pieces = 8192  # pieces, where one is trained
    steps: knobs.Steps = 200  # optimizer steps; 0: only evaluate
    out: str | None = None  # the run's folder; None: runs/<mixture>-<hash of this configuration>
    # A run of the same model and data, whose newest weights, optimizer and place in the data this
    # one begins with, by its own learning rate, steps and evaluation; RUN@STEP: those of that step.
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
    seed: knobs.Seed = 0  # of parameters, data order and dropout
    workers: knobs.Workers = 0  # processes that make batches; the batches are the same
    attention: Literal["causal", "prefix"] | None = None  # decoder's over inputs; None: the model's
    dropout: knobs.PartOf | None = (
        None  # share of activations dropped in training; None: the model's
    )
    # How dropout is drawn; rbg: faster on TPUs, other masks on every kind of device.
    dropout_keys: Literal["threefry", "rbg"] = "threefry"
    # Noise on the inputs' embeddings in training, times 1 / sqrt(tokens x model size); 5 is usual.
    neftune_alpha: Annotated[float, Bounds(0, 1000)] = 0.0
    dtype: Literal["float32", "bfloat16"] | None = None  # of activations; None: the model's
    remat: Literal["none", "full", "dots"] | None = None  # what backward recomputes; saves memory
    # Steps, after those that compile, of which a trace for XProf and Perfetto is written; 0: none.
    profile: Annotated[int, Bounds(0, 100)] = 0
    # auto: cuDNN's fused kernel on CUDA for decoders in bfloat16, where it has what they need.
    attention_kernel: Literal["auto", "xla", "cudnn"] = "auto"
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
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    eval: EvalConfig = field(default_factory=EvalConfig)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", data_of(self.mixture, self.data))  # frozen
        if self.batch.max_input_tokens is None:
            batch = dataclasses.replace(self.batch, max_input_tokens=input_tokens(self.data))
            object.__setattr__(self, "batch", batch)  # frozen, and not yet made
        bounds.check(self)
        is_file = names_file(self.mixture) or self.mixture.startswith(HUB_FILE)
        expected = "left out, for --mixture is no file"
        sections.check(self.format is None or is_file, "format", self.format, expected)
        is_frozen = self.tune != "full" or self.base_dtype == "float32"
        expected = "float32 with --tune full, where all parameters learn"
        sections.check(is_frozen, "base-dtype", self.base_dtype, expected)
        expected = "none with --tune lora, adapter and prompt, where all of the base stays"
        sections.check(
            self.tune == "full" or self.freeze == "none", "freeze", self.freeze, expected
        )
        for kind, section in sections.TUNE_SECTIONS.items():
            idle = getattr(self, section)
            for one in fields(idle) if kind != self.tune else ():
                value, flag = getattr(idle, one.name), f"{section}.{one.name}".replace("_", "-")
                expected = f"left out of --tune {self.tune}: it is of --tune {kind}"
                sections.check(value == one.default, flag, value, expected)
        if self.tune == "prompt":
            most = self.batch.max_input_tokens - 2
            tokens = self.soft_prompt.tokens
            expected = f"at most {most}, or --batch.max-input-tokens has to grow"
            sections.check(tokens <= most, "soft-prompt.tokens", tokens, expected)

    @property
    def continued(self) -> tuple[str | None, int | None]:
        """Returns the folder of --continue-from, and the step; None where not given."""
        return run_and_step(self.continue_from)

    @property
    def tuning(self) -> Tuning | None:
        """Returns what --tune adds to the model; None where all of it learns."""
        return getattr(self, sections.TUNE_SECTIONS[self.tune]) if self.tune != "full" else None


def run_and_step(name: str | None) -> tuple[str | None, int | None]:
    """Returns the folder and the step of RUN@STEP, and no step of RUN.

    A folder whose own name ends like that is that folder.
    """
    folder, _, step = (name or "").rpartition("@")
    if not folder or not (step.isascii() and step.isdigit()) or os.path.isdir(name):
        return name, None
    return folder, int(step)


def input_tokens(data: str) -> int:
    """Returns how long inputs may be where nothing is said, by where rows come from."""
    return EMBEDDED_INPUT_TOKENS if data == "embedded" else INPUT_TOKENS


def names_file(mixture: str) -> bool:
    """Returns whether a mixture of that name is a file."""
    return mixture.lower().removesuffix(".gz").endswith(FILES)


def public_name(mixture: str) -> str:
    """Returns a mixture's name for others: a file's without its folders, which are one's own."""
    return os.path.basename(mixture) if names_file(mixture) else mixture


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
    section = sections.TUNE_SECTIONS[config["tune"]]
    kind = {one.name: one.type for one in fields(RunConfig)}[section]
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in config[section].items()}
    return kind(**values)
