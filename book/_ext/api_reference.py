"""Make the package's docstrings, written for a terminal, safe for the reference pages.

They say |x| for a size and |λ| for a repaired eigenvalue; in reStructuredText
a pair of bars asks for a substitution.
"""

import re

CODE = re.compile(r"(``.+?``|`[^`]+`)")


def escape_bars(app, what, name, obj, options, lines):
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">>>"):
            continue
        parts = CODE.split(line)
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[number] = "".join(parts)


def skip_fields(app, what, name, obj, skip, options):
    # The fields of a NamedTuple are described in its own docstring.
    return True if str(getattr(obj, "__doc__", "")).startswith("Alias for field") else None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("autodoc-process-docstring", escape_bars, priority=100)
    app.connect("autodoc-skip-member", skip_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
