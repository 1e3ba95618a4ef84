"""Taking in what a browser sends: however large it is, no more of it is kept than is allowed, and nothing breaks off.

It stands for every page (FILE_UPLOAD_HANDLERS): a file sent to one that asks for none costs no more.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class Taken(UploadedFile):
    """An uploaded file. `whole` is false where it was larger than is kept: then only its true size is known."""

    whole: bool = True


MOST_AT_ONCE = 200
"""Files of one request that are told of by name; those beyond are read, counted and thrown away."""


class BoundedUploadHandler(FileUploadHandler):
    """Keeps each file up to ATTACHMENT_MAX_MB, and UPLOAD_MAX_MB of one request, in files without a name on disk.

    What is beyond is read, counted and thrown away: so that the answer can say so, and the browser hears it.
    """

    chunk_size = 256 * 1024

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.request: Any = request
        self.kept = self.files = 0
        self.file: IO[bytes] | None = None
        self.size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file, self.size = None, 0
        self.files += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.files > MOST_AT_ONCE:
            return
        if self.size > settings.ATTACHMENT_MAX_MB * 1024 * 1024:
            self.let_go()
            return
        if self.kept + len(raw_data) > settings.UPLOAD_MAX_MB * 1024 * 1024:
            self.let_go()
            self.kept = settings.UPLOAD_MAX_MB * 1024 * 1024
            return
        if self.file is None:
            if self.size > len(raw_data):
                return  # its beginning was thrown away
            self.file = nowhere()
        self.file.write(raw_data)
        self.kept += len(raw_data)

    def let_go(self) -> None:
        if self.file is not None:
            self.kept -= self.file.tell()
            self.file.close()
            self.file = None

    def file_complete(self, file_size: int) -> Taken | None:
        if self.files > MOST_AT_ONCE:
            self.request.files_beyond = self.files - MOST_AT_ONCE
            return None
        file = self.file
        taken = Taken(
            file=file or nowhere(),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
        taken.whole = file is not None or file_size == 0
        taken.seek(0)
        return taken

    def upload_interrupted(self) -> None:
        self.let_go()


def nowhere() -> IO[bytes]:
    """A file that has no name on the disk, and is gone when the process is."""
    return tempfile.TemporaryFile(dir=settings.UPLOADING_DIR)  # noqa: SIM115  the request closes it
