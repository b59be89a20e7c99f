"""The comparison page's sections on what sets runs apart."""

import dataclasses

import eval_toys

from eval import contrasts, evaluation, figures, page, results, run_folder


def _run(tmp_path, cells, name="run"):
    setting = results.Setting(run=name, step=9, data="hub", seed=0)
    after = evaluation.Evaluation(
        setting=setting, held_out=(), options={}, cells=cells, given={}, samples=[]
    )
    return run_folder.Run(
        folder=tmp_path / name, config={}, before=None, after=after, training=[], composition={}
    )


def test_rows_that_flipped_stand_beside_difference_and_p(tmp_path):
    first = _run(tmp_path, [eval_toys.cell([0] * 10 + [1] * 10)], "first")
    second = _run(tmp_path, [eval_toys.cell([1] * 10 + [1] * 9 + [0])], "second")
    text = page.to_markdown(contrasts.two_runs(first, second))
    assert "| task | first | second | better | worse | difference | p | corrected |" in text
    assert "| sst2 | .500 | .950 | 10 | 1 | +.450 [+" in text
    assert "] | .012 | .012 |" in text
    assert "| sst2 | opinion | .500 | .950 | 10 | 1 | .012 | .012 |" in text


def test_p_values_are_corrected_over_tasks(tmp_path):
    def cells(rows):
        return [eval_toys.cell(rows, task=name) for name in ("a", "b")]

    runs = [_run(tmp_path, cells(rows), str(rows[0])) for rows in ([0] * 7, [1] * 7)]
    text = page.to_markdown(contrasts.two_runs(*runs))
    assert text.count("| .016 | .031 |") == 2


def test_tasks_on_other_rows_are_named_and_not_compared(tmp_path):
    cell = eval_toys.cell([1, 0])
    other = dataclasses.replace(cell, rows=("x", "y"))
    text = page.to_markdown(
        contrasts.two_runs(
            _run(tmp_path, [cell]), _run(tmp_path, [other, dataclasses.replace(cell, task="a*b")])
        )
    )
    assert "Not the same rows: sst2. These are not compared." in text
    assert r"Asked of one run only: a\*b." in text
    assert "| task |" not in text


def test_groups_of_seeds_are_compared_with_the_first(tmp_path):
    def runs(name, right, extra=()):
        return [
            _run(
                tmp_path,
                [
                    eval_toys.cell([1] * (right + i) + [0] * (60 - right - i), task=task)
                    for task in ("a", "b", *extra)
                ],
                f"{name}-{i}",
            )
            for i in range(3)
        ]

    blocks = contrasts.groups({"one": runs("one", 20), "other": runs("other", 50, ["c"])})
    text = page.to_markdown(blocks)
    assert "|  | tasks | other − one |" in text
    assert "| sentiment | 2 | +.500 [+" in text
    assert "| all, as of tasks such as these | 2 | +.500 [+" in text
    assert "Not asked of all runs on the same rows: c." in text


def test_small_p_values_are_no_zeros():
    assert list(map(figures.p_value, (0.5, 0.001, 0.0004, 1.0, None))) == [
        *(".500", ".001", "<.001", "1.000", "–")
    ]
    assert "&lt;.001" in page.to_html("", [page.Text(text=figures.p_value(0.0))])
