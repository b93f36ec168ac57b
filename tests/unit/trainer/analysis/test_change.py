import numpy as np
import pytest

from restock.artifacts.store import BundleStore
from tests.a_bundle import PRODUCTS, published
from trainer.analysis.change import change, matched, rank_biased
from trainer.analysis.pages import Pages

ITEMS = list(PRODUCTS)


def pages(*lists):
    rows = [[ITEMS.index(item) for item in page] + [-1] * (5 - len(page)) for page in lists]
    return Pages(np.array(rows), np.array([1, 0]))


@pytest.fixture
def changed(tmp_path):
    older = published(tmp_path)
    newer = published(tmp_path, upsell_factor=0.5)
    store = BundleStore(tmp_path / "models")

    def compare(before, after):
        both = (before, after)
        households = np.array([0, 1])
        return change(store.load(older), store.load(newer), store.profiles(newer), households, both)

    return compare


BEFORE = pages(["milk", "bread", "eggs", "ham", "wine"], ["milk", "bread"])
AFTER = pages(["milk", "bread", "eggs", "salt", "water"], ["wine", "cake"])


def test_overlap_counts_what_both_pages_show(changed):
    found = changed(BEFORE, AFTER)
    assert found.overlap == 3 / 10
    assert found.in_common == (1, 0, 0, 1, 0, 0)
    shares = {segment.name: segment.overlap for segment in found.by_segment}
    assert shares == {"small": 0.6, "low average": 0.0}  # Ann and Bob


def test_products_and_categories_that_gained_and_lost_are_told(changed):
    found = changed(BEFORE, AFTER)
    assert [(move.item_id, move.before, move.after) for move in found.gained] == [
        ("cake", 0, 1), ("salt", 0, 1), ("water", 0, 1),
    ]  # fmt: skip
    assert {move.item_id for move in found.lost} == {"milk", "bread", "ham"}  # wine moved across
    assert [(move.name, move.after - move.before) for move in found.categories_lost] == [
        ("meat", -1), ("dairy", -1),
    ]  # fmt: skip


def test_prices_repeats_and_knobs_are_told(changed):
    found = changed(pages(["milk"], ["wine"]), pages(["milk"], ["milk", "gift"]))
    assert (found.price_before, found.price_after) == (5.0, 1.0)  # the gift has no price
    assert (found.repeat_share_before, found.repeat_share_after) == (1 / 2, 1 / 3)
    assert found.knobs == {"upsell_factor": (0.1, 0.5)}
    assert found.data["purchases"] == (5, 5)
    assert (found.items_new, found.items_gone) == (0, 0)


def ids(*lists):
    return np.array([[*page, *[""] * (5 - len(page))] for page in lists], object)


def test_rank_biased_overlap_is_1_for_equal_pages_and_0_for_strangers():
    page = ids("abcde")
    assert rank_biased(matched(page, page)) == pytest.approx([1.0])
    assert rank_biased(matched(page, ids("fghij"))).tolist() == [0.0]


def test_rank_biased_overlap_minds_the_first_place_most():
    first, last = ids("abcde"), ids("xbcde")
    tail = ids("abcdx")
    assert rank_biased(matched(first, tail)) > rank_biased(matched(first, last))
    # A swap of the first two: depths agree 0, 1, 1, 1, 1 with weights 1, .8, .64, .512, .4096.
    assert rank_biased(matched(first, ids("bacde"))) == pytest.approx([2.3616 / 3.3616])


def test_short_pages_share_no_empty_place():
    assert matched(ids("a"), ids("b")).sum() == 0
