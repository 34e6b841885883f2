"""One of symmetric blocks is attacked: the result is the same as if all were."""

import numpy as np
import pytest

from tests.python.unit.test_disclosure_attack import relation, table
from throng.disclosure import components
from throng.disclosure.attack import attack
from throng.disclosure.building import build
from throng.disclosure.relations import parse_relations

REGIONS, TOWNS, DAYS = 2, 4, 3
LINES = [
    relation("sum", "pair_week", "pair_day", "pair"),
    relation("sum", "region_week", "region_day", "regions"),
    relation("sum", "region_day", "pair_day", "day; regions"),
    relation("sum", "region_week", "pair_week", "regions"),
    relation("subset", "pair_day", "heads_day", "pair; day"),
    relation("subset", "pair_week", "heads_week", "pair"),
    relation("union", "heads_week", "heads_day", "pair"),
    relation("union", "region_heads", "heads_day", "day; regions"),
]


@pytest.fixture(autouse=True)
def small_components_are_judged_as_large_ones(monkeypatch):
    monkeypatch.setattr(components, "LARGE", 40)


def journeys(seed, hide):
    """Journeys and travellers from town to town by day: days add up to weeks, towns to regions."""
    random = np.random.default_rng(seed)
    town = np.arange(REGIONS * TOWNS)
    origin, target = (a.ravel() for a in np.meshgrid(town, town, indexing="ij"))
    n_pairs = len(origin)
    regions = origin // TOWNS * REGIONS + target // TOWNS
    heads = random.poisson(random.gamma(0.4, 8, n_pairs)[:, None], (n_pairs, DAYS))
    trips = heads + random.poisson(heads / 2)
    week_heads = heads.max(axis=1) + random.integers(0, heads.sum(axis=1) - heads.max(axis=1) + 1)
    pair, day = (a.ravel() for a in np.indices(heads.shape))
    of_regions = np.stack([trips[regions == r].sum(axis=0) for r in range(REGIONS**2)])
    region_heads = np.stack([heads[regions == r].sum(axis=0) for r in range(REGIONS**2)])
    region, region_day = (a.ravel() for a in np.indices(of_regions.shape))
    truth = {
        "pair_day": table(trips.ravel(), pair=pair, day=day, regions=regions[pair]),
        "pair_week": table(trips.sum(axis=1), pair=np.arange(n_pairs), regions=regions),
        "region_day": table(of_regions.ravel(), regions=region, day=region_day),
        "region_week": table(of_regions.sum(axis=1), regions=np.arange(REGIONS**2)),
        "heads_day": table(heads.ravel(), pair=pair, day=day, regions=regions[pair]),
        "heads_week": table(week_heads, pair=np.arange(n_pairs)),
        "region_heads": table(region_heads.ravel(), regions=region, day=region_day),
    }
    hidden = {name: frame.assign(n=hide(frame["n"])) for name, frame in truth.items()}
    return hidden, truth


def below_sixteen(n):
    return n.astype("Int64").mask(n < 16)


def some_as_text(n):
    """Every third small number is shown as small, so it differs from those that are not."""
    hidden = below_sixteen(n).astype(object)
    is_text = (n >= 1) & (n < 16) & (np.arange(len(n)) % 3 == 0)
    return hidden.mask(is_text, "<16")


@pytest.mark.parametrize("hide", [below_sixteen, some_as_text])
@pytest.mark.parametrize("seed", range(6))
def test_attacking_one_of_symmetric_blocks_changes_no_bound(seed, hide):
    tables, _ = journeys(seed, hide)
    system = build(tables, parse_relations(LINES))
    folded = attack(system, 16, exact=True)
    whole = attack(system, 16, exact=True, merging=False)
    shrunk = folded.counts["solver_unknowns"] / whole.counts["solver_unknowns"]
    assert shrunk < (0.5 if hide is below_sixteen else 1)
    assert np.array_equal(folded.lower, whole.lower)
    assert np.array_equal(folded.upper, whole.upper)


@pytest.mark.parametrize("seed", range(4))
def test_verdicts_over_symmetric_blocks_are_those_of_exact_bounds(seed):
    tables, truth = journeys(seed + 10, below_sixteen)
    system = build(tables, parse_relations(LINES))
    fast = attack(system, 16)
    exact = attack(system, 16, exact=True, merging=False)
    fast_narrow, exact_narrow = (a.upper - a.lower < 16 for a in (fast, exact))
    assert (fast_narrow == exact_narrow)[system.hidden].all()
    values = np.concatenate([truth[name]["n"] for name in tables])
    assert (exact.lower[: len(values)] <= values).all()
    assert (values <= exact.upper[: len(values)]).all()
