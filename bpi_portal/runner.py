"""Let Django's own `test` command run pytest."""

from argparse import ArgumentParser


class PytestRunner:
    """Django's test runner interface over pytest, for when `test` is called with servers there."""

    def __init__(self, **_: object) -> None:
        pass

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Add nothing: pytest's options are pytest's business."""

    def run_tests(self, test_labels: list[str], **_: object) -> int:
        """Run pytest on the labels; return its exit code, which is not 0 when a test failed."""
        import pytest

        return int(pytest.main(list(test_labels)))
