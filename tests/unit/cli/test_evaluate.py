import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from tests.unit.trainer.evaluation.shop import many
from tests.unit.trainer.shop import write
from trainer.evaluation.page import BEGIN, END

runner = CliRunner()
DATED = [(user, product, np.datetime64("2024-01-01") + day) for user, product, day, _, _ in many()]
PRICED = '[transactions]\nuser="u"\nproduct="p"\nday="d"\nquantity="q"\namount="a"\n'
PLAIN = '[transactions]\nuser="u"\nproduct="p"\nday="d"\n'
IN_ORDER = '[transactions]\nuser="u"\nproduct="p"\nbasket_order="n"\n'
RECENT = "served HYBRID without leaving out the recent"
PRODUCTS = '[products]\nproduct="p"\n'


def files(folder, columns, header, lines):
    """Write a retailer's files and give the options that name them."""
    write(folder / "sales.csv", "\n".join([header, *lines]) + "\n")
    ids = sorted({product for _, product, *_ in DATED})
    write(folder / "products.csv", "\n".join(["p", *ids]) + "\n")
    write(folder / "columns.toml", columns + PRODUCTS)
    names = ("transactions", "sales.csv"), ("products", "products.csv"), ("columns", "columns.toml")
    return [part for name, file in names for part in (f"--{name}", str(folder / file))]


@pytest.fixture
def priced(tmp_path):
    lines = [f"{user},{product},{day},1,2.5" for user, product, day in DATED]
    return files(tmp_path, PRICED, "u,p,d,q,a", lines)


@pytest.fixture
def plain(tmp_path):
    return files(tmp_path, PLAIN, "u,p,d", [",".join(map(str, row)) for row in DATED])


@pytest.fixture
def in_order(tmp_path):
    """Receipts of all users, numbered in the order of the till."""
    days = sorted({(day, user) for user, _, day in DATED})
    number = {key: 7_000_000_000 + 3 * place for place, key in enumerate(days)}
    lines = [f"{user},{product},{number[day, user]}" for user, product, day in DATED]
    return files(tmp_path, IN_ORDER, "u,p,n", lines)


def evaluated(tmp_path, options, *more):
    arguments = ["evaluate", *options, "--out", str(tmp_path / "out"), "--workers", "1", *more]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return json.loads((tmp_path / "out" / "evaluation.json").read_text()), result.output


def test_a_file_is_evaluated_from_tables_to_plots_and_page(priced, tmp_path):
    page = write(tmp_path / "page.md", f"{BEGIN}{END}")
    methods = ["--method", "tifu", "--method", "served hybrid", "--method", "popularity"]
    told, said = evaluated(tmp_path, priced, "--page", str(page), *methods)
    assert [cut["day"] for cut in told["cutoffs"]] == ["2024-02-06", "2024-03-05", "2024-04-02"]
    assert set(told["cold_start"]) == {"0", "1", "2", "5"}
    assert told["tasks"]["next_basket"]["TIFU-KNN"]["recall_10"] > 0.5
    assert "P-TopFreq" not in told["tasks"]["next_basket"]
    assert "Next basket" in said and "Cold start" in said
    assert "HR10 share of households with a hit" in " ".join(said.split())
    text = page.read_text()
    assert "### Recall of the next basket by length of history" in text
    assert "| rule | POPULARITY | HYBRID |" in text
    assert (tmp_path / "out" / "recall_by_history.svg").exists()


def test_without_prices_and_categories_everything_still_ranks(plain, tmp_path):
    told, _ = evaluated(tmp_path, plain, "--quick")
    for name, values in told["tasks"]["next_basket"].items():
        assert values["recall_10"] > 0, name
    without = told["tasks"]["next_basket"]["served HYBRID without price rules"]
    assert without["recall_10"] == told["tasks"]["next_basket"]["served HYBRID"]["recall_10"]


def test_of_baskets_in_order_the_last_ones_are_foretold(in_order, tmp_path):
    page = write(tmp_path / "page.md", f"{BEGIN}{END}")
    methods = ["--method", "tifu", "--method", "served hybrid"]
    told, _ = evaluated(tmp_path, in_order, "--page", str(page), *methods)
    assert "| method | explore R10 [95%] | to TIFU-KNN |" in page.read_text()
    assert [cut["households"] for cut in told["cutoffs"]] == [30, 30, 30, 30]
    assert set(told["tasks"]) == {"next_basket", "explore"}
    assert told["tasks"]["next_basket"]["TIFU-KNN"]["recall_10"] > 0.5


@pytest.mark.parametrize("options", ["plain", "in_order"])
def test_a_file_without_prices_or_dates_can_be_trained_on(options, tmp_path, request):
    home = ["--home", str(tmp_path / "home")]
    result = runner.invoke(app, ["train", *request.getfixturevalue(options), *home])
    assert result.exit_code == 0, result.output
    store = BundleStore(tmp_path / "home" / "models")
    bundle = store.load(store.active())
    assert math.isnan(bundle.catalogue.median_price)
    assert np.isnan(bundle.catalogue.price).all()
    assert np.isfinite(bundle.retrieval.item_factors).all()
    assert bundle.retrieval.neighbour_weights.max() > 0


def test_knobs_change_what_serves_and_nothing_else(priced, tmp_path):
    options = ["--method", "served hybrid", "--method", "tifu", "--quick"]
    tuning = write(tmp_path / "tuning.toml", "recent_cycle_share = 0.0\n")
    plain = evaluated(tmp_path, priced, *options)[0]["tasks"]["next_basket"]
    tuned = evaluated(tmp_path, priced, *options, "--tuning", str(tuning))[0]["tasks"][
        "next_basket"
    ]
    assert tuned["TIFU-KNN"] == plain["TIFU-KNN"]
    assert (
        tuned["served HYBRID"]["recall_10"]
        == plain[RECENT]["recall_10"]
        != plain["served HYBRID"]["recall_10"]
    )


def test_a_cutoff_of_ones_own_is_stood_on(priced, tmp_path):
    options = ["--cutoff", "2024-03-01", "--method", "popularity", "--quick"]
    told, _ = evaluated(tmp_path, priced, *options)
    assert [cut["day"] for cut in told["cutoffs"]] == ["2024-03-01"]
    assert told["cold_start"] == {}


def test_a_file_of_a_few_days_is_one_line_and_exit_code_2(tmp_path):
    options = files(tmp_path, PLAIN, "u,p,d", ["ann,p01,2024-01-01", "ann,p01,2024-01-09"])
    result = runner.invoke(app, ["evaluate", *options])
    assert result.exit_code == 2
    assert "at least 56 days of purchases are needed to evaluate, not 9" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--sample", "--products", "p.csv"], ["--events", "e"]])
def test_either_the_sample_or_files_must_be_given(arguments):
    result = runner.invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 2
    assert "either --sample" in result.stderr
