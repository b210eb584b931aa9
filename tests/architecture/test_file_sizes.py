"""No file grows past what one can hold in mind: 400 lines, and 300 for a template."""

from .sources import PYTHON, TEMPLATES, short

LIMITS = {".py": 400, ".html": 300}


def test_files_are_short():
    too_long = [
        f"{short(path)}: {lines} lines, split it by subject"
        for path in (*PYTHON, *TEMPLATES)
        if (lines := len(path.read_text().splitlines())) > LIMITS[path.suffix]
    ]
    assert not too_long, "\n".join(too_long)
