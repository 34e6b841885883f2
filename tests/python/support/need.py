"""The second calculation of need, from the definitions, by pandas and scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from tests.python.conftest import PROJECT, Server
from throng.need.clusters import BEGINNINGS, MOST, SEED

#: Figures of 167 countries, those of the exercise of choosing countries for aid.
COUNTRIES = PROJECT.parent / "shared/data/countries/country_data.csv"
#: Our word for each column of that file.
WORDS = {
    "child_mort": "child_mortality",
    "exports": "exports",
    "health": "health_spending",
    "imports": "imports",
    "income": "income_per_person",
    "inflation": "inflation",
    "life_expec": "life_expectancy",
    "total_fer": "fertility",
    "gdpp": "gdp_per_person",
}
HIGHER_IS_WORSE = {"child_mortality", "inflation", "fertility"}


def countries() -> pd.DataFrame:
    """Country x indicator; the test skips where the file is not there."""
    if not COUNTRIES.exists():
        pytest.skip("NOT TRIED: the figures of 167 countries are not in ../shared/data/countries")
    figures = pd.read_csv(COUNTRIES, index_col="country")[list(WORDS)]
    return figures.rename(columns=WORDS)


@dataclass(frozen=True)
class Need:
    """What is to come of figures (entity x indicator).

    Attributes:
        scaled, need, is_outlier: entity x indicator, of entities that are ranked.
        index: mean need by entity.
    """

    scaled: pd.DataFrame
    need: pd.DataFrame
    is_outlier: pd.DataFrame

    @property
    def index(self) -> pd.Series:
        return self.need.mean(axis=1)


def need_of(figures: pd.DataFrame, scaling: str = "min_max", reach: float = 3.0) -> Need:
    """The rule of docs/definitions.md, Need."""
    figures = figures.sort_index().sort_index(axis=1)
    ranked = figures[figures.notna().mean(axis=1) >= 0.5]
    if scaling == "log_min_max":
        ranked = np.sign(ranked) * np.log1p(ranked.abs())
    scaled, need, is_outlier = {}, {}, {}
    for name, values in ranked.items():
        low, middle, high = np.nanquantile(values, [0.25, 0.5, 0.75])
        filled = values.fillna(middle)
        fence = reach * (high - low)
        used = filled.clip(low - fence, high + fence) if fence else filled
        is_outlier[name] = used != filled
        if scaling == "z_score":
            scaled[name] = ((used - used.mean()) / used.std(ddof=0)).fillna(0)
        else:
            scaled[name] = ((used - used.min()) / (used.max() - used.min())).fillna(0.5)
        turned = -scaled[name] if scaling == "z_score" else 1 - scaled[name]
        need[name] = scaled[name] if name in HIGHER_IS_WORSE else turned
    return Need(pd.DataFrame(scaled), pd.DataFrame(need), pd.DataFrame(is_outlier))


def choices_of(scaled: pd.DataFrame) -> pd.DataFrame:
    """n_clusters x wcss, silhouette, agglomerative_silhouette, elbow_height."""
    points = scaled.to_numpy()
    rows = []
    for k in range(1, min(MOST, len(np.unique(points, axis=0))) + 1):
        kmeans = KMeans(k, n_init=BEGINNINGS, random_state=SEED).fit(points)
        row = [kmeans.inertia_, np.nan, np.nan]
        if 1 < k < len(points):
            joined = AgglomerativeClustering(k).fit_predict(points)
            row[1:] = [silhouette_score(points, kmeans.labels_), silhouette_score(points, joined)]
        rows.append(row)
    columns = ["wcss", "silhouette", "agglomerative_silhouette"]
    found = pd.DataFrame(rows, columns=columns, index=np.arange(1, len(rows) + 1))
    places = np.linspace(0, 1, len(found))
    sums = found["wcss"]
    found["elbow_height"] = 1 - places - (sums - sums.min()) / (sums.max() - sums.min())
    return found


def clusters_of(scaled: pd.DataFrame, k: int) -> tuple[pd.Series, pd.Series]:
    """The cluster of each entity by k-means, and by joining the nearest, in any numbers."""
    points = scaled.to_numpy()
    kmeans = KMeans(k, n_init=BEGINNINGS, random_state=SEED).fit_predict(points)
    joined = AgglomerativeClustering(k).fit_predict(points)
    return pd.Series(kmeans, scaled.index), pd.Series(joined, scaled.index)


def components_of(scaled: pd.DataFrame) -> tuple[PCA, np.ndarray]:
    """Fitted components, and the scores of entities."""
    pca = PCA(svd_solver="full").fit(scaled.to_numpy())
    return pca, pca.transform(scaled.to_numpy())


def table(server: Server, name: str) -> pd.DataFrame:
    columns = [row[0] for row in server.query(f"describe marts.{name}")]
    return pd.DataFrame(server.query(f"select * from marts.{name}"), columns=columns)


def assert_need(
    server: Server, frame: pd.DataFrame, scaling: str = "min_max", reach: float = 3.0
) -> None:
    """All views are what the second calculation says of figures (entity x indicator)."""
    right = need_of(frame, scaling, reach)
    shown = table(server, "need_values").set_index(["entity", "indicator"])
    for column, wanted in (("value_scaled", right.scaled), ("need", right.need)):
        found = shown[column].unstack().loc[wanted.index, wanted.columns]
        np.testing.assert_allclose(found.astype(float), wanted, rtol=1e-9, atol=1e-12)
    found = shown["is_outlier"].unstack().loc[right.scaled.index, right.scaled.columns]
    assert (found.astype(bool) == right.is_outlier).all(axis=None)
    choices = choices_of(right.scaled)
    chosen = int(choices["elbow_height"].idxmax())
    assert_choices(table(server, "need_choice_of_k"), choices, chosen)
    ranking = table(server, "need_ranking").set_index("entity")
    assert_ranking(ranking, frame, right)
    kmeans, joined = clusters_of(right.scaled, chosen)
    ranked = ranking.loc[right.scaled.index]
    for column, labels in (("need_cluster", kmeans), ("agglomerative_cluster", joined)):
        assert_same_clusters(ranked[column], labels, right.index)
    assert_clusters(table(server, "need_clusters"), frame, right, ranked["need_cluster"])
    assert_components(server, right.scaled)


def assert_choices(found: pd.DataFrame, right: pd.DataFrame, chosen: int) -> None:
    found = found.set_index("n_clusters").sort_index()
    for column in right:
        numbers = found[column].astype(float)
        np.testing.assert_allclose(numbers, right[column], rtol=1e-6, atol=1e-9)
    assert list(found.index[found["is_chosen"]]) == [chosen]


def assert_ranking(ranking: pd.DataFrame, frame: pd.DataFrame, right: Need) -> None:
    index = right.index
    assert set(ranking.index) == set(frame.index)
    assert set(ranking.index[ranking["need_rank"].notna()]) == set(index.index)
    ranked = ranking.loc[index.index]
    np.testing.assert_allclose(ranked["need_index"].astype(float), index.round(4), atol=1.01e-4)
    np.testing.assert_array_equal(ranked["need_rank"], index.rank(ascending=False, method="min"))
    assert (ranking["n_missing"] == frame.isna().sum(axis=1).loc[ranking.index]).all()
    assert (ranked["n_outliers"] == right.is_outlier.sum(axis=1)).all()
    above = right.need - right.need.median()
    for entity, reasons in ranked["reasons"].items():
        order = above.loc[entity].sort_values(ascending=False)
        named = reasons.split(", ") if reasons else []
        assert len(named) == min(3, (order > 0).sum())
        # By their numbers: two indicators may be equally far above.
        np.testing.assert_allclose(above.loc[entity, named], order.iloc[: len(named)])


def assert_same_clusters(found: pd.Series, labels: pd.Series, index: pd.Series) -> None:
    """The same entities together, and numbered by their need."""
    pairs = set(zip(found, labels.loc[found.index], strict=True))
    assert len(pairs) == found.nunique() == labels.nunique()
    needs = index.groupby(found).mean().sort_index()
    assert list(needs.index) == list(range(1, len(needs) + 1))
    assert all(one >= other for one, other in pairwise(needs))


def assert_clusters(
    shown: pd.DataFrame, frame: pd.DataFrame, right: Need, clusters: pd.Series
) -> None:
    shown = shown.set_index(["need_cluster", "indicator"])
    assert len(shown) == clusters.nunique() * frame.shape[1]
    for cluster, entities in clusters.groupby(clusters).groups.items():
        one = shown.loc[cluster].loc[list(right.scaled)]
        assert (one["n_entities"] == len(entities)).all()
        for column, numbers in (
            ("mean_value", frame.loc[entities, right.scaled.columns]),
            ("mean_value_scaled", right.scaled.loc[entities]),
            ("mean_need", right.need.loc[entities]),
        ):
            np.testing.assert_allclose(one[column].astype(float), numbers.mean(), rtol=1e-9)


def assert_components(server: Server, scaled: pd.DataFrame) -> None:
    pca, scores = components_of(scaled)
    shown = table(server, "need_projection").set_index("entity").loc[scaled.index]
    np.testing.assert_allclose(shown.astype(float), scores[:, :2], rtol=1e-6, atol=1e-9)
    shown = table(server, "need_components").set_index(["component_number", "indicator"])
    loadings = shown["loading"].unstack()[list(scaled)]
    np.testing.assert_allclose(loadings.astype(float), pca.components_, rtol=1e-6, atol=1e-9)
    shares = shown.groupby("component_number")["explained_variance_share"].first()
    np.testing.assert_allclose(shares, pca.explained_variance_ratio_, rtol=1e-9)
