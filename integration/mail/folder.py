"""Messages as files, for a house without a mail server: one ``.eml`` each in a folder."""

import os
from email.parser import BytesHeaderParser
from pathlib import Path

from django.conf import settings
from django.utils.text import get_valid_filename

from .base import Answer, Outcome, ServerUnreachableError


class FolderTransport:
    """Write into ``EMAIL_FILE_PATH``. The Message-ID is the name: twice is still once."""

    def __init__(self) -> None:
        self._folder = Path(settings.EMAIL_FILE_PATH)

    def connect(self) -> None:
        """Make the folder.

        Raises:
            ServerUnreachableError: it can't be made.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServerUnreachableError(str(error)) from error

    def send(self, *, sender: str, recipient: str, content: bytes) -> Answer:  # noqa: ARG002
        """Write the file, whole or not at all."""
        message_id = str(BytesHeaderParser().parsebytes(content)["Message-ID"])
        path = self._folder / f"{get_valid_filename(message_id.strip('<>'))}.eml"
        unfinished = path.with_suffix(f".{os.getpid()}")
        try:
            unfinished.write_bytes(b"Return-Path: <%s>\r\n%s" % (sender.encode(), content))
            unfinished.replace(path)
        except OSError as error:
            return Answer(Outcome.TEMPORARY, str(error))
        return Answer(Outcome.ACCEPTED, f"Written to {path.name}")

    def close(self) -> None:
        """There is nothing to close."""
