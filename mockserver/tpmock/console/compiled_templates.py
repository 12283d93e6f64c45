"""Compiled templates, kept where Python keeps its compiled modules, so that the first page of a process is fast."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

import jinja2.compiler
from jinja2.bccache import Bucket, BytecodeCache


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates in ``__pycache__`` beside them, or where ``PYTHONPYCACHEPREFIX`` says.

    Nothing is kept with ``PYTHONDONTWRITEBYTECODE``, or where the folder cannot be written. Jinja checks that the text
    of a template and the version of Python are the same.

    :param folder: of the templates
    :param sources: what else decides how a template is compiled: options, and filters, which Jinja applies to constants
    """

    def __init__(self, folder: Path, sources: Iterable[Path]) -> None:
        digest = hashlib.sha256()
        for path in (Path(jinja2.compiler.__file__), *sources):
            digest.update(path.read_bytes())
        self._made_by = digest.hexdigest()[:16]
        try:
            self._folder: Path | None = Path(cache_from_source(str(folder / "template.py"))).parent
        except NotImplementedError:  # a Python that keeps no compiled modules
            self._folder = None

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, unless there is none or it is incomplete."""
        if self._folder is not None:
            with suppress(OSError, EOFError, ValueError, TypeError):
                bucket.bytecode_from_string(self._place(self._folder, bucket).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template. The file is replaced atomically, because several programs may start at once."""
        if self._folder is None or sys.dont_write_bytecode:
            return
        place = self._place(self._folder, bucket)
        new = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(bucket.bytecode_to_string())
            new.replace(place)

    def _place(self, folder: Path, bucket: Bucket) -> Path:
        return folder / f"template-{bucket.key[:16]}-{self._made_by}.{sys.implementation.cache_tag}.bin"
