"""Features of a file of boundaries as rows of the list of areas (docs/definitions.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from throng.geography.dateline import crosses_dateline, cut_at_dateline
from throng.geography.outlines import area_km2_of
from throng.geography.problems import GeographyError, Remark, named
from throng.geography.vector import Layer

#: What joins an id that is made of several columns.
JOINED_BY = "-"
#: A parent that holds less of an area than this is worth a look.
MOST_OF = 0.5
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class AreaColumns:
    """Which columns of the files say what.

    Attributes:
        area_id: one or several; their values are joined by hyphens.
        area_name: the name.
        population: the number of inhabitants, if there is one.
    """

    area_id: tuple[str, ...]
    area_name: str
    population: str | None = None

    def options(self) -> list[tuple[str, str]]:
        """Each column with the option that names it."""
        found = [("--id-column", name) for name in self.area_id]
        found.append(("--name-column", self.area_name))
        return found + ([("--population-column", self.population)] if self.population else [])


@dataclass(frozen=True)
class Area:
    """A row of the list of areas.

    Attributes:
        shape: valid polygons in degrees.
        file, row: where it comes from.
        share: how much of it lies in its parent.
    """

    area_id: str
    area_level: str
    area_name: str
    shape: BaseGeometry
    file: str
    row: int
    population: str = ""
    parent_area_id: str = ""
    share: float = 1.0

    def remark(self, text: str) -> Remark:
        """Something to be said of it."""
        return Remark(self.file, self.row, text, self.area_id)


@dataclass
class Read:
    """What became of the features of all files.

    Attributes:
        areas: those that can be areas.
        problems: why others cannot.
        repairs: what was mended.
        notes: what else the user should know.
        ids: each id with all features that have it, whatever else is wrong with them.
    """

    areas: list[Area] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    repairs: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    ids: dict[str, list[Remark]] = field(default_factory=dict)


def areas_of(
    layers: Iterable[Layer],
    level: str,
    columns: AreaColumns,
    *,
    prefix: str = "",
    progress: Progress = lambda *_: None,
) -> Read:
    """The areas of all features, and all that is wrong with them.

    Args:
        layers: the files of one level.
        level: the area level.
        columns: which columns say what.
        prefix: what every id begins with.
        progress: receives what is done, how much of it, and how much there is.

    Raises:
        GeographyError: a file lacks a column.
    """
    layers = list(layers)
    _require_columns(layers, columns)
    read = Read()
    total = sum(len(layer) for layer in layers)
    for layer in layers:
        for position in range(len(layer)):
            _read_feature(read, layer, position, level, columns, prefix)
            progress("boundaries", len(read.areas), total)
    _refuse_equal_ids(read)
    read.notes.extend(
        area.remark(f"'{area.area_name}' looks like UTF-8: if so, say --encoding UTF-8")
        for area in read.areas
        if _looks_like_utf8(area.area_name)
    )
    return read


def with_parents(
    areas: Sequence[Area],
    parents: dict[str, BaseGeometry],
    parent_level: str,
    progress: Progress = lambda *_: None,
) -> tuple[list[Area], list[Remark]]:
    """Areas with the parent that holds most of each; of equals, that with the smallest id.

    Args:
        areas: of one level.
        parents: id to boundary of the level around it.
        parent_level: its name.
        progress: as of areas_of.

    Returns:
        The areas, and why some have no parent.
    """
    ids = sorted(parents)
    shapes = np.array([parents[name] for name in ids], dtype=object)
    tree = shapely.STRtree(shapes)
    shapely.prepare(shapes)
    found, problems = [], []
    for number, area in enumerate(areas, start=1):
        near = np.sort(tree.query(area.shape))
        overlaps = [_overlap(area.shape, shapes[position]) for position in near]
        if max(overlaps, default=0.0) > 0:
            best = int(np.argmax(overlaps))
            share = min(1.0, overlaps[best] / _equal_area(area.shape))
            found.append(replace(area, parent_area_id=ids[near[best]], share=share))
        else:
            text = f"lies in no area of {parent_level}: it overlaps none of its {len(ids):,}"
            problems.append(area.remark(text))
        progress("parents", number, len(areas))
    return found, problems


def _require_columns(layers: Sequence[Layer], columns: AreaColumns) -> None:
    """Raise an error where files lack columns: one sentence for each file."""
    sentences = []
    for layer in layers:
        missing = [
            f"{option} '{name}'" for option, name in columns.options() if name not in layer.columns
        ]
        if missing:
            sentences.append(
                f"{layer.file} has no column for {' and '.join(missing)}; it has "
                f"{named(layer.columns)}."
            )
    if sentences:
        raise GeographyError(" ".join(sentences))


def _read_feature(
    read: Read, layer: Layer, position: int, level: str, columns: AreaColumns, prefix: str
) -> None:
    """Add one feature to what was read: as an area, or all that is wrong with it."""
    parts = [layer.columns[name][position] for name in columns.area_id]
    ids = [text_of(part) for part in parts]
    area_id = prefix + JOINED_BY.join(ids)
    name = text_of(layer.columns[columns.area_name][position])
    row = position + 1
    label = area_id if all(ids) else name

    def remark(text: str) -> Remark:
        return Remark(layer.file, row, text, label)

    if all(ids):
        read.ids.setdefault(area_id, []).append(Remark(layer.file, row, "", name))
    problems = []
    empty = [column for column, part in zip(columns.area_id, ids, strict=True) if not part]
    if empty:
        problems.append(f"no id in {named(empty)}")
    if any(isinstance(part, float) and not part.is_integer() for part in parts):
        problems.append(f"its id is the number {area_id}: give ids as text or whole numbers")
    if not name:
        problems.append(f"no name in {columns.area_name}")
    population = ""
    if columns.population:
        population, problem = _population(layer.columns[columns.population][position])
        problems.extend([problem] if problem else [])
    shape, mended, problem = mended_shape(layer.shapes[position])
    problems.extend([problem] if problem else [])
    read.problems.extend(map(remark, problems))
    read.repairs.extend(map(remark, mended))
    if shape is not None and not problems:
        area = Area(area_id, level, name, shape, layer.file, row, population)
        read.areas.append(area)


def text_of(value: object) -> str:
    """A value of a column as text, blanks around it and ends of lines left out; 101.0 is 101."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else " ".join(str(value).split())


