"""What both sides of bench/evaluate.py are asked, and the process of one side."""

import dataclasses
import json
import pathlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

_TASKS = {
    "2": ("rte", "copa", "piqa", "winogrande"),
    "4": ("openbookqa", "cosmos_qa", "hellaswag", "arc_challenge"),
}
_MAX_LENGTH = 1024  # tokens that both sides may read
Request = tuple[str, Any]  # context, and continuation or settings of generation


def works(
    names: Sequence[str], data: str, family: str, *, rows: int, new_tokens: int
) -> dict[str, list[Request]]:
    """Returns the requests of each work: "2", "4" and "10" options, and "write"."""
    found = {}
    for name in names:
        of_tasks = _prompts("2" if name == "2" else "4", data, family, rows)
        if name == "write":
            # The peer counts an encoder's context among the new tokens, unless told max_length.
            settings = {"until": [], "max_gen_toks": new_tokens}
            settings |= {"max_length": new_tokens + 1} if family != "decoder" else {}
            mark = "\n" if family == "decoder" else ""
            found[name] = [(inputs + mark, settings) for inputs, _ in of_tasks]
            continue
        if name == "10":
            of_tasks = _widened(of_tasks, 10)
        delimiter = "\n" if family == "decoder" else ""
        found[name] = [(i, f"{delimiter}{o}") for i, options in of_tasks for o in options]
    return found


def _prompts(name: str, data: str, family: str, rows: int) -> list[tuple[str, tuple[str, ...]]]:
    """Returns that many prompts of these tasks under all their templates, in turn."""
    import task_registry
    from eval import questions
    from flanlike import config, seeding
    from flanlike.runs import bases, loading

    asked = questions.collect(
        _TASKS[name],
        task_registry.registry(),
        loading.words_of(bases.SHIPPED),
        data=data,
        family=family,
        settings=config.EvalConfig(rows_per_task=max(8, rows), validation_rows=0),
    )
    each = [(row["inputs"], tuple(row["choices"])) for c in asked.cells for row in _rows(c)]
    each = [one for one in each if len(one[1]) == int(name)]
    if len(each) < rows:
        raise SystemExit(
            f"error: --data {data} has {len(each)} such prompts, fewer than --rows {rows}"
        )
    seeding.rng("bench prompts", name).shuffle(each)
    return each[:rows]


def _rows(cell: Any) -> list[dict[str, Any]]:
    from eval import lm_eval_export

    return [] if cell.is_generated else lm_eval_export.rows(cell)


def _widened(
    prompts: Sequence[tuple[str, tuple[str, ...]]], count: int
) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the prompts with options of other rows beside their own."""
    from flanlike import seeding

    pool = sorted({option for _, options in prompts for option in options})
    rng = seeding.rng("bench options")
    found = []
    for inputs, options in prompts:
        others = [option for option in pool if option not in options]
        rng.shuffle(others)
        found.append((inputs, (*options, *others[: count - len(options)])))
    return found


def write_t5(folder: pathlib.Path, *, is_tiny: bool) -> None:
    """Writes random weights in the shape of the first T5-small, whose head is its table.

    (The harness ties the head of every T5, T5 1.1's too.) Its words are trained on the prompts.
    """
    import io

    import sentencepiece
    import shapes

    from flanlike import models
    from flanlike.models import presets
    from flanlike.pretrained import weights

    shape = dataclasses.replace(
        presets.get("t5-1.1-small"),
        layers=6,
        encoder_layers=6,
        query_heads=8,
        key_value_heads=8,
        hidden_size=2048,
        activation="relu",
        is_gated=False,
        tied_embeddings=True,
        scale_head=True,
        dropout=0.0,
        dtype="float32",
        vocab_size=32_128,
    )
    shape = shapes.narrow(shape) if is_tiny else shape
    weights.save(folder, models.build(shape, seed=0))
    texts = [text for name in _TASKS for text, _ in _prompts(name, "embedded", "decoder", 64)]
    pieces = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=pieces,
        vocab_size=4000,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        pad_piece="<pad>",
        eos_piece="</s>",
        minloglevel=2,
    )
    (folder / "spiece.model").write_bytes(pieces.getvalue())


def side(name: str, model: str, file: str) -> None:
    """Answers questions, one a line: ["run", work, batch size] and ["memory"] among others.

    What runs after ["time from here"] and before ["warm up"] is in the windows that are timed; the
    peak of memory is told of these, and of the whole process.
    """
    answers_to = {"ours": _ours, "peer": _peer}[name](model)
    asked = json.loads(pathlib.Path(file).read_text())
    whole = timed = 0
    is_timed = False
    for line in sys.stdin:
        what, *details = json.loads(line)
        told: dict[str, Any] = {}
        if what == "run":
            work, batch = details
            wall, cpu = time.perf_counter(), time.process_time()
            answers = answers_to(asked[work], batch)
            spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            told = {"answers": answers, **spent}
        peak = _peak_bytes()
        whole = max(whole, peak)
        timed = max(timed, peak) if is_timed else timed
        if what in ("time from here", "warm up"):
            is_timed = what == "time from here"
            pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        elif what == "memory":
            told = {"timed": timed, "whole": whole}
        print(json.dumps(told), file=_ANSWERS, flush=True)


def _ours(model: str) -> Callable[[list[Request], int], list]:
    from eval import lm_eval_model

    lm = lm_eval_model.FlanlikeLM(model=model, dtype="float32", max_length=_MAX_LENGTH)
    return lambda asked, _: _answers(lm, asked)


def _peer(model: str) -> Callable[[list[Request], int], list]:
    import torch
    from lm_eval.models import huggingface

    torch.set_num_threads(int(sys.argv[4]))
    lm = huggingface.HFLM(
        pretrained=model, dtype="float32", device="cpu", max_length=_MAX_LENGTH, batch_size=1
    )

    def answer(asked: list[Request], batch: int) -> list:
        lm.batch_size_per_gpu = batch
        return _answers(lm, asked)

    return answer


def _answers(lm: Any, asked: list[Request]) -> list:
    from lm_eval.api import instance

    kind = "loglikelihood" if isinstance(asked[0][1], str) else "generate_until"
    requests = [
        instance.Instance(request_type=kind, doc={}, arguments=(text, more), idx=0)
        for text, more in asked
    ]
    return getattr(lm, kind)(requests, disable_tqdm=True)


def _peak_bytes() -> int:
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    _ANSWERS, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    import train_step

    train_step.use_threads(int(sys.argv[4]))
    side(*sys.argv[1:4])
