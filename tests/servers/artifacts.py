"""Servers' programs, from Maven Central, fetched once into the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from filelock import FileLock

from tests.servers.errors import ServerFailedError, ServerUnavailableError
from tests.servers.process import Command, run, unprivileged_user

POM = Path(__file__).with_name("pom.xml")
DOWNLOAD_TIMEOUT = 900.0


def artifact(profile: str, *, unpacked: bool) -> Path:
    """The directory with one server's files, as its profile in the pom names them."""
    version = hashlib.sha256(_named(profile)).hexdigest()[:12]
    fill = partial(_fetch, profile, unpacked=unpacked)
    return completed(cache_directory() / f"{profile}-{version}", fill)


def _named(profile: str) -> bytes:
    """What the pom says of one server: another one's new version is no reason to fetch this one again."""
    for found in ElementTree.parse(POM).iterfind(".//{*}profile"):
        if found.findtext("{*}id") == profile:
            return ElementTree.tostring(found)
    raise ValueError(f"the pom has no profile {profile!r}")


def cache_directory() -> Path:
    """The user's cache; root's only where the user that servers run as can reach it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if unprivileged_user() is not None and not _open_to_all(cache):
        cache = Path("/var/cache")
    return cache / "bulkdelete-tests"


def completed(target: Path, fill: Callable[[Path], None]) -> Path:
    """A directory that is there in full or not at all; one process fills it, the others wait."""
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock", timeout=DOWNLOAD_TIMEOUT):
        if not target.is_dir():
            for left_behind in target.parent.glob(f"{target.name}.part-*"):
                shutil.rmtree(left_behind, ignore_errors=True)
            part = Path(tempfile.mkdtemp(prefix=f"{target.name}.part-", dir=target.parent))
            try:
                fill(part)
                part.rename(target)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return target


def _fetch(profile: str, directory: Path, *, unpacked: bool) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerUnavailableError(f"Maven (mvn), which would fetch {profile}, is not installed")
    command: Command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", POM, "-P", profile]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={directory}"]
    try:
        run(command, log=directory / "maven.log", directory=directory, timeout=DOWNLOAD_TIMEOUT)
    except ServerFailedError as error:
        raise ServerUnavailableError(f"Maven could not fetch {profile}: {error}") from None
    if unpacked:
        _unpack(directory)
    _make_readable(directory)


def _unpack(directory: Path) -> None:
    for jar in directory.glob("*.jar"):
        with zipfile.ZipFile(jar) as files:
            files.extractall(directory)
        jar.unlink()
    for archive in [*directory.glob("*.txz"), *directory.glob("*Linux-amd64.tar.gz")]:
        with tarfile.open(archive) as files:
            # As an attribute, since Python before 3.11.4 (Debian 12) knows no such argument.
            files.extraction_filter = _within
            files.extractall(directory)
        archive.unlink()


def _within(member: tarfile.TarInfo, directory: str) -> tarfile.TarInfo | None:
    """What stays within the directory; links to somewhere on the machine that packed it are left out."""
    if member.issym() and member.linkname.startswith("/"):
        return None
    data_filter = getattr(tarfile, "data_filter", None)
    return data_filter(member, directory) if data_filter else member


def _make_readable(directory: Path) -> None:
    """Let the user that servers run as read the files, and run the programs a jar forgot were programs."""
    directory.chmod(0o755)
    for path in directory.rglob("*"):
        if not path.is_symlink():
            runnable = path.is_dir() or path.parent.name in {"bin", "scripts"}
            path.chmod(stat.S_IMODE(path.stat().st_mode) | (0o755 if runnable else 0o644))


def _open_to_all(directory: Path) -> bool:
    existing = [path for path in (directory, *directory.parents) if path.exists()]
    return all(path.stat().st_mode & stat.S_IXOTH for path in existing)
