"""Relations that hold in the data, whether anybody declared them or not.

Searched are, for every count of every table, with every other dimension kept or summed out: the
same total on every level; areas that add up to the area around them; hours that add up to days,
days to weeks and months; one part of a table (the diagonal, one value of a column, everything)
that another part or table is the sum of; values of a column that add up to another; and all of
this for means times their numbers. What holds on every key it can be asked of is a relation.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pyarrow as pa

from throng.disclosure import relations as types
from throng.disclosure import shapes
from throng.disclosure.breaches import breaches, broken_relations
from throng.disclosure.building import build
from throng.disclosure.consequences import Consequences
from throng.disclosure.matching import Match, Matcher, Published, Whole
from throng.disclosure.reading import base
from throng.disclosure.relations import AuditError, Key, Relation
from throng.disclosure.shapes import TableShape
from throng.disclosure.views import DIFFERENT, SAME, STUDY, Coded, Codes, View, is_cell_view
from throng.disclosure.views import views as views_of

__all__ = ["Found", "TableShape", "broken_relations", "find_relations", "lookup_tables"]

Progress = Callable[[str], None]

# On fewer keys a sum may hold by chance.
MIN_KEYS = 5
AREA_PARENTS = "area_parents"
PAIR_PARENTS = "area_pair_parents"
FILE_ORDER = ("relation_id", "relation_type", "parent", "parent_where", "parent_measure", "child")
FILE_ORDER += ("child_where", "child_measure", "keys", "via", "split", "description")


@dataclass(frozen=True)
class Found:
    """A relation that holds in the data.

    Attributes:
        relation: Of type sum or same_sum. That of a count can be given to `build` and `repair`,
            with the tables of `lookup_tables`; that of a mean names the mean as measure.
        sentence: What adds up to what, and how to declare it.
        n_groups: On how many keys it was asked and held; where it says that levels have the same
            total, each key counts once for every level after the first.
        explained: Whether it is declared, or follows from what is declared.
        is_count: Whether it is of counts, not of means times numbers.
    """

    relation: Relation
    sentence: str
    n_groups: int
    explained: bool
    is_count: bool = True


@dataclass(frozen=True)
class _Sum:
    """A match of views, put together over values and periods.

    Attributes:
        parent, child: The views; of `same_sum`, no parent.
        parent_where, child_where: Column to the values that it may have, without the periods.
        columns: Dimensions that both sides share, beside periods and areas.
        split: Columns of the child whose values each have the same sum.
        periods: The periods for which it holds, if they are not truncated.
        n_keys: On how many keys it holds.
    """

    parent: View | None
    child: View
    parent_where: tuple[tuple[str, tuple[object, ...]], ...]
    child_where: tuple[tuple[str, tuple[object, ...]], ...]
    columns: tuple[str, ...]
    split: tuple[str, ...]
    periods: tuple[str, ...]
    n_keys: int

    @property
    def place(self) -> tuple[object, ...]:
        """Everything but periods and evidence."""
        return (
            self.parent and replace(self.parent, own="", target=""),
            replace(self.child, own="", target=""),
            () if self.child.own == self.child.target else (self.child.own, self.child.target),
            self.parent_where,
            self.child_where,
            self.columns,
            self.split,
        )

    @property
    def rank(self) -> tuple[int, ...]:
        """General ones first: few conditions, parts of both sides alike, many keys."""
        areas = [view.areas for view in (self.parent, self.child) if view is not None]
        return (
            len(self.parent_where) + len(self.child_where),
            sum(bool(a.part) for a in areas),
            -len(self.columns) - len(self.child.areas.columns),
            self.child.own != self.child.target,
            len(self.child.summed),
            -self.n_keys,
        )


@dataclass
class _Search:
    """One search: the tables as numbers, and what was found so far."""

    tables: dict[str, Coded]
    matcher: Matcher
    study: int | None
    tell: Progress
    sums: list[_Sum] = field(default_factory=list)
    known: set[tuple[object, ...]] = field(default_factory=set)

    def run(self) -> None:
        """Compare all views."""
        by_signature: dict[tuple[object, ...], list[View]] = {}
        all_views = [v for table in self.tables.values() for v in views_of(table, self.study)]
        for view in all_views:
            if is_cell_view(self.tables[view.table], view):
                by_signature.setdefault(view.signature, []).append(view)
        self.tell(f"search: {len(all_views):,} sums of {len(self.tables)} tables")
        ordered = sorted(all_views, key=lambda view: len(view.fixed))
        pairs = [
            (parent, child) for child in ordered for parent in by_signature.get(child.signature, ())
        ]
        # General ones first, so that what they imply is not looked at.
        pairs.sort(key=lambda pair: _generality(*pair))
        for i, (parent, child) in enumerate(pairs):
            self._compare(parent, child)
            if i % 500 == 0:
                self.tell(f"search: {i:,} of {len(pairs):,} pairs of sums, {len(self.sums)} found")
        for view in ordered:
            if view.own == view.target and not view.areas.up:
                self._compare_with_itself(view)

    # sums

    def _compare(self, parent: View, child: View) -> None:
        """Find the parts of two views that are equal."""
        matches = [
            match
            for match in self.matcher.sums(parent, child)
            if not self._is_trivial(parent, child, match)
        ]
        if matches:
            self.sums.extend(self._merged(parent, child, matches))

    def _values(self, view: View, part: int) -> dict[str, object]:
        """The values of the fixed columns of a part, features by their own columns."""
        table = self.tables[view.table]
        codes = self.matcher.parts(view)[part].tolist()
        found: dict[str, object] = {}
        for column, code in zip(view.fixed, codes, strict=True):
            found |= table.labels_of(column, code)
        return found

    def _is_trivial(self, parent: View, child: View, match: Match) -> bool:
        """Whether the two sides are the same cells, or the same rows."""
        if parent.table != child.table or child.own != parent.own or child.areas.up:
            return False
        whole, part = self._values(parent, match[0]), self._values(child, match[1])
        features = self.tables[parent.table].shape.of_role(shapes.FEATURE)
        if features and any(whole.get(f) != part.get(f) for f in features):
            # Features of one group of people are compared by `subsets` only.
            return True
        inside = self._single_values(parent, match[0]) | whole
        if any(inside.get(column) != value for column, value in part.items()):
            return False
        one, other = parent.areas, child.areas
        diagonal = one.part == SAME and other.part != DIFFERENT and len(other.columns) == 1
        pairs = len(one.columns) == 2 and (one.columns == other.columns or other.unordered)
        if len(one.columns) == 2 and one.columns == other.columns[::-1]:
            # On the diagonal from A to B is from B to A, which says nothing.
            return one.part != DIFFERENT or other.part != DIFFERENT
        if not (one == other or diagonal or pairs):
            return False
        summed = [c for c in child.summed if c not in inside]
        return parent.measure == child.measure or (one.columns == other.columns and not summed)

    def _single_values(self, view: View, part: int) -> dict[str, object]:
        """The only values that the summed columns of a cell view have."""
        if not view.summed:
            return {}
        table = self.tables[view.table]
        rows = table.slice(view, self.study)
        first = int((rows.part == part).argmax())
        found: dict[str, object] = {}
        for column in view.summed:
            found |= table.labels_of(column, int(table.code(column)[rows.rows[first]]))
        return found

    def _constants(self, view: View) -> dict[str, object]:
        """The columns that have one value in all of a view's table."""
        table = self.tables[view.table]
        labels = ((c, [*table.labels[c].values()]) for c in table.shape.of_role(shapes.VALUE))
        return {column: values[0] for column, values in labels if len(values) == 1}

    def _merged(self, parent: View, child: View, matches: list[Match]) -> Iterable[_Sum]:
        """Matches of two views as few relations: values of a column become keys or a split."""
        n_parents, n_children = (len(self.matcher.parts(v)) for v in (parent, child))
        # Areas in areas and days in weeks of one measure: for all values of a column or for none.
        # Nearly everybody lives in the area around theirs, so that single values hold by chance.
        within = (parent.table, parent.measure) == (child.table, child.measure)
        by_rest: dict[tuple[object, ...], dict[tuple[object, ...], dict[object, int]]] = {}
        for i, j, n_keys in matches:
            whole, part = self._values(parent, i), self._values(child, j)
            shared = tuple(sorted(c for c in whole if c in part and whole[c] == part[c]))
            if shared and within:
                continue
            if self._is_known(parent, child, whole, part, shared):
                continue
            values = tuple(whole[c] for c in shared)
            # Of a column that is summed up, the one value that there is: a release has all rows of
            # the study, those of other values too.
            only = tuple(sorted((self._single_values(parent, i) | self._constants(parent)).items()))
            of_parent = (shared, only, *((c, v) for c, v in whole.items() if c not in shared))
            of_child = tuple((c, v) for c, v in part.items() if c not in shared)
            by_rest.setdefault(of_parent, {}).setdefault(of_child, {})[values] = n_keys
        for (shared, only, *of_parent), by_child in by_rest.items():
            groups: dict[frozenset[object], list[tuple[object, ...]]] = {}
            for of_child, held in by_child.items():
                groups.setdefault(frozenset(held), []).append(of_child)
            for values, children in groups.items():
                whole_column = (
                    len(values) == n_parents if shared else len(children) == n_children > 1
                )
                keys = {(c, v): by_child[c][v] for c in children for v in values}
                if not whole_column:
                    keys = {place: n for place, n in keys.items() if n >= MIN_KEYS}
                if not keys:
                    continue
                held_values = {v for _, v in keys}
                held_children = [c for c in children if any(place[0] == c for place in keys)]
                self._remember(parent, child, shared, of_parent, held_values, held_children)
                yield self._sum(
                    *(parent, child, shared, only, of_parent, held_values, held_children),
                    keys.values(),
                )

    def _sum(
        self,
        parent: View,
        child: View,
        shared: tuple[str, ...],
        only: Sequence[tuple[str, object]],
        of_parent: Sequence[tuple[str, object]],
        values: set[object],
        children: Sequence[tuple[tuple[str, object], ...]],
        n_keys: Iterable[int],
    ) -> _Sum:
        """One relation of a parent, for some values of shared columns and of a split."""
        columns = tuple(c for name in parent.kept for c in self._names(parent.table, name))
        both = {c: {v[i] for v in values} for i, c in enumerate(shared)}
        of_child: dict[str, set[object]] = {}
        for one in children:
            for column, value in one:
                of_child.setdefault(column, set()).add(value)
        split = tuple(c for c, its in of_child.items() if len(its) > 1)
        return _Sum(
            parent,
            child,
            (
                *self._where(parent.table, {c: {v} for c, v in of_parent} | both),
                *((column, (value,)) for column, value in only),
            ),
            self._where(child.table, of_child | both),
            tuple(sorted({*columns, *shared})),
            split,
            (parent.own,),
            sum(n_keys),
        )

    def _names(self, table: str, dimension: str) -> tuple[str, ...]:
        """The columns of a dimension."""
        coded = self.tables[table]
        if dimension == coded.features:
            return coded.shape.of_role(shapes.FEATURE)
        return (dimension,)

    def _where(
        self, table: str, values: Mapping[str, set[object]]
    ) -> tuple[tuple[str, tuple[object, ...]], ...]:
        """Conditions, without those that all rows of the table fulfil."""
        labels = self.tables[table].labels
        return tuple(
            (column, tuple(sorted(its, key=str)))
            for column, its in sorted(values.items())
            if len(its) < len(labels[column])
        )

    # what is known already

    def _structure(
        self, parent: View, child: View, whole: Mapping[str, object], part: Mapping[str, object]
    ) -> tuple[object, ...]:
        """What a match compares, whatever is kept or fixed."""
        sides = [(v.table, v.measure, v.number, v.own, v.target, v.areas) for v in (parent, child)]
        return (*sides, tuple(sorted(whole.items())), tuple(sorted(part.items())))

    def _remember(
        self,
        parent: View,
        child: View,
        shared: tuple[str, ...],
        of_parent: Sequence[tuple[str, object]],
        values: set[object],
        children: Sequence[tuple[tuple[str, object], ...]],
    ) -> None:
        """Note what was found, so that what it implies is not found again."""
        for one, these in itertools.product(children, values):
            both = dict(zip(shared, these, strict=True))
            structure = self._structure(parent, child, dict(of_parent) | both, dict(one) | both)
            self.known.add(structure)

    def _is_known(
        self,
        parent: View,
        child: View,
        whole: Mapping[str, object],
        part: Mapping[str, object],
        shared: tuple[str, ...],
    ) -> bool:
        """Whether a match is one of more general views with some of the columns fixed."""
        parts = {(parent.areas.part, child.areas.part)}
        if parent.areas.part == child.areas.part == DIFFERENT:
            parts.add(("", ""))
        for n in range(len(shared) + 1):
            for left_out in itertools.combinations(shared, n):
                for one, other in parts:
                    structure = self._structure(
                        replace(parent, areas=replace(parent.areas, part=one)),
                        replace(child, areas=replace(child.areas, part=other)),
                        {c: v for c, v in whole.items() if c not in left_out},
                        {c: v for c, v in part.items() if c not in left_out},
                    )
                    if structure in self.known:
                        return True
        return False

    # the same sum for every value

    def _compare_with_itself(self, view: View) -> None:
        """Find parts of a view that have the same sum on every level, or as another part."""
        table = self.tables[view.table]
        level = table.shape.one(shapes.LEVEL)
        if level and not view.areas.columns and not view.fixed:
            for part in self.matcher.levels(view):
                values = self._values(view, part)
                if self._has_finer(view, values, level):
                    continue
                n_keys = self.matcher.n_level_keys(view, part)
                if n_keys >= MIN_KEYS:
                    held = {column: {value} for column, value in values.items()}
                    self.sums.append(self._same(view, held, level, n_keys))
        if len(view.fixed) != 1 or view.areas.columns != tuple(sorted(view.areas.columns)):
            return
        [column] = view.fixed
        if view.areas.unordered:
            return
        # Features of one group of people may be counted alike; that is no sum.
        alike = [] if column == table.features else self.matcher.values(view)
        for parts, n_keys in alike:
            values = {self._values(view, part)[column] for part in parts}
            place = (column, *sorted(values, key=str))
            if n_keys >= MIN_KEYS and not self._has_finer(view, {}, place):
                self.sums.append(self._same(view, {column: values}, column, n_keys))
        if view.summed or column not in table.labels or not is_cell_view(table, view):
            return
        for target, members, n_keys in self.matcher.subsets(view):
            if n_keys >= MIN_KEYS:
                self.sums.append(self._subset(view, column, target, members, n_keys))

    def _has_finer(self, view: View, values: Mapping[str, object], split: object) -> bool:
        """Whether the same was found with more columns kept; if not, note it."""
        place = (view.table, view.measure, view.number, view.own, view.areas, split)
        for kept, fixed in self.finer.setdefault(place, []):
            if {*view.kept} <= {*kept} and fixed.items() <= values.items():
                return True
        self.finer[place].append((view.kept, dict(values)))
        return False

    finer: dict[tuple[object, ...], list[tuple[tuple[str, ...], dict[str, object]]]] = field(
        default_factory=dict
    )

    def _same(self, view: View, values: Mapping[str, set[object]], split: str, n_keys: int) -> _Sum:
        """The relation that each value of a column has the same sum."""
        columns = [c for name in view.kept for c in self._names(view.table, name)]
        where = self._where(view.table, values)
        return _Sum(None, view, (), where, tuple(sorted(columns)), (split,), (view.own,), n_keys)

    def _subset(
        self, view: View, column: str, target: int, members: list[int], n_keys: int
    ) -> _Sum:
        """The relation that some values of a column add up to another."""
        [whole] = self._values(view, target).values()
        parts = {value for part in members for value in self._values(view, part).values()}
        columns = [c for name in view.kept for c in self._names(view.table, name)]
        return _Sum(
            view,
            replace(view, fixed=(), summed=(*view.summed, column)),
            ((column, (whole,)),),
            ((column, tuple(sorted(parts, key=str))),),
            tuple(sorted(columns)),
            (),
            (view.own,),
            n_keys,
        )


