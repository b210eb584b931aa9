"""No file grows past what one can hold in mind: 400 lines, and 300 for a template."""

import pytest

from .sources import PYTHON, TEMPLATES, short


@pytest.mark.parametrize("path", [*PYTHON, *TEMPLATES], ids=short)
def test_file_is_short(path):
    limit = 400 if path.suffix == ".py" else 300
    assert len(path.read_text().splitlines()) <= limit, "split it by subject"
