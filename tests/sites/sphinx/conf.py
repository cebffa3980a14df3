"""A site as an author has it; the tests set the theme, the calculator's site and its command by ``-D``."""

project = "Serving"
author = "The team"
extensions = ["sphinx_trtllm_memory"]
html_theme = "pydata_sphinx_theme"
# The pydata theme complains without it.
html_context = {"default_mode": "auto"}
