"""How long a written answer may be, where neither a setting nor the task says it."""

from collections.abc import Callable, Sequence

from flanlike.prompts import render
from flanlike.tasks import layouts, templates
from flanlike.tasks import task as tasks

_LEAST, _MOST = 64, 512
_RATIONALE = 256  # where there are no training answers; without a rationale _LEAST


def limit(
    task: tasks.Task,
    template: templates.Template,
    records: Sequence[tasks.Record],
    *,
    layout: layouts.Layout,
    style: render.Style,
    encode: Callable[[str], Sequence[int]],
) -> int:
    """Returns a limit in tokens, by what the template's target is for these training records.

    It is the power of two at or above one and a half times the longest, for a model may say the
    same in more words; at least 64 and at most 512. Few different limits are few shapes to compile.

    lengths 20, 30 -> 64      90, 160 -> 256      2000 -> 512      none -> 64, or 256
    """
    if not records:
        return _RATIONALE if template.kind == "cot" else _LEAST
    how = {"layout": layout, "source": "", "split": "train", "row_id": "", "seed": 0}
    targets = [render.render(task, template, one, style=style, **how).targets for one in records]
    wanted = max(len(encode(target)) for target in targets) * 3 // 2
    return min(max(_LEAST, 1 << max(0, wanted - 1).bit_length()), _MOST)
