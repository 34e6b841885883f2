"""The labs: exercises of regression and classification, run from top to bottom."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_auc_score

from tests.python.conftest import PROJECT

pytestmark = pytest.mark.long

LABS = PROJECT / "notebooks/labs"


@pytest.fixture
def run(server, tmp_path, monkeypatch):
    """Run a lab: what its variables of these names hold at the end, and its pictures."""
    missing = "The extra `notebooks` is not installed, so no lab is run: make test-all does."
    nbformat = pytest.importorskip("nbformat", reason=missing)
    client = pytest.importorskip("nbclient", reason=missing)
    pytest.importorskip("matplotlib", reason=missing)
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))

    def run(lab: str, *names: str) -> tuple[list[pd.DataFrame], int]:
        notebook = nbformat.read(LABS / f"{lab}.ipynb", 4)
        for name in names:
            source = f"import pandas; print(pandas.DataFrame({name}).to_json(double_precision=15))"
            notebook.cells.append(nbformat.v4.new_code_cell(source))
        client.NotebookClient(notebook, timeout=300).execute()
        cells = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
        own, asked = cells[: -len(names)], cells[-len(names) :]
        # A cell that shows nothing has no place in a notebook, but for settings and imports.
        shown = [[output for output in outputs if "data" in output] for outputs in own[2:]]
        assert all(shown)
        pictures = [output for outputs in shown for output in outputs if "image/png" in output.data]
        frames = [pd.read_json(io.StringIO(output.text)) for [output] in asked]
        return frames, len(pictures)

    return run


def test_linear_regression_finds_what_prices_were_made_of(run):
    names = ("coefficients", "quality", "one_column", "houses")
    (coefficients, quality, one_column, houses), n_pictures = run("linear_regression", *names)
    assert n_pictures == 1
    # Three standard errors of 3,500 houses.
    for row in coefficients.itertuples():
        reach = {"intercept": 9_000, "has_water_view": 8_000, "living_area_m2": 45}
        assert abs(row.found - row.made_of) < reach.get(row.column, 2_500), row
    learned, unseen = quality.set_index("houses").loc[["learned from", "not seen"]].itertuples()
    assert learned.n + unseen.n == len(houses) == 5_000
    assert 0.25 < unseen.n / 5_000 < 0.35
    for part in (learned, unseen):
        assert part.rmse == pytest.approx(35_000, rel=0.05)
        assert part.mse == pytest.approx(part.rmse**2)
        assert 0.8 < part.r2 < 0.95
    # Least squares by hand, of the houses to learn from.
    part = houses[~houses["is_test"]]
    features = part[list(coefficients["column"][:-1])].assign(intercept=1.0)
    found, *_ = np.linalg.lstsq(features.to_numpy(float), part["price"].to_numpy(float))
    np.testing.assert_allclose(coefficients["found"], found, rtol=1e-6)
    slope, intercept = np.polyfit(part["living_area_m2"], part["price"], 1)
    [line] = one_column.itertuples()
    np.testing.assert_allclose((line.price_per_m2, line.price_of_no_area), (slope, intercept))
    r = np.corrcoef(part["living_area_m2"], part["price"])[0, 1]
    assert line.r2 == pytest.approx(r**2)


def test_classification_tells_malignant_from_benign(run):
    (quality, counts, sides), n_pictures = run(
        "classification", "quality", "counts", "{'is_test': scaled['is_test']}"
    )
    assert n_pictures == 1
    shares = quality.set_index("what")["share"]
    assert shares["AUC"] >= 0.99
    # The same from scikit-learn's own copy, with the sides that SQL chose.
    measures, is_benign = load_breast_cancer(return_X_y=True)
    is_test = sides["is_test"].to_numpy(bool)
    learned = measures[~is_test]
    scaled = (measures - learned.mean(axis=0)) / learned.std(axis=0)
    model = LogisticRegression(max_iter=1000).fit(scaled[~is_test], is_benign[~is_test] == 0)
    probability = model.predict_proba(scaled[is_test])[:, 1]
    is_malignant = is_benign[is_test] == 0
    assert shares["AUC"] == pytest.approx(roc_auc_score(is_malignant, probability), abs=1e-6)
    right = confusion_matrix(is_malignant, probability >= 0.5)
    np.testing.assert_array_equal(counts.to_numpy(), right)
    assert shares["accuracy"] == pytest.approx(np.trace(right) / right.sum())
    assert shares["recall (sensitivity)"] == pytest.approx(right[1, 1] / right[1].sum())
    assert shares["specificity"] == pytest.approx(right[0, 0] / right[0].sum())
    assert shares["precision"] == pytest.approx(right[1, 1] / right[:, 1].sum())
