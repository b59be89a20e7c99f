"""Bits a byte: the arithmetic by hand, and the command on bare models that know nothing."""

import dataclasses
import json
import math

import numpy as np
import pytest
import training_toys
import tuning_toys
from eval_toys import Letters

import task_registry
from eval import __main__ as command
from eval import perplexity_command
from flanlike import errors
from flanlike.runs import loading, named

BYTES = np.asarray([4, 2])
ALL = np.ones((3, 2))


def test_bits_are_counted_by_the_byte_and_differences_on_the_same_texts():
    nats = [np.log([4.0, 4.0]), np.log([8.0, 16.0])]
    first, second = perplexity_command.compare(["a", "b"], nats, [2, 1], BYTES, ALL)
    assert first.bits_per_byte == pytest.approx((2 + 2) / 6)
    assert first.nats_per_token == pytest.approx(math.log(4))
    assert first.perplexity == pytest.approx(4)
    assert first.over_first is None and first.over_first_ci95 is None
    assert second.bits_per_byte == pytest.approx((3 + 4) / 6)
    assert second.perplexity == pytest.approx(128)
    assert second.over_first == pytest.approx(3 / 6)
    assert second.over_first_ci95 == pytest.approx((3 / 6, 3 / 6))


def test_intervals_weigh_texts_by_their_bytes():
    drawn = np.asarray([[2, 0], [0, 2]])
    (read,) = perplexity_command.compare(["a"], [np.log([16.0, 4.0])], [2], BYTES, drawn)
    assert read.ci95[0] == pytest.approx(1.0)  # 4 bits of 4 bytes, 2 bits of 2
    (read,) = perplexity_command.compare(["a"], [np.log([16.0, 2.0])], [2], BYTES, drawn)
    assert read.ci95 == pytest.approx((np.percentile([1, 0.5], 2.5), np.percentile([1, 0.5], 97.5)))


def test_models_with_a_bos_and_without_are_not_compared_without_a_word():
    nats = [np.log([4.0, 4.0]), np.log([8.0, 16.0])]
    both = perplexity_command.compare(["a", "b"], nats, [2, 1], BYTES, ALL)
    assert len(perplexity_command._lines(both)) == 4
    mixed = [both[0], dataclasses.replace(both[1], counts_first_token=False)]
    *_, last = perplexity_command._lines(mixed)
    assert last.startswith("of b the first token of each text is not counted")
    none = [dataclasses.replace(read, counts_first_token=False) for read in both]
    assert len(perplexity_command._lines(none)) == 4


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Two names of one model, whose words are letters."""
    words, a_model = Letters(), training_toys.model(vocab_size=128)
    monkeypatch.setattr(named, "find", lambda name, flag: named.Named(folder=tmp_path, name=name))
    monkeypatch.setattr(loading, "shape_of", lambda _: a_model.config)
    monkeypatch.setattr(
        loading, "load", lambda _: loading.Loaded(model=a_model, words=words, step=None)
    )
    return tmp_path


def test_the_command_reads_the_texts_of_a_file(there, capsys):
    file = there / "some.txt"
    file.write_bytes(
        "\ufeffOne little text.\r\nOf two lines.\n \nAnother.\n\nAnother.\n\n".encode()
    )
    command.main(["perplexity", "--model", "a", "b", "--text", str(file), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["texts"] == 2  # what is there twice is read once
    a, b = said["models"]
    assert a["tokens"] > 20 and a["bits_per_byte"] > 0
    assert a["counts_first_token"] is False  # letters have no BOS
    assert b["over_first"] == 0 and b["over_first_ci95"] == [0, 0]


def test_the_command_reads_the_longest_field_of_a_tasks_rows(there, capsys):
    flags = ["perplexity", "--model", "a", "--task", "rte", "--rows", "6", "--max-bytes", "20"]
    command.main(flags)
    whole = capsys.readouterr().out
    assert "micro-world" in whole and "bits a byte" in whole
    assert "first token" not in whole  # of one model alone there is nothing to compare
    command.main([*flags, "--field", "hypothesis"])
    assert capsys.readouterr().out != whole


def test_a_text_is_cut_between_characters():
    assert perplexity_command._cut("aé" * 3, 5) == "aéa"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "give the texts"),
        (["--task", "rte", "--text", "x"], "give the texts"),
        (["--task", "rte", "--field", "hypothesys"], "hypothesis"),
        (["--text", "no/such/file"], "cannot be read"),
        (["--text", "no/such/file", "--field", "text"], "leave it out"),
        (["--task", "rte", "--rows", "1"], "1 text to read: expected 2 or more"),
    ],
)
def test_what_cannot_be_read_is_told(there, flags, said):
    with pytest.raises(errors.UserError, match=said):
        perplexity_command.main(["--model", "m", *flags], task_registry.registry)


def test_an_encoder_decoder_is_refused(there, monkeypatch):
    monkeypatch.setattr(loading, "shape_of", lambda _: tuning_toys.FAMILIES["encoder_decoder"])
    with pytest.raises(errors.UserError, match="needs a decoder"):
        perplexity_command.main(["--model", "m", "--task", "rte"], task_registry.registry)
