"""A site as an author has it; the tests give the theme, the calculator's site and the native command by ``-D``."""

project = "Serving"
author = "The team"
extensions = ["sphinx_trtllm_memory"]
html_theme = "pydata_sphinx_theme"
