"""Two folders that are complete or not there, and a manifest of the files in them.

A run writes next to the final place and moves everything at the end; a killed run leaves only its
own unfinished folder, which the next run clears away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from throng.synth.settings import Report, Settings, SynthError

MANIFEST = "synth.json"
#: A hidden file in the landing folder that ties it to its manifest. Without it, a manifest proves
#: nothing about files of the same names in some other landing folder.
MARKER = ".synth"
UNFINISHED = ".unfinished-"
LISTENER_FOLDERS = ("listening_events", "customers")
#: Feeds of other commands (throng synth listeners, indicators), or an operator's: a country neither
#: reads, counts nor replaces them.
OTHER_FEEDS = (*LISTENER_FOLDERS, "indicators")


class Folders:
    """The landing and the truth folder of one run."""

    def __init__(self, landing: Path, truth: Path) -> None:
        # Symbolic links are followed, so that a move replaces the folder and not the link.
        self.landing, self.truth = landing.resolve(), truth.resolve()
        for one, other in ((self.landing, self.truth), (self.truth, self.landing)):
            if one == other or one in other.parents:
                raise SynthError(
                    "The landing folder and the truth folder must not lie in each other: "
                    f"{landing} and {truth}."
                )
        for folder in (self.landing, self.truth):
            if folder.exists() and not folder.is_dir():
                raise SynthError(f"{folder} is a file, not a folder.")
        self.new_landing = _unfinished(self.landing)
        self.new_truth = _unfinished(self.truth)

    def found(self, settings: Settings) -> Report | None:
        """The report of a run with these settings, if its files and no others are there."""
        manifest = self._manifest()
        if manifest is None or manifest.get("settings") != settings.as_json():
            return None
        if not self._holds(manifest):
            return None
        return Report(**{**manifest["report"], "reused": True})

    def check_synthetic(self) -> dict[str, Any]:
        """The settings of the run that wrote all files of both folders.

        Raises:
            SynthError: there is no such run, or a file is not as it left it. Whoever reads single
                people must not go on then: these may be real ones.
        """
        manifest = self._manifest()
        if manifest is not None and self._is_marked(manifest) and self._holds(manifest):
            return manifest["settings"]
        raise SynthError(
            f"{self.landing} and {self.truth} do not hold the files of one run of throng synth, "
            "unchanged and no others, so the people in them may be real."
        )

    def check_free(self, force: bool) -> None:
        """Refuse to write over files that another run or somebody else has put there."""
        manifest = self._manifest()
        for folder in (self.landing, self.truth):
            there = _files(folder)
            if there and not force:
                raise SynthError(
                    f"{folder} holds files of something else or of other settings; "
                    "choose another folder, or --force to replace what throng synth wrote."
                )
        if force:
            for folder, listed in self._ours(manifest):
                names = [name for name in _files(folder) if name not in listed]
                if names:
                    raise SynthError(
                        f"{folder} holds {len(names)} file(s) that throng synth did not write, "
                        f"such as {names[0]}; move them away or choose another folder."
                    )

    def begin(self) -> None:
        """Make the unfinished folders, and remove those of runs that were killed."""
        for folder in (self.landing, self.truth):
            folder.parent.mkdir(parents=True, exist_ok=True)
            for left in sorted(folder.parent.glob(f".{folder.name}{UNFINISHED}*")):
                if not _alive(left.name.rpartition("-")[2]):
                    shutil.rmtree(left)
        for folder in (self.new_landing, self.new_truth):
            folder.mkdir()

    def sizes(self) -> dict[str, dict[str, int]]:
        """Size in bytes of each file written so far, by folder."""
        return {
            "landing": {n: (self.new_landing / n).stat().st_size for n in _files(self.new_landing)},
            "truth": {n: (self.new_truth / n).stat().st_size for n in _files(self.new_truth)},
        }

    def finish(self, settings: Settings, report: Report) -> None:
        """Write the manifest, remove what an earlier run wrote, and move everything into place."""
        text = json.dumps(
            {"settings": settings.as_json(), "report": asdict(report), "files": self.sizes()},
            indent=1,
        )
        (self.new_truth / MANIFEST).write_text(text + "\n", encoding="utf-8")
        (self.new_landing / MARKER).write_text(_mark(settings.as_json()), encoding="utf-8")
        for folder, listed in self._ours(self._manifest()):
            _remove(folder, listed)
        # The landing folder comes last: where it is, all is there.
        _put(self.new_truth, self.truth)
        _put(self.new_landing, self.landing)

    def clear(self) -> None:
        """Remove the unfinished folders of this run."""
        for folder in (self.new_landing, self.new_truth):
            shutil.rmtree(folder, ignore_errors=True)

    def _manifest(self) -> dict | None:
        """The manifest in the truth folder; None if there is none that makes sense."""
        try:
            manifest = json.loads((self.truth / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)
        return manifest if known and isinstance(manifest.get("report"), dict) else None

    def _ours(self, manifest: dict | None) -> list[tuple[Path, list[str]]]:
        """The files that may be replaced, in order of removal: the manifest comes last."""
        if manifest is None:
            return [(self.landing, []), (self.truth, [])]
        landing, truth = (list(listed) for _, listed in self._listed(manifest))
        if not self._is_marked(manifest):
            landing = []
        return [(self.landing, landing), (self.truth, [*truth, MANIFEST])]

    def _is_marked(self, manifest: dict) -> bool:
        """Whether the landing folder is of the run of this manifest."""
        try:
            mark = (self.landing / MARKER).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        return mark == _mark(manifest.get("settings"))

    def _holds(self, manifest: dict) -> bool:
        """Whether both folders hold the files of this manifest and no others."""
        for folder, listed in self._listed(manifest):
            sizes = {name: (folder / name).stat().st_size for name in _files(folder)}
            sizes.pop(MANIFEST, None)
            if sizes != listed:
                return False
        return True

    def _listed(self, manifest: dict) -> list[tuple[Path, dict[str, int]]]:
        """Folder and sizes of the files of a manifest."""
        files = manifest.get("files", {})
        return [
            (self.landing, files.get("landing", {})),
            (self.truth, files.get("truth", {})),
        ]


def _mark(settings: object) -> str:
    """The content of the marker of these settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest() + "\n"


def _unfinished(folder: Path) -> Path:
    """Where a run writes until it is complete; the process id tells whether it still runs."""
    return folder.with_name(f".{folder.name}{UNFINISHED}{os.getpid()}")


def _alive(pid: str) -> bool:
    """Whether a process runs; anything that is no process id counts as alive and is left alone."""
    if not pid.isdigit():
        return True
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _files(folder: Path) -> list[str]:
    """Relative paths of the files in a folder, sorted; hidden ones (.gitkeep) do not count, nor do
    those of other feeds."""
    names = (p.relative_to(folder) for p in folder.rglob("*") if not p.is_dir())
    return sorted(
        n.as_posix()
        for n in names
        if n.parts[0] not in OTHER_FEEDS and not any(part[0] == "." for part in n.parts)
    )


def _remove(folder: Path, names: list[str]) -> None:
    """Remove these files, and the folders that are empty then."""
    for name in names:
        path = folder / name
        # Names come from a file that anybody may have edited: nothing outside the folder.
        if folder not in path.resolve().parents:
            continue
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == folder or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()


def _put(new: Path, final: Path) -> None:
    """Move a finished folder into place; into the folder if it exists, as a mount point may."""
    if not final.exists():
        new.rename(final)
        return
    marker = [MARKER] if (new / MARKER).exists() else []
    for name in [*marker, *_files(new)]:
        (final / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new / name, final / name)
    shutil.rmtree(new)
