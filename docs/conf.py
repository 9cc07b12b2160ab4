"""How Sphinx makes the site; `make docs` calls it through build.py, which puts the pages together."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from generators import references

import impasto

project = "impasto"
author = "the authors of impasto"
project_copyright = author
version = release = impasto.__version__
html_title = f"impasto {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
smartquotes_action = "D"  # dashes alone: what people copy must be what they are to type
nitpicky = True
default_role = "name"  # what docstrings have in single backquotes

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3  # as GitHub makes them, which the documents rely on
suppress_warnings = ["myst.header"]  # hidden trees of pages stand below the last heading

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_attr_annotations = False  # the signature has them
napoleon_custom_sections = [("Warns", "params_style")]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#a3361f",
        "color-brand-content": "#a3361f",
    },
    "dark_css_variables": {
        "color-brand-primary": "#f08a6c",
        "color-brand-content": "#f08a6c",
    },
}
pygments_style = "friendly"
pygments_dark_style = "monokai"

copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"

setup = references.setup
