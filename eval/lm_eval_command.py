"""`python -m eval lm-eval ...`: lm-evaluation-harness, with `--model flanlike` among its models.

It looks for no models in other packages (version 0.4.13), so that its own command cannot know ours.
"""

import pathlib
import sys
import traceback
from collections.abc import Sequence

from flanlike import errors
from flanlike.tasks import registry as registries

NAME = "flanlike"
_MODEL = "eval.lm_eval_model:FlanlikeLM"


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    del registry  # the harness has tasks of its own
    register()
    from lm_eval import __main__ as harness

    sys.argv = ["lm_eval", *arguments]  # its parser reads them there
    try:
        harness.cli_evaluate()
    except ValueError as error:
        if isinstance(error, errors.UserError) or not _is_raised_in(harness.__file__, error):
            raise
        # What it says of flags and task files: no tasks, a model of no such name.
        said = errors.in_one_line(error)
        raise errors.UserError(f"lm-evaluation-harness: {said}: mend its flags") from error


def _is_raised_in(file: str, error: BaseException) -> bool:
    """Returns whether an error comes from the package that a file lies in, itself."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    return pathlib.Path(file).resolve().parent in pathlib.Path(last).resolve().parents


def register() -> None:
    """Makes `flanlike` a name of a model in lm-evaluation-harness; again is as good as once."""
    try:
        import lm_eval.models  # noqa: F401 (it looks for its own only while the registry is empty)
        from lm_eval.api import registry
    except ImportError as error:
        raise errors.UserError(
            f"lm-evaluation-harness is not installed ({error}): pip install -e '.[lm-eval]'"
        ) from error
    if NAME not in registry.model_registry:
        registry.model_registry.register(NAME, target=_MODEL)
