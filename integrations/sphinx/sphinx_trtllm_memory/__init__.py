"""The directive ``trtllm-memory``: where the memory of each GPU goes in a TensorRT-LLM deployment.

In HTML it is the calculator in a frame, which fits its height and follows the page's theme. Elsewhere it is the chart
that the native command draws, with a line that says what it shows.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

from . import native
from .directive import MemoryDirective, memory
from .present import SITE, Present, close_frame, embed_script, is_live, open_frame

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"

logger = logging.getLogger(__name__)


def add_style(app: Sphinx, config: Config) -> None:
    """Let HTML builders copy the style of the frames."""
    config.html_static_path.append(str(Path(__file__).with_name("static")))


def copy_site(app: Sphinx) -> None:
    """Put the calculator's site beside the pages, or warn that the frames have no site to show."""
    config = app.config
    if app.builder.format != "html":
        return
    if config.trtllm_memory_site is None:
        if not config.trtllm_memory_url:
            logger.warning(
                "trtllm-memory: charts only, because neither trtllm_memory_site (the folder of the calculator's built "
                "site) nor trtllm_memory_url (the address of one) is set in conf.py.",
                type="trtllm-memory",
                subtype="site",
            )
        return
    site = Path(app.confdir, config.trtllm_memory_site)
    missing = [name for name in ("index.html", "embed.js") if not (site / name).is_file()]
    if missing:
        logger.warning(
            "trtllm-memory: trtllm_memory_site = %r is not the calculator's built site: %s has no %s.",
            config.trtllm_memory_site,
            site,
            " and no ".join(missing),
            type="trtllm-memory",
            subtype="site",
        )
        config.trtllm_memory_site = None
        return
    if is_live(app.builder):
        copy = Path(app.outdir, SITE)
        # File names contain digests, so files of an earlier build would accumulate.
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(site, copy)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive, its settings in ``conf.py``, and the visitors of the builders."""
    app.add_config_value("trtllm_memory_site", None, "env", (str, Path, type(None)))
    app.add_config_value("trtllm_memory_url", "", "env", (str,))
    app.add_config_value("trtllm_memory_command", "trtllm-memory", "", (str, list, tuple, type(None)))
    app.add_config_value(native.IDENTITY, "", "env", (str,))
    app.add_node(memory, html=(open_frame, close_frame))
    app.add_directive("trtllm-memory", MemoryDirective)
    app.add_post_transform(Present)
    app.connect("config-inited", native.find)
    app.connect("config-inited", add_style)
    app.connect("builder-inited", copy_site)
    app.connect("html-page-context", embed_script)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
