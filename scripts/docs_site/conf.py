"""Sphinx' settings for the site. Nothing that a page loads comes from another place (`links.py` holds it)."""

import layerlab

project = "layerlab"
author = "the authors of layerlab"
release = layerlab.__version__
html_title = f"layerlab {release}"
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # lessons.py executes them, and keeps the results
nb_mime_priority_overrides = [("html", "text/html", 0)]  # our static pictures of runs and models

add_function_parentheses = False
maximum_signature_line_length = 70  # of longer ones each argument has a line
python_use_unqualified_type_names = True
toc_object_entries = False  # the headings are the contents of a page
suppress_warnings = ["mystnb.unknown_mime_type"]  # our own types of output, beside which there is HTML
smartquotes = False  # 'relu' is code
html_show_search_summary = False  # it needs a server; the site is opened from files too
highlight_language = "text"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["layerlab.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#3f51b5",
        "color-brand-content": "#3949ab",
        "color-brand-visited": "#3949ab",
    },
    "dark_css_variables": {
        "color-brand-primary": "#9fa8ff",
        "color-brand-content": "#a9b1ff",
        "color-brand-visited": "#a9b1ff",
    },
}