def _generality(parent: View, child: View) -> tuple[int, int]:
    """Pairs of views in the order in which they are compared."""
    parts = (parent.areas.part == DIFFERENT) + (child.areas.part == DIFFERENT)
    return len(parent.fixed) + len(child.fixed), parts


def find_relations(
    tables: Mapping[str, pa.Table],
    shapes_of: Sequence[TableShape],
    declared: Sequence[Relation],
    progress: Progress | None = None,
    *,
    published_only: bool = False,
    lowest_below: int = 1,
) -> list[Found]:
    """The sums that hold in some tables.

    Args:
        tables: By name, the lookup table `area_parents` among them if areas lie in others. Every
            cell with people has a row; a missing row is a zero.
        shapes_of: What their columns are; tables without a shape are not searched.
        declared: Relations that are known; those that do not hold are left out.
        progress: Called with a line of text now and then.
        published_only: Empty measures and those like <5 are hidden, missing rows unknown: only
            groups without either are evidence.
        lowest_below: The smallest value that text like `<5` can stand for.

    Returns:
        Relations, general ones first; none is implied by the declared ones and those before it,
        unless it is explained.

    Raises:
        AuditError: If a table or one of its columns is not what the shape says.
    """
    tell = progress or (lambda text: None)
    latest = {base(name): table for name, table in sorted(tables.items())}
    kept = [shape for shape in shapes_of if shape.name in latest and len(latest[shape.name])]
    for shape in kept:
        _check(shape, latest[shape.name])
    search = _search(latest, kept, declared, tell, published_only)
    search.run()
    sums = _over_periods(search)
    sums = sorted([*sums, *_alike(search, sums)], key=lambda one: one.rank)
    latest = latest | lookup_tables(latest, kept)
    writer = _Writer(search.tables)
    candidates = [(one, writer.relation(one)) for one in sums if one.n_keys >= MIN_KEYS]
    means = {(shape.name, mean) for shape in kept for mean in shape.means}
    equalities = [
        relation
        for relation in declared
        if relation.relation_type in (types.SUM, types.SAME_SUM)
        and set(relation.tables) <= set(latest)
        and not means & set(relation.measures)
    ]
    if published_only:
        candidates = [
            (one, relation)
            for one, relation in candidates
            if one.child.number or _fits_hidden(latest, relation, lowest_below, tell)
        ]
    else:
        broken = breaches(latest, equalities)
        equalities = [r for r in equalities if r.relation_id not in broken]
    counts = [relation for one, relation in candidates if not one.child.number]
    tell(f"search: {len(counts)} sums of counts hold")
    emptied = _emptied(latest, kept)
    judged = Consequences(emptied, equalities, counts).judge(tell)
    explained = {r for _, r in candidates if judged.get(r.relation_id)}
    explained |= {
        relation
        for one, relation in candidates
        if one.child.number and _mean_is_explained(one, search, sums, declared)
    }
    means_found = [r for one, r in candidates if one.child.number]
    known = [r for r in means_found if r in explained]
    new = [r for r in means_found if r not in explained]
    judged |= Consequences(emptied, known, new).judge(tell)
    return [
        _found(one, relation, relation in explained or bool(judged[relation.relation_id]))
        for one, relation in candidates
        if relation in explained or judged[relation.relation_id] is not None
    ]