def _looks_like_utf8(text: str) -> bool:
    """Whether a text is what UTF-8 becomes when it is taken for Latin-1, as LomÃ© for Lomé."""
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except UnicodeError:
        return False


def _population(value: object) -> tuple[str, str]:
    """Inhabitants as text, and what is wrong with them."""
    text = text_of(value)
    if not text:
        return "", ""
    if not re.fullmatch(r"\d{1,11}(\.\d+)?", text, re.ASCII):
        return "", f"population '{text}' is no number of people: write digits alone"
    return text, ""


def mended_shape(shape: BaseGeometry | None) -> tuple[BaseGeometry | None, list[str], str]:
    """Valid polygons of a shape.

    Returns:
        The polygons, what was mended, and why there are none.
    """
    if shape is None or shape.is_empty:
        return None, [], "no geometry"
    dimensions = shapely.get_dimensions(shapely.get_parts(shape))
    if not (dimensions == 2).any():
        return None, [], f"its geometry is {_a(shape.geom_type)}, not an area of polygons"
    mended = []
    if crosses_dateline(shape):
        shape = cut_at_dateline(shape)
        mended.append("reaches over longitude 180: cut there")
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        mended.append(f"{_said(reason)}: repaired")
    if (dimensions != 2).any():
        mended.append("has points or lines beside polygons: left out")
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        return None, [], "its rings hold no ground"
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        shape = shapely.union_all(polygons)
    if mended:
        mended[-1] += f"; {area_km2_of(shape):,.3f} km2 now"
    return shape, mended, ""


def _said(reason: str) -> str:
    """GEOS's reason and place: Ring Self-intersection[1.2 6.2]."""
    words, _, place = reason.partition("[")
    where = place.rstrip("]").split()
    at = f" at {float(where[0]):.5f} {float(where[1]):.5f}" if len(where) >= 2 else ""
    return words.lower() + at


def _a(geometry_type: str) -> str:
    kinds = {
        **{"Point": "a point", "MultiPoint": "points"},
        **{"LineString": "a line", "LinearRing": "a line", "MultiLineString": "lines"},
    }
    return kinds.get(geometry_type, f"a {geometry_type}")


def _refuse_equal_ids(read: Read) -> None:
    """Take out areas whose id an earlier feature has, and say where that is."""
    for area_id, (first, *others) in read.ids.items():
        for other in others:
            where = first.row if other.file == first.file else f"{first.file} {first.row}"
            text = (
                f"its id '{area_id}' is also that of {where} ({first.label}): an area is one "
                "feature; give it one id, or merge its parts"
            )
            read.problems.append(replace(other, text=text))
    firsts = {(remarks[0].file, remarks[0].row) for remarks in read.ids.values()}
    read.areas = [area for area in read.areas if (area.file, area.row) in firsts]


def _overlap(shape: BaseGeometry, prepared: BaseGeometry) -> float:
    """The ground that two shapes share, on a sphere of radius 1 but for a factor."""
    if shapely.contains_properly(prepared, shape):
        return _equal_area(shape)
    if not shapely.intersects(prepared, shape):
        return 0.0
    nearby = shapely.clip_by_rect(prepared, *shape.bounds)
    if not nearby.is_valid:  # clipping is quick and may leave parts that touch
        nearby = prepared
    return _equal_area(shapely.intersection(shape, nearby))


def _equal_area(shape: BaseGeometry) -> float:
    """The area of a shape in an equal-area projection, the cylinder of Lambert."""
    return shapely.transform(shape, _on_cylinder).area


def _on_cylinder(degrees: np.ndarray) -> np.ndarray:
    return np.column_stack([np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1]))])
