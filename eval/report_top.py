"""What a report says before its figures: what was asked, of which weights, and in how many clusters
more was found than by chance.
"""

from eval import figures, in_short, page, run_folder


def blocks(run: run_folder.Run) -> list[page.Block]:
    setting = run.after.setting
    held_out = [change for change in run.changes if run.is_held_out(change)]
    mixture = run.composition.get("mixture") or run.config.get("mixture", "")
    shots = run.after.cells[0].shots
    lead = f"{f'{shots}-shot' if shots else 'Zero-shot'} evaluation"
    if run.is_of_model:
        lead += f" of {page.literal(run.config['init'])} as it is"
    else:
        lead += f" after {setting.step:,} steps of instruction tuning"
        lead += _which_weights(run)
    if mixture:
        lead += f" on the mixture {page.literal(mixture)}"
    if run.config.get("chat"):
        lead += ", asked in a chat"
    found = [
        page.Heading(text=page.literal(run.name), level=1),
        *in_short.blocks(run),
        page.Text(text=f"{lead}, rows from {figures.source(setting.data)}, seed {setting.seed}."),
        *figures.data_banner(setting.data),
    ]
    if run.before is None and not run.is_of_model:
        text = "The model was not evaluated before its first step: there is no “before”."
        found.append(page.Text(text=text, role="note"))
    if held_out:
        whole = sum(change.holds for change in held_out)
        against = figures.against(held_out)
        found.append(
            page.Text(
                text=f"On **{whole} of {len(held_out)}** held-out clusters the tuned model is "
                f"above {against}, each by more than its 95 % interval.",
            )
        )
    return found


def _which_weights(run: run_folder.Run) -> str:
    """Returns which of a run's weights were asked, where there are others: "" where there are not.

    A run that --validation.patience judges is asked as it was at its best look.
    """
    weights = {
        "average": ", the average of its weights",
        "raw": ", its weights without the average",
    }
    told = weights.get(run.after.notes.get("weights"), "")
    if run.config.get("validation", {}).get("patience") and run.looks:
        told += ", the best by validation loss"
    return told