def _emptied(
    tables: Mapping[str, pa.Table], shapes_of: Sequence[TableShape]
) -> dict[str, pa.Table]:
    """The tables with zeros for all measures: equations are asked for, not values.

    Means are no counts, and rounded counts need not add up.
    """
    found = dict(tables)
    for shape in shapes_of:
        table = found[shape.name]
        zeros = pa.array(np.zeros(len(table), np.int64))
        for measure in (*shape.counts, *shape.means):
            table = table.set_column(table.column_names.index(measure), measure, zeros)
        found[shape.name] = table
    return found


def _fits_hidden(
    tables: Mapping[str, pa.Table], relation: Relation, lowest_below: int, tell: Progress
) -> bool:
    """Whether a sum that holds where it is published can hold where something is hidden."""
    try:
        build(tables, [relation], lowest_below=lowest_below, skip_missing=True)
    except AuditError as error:
        tell(f"search: left out, since hidden cells rule it out: {error}")
        return False
    return True


def _found(one: _Sum, relation: Relation, explained: bool) -> Found:
    """A relation with its sentence."""
    sentence = f"{relation.description} ({one.n_keys:,} groups). "
    sentence += f"To declare it, add to the relations: {relation_line(relation)}"
    return Found(relation, sentence, one.n_keys, explained, not one.child.number)


