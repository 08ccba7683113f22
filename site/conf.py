"""How Sphinx builds the course's site; `tools/site.py` lays out what it reads, and starts it."""

from tools import links

REPO, BRANCH = links.written_home(links.ROOT)
SLUG, _ = links.checked(REPO, BRANCH)

project = "PyTorch from Tensors to GPUs"
author = "the course's contributors"
copyright = "the course's contributors; text CC BY 4.0, code MIT"
language = "en"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "tools.site_extension",
]
exclude_patterns = ["_*.md", "data/*"]
nitpicky = True
default_role = "code"  # the docstrings write names in single backticks, as Markdown does
show_warning_types = True

nb_execution_mode = "off"  # the stored outputs are the promise; nothing is run
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "image/gif", 15)]
nb_code_prompt_show = "Show the setup cell"
nb_code_prompt_hide = "Hide the setup cell"
nb_ipywidgets_js = {}  # its scripts come from another machine
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "tools.site_notebook.slug"
myst_url_schemes = ["http", "https", "mailto"]

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_typehints = "none"
add_module_names = False
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = ".cell_input pre, div[class*=highlight-sh] pre, div[class*=highlight-bat] pre"

html_theme = "sphinx_book_theme"
html_title = project
html_baseurl = links.site(SLUG)
html_static_path = ["_static"]
html_favicon = "_static/boot.png"
html_css_files = ["course.css", "icons.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_math_renderer = "mathml"  # the browser draws formulas: no script, no font
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it fetches pages, which a browser refuses for file://
html_domain_indices = False
html_use_index = False  # terms.md says chapter and section as well
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],  # the search stands in the sidebar
    "repository_url": REPO,
    "repository_branch": BRANCH,
    "use_repository_button": True,
    "use_download_button": False,  # a chapter's first line offers the notebook itself
    "show_toc_level": 2,
    "home_page_in_toc": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
