"""Where the model is that a flag names, a folder or a repository of the hub, and its words."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from flanlike import errors
from flanlike.batches import chat
from flanlike.pretrained import hub
from flanlike.runs import folder as run_folder
from flanlike.runs import loading
from flanlike.training import bare_model


@dataclass(frozen=True, kw_only=True)
class Named:
    """A model's folder, and its name: a repository's with the commit that it has now."""

    folder: Path
    name: str


def find(name: str, *, flag: str, also: str = "") -> Named:
    """Returns the folder of the model of that name, fetched from the hub where it is an id.

    `flag` is the one that named it, for what is said, and `also` what else it may be.
    """
    if hub.is_id(name):
        fetched = hub.fetch(name, flag=flag)
        return Named(folder=fetched.folder, name=fetched.pinned)
    folder = Path(name)
    if not loading.is_bare(folder) and not run_folder.has_config(folder):
        kinds = [
            f"a run's folder, a bare model's (config.json, {bare_model.PARAMS_FILE}, vocabulary/)",
            "a published one's (config.json, safetensors, tokenizer)",
            "a repository of the hub (owner/model)",
            *([also] if also else []),
        ]
        listed = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
        raise errors.UserError(f"{flag} {name!r} is no folder with a model: expected {listed}")
    return Named(folder=folder, name=name)


def in_its_words(
    loaded: loading.Loaded, there: Named, *, is_chat: bool | None = None
) -> loading.Loaded:
    """Returns the model with the words that it is asked in: a chat template's, or plain ones.

    None: as the run was trained, and plain ones where the model is no run's.
    """
    if is_chat is None:
        is_chat = was_in_chat(there.folder)
    words = chat.spoken(loaded.words, is_chat, there.name)
    return dataclasses.replace(loaded, words=words)


def was_in_chat(folder: Path) -> bool:
    """Returns whether a run was trained by a chat template; of other folders nothing is known."""
    is_run = run_folder.has_config(folder) and loading.is_run(folder)
    return is_run and bool(run_folder.read_config(folder).get("chat"))