def relation_line(relation: Relation) -> str:
    """A relation as a line of the relations file, in the order of FILE_ORDER."""
    keys = "; ".join(
        key.parent_column
        if key.child_expression == _quoted(key.parent_column)
        else f"{key.parent_column}={key.child_expression}"
        for key in relation.keys
    )
    values = {name: getattr(relation, name) for name in FILE_ORDER}
    values |= {"keys": keys, "split": "; ".join(relation.split)}
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values.values())
    return text.getvalue()


def _check(shape: TableShape, table: pa.Table) -> None:
    """Raise an error if a table has not the columns of its shape."""
    for column in (*shape.keys, *shape.counts, *shape.means, *shape.means.values()):
        if column not in table.column_names:
            raise AuditError(
                f"Table {shape.name} has no column {column}, which its shape names; it has "
                f"{', '.join(table.column_names)}."
            )
    for column, role in shape.keys.items():
        if role not in shapes.ROLES:
            raise AuditError(
                f"Column {column} of {shape.name} has the role {role}; known are "
                f"{', '.join(shapes.ROLES)}."
            )


def _search(
    tables: Mapping[str, pa.Table],
    kept: Sequence[TableShape],
    declared: Sequence[Relation],
    tell: Progress,
    published_only: bool,
) -> _Search:
    """The tables as numbers."""
    codes = Codes()
    # Names in order, so that the lesser of two areas has the lesser number.
    names: set[str] = set()
    for shape in kept:
        for column in shape.of_role(shapes.AREA):
            names.update(str(v) for v in tables[shape.name][column].unique().to_pylist() if v)
    lookup = tables.get(AREA_PARENTS)
    if lookup is not None:
        for column in ("area_id", "parent_area_id"):
            names.update(str(value) for value in lookup[column].unique().to_pylist())
    codes.of(" area", sorted(names))
    parents: dict[tuple[int, int], tuple[int, int]] = {}
    if lookup is not None:
        levels = [codes.of(" level", lookup[c].to_pylist()) for c in ("area_level", "parent_level")]
        areas = [codes.of(" area", lookup[c].to_pylist()) for c in ("area_id", "parent_area_id")]
        below = zip(levels[0].tolist(), areas[0].tolist(), strict=True)
        above = zip(levels[1].tolist(), areas[1].tolist(), strict=True)
        parents = dict(zip(below, above, strict=True))
    coded = {}
    for shape in kept:
        wanted = _wanted_features(shape, declared)
        coded[shape.name] = Coded(shape, tables[shape.name], codes, parents, wanted)
    starts = set()
    for table in coded.values():
        if STUDY in table.periods and table.has_times:
            frame = table.frame(STUDY, STUDY, False, None)
            starts.update(frame.starts.tolist())
    study = starts.pop() if len(starts) == 1 else None
    matcher = Published(coded, study) if published_only else Whole(coded, study)
    return _Search(coded, matcher, study, tell)


