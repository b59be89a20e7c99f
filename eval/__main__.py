"""`python -m eval`: evaluates runs and models, and what else is asked of them.

python -m eval --run DIR [DIR ...] [--hold-out NAME ...] [--data ...] [--shots K ...] [--json]
python -m eval --model FOLDER_OR_HUB_ID [...] --mixture NAME [--hold-out NAME ...] [--data ...]
python -m eval report RUN [RUN ...] [--out DIR]
python -m eval induction --model M [--out DIR]
python -m eval prompts --model M --task T [--data ...] [--out DIR]
python -m eval perplexity --model M [M ...] (--task T [--data ...] | --text FILE)
python -m eval robustness --model M --mixture NAME [NAME ...] [--data ...] [--out DIR]
python -m eval lm-eval --model flanlike --model_args run=DIR --tasks NAME
python -m eval sweep NAME|FILE.toml [--out DIR] [--part I/N] [--list] [-- FLAGS OF TRAIN.PY]
python -m eval export-lm-eval --out DIR [--hold-out NAME ...] [--data ...] [--like FOLDER]

On several devices the prompts are shared out. Several processes may run it together, as
docs/scale_out.md says of train.py, with the variables in place of the flags.
"""

import importlib
import sys
from collections.abc import Sequence

import task_registry
from flanlike import errors
from flanlike.models import compile_cache

# The first word of other commands -> the module whose `main` gets the words after it, and what
# opens the registry of tasks.
_COMMANDS = {
    "induction": "eval.induction_command",
    "prompts": "eval.prompts_command",
    "export-lm-eval": "eval.lm_eval_export_command",
    "lm-eval": "eval.lm_eval_command",
    "perplexity": "eval.perplexity_command",
    "report": "eval.report_command",
    "robustness": "eval.robustness_command",
    "sweep": "eval.sweep_command",
}


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    word = arguments[0] if arguments else ""
    compile_cache.keep()
    if word in _COMMANDS:
        importlib.import_module(_COMMANDS[word]).main(arguments[1:], task_registry.registry)
    elif word and not word.startswith("-"):
        raise errors.did_you_mean("command", word, _COMMANDS)
    else:
        importlib.import_module("eval.evaluate").main(arguments, task_registry.registry)


if __name__ == "__main__":
    main()
