"""Made-up evaluations with prompts, for the tests of the table of predictions."""

import dataclasses
import math

import eval_toys

from eval import baselines, evaluation, explorer, kept_prompts, metrics, page, results, scoring

# What would show if any of it were mark-up, or ended the element that it stands in.
HOSTILE = "</script><img src=x onerror=\"document.title='taken'\">\u2028<b>&amp; ☃ <!--"
OPTIONS = ("yes", "no")
RIGHT = [True, False, True, True, False, False]

replaced = dataclasses.replace


def ranked(right, task="rte", template="entail", text="Does it follow?", **changes):
    """Returns a cell of rows that are right or wrong, each surer than the one before."""
    count = len(right)
    shares = [0.5 + 0.49 * (place + 1) / count for place in range(count)]
    scored = [
        scoring.Options(
            log_probs=tuple(map(math.log, (share, 1 - share) if is_right else (1 - share, share))),
            eos=(0.0, 0.0),
            tokens=(1, 1),
            bytes=(3, 2),
        )
        for share, is_right in zip(shares, right, strict=True)
    ]
    cell = eval_toys.cell(
        [int(one) for one in right],
        task=task,
        cluster="nli",
        template=template,
        shown_choice=tuple(0 if one else 1 for one in right),
        scored=tuple(scored),
        labels=((1, 0),) * count,
        prompt_hashes=tuple(f"{task} {template} {place}" for place in range(count)),
        **changes,
    )
    prompts = [
        kept_prompts.Prompt(
            hash=key, inputs=f"{text} Number {place}.", options=OPTIONS, gold=OPTIONS[0]
        )
        for place, key in enumerate(cell.prompt_hashes)
    ]
    return cell, prompts


def written(texts, golds, task="gsm8k"):
    """Returns a cell of written answers; those without a digit could not be read."""
    unread = tuple(not any(map(str.isdigit, text)) for text in texts)
    cell = eval_toys.cell(
        (),
        task=task,
        cluster="math",
        template="count",
        metrics=("exact_match",),
        scoring="generation",
        rows=tuple(f"test-{place}" for place in range(len(texts))),
        inputs=tuple(range(len(texts))),
        fixed_labels=False,
        shown_choice=(),
        shown_gold=(),
        option_counts=(),
        answered=metrics.Answered(
            predicted_texts=tuple(texts),
            references=tuple((gold,) for gold in golds),
            unparsed=unread,
        ),
        prompt_hashes=tuple(f"{task} {place}" for place in range(len(texts))),
        texts=tuple(texts),
        is_cut=unread,
    )
    prompts = [
        kept_prompts.Prompt(hash=key, inputs=f"{HOSTILE} How many?", options=(), gold=gold)
        for key, gold in zip(cell.prompt_hashes, golds, strict=True)
    ]
    return cell, prompts


def version(name, *pairs):
    """Returns one evaluation of these cells with their prompts."""
    cells = [cell for cell, _ in pairs]
    wording = {"entail": {"input": f"{{premise}} {HOSTILE}", "target": "{answer}"}}
    found = evaluation.Evaluation(
        setting=results.Setting(run=name, step=0, data="hub", seed=0),
        held_out=(),
        options={},
        cells=cells,
        given={c.task: baselines.Baselines(majority={}, heuristic={}) for c in cells},
        notes={"templates": {"rte": wording}},
    )
    prompts = kept_prompts.Prompts([prompt for _, each in pairs for prompt in each])
    return explorer.Version(name=name, found=found, prompts=prompts)


def written_page(path, *versions):
    """Writes a page with nothing but the table, and returns its address."""
    block = page.Explorer(packed=explorer.packed(explorer.data(versions)), note="A note.")
    path.write_text(page.to_html("Toy", [block]), encoding="utf-8")
    return path.as_uri()


def written_page_of_two(path):
    """Writes a page of two evaluations, of which the second has a row more; returns its address."""
    return written_page(
        path, version("base", ranked(RIGHT)), version("tuned", ranked([True] * 6 + [False]))
    )


def column(page, place):
    """Returns the texts of a column of the table that a browser shows."""
    cells = page.locator(f"#predictions tbody tr.line td:nth-child({place})")
    return cells.all_inner_texts()


def status(page):
    """Returns the line above the table."""
    return page.locator("[data-part=status]").inner_text()


def settled(page, text):
    """Waits until the line above the table begins with this."""
    page.wait_for_function(
        "text => document.querySelector('[data-part=status]').textContent.startsWith(text)",
        arg=text,
    )