def _wanted_features(shape: TableShape, declared: Sequence[Relation]) -> list[dict[str, str]]:
    """Values of the feature columns that declared relations choose for a table."""
    found = []
    columns = shape.of_role(shapes.FEATURE)
    for relation in declared:
        sides = ((relation.parent, relation.parent_where), (relation.child, relation.child_where))
        for table, where in sides:
            pairs = re.findall(r"\"?(\w+)\"?\s*=\s*'([^']*)'", where) if table == shape.name else []
            chosen = {column: text for column, text in pairs if column in columns}
            if chosen and chosen not in found:
                found.append(chosen)
    return sorted(found, key=len, reverse=True)


def _over_periods(search: _Search) -> list[_Sum]:
    """The sums found, those of several periods as one."""
    together: dict[tuple[object, ...], _Sum] = {}
    for one in search.sums:
        before = together.get(one.place)
        if before is None:
            together[one.place] = one
            continue
        together[one.place] = replace(
            before,
            periods=(*before.periods, *one.periods),
            n_keys=before.n_keys + one.n_keys,
        )
    return list(together.values())


def _alike(search: _Search, sums: Sequence[_Sum]) -> list[_Sum]:
    """That features are counted alike, where several of them are the sum of the same cells.

    With one of these sums it says the same as all of them.
    """
    groups: dict[tuple[object, ...], list[_Sum]] = {}
    for one in sums:
        if one.parent is None:
            continue
        features = search.tables[one.parent.table].shape.of_role(shapes.FEATURE)
        where = dict(one.parent_where)
        for column in features:
            if len(where.get(column, ())) == 1:
                rest = tuple(pair for pair in one.parent_where if pair[0] != column)
                groups.setdefault((column, replace(one, parent_where=rest).place), []).append(one)
    found = []
    for (column, _), these in groups.items():
        if len(these) < 2:
            continue
        one = these[0]
        values = tuple(sorted({dict(other.parent_where)[column][0] for other in these}, key=str))
        where = tuple(sorted((dict(one.parent_where) | {column: values}).items()))
        view = one.parent
        found.append(_Sum(None, view, (), where, one.columns, (column,), one.periods, one.n_keys))
    return found


