"""SeqIO, both ways: our tasks and mixtures in its registries, and its tasks among ours.

    seqio_adapter.register(registry, ["flan_core"], words=words, data="embedded", seed=0)
    seqio.get_mixture_or_task("flan_core").get_dataset({"inputs": 512, "targets": 128})

    seqio_adapter.task("their_sums", name="sums", cluster="math")   # for TASKS of your module

Only calling these imports SeqIO, and with it TensorFlow: pip install 'flanlike[seqio]'.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flanlike import errors
from flanlike.batches import features, vocabulary
from flanlike.mixtures import compose, mixture
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module

TEMPLATES = "as_it_is"  # the one template that adds nothing: templates/as_it_is.toml

_UNBOUNDED = 1 << 30  # tokens, where SeqIO is asked for no limit
_TEXTS = ("inputs_pretokenized", "targets_pretokenized")


def register(
    registry: registry_module.Registry,
    names: Sequence[str],
    *,
    words: vocabulary.Vocabulary,
    data: str = "embedded",
    seed: int = 0,
    held_out: Sequence[str] | None = None,
    skip_missing: bool = False,
) -> None:
    """Adds the tasks and mixtures of these names to SeqIO's registries, with their train split.

    A mixture brings its tasks and their rates. Its `get_dataset` yields what our own pipeline
    yields for the same seed, in the same order (`shuffle` and `seed` change nothing: the stream is
    shuffled by its own seed): features "inputs" and "targets" as an encoder-decoder reads them, and
    their texts as "inputs_pretokenized" and "targets_pretokenized". `num_epochs` counts in the rows
    of all tasks together. A task's `get_dataset` yields one prompt for each row that may be drawn.
    Prompts are cut to fit the length asked for, and those that cannot are left out (`fitting`).
    `held_out` is the mixtures' own where it is None; a task's name registers it alone.
    """
    seqio = _seqio()
    feature = seqio.Feature(vocabulary=_vocabulary_class()(words), add_eos=True)
    output_features = {"inputs": feature, "targets": feature}
    known = set(seqio.TaskRegistry.names())
    for name in names:
        is_mixture = name in registry.mixture_names
        made = registry.mixture(name) if is_mixture else _alone(name, registry)
        composition = compose.compose(
            made, registry, data, held_out if is_mixture else (), skip_missing=skip_missing
        )
        for share in composition.tasks:
            alone = compose.compose(_alone(share.name, registry), registry, data, ())
            stream = _Stream(alone, registry, words, data, seed)
            if share.name in known:
                _check_same(seqio.TaskRegistry.get(share.name), stream)
                continue
            known.add(share.name)
            seqio.TaskRegistry.add(
                share.name,
                source=seqio.FunctionDataSource(
                    functools.partial(_indices, stream.epoch),
                    splits=("train",),
                    num_input_examples={"train": stream.epoch},
                ),
                preprocessors=[functools.partial(_prompts, stream=stream)],
                output_features=output_features,
                metric_fns=[],
            )
        if is_mixture:
            seqio.MixtureRegistry.add(
                name,
                [(share.name, share.share) for share in composition.tasks],
                mixture_cls=_mixture_class(),
                stream=_Stream(composition, registry, words, data, seed),
            )


def task(
    seqio_name: str,
    *,
    name: str,
    cluster: str,
    metrics: Sequence[str] = ("exact_match",),
    **more: Any,
) -> task_module.Task:
    """Returns the SeqIO task of that name as one of ours, to be put into a module's TASKS.

    Its rows are the task's preprocessed examples, read to the end when first opened: "inputs" as
    they are, and "targets" as the one reference. What it does not keep as text is decoded by its
    vocabulary. `more` are further arguments of `task.Task`.
    """
    return task_module.Task(
        name=name,
        cluster=cluster,
        fields=("inputs",),
        answers=task_module.FreeText(),
        metrics=tuple(metrics),
        templates=TEMPLATES,
        preprocess=_record,
        rows=functools.partial(_rows, seqio_name),
        cut={"inputs": "middle"},  # what is asked may stand at either end
        **{"licence": f"that of the SeqIO task {seqio_name}"} | more,
    )


class _Stream:
    """The prompts of a composition, tokenized within SeqIO's lengths."""

    def __init__(
        self,
        composition: mixture.Composition,
        registry: registry_module.Registry,
        words: vocabulary.Vocabulary,
        data: str,
        seed: int,
    ) -> None:
        self.settings = (data, seed, words.fingerprint)
        self.epoch = sum(share.rows for share in composition.tasks)
        self._composition, self._registry = composition, registry
        self._words, self._data, self._seed = words, data, seed

    def examples(self, lengths: Mapping[str, int] | None) -> Callable[[int], dict[str, Any]]:
        """Returns the function from an index to an example within these lengths.

        Its inputs are empty where the prompt does not fit them.
        """
        lengths = lengths or {}
        limits = features.LengthLimits(
            max_input_tokens=lengths.get("inputs") or _UNBOUNDED,
            max_target_tokens=lengths.get("targets") or _UNBOUNDED,
        )
        prompts = prompt_stream.Prompts(
            self._composition,
            self._registry,
            data=self._data,
            seed=self._seed,
            room=features.room(self._words, limits.max_input_tokens, "encoder_decoder"),
        )

        def example(index: int) -> dict[str, Any]:
            drawn = prompts.draw(int(index))
            prompt = drawn.prompt
            if prompt is None:
                return {"inputs": [], "targets": [], _TEXTS[0]: "", _TEXTS[1]: ""}
            found = features.to_example(
                drawn.fitted.ids,
                self._words.encode(prompt.targets),
                limits,
                family="encoder_decoder",
                marks=self._words.marks,
            )
            return {
                "inputs": found.inputs,
                "targets": found.targets,
                _TEXTS[0]: prompt.inputs,
                _TEXTS[1]: prompt.targets,
            }

        return example


