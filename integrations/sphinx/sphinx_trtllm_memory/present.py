"""Rendering of the directive: a frame in HTML pages, a chart elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

from .directive import HEIGHT, memory

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

#: The calculator's site, relative to the root of the pages.
SITE = "_static/trtllm-memory"
#: Builders of HTML that is not for a browser on a site.
OFFLINE = {"applehelp", "devhelp", "epub", "htmlhelp", "qthelp"}
SVG = "image/svg+xml"


def is_live(builder: Builder) -> bool:
    """Return whether the builder's output can contain frames."""
    config = builder.config
    has_site = config.trtllm_memory_site is not None or bool(config.trtllm_memory_url)
    return builder.format == "html" and builder.name not in OFFLINE and has_site


def folder(address: str) -> str:
    """Reduce the address of the calculator's page to that of its folder."""
    address = address.split("#")[0].split("?")[0]
    return address.removesuffix("index.html").rstrip("/") + "/"


def public_address(config: Config) -> str | None:
    """Find the calculator's address for readers elsewhere."""
    if config.trtllm_memory_url:
        return folder(config.trtllm_memory_url)
    if config.trtllm_memory_site is not None and config.html_baseurl:
        return f"{config.html_baseurl.rstrip('/')}/{SITE}/"
    return None


class Present(SphinxPostTransform):
    """Adds the fallback to each node, or replaces the node by it if frames are impossible."""

    # Before the transforms that convert images.
    default_priority = 50

    def run(self, **kwargs: object) -> None:
        """Visit every node of a document."""
        builder = self.app.builder
        for node in list(self.document.findall(memory)):
            node["alt"] = node["alt"] or f"GPU memory of {node['words']}. {node['sentence']}".strip()
            chart, text = self.chart(node, builder), self.text(node)
            if is_live(builder):
                node.extend([*chart, text])
            elif isinstance(node.parent, nodes.figure):
                node.parent.append(nodes.legend("", text))
                node.replace_self(chart)
            else:
                node.replace_self([*targets(node), *chart, text])

    def chart(self, node: memory, builder: Builder) -> list[nodes.image]:
        """Return the native command's chart as an image node, if the builder supports images."""
        path = node["chart"]
        if path is None or not builder.supported_image_types:
            return []
        if not self.takes_svg(builder):
            logger.warning(
                "trtllm-memory: the builder %s takes no SVG, so charts are left out. Add a converter to the "
                "extensions in conf.py: sphinxcontrib.cairosvgconverter (pip install sphinx-trtllm-memory[pdf]), "
                "another one of sphinxcontrib-svg2pdfconverter, or sphinx.ext.imgconverter.",
                builder.name,
                location=node,
                type="trtllm-memory",
                subtype="converter",
                once=True,
            )
            return []
        image = nodes.image("", uri=path, alt=node["alt"], candidates={SVG: path}, classes=["no-scaled-link"])
        image.source, image.line = node.source, node.line
        if node["width"]:
            image["width"] = node["width"]
        self.env.images.add_file(self.env.docname, path)
        return [image]

    def takes_svg(self, builder: Builder) -> bool:
        """Return whether the builder supports SVG, or an extension converts it."""
        taken = builder.supported_image_types
        if SVG in taken:
            return True
        converters = [kind for kind in self.app.registry.get_post_transforms() if issubclass(kind, ImageConverter)]
        return any(rule in kind.conversion_rules for kind in converters for rule in ((SVG, image) for image in taken))

    def text(self, node: memory) -> nodes.paragraph:
        """Return a paragraph with the deployment, its verdict and a link to the calculator."""
        text = nodes.paragraph("", "", nodes.literal("", node["words"]))
        text += nodes.Text(f": {node['sentence']}" if node["sentence"] else ".")
        address = public_address(self.config)
        if address:
            target = f"{address}#{node['fragment']}"
            text += [nodes.Text(" "), nodes.reference("", "Open it in the calculator", refuri=target), nodes.Text(".")]
        return text


def targets(node: memory) -> list[nodes.target]:
    """Preserve references to a node that is replaced."""
    return [nodes.target("", "", ids=node["ids"])] if node["ids"] else []


def open_frame(self: HTML5Translator, node: memory) -> None:
    """Write the frame, and open the fallback for readers without scripts."""
    config, builder = self.config, self.builder
    if config.trtllm_memory_site is not None:
        here = builder.get_target_uri(builder.current_docname)
        base = relative_uri(here, f"{SITE}/index.html")
    else:
        base = f"{folder(config.trtllm_memory_url)}index.html"
    width, height = (css(value) for value in (node["width"] or "100%", node["height"] or HEIGHT))
    self.body.append(
        self.starttag(
            node,
            "iframe",
            "</iframe>",
            CLASS="trtllm-memory",
            src=f"{base}?{node['query']}#{node['fragment']}",
            title=node["alt"],
            style=f"width: {width}; height: {height}; border: 0",
            loading="lazy",
            allow="clipboard-write",
        )
    )
    self.body.append("<noscript>")


def close_frame(self: HTML5Translator, node: memory) -> None:
    """Close the fallback for readers without scripts."""
    self.body.append("</noscript>\n")


def css(length: str) -> str:
    """Add the CSS unit to a length without one."""
    return f"{length}px" if length[-1].isdigit() else length


def embed_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the frames' script and style to the pages that contain frames."""
    if doctree is None or not is_live(app.builder) or next(iter(doctree.findall(memory)), None) is None:
        return
    local = app.config.trtllm_memory_site is not None
    script = "trtllm-memory/embed.js" if local else f"{folder(app.config.trtllm_memory_url)}embed.js"
    app.add_js_file(script, loading_method="defer")
    app.add_css_file("trtllm-memory.css")
