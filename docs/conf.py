"""Sphinx: the hand-written pages of docs/, and the plugin reference that antsibull-docs puts into docs/reference/."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

GALAXY = yaml.safe_load((Path(__file__).parent.parent / "galaxy.yml").read_text())

project = f"{GALAXY['namespace']}.{GALAXY['name']}"
version = release = GALAXY["version"]
project_copyright = f"{', '.join(GALAXY['authors'])}; GPL-3.0-or-later"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# A heading is a target: [text](page.md#heading) works here as it does where the repository is read in a browser.
myst_heading_anchors = 4

html_theme = "sphinx_ansible_theme"
html_title = f"{project} {version}"

# Ansible's own documentation, by the labels that the generated reference uses. Spelt out and not asked of intersphinx,
# so that the build needs no network; a label that is neither ours nor one of these is an error.
ANSIBLE_DOCS = "https://docs.ansible.com/projects/ansible/latest/"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "lookup_plugins": "plugins/lookup.html",
}
PLUGIN_LABEL = re.compile(r"ansible_collections\.(?!oncall\.)(\w+)\.(\w+)\.(\w+)")


def ansible_page(
    _app: Sphinx, _env: object, node: addnodes.pending_xref, text: nodes.Element
) -> nodes.reference | None:
    """Link a label of Ansible's own documentation to the page it is on."""
    label = node["reftarget"]
    plugin = PLUGIN_LABEL.fullmatch(label)
    page = "collections/{}/{}/{}.html".format(*plugin.groups()) if plugin else ANSIBLE_PAGES.get(label)
    return nodes.reference("", "", text, refuri=ANSIBLE_DOCS + page, internal=False) if page else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", ansible_page)
