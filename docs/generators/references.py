"""Names in docstrings as links: short ones, as the code writes them, and those of other projects."""

from __future__ import annotations

import builtins
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

# Where public names are documented, the first one that has a name being its home.
_HOMES = (
    "impasto",
    "impasto.types",
    "impasto.rules",
    "impasto.testing",
    "impasto.hookspecs",
    "impasto.Image",
    "impasto.ImageResponse",
)


class Name(XRefRole):
    """What docstrings have in single backquotes: a link where it is a public name, else code."""

    def process_link(
        self,
        env: BuildEnvironment,
        refnode: nodes.Element,
        has_explicit_title: bool,
        title: str,
        target: str,
    ) -> tuple[str, str]:
        refnode["is_perhaps_a_name"] = True
        for context in ("py:module", "py:class"):
            refnode[context] = env.ref_context.get(context)
        return title, target.removesuffix("()")

    def create_xref_node(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.refdomain, self.reftype = "py", "obj"
        return super().create_xref_node()


def _missing(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element
) -> nodes.Element | None:
    if node.get("refdomain") != "py":
        return None
    name = str(node["reftarget"])
    found = _at_home(app, env, node, contnode, name)
    if found is not None:
        return found
    # Text alone is a type in a signature: of another project, or one that nobody needs to name.
    harmless = node.get("is_perhaps_a_name") or isinstance(contnode, nodes.Text)
    return contnode if harmless else None


def _at_home(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element, name: str
) -> nodes.Element | None:
    objects = env.domains.python_domain.objects
    short = name.removeprefix("types.") if name.startswith("types.") else name
    for home in _HOMES:
        known = objects.get(f"{home}.{short}")
        if known is not None:
            return make_refnode(
                app.builder, node["refdoc"], known.docname, known.node_id, contnode, short
            )
    return None


def _builtins_are_no_links(app: Sphinx, document: nodes.document) -> None:
    """Leave Python's own types as they are: attributes of ours have such names, too."""
    for node in list(document.findall(pending_xref)):
        if node.get("reftype") == "class" and hasattr(builtins, str(node["reftarget"])):
            node.replace_self(nodes.Text(str(node["reftarget"])))


def _without_sentinels(
    app: Sphinx, what: str, name: str, found: object, options: object, signature: str, more: str
) -> tuple[str, str] | None:
    """Show that there is a default where attrs makes one for each object."""
    return (signature.replace("= NOTHING", "= ..."), more) if signature else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect all of it; Sphinx calls this."""
    app.add_role("name", Name(nodeclass=pending_xref, innernodeclass=nodes.literal))
    app.connect("missing-reference", _missing)
    app.connect("doctree-read", _builtins_are_no_links)
    app.connect("autodoc-process-signature", _without_sentinels)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
