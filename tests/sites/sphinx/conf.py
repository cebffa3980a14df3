"""An author's site. The tests set the theme, the calculator's site and its command by ``-D``."""

project = "Serving"
author = "The team"
extensions = ["sphinx_trtllm_memory"]
html_theme = "pydata_sphinx_theme"
# Without it the pydata theme logs a warning.
html_context = {"default_mode": "auto"}
