"""Open a data set by its built-in name, or by whatever lies at a path; files are recognised by content.

A path may be a folder of pictures (class folders, captions), of IDX files or of CIFAR-10 batches, or one file: IDX,
CIFAR-10 batch or archive, zip of pictures, NPZ or NPY, or points as CSV or JSON.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import platformdirs

from engine.data.archive import ZIP_FAULTS, load_zip
from engine.data.cifar import find_batches, load_archive, load_batches, looks_like_batch
from engine.data.dataset import DataError, Loader
from engine.data.download import REMOTE_SETS, fetch_set
from engine.data.folder import load_folder
from engine.data.idx import find_idx, is_idx, load_idx, split_of
from engine.data.npz import NPY_MAGIC, load_npy, load_npz
from engine.data.packed import opened
from engine.data.points import POINT_SETS, load_points
from engine.data.points_file import load_drawn_points, load_points_file
from engine.data.ref import BUILT_IN, DataRef
from engine.data.tree import HEAD_BYTES, looks_like_picture

USUAL_PORTRAIT_SIZE, USUAL_PORTRAIT_COUNT = 32, 50_000
TAR_MAGIC_AT, TAR_MAGIC = 257, b"ustar"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
POINT_SUFFIXES = (".csv", ".tsv", ".txt", ".json")
HEAD = 512


def default_home() -> Path:
    """The folder that keeps downloaded data sets and caches when nobody names one."""
    return Path(platformdirs.user_data_dir("latent-explorer", appauthor=False)) / "data"


def open_data(ref: DataRef, home: Path | None = None) -> Loader:
    """The data set that `ref` names; downloads and caches live below `home`.

    Raises DataError: one sentence that says what is wrong and what to do.
    """
    home = home or default_home()
    if ref.points is not None:
        return (yield from load_drawn_points(ref))
    if ref.name == "portraits":
        return (yield from _open_portraits(ref, home))
    if ref.name in POINT_SETS:
        return (yield from load_points(ref))
    if ref.name in REMOTE_SETS:
        return (yield from _open_remote(ref, home / ref.name))
    path = Path(ref.name).expanduser()
    try:
        if path.is_dir():
            return (yield from _open_folder(path.resolve(), ref))
        if path.is_file():
            return (yield from _open_file(path, ref))
        exists = path.exists()
    except OSError as fault:
        raise DataError(f"{path} cannot be opened: {fault.strerror or fault}.") from fault
    if exists:
        raise DataError(f"{path} is neither a file nor a folder; choose a file or folder with data.")
    known = ", ".join(entry.name for entry in BUILT_IN)
    raise DataError(f'There is no file or folder "{ref.name}"; the built-in data sets are {known}.')


def _open_portraits(ref: DataRef, home: Path) -> Loader:
    """Portraits are RGB and square; grey ones are not offered, because hair and background are told by colour."""
    if ref.channels == 1:
        raise DataError("Portraits are in colour; choose 3 channels.")
    # Drawing needs more modules than any other data set; they are loaded when a face is wanted.
    from engine.data.portraits import Split, load_portraits

    splits = get_args(Split)
    if ref.split not in splits:
        raise DataError(f'Portraits have no "{ref.split}" split; they have {", ".join(splits)}.')
    split = cast(Split, ref.split)
    size, count = ref.size or USUAL_PORTRAIT_SIZE, ref.count or USUAL_PORTRAIT_COUNT
    return (yield from load_portraits(size, split, count, ref.seed, home / "portraits"))


def _open_remote(ref: DataRef, folder: Path) -> Loader:
    """A data set that is fetched once; the files may also have been put there by hand."""
    remote = REMOTE_SETS[ref.name]
    if ref.split not in ("train", "test"):
        raise DataError(f'{remote.title} has no "{ref.split}" split; it has "train" and "test".')
    if ref.name == "cifar-10":
        if batches := find_batches(folder):
            return (yield from load_batches(batches, ref, ref.name, remote.title))
        yield from fetch_set(remote, folder)
        return (yield from load_archive(folder / remote.files[0].name, ref, ref.name, remote.title))
    wanted = tuple(file for file in remote.files if split_of(Path(file.name)) == ref.split)
    yield from fetch_set(replace(remote, files=wanted), folder)
    return (yield from load_idx(folder / wanted[0].name, ref, ref.name, remote.title))


def _open_folder(path: Path, ref: DataRef) -> Loader:
    images = find_idx(path, ref.split)
    if images is not None:
        return (yield from load_idx(images, ref, path.name, path.name))
    if batches := find_batches(path):
        return (yield from load_batches(batches, ref, path.name, path.name))
    archive = path / REMOTE_SETS["cifar-10"].files[0].name
    if archive.is_file():
        return (yield from load_archive(archive, ref))
    return (yield from load_folder(path, ref))


def _open_file(path: Path, ref: DataRef) -> Loader:
    with path.open("rb") as stream:
        raw = stream.read(HEAD)
    if not raw:
        raise DataError(f"{path.name} is empty; choose another file.")
    if raw.startswith(ZIP_MAGIC):
        return (yield from (load_npz(path, ref) if _holds_arrays(path) else load_zip(path, ref)))
    if raw.startswith(NPY_MAGIC):
        return (yield from load_npy(path, ref))
    if looks_like_picture(raw[:HEAD_BYTES]):
        raise DataError(f"{path.name} is one picture; a data set needs at least 2, so open the folder that holds them.")
    with opened(path) as stream:
        head = stream.read(HEAD)
    if is_idx(head):
        return (yield from load_idx(path, ref))
    if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        return (yield from load_archive(path, ref))
    if path.name.lower().startswith("metadata."):
        raise DataError(f"{path.name} describes pictures; open the folder that holds it.")
    if path.suffix.lower() in POINT_SUFFIXES:
        return (yield from load_points_file(path, ref))
    if looks_like_batch(path):
        return (yield from load_batches([path], ref))
    raise DataError(
        f"{path.name} is no kind of data that can be opened; choose a folder of pictures, a zip of pictures, "
        "or an IDX, CIFAR-10 binary, NPZ, NPY, CSV or JSON file."
    )


def _holds_arrays(path: Path) -> bool:
    """Whether a zip file is an NPZ: it holds NumPy arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except ZIP_FAULTS as fault:
        raise DataError(f"{path.name} is not a zip file that can be read; it may be cut off.") from fault
