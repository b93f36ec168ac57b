"""`restock report` end to end, on a small shop whose names try to run code."""

import json
import os
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from tests.a_bundle import published
from tests.unit.trainer.shop import SMALL, TODAY, write
from trainer.analysis.report import version_before
from trainer.columns import read_columns
from trainer.progress import Quiet
from trainer.read import Source
from trainer.train import train

runner = CliRunner()
EVIL = '<script>alert("x")</script>'
COLUMNS = """
[transactions]
user = "customer"
product = "sku"
day = "sold_on"
quantity = "units"
amount = "total"
[products]
product = "sku"
"""
NAMED = 'name = ["title"]\ncategory = "category"\n'
DISCOUNT = '[report]\ndiscount = ["off"]\n'
PRODUCTS = f"""\
sku,title,category
milk,{EVIL.replace('"', "'")},"<img src=x onerror=alert(1)>"
"<b>tea</b>",$x^2$ & more,drinks
wine,Wine,drinks
rare,Rare,
"""


def sales(weeks: int = 26, households: int = 30) -> str:
    """A shop where tea sells three times as much at half its price, and wine at any price alike."""
    chance = np.random.default_rng(0)
    lines = ["customer,sku,sold_on,units,total,off"]
    for day in range(7 * weeks):
        date = np.datetime64("2023-06-05") + day
        cut = (day // 7) % 3 == 0
        depth = 0.1 * (1 + (day // 7) % 4) if cut else 0.0
        tea = round(2.0 * (1 + 0.1 * ((day // 70) % 2)) * (1 - depth), 2)
        for household in chance.choice(households, 5, replace=False):
            lines.append(f"h{household},milk,{date},1,{1 + day // 60}.00,0")
            if chance.random() < (0.9 if cut else 0.3):
                lines.append(f'h{household},"<b>tea</b>",{date},1,{tea},{2.0 * depth:.2f}')
            if chance.random() < 0.4:
                lines.append(f"h{household},wine,{date},1,9,0")
    lines.append("h1,wine,2023-06-07,1,0.50,0")
    lines.append(f"h1,rare,{date},1,0.00,0")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of the shop, and two versions learned from them."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder / "sales.csv", sales())
    write(folder / "products.csv", PRODUCTS)
    write(folder / "columns.toml", COLUMNS + NAMED + DISCOUNT)
    write(folder / "bare.toml", COLUMNS)
    files = Source(
        folder / "sales.csv", folder / "products.csv", read_columns(folder / "columns.toml")
    )
    store = BundleStore(folder / "home" / "models")
    for knobs in (SMALL, SMALL.changed({"upsell_factor": 0.9, "max_per_category": 1})):
        store.activate(train(files, knobs, store, TODAY, Quiet()))
    return folder


def restock(folder, out, *arguments, columns="columns.toml", files=True):
    given = ["--transactions", "sales.csv", "--products", "products.csv", "--columns", columns]
    paths = [str(folder / name) if "." in name and "-" not in name else name for name in given]
    options = ["--home", str(folder / "home"), "--out", str(out)]
    return runner.invoke(app, ["report", *arguments, *(paths if files else []), *options])


def told(out):
    return json.loads((out / "report.json").read_text())


class Elements(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "report"
    result = restock(folder, out)
    assert result.exit_code == 0, result.output
    assert "rows kept" in result.output
    return out


def test_the_json_has_every_section(out, folder):
    report = told(out)
    store = BundleStore(folder / "home" / "models")
    assert report["format"] == 1
    assert report["version"] == store.active()
    assert report["last_day"] == "2023-12-03"
    assert report["inputs"] == {
        "files": ["sales.csv", "products.csv"], "of_version": True, "dated": True,
    }  # fmt: skip
    assert (report["dated"], report["left_out"]) == (True, {})
    assert set(report) == {
        "format", "version", "dated", "first_day", "last_day", "left_out", "inputs",
        "data_quality", "elasticity", "segments", "repurchase", "coverage", "change",
    }  # fmt: skip


def test_elasticity_knows_tea_and_does_not_claim_to_know_milk(out):
    section = told(out)["elasticity"]
    assert section["discounts_recorded"]
    assert section["products"] == 3
    items = {item["item_id"]: item for item in section["items"]}
    assert items["<b>tea</b>"]["elasticity"] < 0
    assert "milk" not in items  # four prices in a year, each lasting: not apart from the season
    assert sum(section["classes"].values()) == 3
    assert sum(section["reasons"].values()) == section["classes"]["insufficient_evidence"]


def test_data_quality_flags_the_wine_that_cost_fifty_cents(out):
    section = told(out)["data_quality"]
    assert section["retention"] == 1.0
    assert section["zero_price_kept"] == 1
    (wine,) = section["flagged"]
    assert (wine["item_id"], wine["verdict"], wine["lowest"], wine["highest"]) == (
        "wine", "error", 0.5, 9.0,
    )  # fmt: skip


def test_coverage_and_change_look_at_all_households(out):
    report = told(out)
    assert report["coverage"]["households"] == 30
    assert report["change"]["households"] == 30
    assert report["change"]["knobs"].keys() <= {"upsell_factor", "max_per_category"}
    assert sum(report["change"]["in_common"]) == 30


def test_nothing_that_a_data_file_says_can_run(out):
    page = (out / "report.html").read_text()
    elements = Elements()
    elements.feed(page)
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "iframe", "object", "embed", "link", "base", "form", "b"}
    assert not [name for _, attributes in elements.found for name in attributes if name[:2] == "on"]
    assert "&lt;script&gt;alert(&#39;x&#39;)" in page
    assert "&lt;b&gt;tea&lt;/b&gt;" in page
    policy = [attributes for tag, attributes in elements.found if "http-equiv" in attributes]
    assert policy[0]["content"].startswith("default-src 'none'")


def test_the_page_needs_no_other_file_and_every_plot_says_what_it_shows(out):
    elements = Elements()
    elements.feed((out / "report.html").read_text())
    images = [attributes for tag, attributes in elements.found if tag == "img"]
    assert len(images) >= 4
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in images)
    assert all(len(image["alt"]) > 20 for image in images)
    links = [attributes["href"] for tag, attributes in elements.found if tag == "a"]
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} <= {attrs.get("id") for _, attrs in elements.found}


def test_the_same_files_give_the_same_bytes(folder, out, tmp_path):
    assert restock(folder, tmp_path).exit_code == 0
    for name in ("report.html", "report.json"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_without_files_prices_are_those_the_version_was_learned_from(folder, tmp_path):
    assert restock(folder, tmp_path, files=False).exit_code == 0
    report = told(tmp_path)
    assert report["inputs"] == {"files": [], "of_version": None, "dated": True}
    assert report["data_quality"]["measured_on"] == "version"
    assert not report["elasticity"]["discounts_recorded"]
    assert "inferred from dips" in (tmp_path / "report.html").read_text()


def test_a_shop_without_discounts_names_or_categories_is_reported_on(folder, tmp_path):
    result = restock(folder, tmp_path, columns="bare.toml")
    assert result.exit_code == 0, result.output
    report = told(tmp_path)
    assert not report["data_quality"]["discounts_recorded"]
    assert report["elasticity"]["categories"] == []


def test_a_shop_without_a_price_is_reported_on(folder, tmp_path):
    text = "customer,sku,sold_on,units,total,off\n" + "".join(
        f"h{household},{product},2024-01-{1 + day:02d},1,0,\n"
        for household in range(6)
        for day in range(household, 28, 7)
        for product in ("milk", "wine", "rare")[: 1 + household % 3]
    )
    files = Source(
        write(tmp_path / "sales.csv", text),
        folder / "products.csv",
        read_columns(folder / "columns.toml"),
    )
    store = BundleStore(tmp_path / "home" / "models")
    store.activate(train(files, SMALL, store, TODAY, Quiet()))
    out = tmp_path / "out"
    result = runner.invoke(app, ["report", "--home", str(tmp_path / "home"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    report = told(out)
    assert report["elasticity"] is None
    assert report["left_out"] == {"elasticity": "No price is known in this data."}
    assert "No price is known" in (out / "report.html").read_text()
    assert [segment["name"] for segment in report["segments"]["segments"]][-1] == "unknown"


IN_ORDER = """
[transactions]
user = "customer"
product = "sku"
basket_order = "receipt"
quantity = "units"
amount = "total"
[products]
product = "sku"
"""


@pytest.fixture(scope="module")
def undated(folder, tmp_path_factory):
    """The same shop with the number of the receipt in place of the day, and a version learned from it."""
    place = tmp_path_factory.mktemp("undated")
    rows = [line.split(",") for line in sales().splitlines()[1:]]
    days = sorted({row[2] for row in rows})
    for row in rows:
        row[2] = str(1000 * days.index(row[2]) + int(row[0][1:]))
    lines = [",".join(row) for row in rows]
    write(place / "sales.csv", "\n".join(["customer,sku,receipt,units,total,off", *lines]) + "\n")
    write(place / "products.csv", PRODUCTS)
    write(place / "columns.toml", IN_ORDER + NAMED + DISCOUNT)
    write(place / "bare.toml", IN_ORDER)
    files = Source(
        place / "sales.csv", place / "products.csv", read_columns(place / "columns.toml")
    )
    store = BundleStore(place / "home" / "models")
    for knobs in (SMALL, SMALL.changed({"upsell_factor": 0.9})):
        store.activate(train(files, knobs, store, TODAY, Quiet()))
    return place


@pytest.mark.parametrize("files", [True, False])
def test_of_baskets_in_order_no_day_is_told_and_each_gap_says_why(undated, tmp_path, files):
    result = restock(undated, tmp_path, files=files)
    assert result.exit_code == 0, result.output
    report, page = told(tmp_path), (tmp_path / "report.html").read_text()
    assert (report["dated"], report["inputs"]["dated"]) == (False, False)
    assert (report["first_day"], report["last_day"], report["elasticity"]) == (None, None, None)
    assert set(report["left_out"]) == {"days", "repurchase", "prices", "elasticity"}
    for sentence in report["left_out"].values():
        assert sentence.startswith("The file gives baskets in order and no dates: ")
        assert sentence in page
    assert "No price is known" not in page
    assert not re.search(r"\b(19|20)\d\d-\d\d-\d\d\b", page + json.dumps(report))
    assert report["change"]["data"].keys().isdisjoint({"first_day", "last_day"})


def test_of_baskets_in_order_nothing_is_counted_in_days(undated, tmp_path):
    assert restock(undated, tmp_path, columns="bare.toml").exit_code == 0
    report, page = told(tmp_path), (tmp_path / "report.html").read_text()
    assert report["repurchase"]["unit"] == "basket"
    assert sum(report["repurchase"]["gaps_by_bin"]) == report["repurchase"]["gaps"] > 0
    assert all(found["days"] is None for found in report["data_quality"]["flagged"])
    for sentence in report["left_out"].values():
        page = page.replace(sentence, "")
    assert not re.findall(r".{0,40}\b(?:days?|weeks?)\b", page)


def test_files_with_dates_give_a_version_without_them_its_elasticity(folder, undated, tmp_path):
    given = ["--transactions", "sales.csv", "--products", "products.csv", "--columns", "bare.toml"]
    files = [str(folder / name) if "." in name and "-" not in name else name for name in given]
    home = ["--home", str(undated / "home"), "--out", str(tmp_path)]
    assert runner.invoke(app, ["report", *files, *home]).exit_code == 0
    report = told(tmp_path)
    assert report["elasticity"]["products"] == 3
    assert set(report["left_out"]) == {"days", "repurchase"}


def test_a_version_is_compared_with_the_one_named(folder, tmp_path):
    first, second = BundleStore(folder / "home" / "models").versions()
    assert restock(folder, tmp_path, first, "--against", second, files=False).exit_code == 0
    change = told(tmp_path)["change"]
    assert (change["after"], change["before"]) == (first, second)


def test_the_only_version_is_compared_with_none(tmp_path):
    published(tmp_path)
    result = runner.invoke(app, ["report", "--home", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert told(tmp_path / "report")["change"] is None
    assert "no older version" in (tmp_path / "report" / "report.html").read_text()


def test_a_version_is_compared_with_the_last_one_written_before_it_of_no_later_day():
    written = ["20240108-b", "20240101-a", "20240108-a", "20240115-a", "20240108-c"]
    assert version_before(written, "20240115-a") == "20240108-a"
    assert version_before(written, "20240108-c") == "20240108-a"
    assert version_before(written, "20240108-a") == "20240101-a"
    assert version_before(written, "20240101-a") is None
    assert version_before(written, "20240108-b") is None
    assert version_before(written, "20240108-z") is None


def test_a_version_of_another_format_is_not_what_one_is_compared_with(folder, tmp_path):
    """The version written between the two is of format 4, which this release does not read."""
    home = tmp_path / "home"
    shutil.copytree(folder / "home", home)
    store = BundleStore(home / "models")
    first, second = store.versions()
    outdated = f"{first[:8]}-000000000000"
    shutil.copytree(store.root / first, store.root / outdated)
    manifest = store.root / outdated / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 5', '"format": 4'))
    for hour, version in enumerate((first, outdated, second)):
        os.utime(store.root / version / "manifest.json", (3600 * hour, 3600 * hour))
    result = runner.invoke(app, ["report", second, "--home", str(home), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert told(tmp_path)["change"]["before"] == first


def test_a_short_shop_is_reported_on_without_an_elasticity(folder, tmp_path):
    write(tmp_path / "sales.csv", sales(weeks=2))
    files = [
        "--transactions",
        str(tmp_path / "sales.csv"),
        "--products",
        str(folder / "products.csv"),
    ]
    columns = ["--columns", str(folder / "columns.toml"), "--home", str(folder / "home")]
    result = runner.invoke(app, ["report", *files, *columns, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert told(tmp_path / "out")["elasticity"]["products"] == 0
    assert "not the purchases that the version" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["20240101-000000000000"], "no model version '20240101-000000000000'"),
        (["--against", "20240101-000000000000"], "no model version '20240101-000000000000'"),
        (["--products", "products.csv"], "or no file at all"),
        (["--sample", "--products", "products.csv"], "or no file at all"),
    ],
)
def test_what_cannot_be_reported_on_is_one_line_and_exit_code_2(
    folder, tmp_path, arguments, message
):
    result = restock(folder, tmp_path, *arguments, files=False)
    assert result.exit_code == 2
    assert message in re.sub(r"[\s│]+", " ", result.output)
    assert not (tmp_path / "report.html").exists()


def test_without_a_version_it_says_how_to_make_one(tmp_path):
    result = runner.invoke(app, ["report", "--home", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "restock train --sample" in result.output
