"""The native command: it checks links, estimates them, and draws charts.

What it answers is kept beside Sphinx's doctrees under a name made of the question and the command, so that a build
asks only what no earlier one did.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

logger = logging.getLogger(__name__)

#: The setting that identifies the command; empty without one. Sphinx compares it with that of the
#: last build and reads the pages again after a change. Users do not set it.
IDENTITY = "trtllm_memory_identity"
#: Seconds; an answer takes far less.
PATIENCE = 60


@dataclass
class Answer:
    """The command's answer to a link."""

    #: The link in its shortest form; None if it is invalid.
    link: str | None
    #: The verdict in a sentence; empty if there is none.
    sentence: str
    #: Errors in the link: key and message.
    problems: list[tuple[str, str]]


def words(config: Config) -> list[str]:
    """Split the command into its program and its first arguments."""
    command = config.trtllm_memory_command
    return [command] if isinstance(command, str) and command else [str(word) for word in command or ()]


def find(app: Sphinx, config: Config) -> None:
    """Find the command, once per build."""
    config[IDENTITY] = ""
    command = words(config)
    if not command:
        return
    program = shutil.which(command[0]) or shutil.which(Path(app.confdir, command[0]))
    if program is None:
        logger.warning(
            "trtllm-memory: there is no command %r, so links are not checked, and charts are left out where no frame "
            "can stand. Install it (cargo install --path . in the calculator's sources), or name "
            "it in trtllm_memory_command; with None there you do without.",
            command[0],
            type="trtllm-memory",
            subtype="command",
        )
        return
    status = Path(program).stat()
    config[IDENTITY] = json.dumps([str(program), *command[1:], status.st_size, status.st_mtime_ns])


def ask(config: Config, cache: Path, suffix: str, *arguments: str) -> Path | None:
    """Return the file with the command's output; None if there is no output or no command."""
    identity = config[IDENTITY]
    if not identity:
        return None
    question = hashlib.sha256(json.dumps([identity, *arguments]).encode()).hexdigest()[:32]
    file = cache / f"trtllm-memory-{question}{suffix}"
    if file.is_file():
        return file
    program, *first = json.loads(identity)[:-2]
    try:
        done = subprocess.run([program, *first, *arguments], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        logger.warning("trtllm-memory: %s does not run: %s", program, error, type="trtllm-memory", subtype="command")
        return None
    if not done.stdout.strip():
        return None
    cache.mkdir(parents=True, exist_ok=True)
    # Several processes may read pages at once: each writes a temporary file and then renames it.
    handle, name = tempfile.mkstemp(dir=cache)
    with os.fdopen(handle, "wb") as written:
        written.write(done.stdout)
    Path(name).replace(file)
    return file


def estimate(config: Config, cache: Path, link: str, units: str, keys: set[str]) -> Answer | None:
    """Estimate a link. Only warnings about ``keys`` are returned."""
    file = ask(config, cache, ".json", "estimate", f"#{link}", "--json", "--units", units)
    if file is None:
        return None
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
        problems = [
            (problem["field"], problem["message"])
            for kind in ("errors", "warnings")
            for problem in answer[kind]
            if kind == "errors" or problem["field"] in keys
        ]
        detail = answer["verdict_detail"]
        return Answer(answer["link"] if detail else None, detail["sentence"] if detail else "", problems)
    except (ValueError, LookupError, TypeError):
        logger.warning(
            "trtllm-memory: %s does not answer as the calculator's native command does.",
            words(config)[0],
            type="trtllm-memory",
            subtype="command",
        )
        return None


def chart(config: Config, cache: Path, link: str, units: str) -> Path | None:
    """Draw the chart of a link, as SVG."""
    return ask(config, cache, ".svg", "chart", f"#{link}", "--poster", "--units", units)
