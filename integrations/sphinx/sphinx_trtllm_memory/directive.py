"""The directive itself, and the node that it leaves in the document."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, ClassVar
from urllib.parse import quote

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from . import link, native

if TYPE_CHECKING:
    from docutils.nodes import Node

logger = logging.getLogger(__name__)

#: The parts of the calculator that a frame can show.
PARTS = ("verdict", "chart", "table", "knobs", "everything")
#: The units that sizes are shown in, the default first.
UNITS = ("GiB", "GB")
#: The height of a frame until the script on the page adjusts it.
HEIGHT = "320px"


class memory(nodes.General, nodes.Element):  # noqa: N801 (nodes are named so)
    """The memory of a deployment. A builder renders it as a frame or as a chart."""


def choice(*values: str) -> Callable[[str], str]:
    """Return a validator for an option with one of these values."""

    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"it must be {', '.join(values[:-1])} or {values[-1]}")
        return value

    return check


def parts(value: str) -> str:
    """Check the parts that the frame shows, separated by commas."""
    check = choice(*PARTS)
    return ",".join(check(part) for part in keys(value).split(","))


def keys(value: str) -> str:
    """Check the keys of settings, separated by commas."""
    return "".join(directives.unchanged_required(value).split())


#: Options of the frame, which go into the query of its address.
VIEW: dict[str, Callable[[str], Any]] = {
    "show": parts,
    "knobs": keys,
    "theme": choice("light", "dark", "auto"),
    "units": choice(*UNITS),
    "readonly": directives.flag,
}


class Options(defaultdict[str, Callable[..., Any]]):
    """The directive's own options; any other is a setting of the deployment, which the native command checks."""

    def __init__(self) -> None:
        super().__init__(
            lambda: directives.unchanged,
            VIEW,
            caption=directives.unchanged_required,
            alt=directives.unchanged_required,
            width=directives.length_or_percentage_or_unitless,
            height=directives.length_or_unitless,
            name=directives.unchanged,
        )
        self.own = set(self)


class MemoryDirective(SphinxDirective):
    """``.. trtllm-memory:: MODEL OR LINK``, with the settings of the deployment as options."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Options] = Options()

    def run(self) -> list[Node]:
        """Check the deployment and leave a node for the builder; in a figure, if it has a caption."""
        settings = link.pairs_of_argument(self.arguments[0] if self.arguments else "")
        for key, value in self.options.items():
            if key not in self.option_spec.own:
                settings.append((key, (value or "").strip()))
        fragment = link.joined(settings)
        cache = Path(self.env.doctreedir, "trtllm-memory")
        units = self.options.get("units", UNITS[0])
        answer = native.estimate(self.config, cache, fragment, units, {key for key, _ in settings})
        chart = None
        if answer:
            for key, message in answer.problems:
                self.warn(key, message)
            if answer.link is not None:
                # The shortest form of the link, with the canonical key of each setting.
                settings = link.pairs(answer.link)
                # Invalid settings stay in the link, so that the frame reports them too.
                fragment = fragment if answer.problems else link.joined(settings)
                chart = native.chart(self.config, cache, fragment, units)
        return self.placed(
            memory(
                "",
                fragment=fragment,
                query="&".join(["embed=1", *self.view()]),
                chart=str(chart) if chart else None,
                words=link.in_words(settings),
                sentence=answer.sentence if answer else "",
                alt=self.options.get("alt"),
                width=self.options.get("width"),
                height=self.options.get("height"),
            )
        )

    def view(self) -> list[str]:
        """Return the options of the frame as query pairs."""
        return [f"{key}={quote(self.options[key] or '1', safe=',._')}" for key in VIEW if key in self.options]

    def warn(self, key: str, message: str) -> None:
        """Warn about a setting, at its option if it has one."""
        source, line = self.get_source_info()
        for offset, text in enumerate(self.block_text.splitlines()):
            if text.strip().startswith(f":{key}:"):
                line += offset
        logger.warning(
            "trtllm-memory: %s",
            message if message.startswith(key) else f"{key}: {message}",
            location=f"{source}:{line}",
            type="trtllm-memory",
            subtype="configuration",
        )

    def placed(self, node: memory) -> list[Node]:
        """Put the node into a figure if there is a caption, and name it if it has a name."""
        outer: nodes.Element = node
        messages: list[nodes.system_message] = []
        if "caption" in self.options:
            text, messages = self.state.inline_text(self.options["caption"], self.lineno)
            outer = nodes.figure("", node, nodes.caption(self.options["caption"], "", *text))
        for element in {node, outer}:
            self.set_source_info(element)
        self.add_name(outer)
        return [outer, *messages]
