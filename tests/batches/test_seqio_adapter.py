"""Our mixtures in SeqIO and SeqIO's tasks among ours, row by row."""

import functools
import itertools
import pathlib

import pytest

import flanlike
import task_registry
from flanlike import errors
from flanlike.batches import features, pipeline, seqio_adapter, vocabulary
from flanlike.mixtures import compose, mixture
from flanlike.prompts import stream as prompt_stream

pytest.importorskip("seqio", reason="SeqIO is not installed: pip install 'flanlike[seqio]'")

VOCABULARY = pathlib.Path(flanlike.__file__).parent / "microworld" / "base" / "vocabulary"
LENGTHS = {"inputs": 96, "targets": 16}


@functools.cache
def words():
    return vocabulary.Vocabulary.load(VOCABULARY)


@functools.cache
def registered():
    found = task_registry.registry()
    seqio_adapter.register(found, ["flan_core", "rte"], words=words(), seed=3)
    return found


def ours(composition, lengths):
    """Returns prompt and example of our pipeline by index."""
    limits = features.LengthLimits(
        max_input_tokens=lengths["inputs"], max_target_tokens=lengths["targets"]
    )
    prompts = prompt_stream.Prompts(
        composition,
        registered(),
        data="embedded",
        seed=3,
        room=features.room(words(), lengths["inputs"], "encoder_decoder"),
    )
    items = pipeline.Items(prompts, words(), limits=limits, family="encoder_decoder")
    return lambda index: (prompts[index], items(index).example)


def check_rows(dataset, expected, indices):
    """Prompts that do not fit are in neither."""
    pairs = (pair for pair in map(expected, indices) if pair[0] is not None)
    for (prompt, example), row in zip(pairs, dataset.as_numpy_iterator(), strict=False):
        assert row["inputs_pretokenized"].decode() == prompt.inputs
        assert row["targets_pretokenized"].decode() == prompt.targets
        assert row["inputs"].tolist() == list(example.inputs)
        assert row["targets"].tolist() == list(example.targets)


def test_a_mixture_yields_the_prompts_and_tokens_of_our_pipeline_row_by_row():
    import seqio

    found = registered()
    composition = compose.compose(found.mixture("flan_core"), found, "embedded")
    made = seqio.get_mixture_or_task("flan_core")
    assert {task.name for task in made.tasks} == {share.name for share in composition.tasks}
    for share in composition.tasks[:3]:
        assert made.get_rate(seqio.TaskRegistry.get(share.name)) == share.share
    dataset = made.get_dataset(LENGTHS, shuffle=False).take(300)
    check_rows(dataset, ours(composition, LENGTHS), range(300))


def test_shards_divide_the_stream():
    import seqio

    found = registered()
    composition = compose.compose(found.mixture("flan_core"), found, "embedded")
    made = seqio.get_mixture_or_task("flan_core")
    shard = made.get_dataset(LENGTHS, shard_info=seqio.ShardInfo(index=1, num_shards=3)).take(20)
    check_rows(shard, ours(composition, LENGTHS), range(1, 61, 3))


def test_a_task_yields_a_prompt_a_row_through_the_feature_converter():
    import seqio

    found = registered()
    composition = compose.compose(
        mixture.Mixture(name="rte", entries=("rte",)), found, "embedded", ()
    )
    made = seqio.get_mixture_or_task("rte")
    assert made.num_input_examples("train") == composition.tasks[0].rows == 20_000
    check_rows(made.get_dataset(LENGTHS, shuffle=False), ours(composition, LENGTHS), range(50))
    batches = seqio.get_dataset(
        "rte",
        task_feature_lengths=LENGTHS,
        dataset_split="train",
        feature_converter=seqio.EncDecFeatureConverter(pack=True),
        batch_size=2,
        shuffle=True,
        seed=0,
    )
    batch = next(batches.as_numpy_iterator())
    assert batch["encoder_input_tokens"].shape == (2, LENGTHS["inputs"])
    text = made.output_features["inputs"].vocabulary.decode(
        batch["encoder_input_tokens"][0][batch["encoder_segment_ids"][0] == 1].tolist()
    )
    assert text.strip() and "⁇" not in text


def test_a_seqio_task_is_a_source_of_ours():
    import seqio
    import tensorflow as tf

    pairs = [{"inputs": f"{n} and 1", "targets": str(n + 1)} for n in range(5)]
    seqio.TaskRegistry.add(
        "sums_of_seqio",
        source=seqio.FunctionDataSource(
            lambda split, shuffle_files, seed=None: tf.data.Dataset.from_tensor_slices(
                {key: [pair[key] for pair in pairs] for key in ("inputs", "targets")}
            ),
            splits=("train",),
        ),
        preprocessors=[seqio.preprocessors.tokenize, seqio.preprocessors.append_eos],
        output_features={
            key: seqio.Feature(seqio.ByteVocabulary()) for key in ("inputs", "targets")
        },
    )

    def sums():
        return seqio_adapter.task("sums_of_seqio", name="sums", cluster="math")

    found = task_registry.registry()
    found._add_task(sums)
    made = mixture.Mixture(name="both", entries=("sums", "rte"))
    composition = compose.compose(made, found, "embedded", ())
    assert composition.tasks[0].rows == 5
    shares = mixture.Shares(few_shot=0.0)
    prompts = prompt_stream.Prompts(composition, found, data="embedded", seed=0, shares=shares)
    drawn = map(prompts.__getitem__, itertools.count())
    seen = list(itertools.islice((p for p in drawn if p.provenance.task == "sums"), 48))
    assert {(p.inputs, p.targets) for p in seen} == {(p["inputs"], p["targets"]) for p in pairs}
    assert {p.provenance.source for p in seen} == {"code"}


def test_an_unknown_seqio_task_is_one_line():
    made = seqio_adapter.task("no_such_task", name="missing", cluster="math")
    with pytest.raises(errors.UserError, match="SeqIO knows no task 'no_such_task'"):
        made.rows("train")


def test_a_name_that_seqio_has_with_other_settings_is_an_error_and_not_taken_for_ours():
    found = registered()
    seqio_adapter.register(found, ["rte"], words=words(), seed=3)  # the same once more
    with pytest.raises(errors.UserError, match="SeqIO has a task 'rte' already"):
        seqio_adapter.register(found, ["rte"], words=words(), seed=4)