def _check_same(there: Any, stream: _Stream) -> None:
    """Raises unless the SeqIO task `there` was registered here, with the same settings."""
    own = getattr(there.preprocessors[0], "keywords", {}).get("stream")
    if not isinstance(own, _Stream) or own.settings != stream.settings:
        raise errors.UserError(
            f"SeqIO has a task {there.name!r} already, of other making or of another data, seed or "
            "vocabulary; register ours in a process of its own, or rename theirs"
        )


def _alone(name: str, registry: registry_module.Registry) -> mixture.Mixture:
    return mixture.Mixture(name=registry.task(name).name, entries=(name,))


def _indices(epoch: int, split: str, shuffle_files: bool, seed: int | None = None) -> Any:
    import tensorflow as tf

    del split, shuffle_files, seed
    return tf.data.Dataset.range(epoch).map(lambda index: {"index": index})


def _prompts(dataset: Any, sequence_length: Mapping[str, int] | None, stream: _Stream) -> Any:
    """Returns the dataset of indices as one of examples."""
    import tensorflow as tf

    example = stream.examples(sequence_length)
    keys = ("inputs", "targets", *_TEXTS)
    types = (tf.int32, tf.int32, tf.string, tf.string)

    def of_index(row: Mapping[str, Any]) -> dict[str, Any]:
        found = tf.numpy_function(
            lambda index: tuple(_array(example(index)[key]) for key in keys), [row["index"]], types
        )
        for tensor, key in zip(found, keys, strict=True):
            tensor.set_shape([] if key in _TEXTS else [None])
        return dict(zip(keys, found, strict=True))

    return dataset.map(of_index).filter(lambda row: tf.size(row["inputs"]) > 0)


def _array(value: Any) -> Any:
    import numpy as np

    return value.encode() if isinstance(value, str) else np.asarray(value, np.int32)


@functools.cache
def _mixture_class() -> type:
    seqio = _seqio()

    class StreamMixture(seqio.Mixture):
        """A SeqIO mixture whose examples come in the order of our pipeline."""

        def __init__(self, name: str, tasks: Any, stream: _Stream, **more: Any) -> None:
            super().__init__(name, tasks, **more)
            self._stream = stream

        def get_dataset(
            self,
            sequence_length: Mapping[str, int] | None = None,
            split: str = "train",
            use_cached: bool = False,
            shuffle: bool = True,
            seed: int | None = None,
            shard_info: Any = None,
            num_epochs: int | None = None,
            **more: Any,
        ) -> Any:
            import tensorflow as tf

            if split != "train" or use_cached:
                raise ValueError(
                    f"mixture {self.name!r}: split {split!r}, use_cached {use_cached!r}; "
                    "expected split 'train', not cached"
                )
            count = self._stream.epoch * num_epochs if num_epochs else tf.int64.max
            dataset = tf.data.Dataset.range(count).map(lambda index: {"index": index})
            if shard_info:
                dataset = dataset.shard(shard_info.num_shards, shard_info.index)
            return _prompts(dataset, sequence_length, self._stream)

    return StreamMixture


@functools.cache
def _vocabulary_class() -> type:
    seqio = _seqio()

    class Words(seqio.PassThroughVocabulary):
        """Our vocabulary for SeqIO: its examples are tokenized already, and it decodes."""

        def __init__(self, words: vocabulary.Vocabulary) -> None:
            super().__init__(size=words.size, eos_id=words.marks.eos_id)
            self._words = words

        def _encode(self, s: str) -> list[int]:
            return self._words.encode(s)

        def _decode(self, ids: Sequence[int]) -> str:
            return self._words.decode(ids)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Words) and other._words.fingerprint == self._words.fingerprint

    return Words


def _rows(name: str, split: str) -> list[dict[str, str]]:
    """Returns the examples of a SeqIO task's split as texts."""
    seqio = _seqio()
    try:
        found = seqio.get_mixture_or_task(name)
    except ValueError as error:
        said = " ".join(str(error).split())  # near names stand on lines of their own
        raise errors.UserError(
            f"SeqIO knows no task {name!r} ({said}); import the module that registers it"
        ) from None
    if split not in found.splits:
        raise errors.UserError(f"the SeqIO task {name!r} has {sorted(found.splits)}, no {split!r}")
    dataset = found.get_dataset(None, split, shuffle=False, num_epochs=1)
    return list(_texts(dataset.as_numpy_iterator(), found.output_features))


def _texts(examples: Any, output_features: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for example in examples:
        row = {}
        for key in ("inputs", "targets"):
            kept = example.get(f"{key}_pretokenized")
            if kept is not None:
                row[key] = kept.decode("utf-8")
            else:
                row[key] = output_features[key].vocabulary.decode(example[key].tolist())
        yield row


def _record(row: task_module.Row) -> task_module.Record:
    """Before: {"inputs": "2 + 2", "targets": "4"}. After: the inputs, and the reference "4"."""
    for key in ("inputs", "targets"):
        if not row[key].strip():
            raise ValueError(f"column {key!r} is {row[key]!r}; expected text that is not empty")
    return {"inputs": row["inputs"].strip(), "references": [row["targets"].strip()]}


def _seqio() -> Any:
    try:
        import seqio
    except ImportError as error:
        raise errors.UserError("SeqIO is not installed: pip install 'flanlike[seqio]'") from error
    return seqio
