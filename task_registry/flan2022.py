"""The mixture of the Flan 2022 collection, by what its code does (Longpre et al. 2023, 2 and 3).

Five parts, each with settings of its own. Of every part half of the prompts are few-shot, and of
tasks with options half of the prompts show none: the four settings of FLAN 2021's part and P3's,
a quarter each. A cap bounds a task's rate, and no row is left out for it.
"""

from collections.abc import Sequence

from flanlike.mixtures import mixture
from flanlike.tasks import task as task_module

NAME = "flan2022"

# The nine files of chains of thought that the collection has.
CHAINS = (
    "cot_gsm8k",
    "cot_strategyqa",
    "cot_creak",
    "cot_qasc",
    "cot_esnli",
    "cot_ecqa",
    "cot_sensemaking",
    "cot_aqua",
    "cot_qed",
)

# Beside each prompt of these parts .3 of one that is turned round.
_INVERTED = 0.3 / 1.3


def build(tasks: Sequence[task_module.Task]) -> mixture.Mixture:
    """Returns the mixture, of whose tasks `tasks` has those that are no members of families."""
    of_paper = [each.name for each in tasks if each.flan_dataset and not each.is_evaluation_only]
    parts = (
        (_part("flan2021", (*of_paper, "lambada"), 30_000, inverted=0.14,
               description="FLAN 2021 and LAMBADA; the collection has UnifiedQA's science "
               "questions besides"), 0.40),
        (_part("t0", ("p3:flan2022",), 20_000,
               description="P3 without the datasets of FLAN 2021: 193 prompts"), 0.32),
        (_part("niv2", ("niv2:flan2022",), 5_000, shots=(2, 2), hold_out=("niv2:flan2022_test",),
               description="Super-NaturalInstructions without MMLU's questions; of the "
               "collection's 1,556 tasks those of its English training track"), 0.20),
        (_part("cot", CHAINS, 100_000, inverted=_INVERTED, cot=1.0,
               description="nine sets with chains of thought, and turned round"), 0.05),
        (_part("dialog", ("wiki_dialog", "qrecc"), 200_000, inverted=_INVERTED,
               description="WikiDialog and QReCC, and turned round"), 0.03),
    )  # fmt: skip
    return mixture.Mixture(
        name=NAME,
        entries=parts,
        rules="flan",
        description="the Flan 2022 collection; tests and text completion of NIv2 are held out",
    )


def _part(
    name: str,
    entries: Sequence[str],
    cap: int,
    *,
    description: str,
    shots: tuple[int, int] = (2, 5),
    inverted: float = 0.0,
    cot: float = 0.5,
    hold_out: tuple[str, ...] = (),
) -> mixture.Mixture:
    return mixture.Mixture(
        name=name,
        entries=tuple(entries),
        rate_cap=cap,
        max_examples=None,
        hold_out=hold_out,
        shares=mixture.Shares(
            few_shot=0.5,
            min_shots=shots[0],
            max_shots=shots[1],
            no_options=0.5,
            styled_options=0.5,  # the zero-shot ones: options of few-shot prompts are plain there
            inverted=inverted,
            cot=cot,
        ),
        description=description,
    )
