"""The landing folder on whatever file system it is, and the files in it that Spark will read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyarrow import fs

from throng.landing.problems import LandingError


@dataclass(frozen=True)
class Landing:
    """A landing folder.

    Attributes:
        filesystem: where it is.
        root: its path there.
        prefix: what Spark puts before a path.
    """

    filesystem: fs.FileSystem
    root: PurePosixPath
    prefix: str


def open_landing(path: str) -> Landing:
    """The landing folder at a path or URI.

    Raises:
        LandingError: there is none.
    """
    advice = (
        "Set the var landing_path (or the environment variable THRONG_LANDING) to the folder that "
        "holds events/, cell_sites/ and areas/."
    )
    if "://" in path:
        # Hadoop's name for S3 is s3a; everybody else's is s3.
        filesystem, folder = fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
        prefix = path[: len(path) - len(folder)] if path.endswith(folder) else path[:6]
    else:
        filesystem, folder, prefix = fs.LocalFileSystem(), str(Path(path).resolve()), "file://"
    if filesystem.get_file_info(folder).type != fs.FileType.Directory:
        raise LandingError(f"The landing folder {folder} does not exist. {advice}")
    return Landing(filesystem, PurePosixPath(folder), prefix)


def visible_files(landing: Landing, name: str) -> list[fs.FileInfo]:
    """The files that Spark will read in a sub-folder, at any depth, by name.

    Raises:
        LandingError: a link leads nowhere.
    """
    folder = landing.root / name
    if landing.filesystem.get_file_info(str(folder)).type != fs.FileType.Directory:
        return []
    if isinstance(landing.filesystem, fs.LocalFileSystem):
        for link in _broken_links(folder):
            # Spark would pass over it in silence.
            raise LandingError(
                "is a link to a file that is not there; fetch that file or take the link away.",
                str(link.relative_to(landing.root)),
            )
    infos = landing.filesystem.get_file_info(fs.FileSelector(str(folder), recursive=True))
    found = [
        (PurePosixPath(info.path).relative_to(folder), info)
        for info in infos
        if info.type == fs.FileType.File
    ]
    seen = [(path, info) for path, info in found if not any(map(is_hidden, path.parts))]
    return [info for _, info in sorted(seen, key=lambda one: one[0])]


def _broken_links(folder: PurePosixPath) -> Iterator[Path]:
    for base, folders, files in os.walk(folder, followlinks=True):
        for name in sorted(folders + files):
            path = Path(base, name)
            if not is_hidden(name) and path.is_symlink() and not path.exists():
                yield path


def is_hidden(part: str) -> bool:
    """Whether Spark passes over a file or folder of this name: _SUCCESS, .part, but not _day=1."""
    return (
        part.startswith(".")
        or part.endswith("._COPYING_")
        or (part.startswith("_") and "=" not in part)
    )
