"""A folder with a model, sent to the Hugging Face hub: into a private repository unless asked.

`expect` asks before gigabytes are written whether the hub would take them, `send` sends them.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.pretrained import weights

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Weights of an earlier push, in other files than these, would be loaded with them.
_REPLACED = [*weights.PATTERNS, "adapter_model.safetensors"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A repository that the hub lets us write, or make."""

    repository: str
    is_public: bool
    is_there: bool


def expect(repository: str, *, is_public: bool) -> Target:
    """Returns where to send to; raises where nobody is logged in, or the repository is otherwise.

    One that is there has to be as public as was asked for: nothing is published by mistake.
    """
    if not _NAME.fullmatch(repository):
        raise errors.UserError(
            f"--push {repository!r}: expected OWNER/NAME of the Hugging Face hub"
        )
    try:
        import huggingface_hub
    except ImportError as error:
        raise errors.UserError(
            "--push needs the package huggingface_hub: pip install -e '.[pretrained]'"
        ) from error
    api = huggingface_hub.HfApi()
    try:
        api.whoami()
        info = api.repo_info(repository)
    except huggingface_hub.errors.RepositoryNotFoundError:
        return Target(repository=repository, is_public=is_public, is_there=False)
    except Exception as error:  # whatever sockets, proxies, certificates or the hub raise
        raise _told(huggingface_hub, error, repository, "nothing was written") from error
    if info.private is is_public:
        there, hint = ("private", "without") if info.private else ("public", "with")
        raise errors.UserError(
            f"--push {repository!r}: the repository is there and {there}: push {hint} --public, or "
            "to another name"
        )
    return Target(repository=repository, is_public=is_public, is_there=True)


def send(folder: Path, target: Target) -> str:
    """Sends all files of the folder in one commit and returns its address."""
    import huggingface_hub

    api = huggingface_hub.HfApi()
    try:
        if not target.is_there:
            api.create_repo(target.repository, private=not target.is_public)
        commit = api.upload_folder(
            repo_id=target.repository,
            folder_path=folder,
            commit_message="Exported by flanlike",
            delete_patterns=_REPLACED,
        )
    except Exception as error:  # as above
        again = f"hf upload {target.repository} {folder}" + " --private" * (not target.is_public)
        state = f"what was exported is whole in {str(folder)!r}: `{again}` sends it"
        raise _told(huggingface_hub, error, target.repository, state) from error
    return commit.commit_url


def _told(huggingface_hub: Any, error: Exception, repository: str, state: str) -> errors.UserError:
    """Returns what an error of the hub means here, in one line."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, huggingface_hub.errors.LocalTokenNotFoundError) or status == 401:
        why = "nobody is logged in, or the token is no longer good: `hf auth login`"
    elif status == 403:
        why = f"the token may not write {repository}: take one that may, by `hf auth login`"
    else:
        why = f"the hub at {huggingface_hub.constants.ENDPOINT} says {errors.in_one_line(error)}"
    return errors.UserError(f"--push {repository!r}: {why[:600]} ({state})")
