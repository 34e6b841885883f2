"""Features of Shapefiles, GeoPackages and GeoJSON files, in degrees (WGS 84)."""

from __future__ import annotations

import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from throng.geography.problems import GeographyError, named

#: Kinds of files that may be in a .zip.
_IN_ARCHIVE = {".shp", ".gpkg", ".geojson", ".json"}
_LOOK = "boundaries and points are read from Shapefile (.shp or .zip), GeoPackage and GeoJSON"
#: What reading a file can end in; UnboundLocalError where a name in a coordinate system is no text.
_UNREADABLE = (DataSourceError, DataLayerError, ValueError, UnboundLocalError)
DEGREES = pyproj.CRS.from_epsg(4326)


@dataclass(frozen=True)
class Layer:
    """The features of a file, in its order: the first is number 1.

    Attributes:
        file: its name.
        columns: name to values: text, numbers, or None where there is none.
        shapes: of each feature, in degrees, without Z; None where there is none.
        said: how it was read, in a few words each.
    """

    file: str
    columns: dict[str, list[object]]
    shapes: list[BaseGeometry | None]
    said: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.shapes)


def read_layer(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """All features of a layer.

    Args:
        path: the file; a .zip holds one.
        layer: of a file with several.
        crs: the coordinate system, such as EPSG:32629; that of the file where none is given.
        encoding: of texts; what the file says where none is given.

    Raises:
        GeographyError: it cannot be read as a layer in degrees.
    """
    address, name = _address(path, layer)
    try:
        with warnings.catch_warnings(record=True) as odd:
            warnings.simplefilter("always")
            meta, _, wkb, values = pyogrio.raw.read(
                address, layer=_layer_of(address, path, layer), encoding=encoding
            )
    except _UNREADABLE as error:
        raise GeographyError(_why_unreadable(path, error)) from None
    if wkb is None:
        raise GeographyError(
            f"{path.name} is a table without geometry; {_LOOK}. A CSV file with longitude and "
            "latitude goes to throng sites import."
        )
    if not len(wkb):
        raise GeographyError(f"{path.name} is empty: it has no features.")
    shapes, n_unclosed = _shapes(wkb)
    said = [f"layer {name}"] if name else []
    if n_unclosed:
        said.append(f"{n_unclosed:,} with rings that were not closed: closed")
    n_deep = sum(1 for shape in shapes if shape is not None and shape.has_z)
    if n_deep:
        said.append(f"{n_deep:,} with heights (Z): left out")
    said.extend(sorted({_one_line(str(warning.message)) for warning in odd}))
    system = _system(path, meta["crs"], crs)
    flat = [shapely.force_2d(shape) if shape is not None else None for shape in shapes]
    degrees = _in_degrees(path, flat, system)
    if crs and meta["crs"] and pyproj.CRS.from_user_input(meta["crs"]) != system:
        said.append(f"--crs {crs} instead of the file's {_name(meta['crs'])}")
    said.append(_name(system))
    columns = {
        str(field): _plain(column) for field, column in zip(meta["fields"], values, strict=True)
    }
    return Layer(path.name, columns, degrees, tuple(said))


def _address(path: Path, layer: str | None) -> tuple[str, str]:
    """What GDAL calls the file, and the name of the file in an archive."""
    if not path.exists():
        raise GeographyError(f"{path} does not exist.")
    if path.is_file() and path.stat().st_size == 0:
        raise GeographyError(f"{path.name} is empty: it has no bytes.")
    if path.suffix.lower() != ".zip":
        return str(path), ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(
                name
                for name in archive.namelist()
                if PurePosixPath(name).suffix.lower() in _IN_ARCHIVE
                and not name.startswith("__MACOSX/")
            )
    except (zipfile.BadZipFile, NotImplementedError):
        raise GeographyError(f"{path.name} is no whole .zip archive; fetch it again.") from None
    if not names:
        raise GeographyError(f"{path.name} holds no Shapefile, GeoPackage or GeoJSON file.")
    chosen = [name for name in names if layer in (None, PurePosixPath(name).stem)]
    if len(names) == 1:
        chosen = names
    if len(chosen) != 1:
        stems = named(PurePosixPath(name).stem for name in names)
        raise GeographyError(f"{path.name} holds several files: {stems}. Name one by --layer.")
    return f"/vsizip/{path.resolve()}/{chosen[0]}", chosen[0]


def _layer_of(address: str, path: Path, layer: str | None) -> str | None:
    """The layer to read: the one there is, or the one that is named."""
    names = [str(name) for name in pyogrio.list_layers(address)[:, 0]]
    if not names:
        raise GeographyError(f"{path.name} is empty: it has no layer.")
    if len(names) == 1:
        return names[0]
    if layer not in names:
        found = f"has no layer '{layer}'; it has" if layer else "has several layers:"
        raise GeographyError(f"{path.name} {found} {named(names)}. Name one by --layer.")
    return layer


def _why_unreadable(path: Path, error: Exception) -> str:
    """A sentence for what GDAL or Python says."""
    words = _one_line(str(error))
    if ".shx" in words:
        return (
            f"{path.name} lacks the file {path.stem}.shx beside it. A Shapefile is several files: "
            "copy .shp, .shx, .dbf and .prj together, or take its .zip."
        )
    if isinstance(error, UnicodeDecodeError):
        return (
            f"{path.name} has texts that are not in the encoding that it says; name it by "
            "--encoding, for example --encoding cp1252."
        )
    if path.is_dir():
        return f"{path.name} is a folder; name a file in it."
    return f"{path.name} cannot be read; {_LOOK}. (GDAL says: {words[:200]})"


def _shapes(wkb: np.ndarray) -> tuple[list[BaseGeometry | None], int]:
    """Geometries, and how many had rings that were not closed."""
    shapes = list(shapely.from_wkb(wkb, on_invalid="ignore"))
    n_unclosed = 0
    for position, (shape, data) in enumerate(zip(shapes, wkb, strict=True)):
        if shape is None and data is not None:
            shapes[position] = shapely.from_wkb(data, on_invalid="fix")
            n_unclosed += shapes[position] is not None
    return shapes, n_unclosed


def system_of(text: str) -> pyproj.CRS:
    """A coordinate system by what a user calls it.

    Raises:
        GeographyError: there is none of this name.
    """
    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        raise GeographyError(
            f"--crs {text} is no coordinate system; give its number, for example EPSG:32629 for "
            "UTM zone 29 north or EPSG:4326 for degrees."
        ) from None


def _system(path: Path, found: str | None, crs: str | None) -> pyproj.CRS:
    """The coordinate system of a file."""
    if crs:
        return system_of(crs)
    if not found:
        missing = f" (there is no {path.stem}.prj)" if path.suffix.lower() == ".shp" else ""
        raise GeographyError(
            f"{path.name} does not say its coordinate system{missing}. Say it by --crs: EPSG:4326 "
            "for degrees, EPSG:32629 for UTM zone 29 north, and so on."
        )
    try:
        return pyproj.CRS.from_user_input(found)
    except pyproj.exceptions.CRSError:
        raise GeographyError(
            f"{path.name} has a coordinate system that is not known; say it by --crs, for example "
            "--crs EPSG:32629."
        ) from None


def _in_degrees(
    path: Path, shapes: list[BaseGeometry | None], system: pyproj.CRS
) -> list[BaseGeometry | None]:
    """Shapes in degrees; their corners are moved, none is added or left out."""
    held = np.array(shapes, dtype=object)
    coordinates = shapely.get_coordinates(held)
    try:
        moved = np.column_stack(to_degrees(coordinates[:, 0], coordinates[:, 1], system))
    except pyproj.exceptions.ProjError:
        raise GeographyError(
            f"{path.name} has the coordinate system {_name(system)}, which cannot be turned into "
            "degrees; say another by --crs, for example --crs EPSG:32629."
        ) from None
    far = ~np.isfinite(moved).all(axis=1)
    far |= (np.abs(moved[:, 0]) > 360) | (np.abs(moved[:, 1]) > 90)
    if far.any():
        x, y = coordinates[np.argmax(far)]
        raise GeographyError(
            f"{path.name} has the corner ({x:g}, {y:g}), which does not exist in {_name(system)}. "
            "Its coordinate system must be another: say it by --crs, for example --crs EPSG:32629."
        )
    return list(shapely.set_coordinates(held, moved)) if len(coordinates) else shapes


def to_degrees(x: np.ndarray, y: np.ndarray, system: pyproj.CRS) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of coordinates; infinite where there are none.

    Raises:
        pyproj.exceptions.ProjError: there is no way from this system to degrees.
    """
    if system.is_geographic and system.equals(DEGREES, ignore_axis_order=True):
        return x, y
    to = pyproj.Transformer.from_crs(system, DEGREES, always_xy=True)
    longitudes, latitudes = to.transform(x, y)
    return np.asarray(longitudes), np.asarray(latitudes)


def _name(system: object) -> str:
    """What people call a coordinate system."""
    found = system if isinstance(system, pyproj.CRS) else pyproj.CRS.from_user_input(system)
    authority = found.to_authority()
    code = ":".join(authority) if authority else ""
    return f"{code} {found.name}".strip() if code not in found.name else found.name


def _plain(column: np.ndarray) -> list[object]:
    """Values of a column as Python has them; None for missing ones."""
    if column.dtype.kind == "M":
        texts = column.astype(str).tolist()
        return [None if text == "NaT" else text for text in texts]
    # Missing numbers are NaN, which is not equal to itself.
    return [None if value != value else value for value in column.tolist()]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().rstrip(".")