def _mean_is_explained(
    one: _Sum, search: _Search, sums: Sequence[_Sum], declared: Sequence[Relation]
) -> bool:
    """Whether the sum of a mean times its number is declared, or holds for the number too."""
    measures = {(one.child.table, one.child.measure)}
    if one.parent is not None:
        measures.add((one.parent.table, one.parent.measure))
    if any(measures == set(relation.measures) for relation in declared):
        return True
    if any(_same_structure(one, search, relation) for relation in declared):
        return True
    wanted = _without_features(one, search, of_number=True)
    return any(
        not other.child.number and _without_features(other, search, of_number=False) == wanted
        for other in sums
    )


def _same_structure(one: _Sum, search: _Search, declared: Relation) -> bool:
    """Whether a relation says of the numbers what a sum says of means times these numbers."""
    child = search.tables[one.child.table].shape
    whole = search.tables[one.parent.table].shape if one.parent is not None else child
    features = {*child.of_role(shapes.FEATURE), *whole.of_role(shapes.FEATURE)}
    measures = [(one.child.table, one.child.number)]
    if one.parent is not None:
        measures.insert(0, (one.parent.table, one.parent.number))
    written = _Writer(search.tables).relation(one)
    return (
        declared.relation_type == written.relation_type
        and list(declared.measures) == measures
        and declared.via == written.via
        and {key.parent_column for key in declared.keys} - features
        == {key.parent_column for key in written.keys} - features
        and {text.strip('"') for text in declared.split}
        == {text.strip('"') for text in written.split}
    )


