"""Published models on the Hugging Face hub: an id becomes a folder with the files that are read.

```
google/flan-t5-small                            the newest commit
google/flan-t5-small@some-branch                of a branch, a tag or a commit
google/flan-t5-small@0fc9ddf78a1e988dac52...    what a run records: the commit that it was given
```

The files lie in the hub's usual cache (HF_HOME) and are fetched once. Without a network, what is
cached is taken.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.batches import tokenizer
from flanlike.pretrained import layout, weights

_ID = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(\S+))?")
_SMALL = (layout.CONFIG_FILE, "generation_config.json", *tokenizer.FILES)
_TIMEOUT_S = 10
_SAID = 300  # characters of another library's error


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A published model's folder, and its id with the commit."""

    folder: Path
    pinned: str


def is_id(name: str) -> bool:
    """Returns whether a name can be a repository's on the hub: "owner/model", with no such path."""
    return _ID.fullmatch(name) is not None and not Path(name).exists()


def is_commit_of(pinned: str, name: str) -> bool:
    """Returns whether one id is the other with a commit in place of its branch."""
    return pinned.partition("@")[0] == name.partition("@")[0] and "@" in pinned


def fetch(name: str, *, flag: str = "--init") -> Fetched:
    """Returns the folder of a repository's files that are read here, fetched where need be.

    Of the weights that is safetensors alone. What cannot be read is refused before they are
    fetched: weights in another format only, another architecture or tokenizer. `flag` is the one
    that named it, for what is said.
    """
    repo, revision = _ID.fullmatch(name).groups()
    try:
        import huggingface_hub
    except ImportError as error:
        raise errors.UserError(
            f"{flag} {name!r} needs the package huggingface_hub: pip install -e '.[pretrained]'; "
            "or give a folder"
        ) from error
    unreachable = None
    try:
        files, unreachable = _look_up(huggingface_hub, repo, revision)
        if files is not None:
            _check(name, files, flag)
        is_cached = files is None
        folder = _download(huggingface_hub, repo, revision, _SMALL, is_cached=is_cached)
        layout.to_ours(layout.read(folder) or {"model_type": None}, folder)
        tokenizer.load_published(folder)
        wanted = (*_SMALL, *weights.PATTERNS)
        folder = _download(huggingface_hub, repo, revision, wanted, is_cached=is_cached)
    except errors.UserError:
        raise
    except Exception as error:  # whatever sockets, proxies, certificates or the hub raise
        told = _told(huggingface_hub, error, repo, revision, unreachable)
        raise errors.UserError(f"{flag} {name!r}: {told}") from error
    return Fetched(folder=folder, pinned=f"{repo}@{folder.name}")


def _look_up(
    huggingface_hub: Any, repo: str, revision: str | None
) -> tuple[set[str] | None, str | None]:
    """Returns the names of the repository's files, or None and why the hub gives no answer."""
    try:
        info = huggingface_hub.HfApi().model_info(repo, revision=revision, timeout=_TIMEOUT_S)
    except Exception as error:  # whatever sockets, proxies or certificates raise
        response = getattr(error, "response", None)
        if response is not None and response.status_code < 500:  # an answer
            raise
        return None, _in_one_line(error)
    return {sibling.rfilename for sibling in info.siblings or ()}, None


def _check(name: str, siblings: set[str], flag: str) -> None:
    if layout.CONFIG_FILE not in siblings:
        raise errors.UserError(
            f"{flag} {name!r}: the repository has no {layout.CONFIG_FILE}; expected a model in "
            "Hugging Face layout"
        )
    if not siblings & set(weights.ENTRIES):
        others = sorted(file for file in siblings if file.endswith((".bin", ".msgpack", ".h5")))
        has = f", but {', '.join(others[:3])}" if others else ""
        raise errors.UserError(
            f"{flag} {name!r}: the repository has no safetensors ({' or '.join(weights.ENTRIES)})"
            f"{has}: write them once with transformers (docs/pretrained.md says how) and give "
            "that folder"
        )


def _download(
    huggingface_hub: Any,
    repo: str,
    revision: str | None,
    patterns: tuple[str, ...],
    *,
    is_cached: bool,
) -> Path:
    folder = huggingface_hub.snapshot_download(
        repo,
        revision=revision,
        allow_patterns=list(patterns),
        local_files_only=is_cached,
        etag_timeout=_TIMEOUT_S,
    )
    return Path(folder)


def _told(
    huggingface_hub: Any, error: Exception, repo: str, revision: str | None, unreachable: str | None
) -> str:
    """Returns what an error of the hub means here, in one line."""
    kinds = huggingface_hub.errors
    if unreachable is not None:
        return (
            f"there is no such folder, the hub at {huggingface_hub.constants.ENDPOINT} cannot be "
            f"reached ({unreachable}), and its cache has no whole copy: check the network, or give "
            "a folder"
        )
    if isinstance(error, kinds.GatedRepoError):
        return "its files are gated: ask for access on its page, then `hf auth login`"
    if isinstance(error, kinds.RevisionNotFoundError):
        return f"the hub's {repo} has no revision {revision!r}: give one of its commits"
    if isinstance(error, kinds.RepositoryNotFoundError):
        return (
            "there is no such folder, and no such repository on the hub (or it is private: `hf "
            "auth login`): give a folder, or an id like 'google/flan-t5-small'"
        )
    return f"could not be fetched from the hub ({_in_one_line(error)})"


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_SAID]}"