def _without_features(one: _Sum, search: _Search, of_number: bool) -> tuple[object, ...]:
    """Tables, counts, keys and conditions of a sum, whatever the features."""

    def side(view: View | None, where: tuple[tuple[str, object], ...]) -> tuple[object, ...]:
        if view is None:
            return ()
        features = search.tables[view.table].shape.of_role(shapes.FEATURE)
        conditions = tuple(pair for pair in where if pair[0] not in features)
        return view.table, view.number if of_number else view.measure, view.areas, conditions

    features = {
        column
        for view in (one.parent, one.child)
        if view is not None
        for column in search.tables[view.table].shape.of_role(shapes.FEATURE)
    }
    return (
        side(one.parent, one.parent_where),
        side(one.child, one.child_where),
        tuple(c for c in one.columns if c not in features),
        one.split,
        (one.child.own, one.child.target) if one.child.own != one.child.target else (),
    )


class _Writer:
    """Writes sums as relations."""

    def __init__(self, tables: Mapping[str, Coded]) -> None:
        self.tables = tables

    def relation(self, one: _Sum) -> Relation:
        """The relation of a sum."""
        child = self.tables[one.child.table]
        keys: list[Key] = []
        split = [_quoted(column) for column in one.split]
        parent = self.tables[one.parent.table] if one.parent is not None else child
        same_sum = one.parent is None
        truncated = one.child.own != one.child.target
        keys += self._time_keys(parent, child, one, same_sum, truncated)
        parent_level, level = (table.shape.one(shapes.LEVEL) for table in (parent, child))
        areas = one.child.areas
        if level and not (same_sum and level in one.split):
            if parent_level:
                keys.append(Key(parent_level, "parent_level" if areas.up else _quoted(level)))
            else:
                split.append(_quoted(level))
        keys += self._area_keys(parent, child, one)
        keys += [Key(column, _quoted(column)) for column in one.columns]
        via = _via(child.shape) if areas.up else ""
        relation = Relation(
            relation_id="",
            relation_type=types.SAME_SUM if same_sum else types.SUM,
            child=one.child.table,
            child_measure=one.child.measure,
            keys=tuple(keys),
            parent="" if same_sum else one.parent.table,
            parent_measure="" if same_sum else one.parent.measure,
            parent_where="" if same_sum else self._condition(one, one.parent, one.parent_where),
            child_where=self._condition(one, one.child, one.child_where),
            via=via,
            split=tuple(split),
        )
        digest = hashlib.blake2b(repr(relation).encode(), digest_size=3).hexdigest()
        name = "_".join(part for part in ("found", relation.parent, relation.child, digest) if part)
        return replace(relation, relation_id=name, description=_description(relation))

    def _time_keys(
        self, parent: Coded, child: Coded, one: _Sum, same_sum: bool, truncated: bool
    ) -> list[Key]:
        """Period and start."""
        keys = []
        pairs = [(t.shape.one(shapes.PERIOD), t.shape.one(shapes.START)) for t in (parent, child)]
        (parent_period, parent_start), (period, start) = pairs
        if period and not truncated:
            keys.append(Key(parent_period, _quoted(period)))
        if start and not truncated:
            keys.append(Key(parent_start, _quoted(start)))
        if start and truncated and one.child.target != STUDY:
            text = f"date_trunc('{one.child.target}', {_quoted(start)})"
            keys.append(Key(parent_start, text))
        return keys

    def _area_keys(self, parent: Coded, child: Coded, one: _Sum) -> list[Key]:
        """The areas that are kept."""
        areas = one.child.areas
        whole = parent.shape.of_role(shapes.AREA)
        all_columns = child.shape.of_role(shapes.AREA)
        if areas.up and len(all_columns) == 1:
            names = {all_columns[0]: "parent_area_id"}
        elif areas.up:
            up = ("parent_from_area_id", "parent_to_area_id")
            names = dict(zip(all_columns, up, strict=True))
        else:
            names = {column: _quoted(column) for column in all_columns}
        texts = [names[column] for column in areas.columns]
        if areas.unordered:
            pair = ", ".join(texts)
            texts = [f"least({pair})", f"greatest({pair})"]
        if one.parent is None:
            return [Key(c, t) for c, t in zip(areas.columns, texts, strict=True)]
        return [Key(c, t) for c, t in zip(whole, texts, strict=False)]

    def _condition(
        self, one: _Sum, view: View, where: Sequence[tuple[str, tuple[object, ...]]]
    ) -> str:
        """The condition on one side."""
        table = self.tables[view.table]
        shape = table.shape
        parts = []
        period = shape.one(shapes.PERIOD)
        periods: tuple[object, ...] = one.periods
        if one.child.own != one.child.target:
            periods = (one.child.own if view is one.child else one.child.target,)
        if period and set(periods) != set(table.periods):
            parts.append(_is_in(period, tuple(sorted(periods, key=str)), number=False))
        areas = shape.of_role(shapes.AREA)
        if view.areas.part:
            sign = "=" if view.areas.part == SAME else "<>"
            parts.append(f"{_name(areas[0])} {sign} {_name(areas[1])}")
        for column, values in where:
            number = pa.types.is_integer(table.types[column])
            parts.append(_is_in(column, values, number=number))
        if not view.number:
            for column, code in table.heads.get(view.measure, {}).items():
                number = pa.types.is_integer(table.types[column])
                parts.append(_is_in(column, (table.labels[column][code],), number=number))
        return " and ".join(parts)


def _description(relation: Relation) -> str:
    """What adds up to what."""
    part = f"{relation.child}.{relation.child_measure}"
    if relation.child_where:
        part += f" where {relation.child_where}"
    keys = ", ".join(key.child_expression.strip('"') for key in relation.keys) or "all rows"
    split = " and ".join(text.strip('"') for text in relation.split)
    if relation.relation_type == types.SAME_SUM:
        return f"{part} has the same sum for every {split}, by {keys}"
    whole = f"{relation.parent}.{relation.parent_measure}"
    if relation.parent_where:
        whole += f" where {relation.parent_where}"
    each = f" for every {split}" if split else ""
    return f"{part} adds up to {whole}{each}, by {keys}"


def _is_in(column: str, values: tuple[object, ...], *, number: bool) -> str:
    """The condition that a column has one of some values."""
    texts = [_literal(value, number) for value in values if value is not None]
    name = _name(column)
    parts = []
    if len(texts) == 1:
        parts.append(f"{name} = {texts[0]}")
    elif texts:
        parts.append(f"{name} in ({', '.join(texts)})")
    if None in values:
        parts.append(f"{name} is null")
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def _literal(value: object, number: bool) -> str:
    """A value as SQL."""
    return str(value) if number else "'" + str(value).replace("'", "''") + "'"


@functools.cache
def _reserved() -> frozenset[str]:
    """Words that no column can be called without quotes."""
    query = "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
    with duckdb.connect() as connection:
        return frozenset(word for (word,) in connection.execute(query).fetchall())


def _name(column: str) -> str:
    """A column name for a condition, quoted if it must be."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", column) and column not in _reserved()
    return column if plain else _quoted(column)


def _quoted(name: str) -> str:
    """A column name as a DuckDB identifier, as the relations file reads names."""
    return '"' + name.replace('"', '""') + '"'


# --- which area lies in which


def _via(shape: TableShape) -> str:
    """The lookup table for the areas of a table."""
    columns = shape.of_role(shapes.AREA)
    if len(columns) == 1:
        own = ("area_id",)
        name = AREA_PARENTS
    else:
        own = ("from_area_id", "to_area_id")
        name = PAIR_PARENTS
    if columns == own and shape.one(shapes.LEVEL) == "area_level":
        return name
    return "_of_".join([name, "_and_".join([shape.one(shapes.LEVEL), *columns])])


def lookup_tables(
    tables: Mapping[str, pa.Table], shapes_of: Sequence[TableShape]
) -> dict[str, pa.Table]:
    """The lookup tables that found relations name and that are not among the tables.

    `via` tables are joined by columns of the same name, so areas of other names need a copy of
    `area_parents` with these names.
    """
    lookup = tables.get(AREA_PARENTS)
    found: dict[str, pa.Table] = {}
    if lookup is None:
        return found
    for shape in shapes_of:
        columns = shape.of_role(shapes.AREA)
        name = _via(shape) if columns and shape.one(shapes.LEVEL) else ""
        if not name or name in tables or shape.name not in tables or name in found:
            continue
        level = _quoted(shape.one(shapes.LEVEL))
        with duckdb.connect() as connection:
            connection.register("areas", lookup)
            connection.register("rows", tables[shape.name])
            if len(columns) == 1:
                query = f"select area_level as {level}, area_id as {_quoted(columns[0])}, "
                query += "parent_level, parent_area_id from areas"
            else:
                one, other = map(_quoted, columns)
                query = (
                    f"select pairs.*, f.parent_level, f.parent_area_id as parent_from_area_id, "
                    f"t.parent_area_id as parent_to_area_id "
                    f"from (select distinct {level}, {one}, {other} from rows) as pairs "
                    f"join areas as f on f.area_level = pairs.{level} and f.area_id = pairs.{one} "
                    f"join areas as t on t.area_level = pairs.{level} and t.area_id = pairs.{other}"
                )
            found[name] = connection.sql(query).to_arrow_table()
    return found
