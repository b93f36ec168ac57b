import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts import index as indexes
from restock.artifacts.index import FaissIndex, NormTiers, build_index, choose_index, flat
from restock.artifacts.manifest import IndexChoice
from restock.tuning_config import TuningConfig

TUNING = TuningConfig()
EXACT = {"recall": 1, "scanned_share": 1}


def some_factors(rows, width=16, seed=0):
    """All of about the same length."""
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


def skewed(factors):
    """Lengths that fall with the row, as those of items fall with their popularity."""
    ranks = np.arange(1, len(factors) + 1, dtype=np.float32)
    return factors / ranks[:, None] ** np.float32(0.8)


def assert_best(found, factors, user, count):
    """Hold an answer against a plain matrix product; rows of equal scores may be any of them."""
    rows, scores = found
    exact = factors @ user
    assert len(set(rows.tolist())) == len(rows) == min(count, len(factors))
    assert scores == pytest.approx(exact[rows], rel=1e-4, abs=1e-4)
    assert scores == pytest.approx(np.sort(exact)[::-1][:count], rel=1e-4, abs=1e-4)
    assert (np.diff(scores) <= 0).all()


@given(
    rows=st.integers(1, 60),
    head=st.integers(0, 70),
    count=st.integers(1, 80),
    width=st.integers(1, 6),
    seed=st.integers(0, 10_000),
    skew=st.booleans(),
)
def test_norm_tiers_find_exactly_what_reading_all_rows_finds(rows, head, count, width, seed, skew):
    factors = some_factors(rows, width, seed)
    factors = skewed(factors) if skew else factors
    user = some_factors(1, width, seed + 1)[0]
    assert_best(NormTiers(factors, head).search(user, count), factors, user, count)
    assert_best(flat(factors).search(user, count), factors, user, count)


@given(
    factors=st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=30),
    user=st.tuples(st.integers(-1, 1), st.integers(-1, 1)),
    head=st.integers(0, 30),
    count=st.integers(1, 30),
)
def test_norm_tiers_are_exact_among_ties_and_for_a_user_of_zeros(factors, user, head, count):
    items, asked = np.array(factors, np.float32), np.array(user, np.float32)
    assert_best(NormTiers(items, head).search(asked, count), items, asked, count)


def test_the_rest_is_read_only_when_one_of_it_could_matter():
    # Lengths 3, 2 and 1: along the first axis nothing of length 1 beats a score of 2.
    factors = np.array([[3, 0], [2, 0], [0, 1]], np.float32)
    tiers = NormTiers(factors, 2)
    assert tiers.search(np.array([1, 0], np.float32), 2)[0].tolist() == [0, 1]
    assert tiers.rest_searches == 0
    assert tiers.search(np.array([0, 1], np.float32), 1)[0].tolist() == [2]
    assert tiers.rest_searches == 1


def test_the_head_of_norms_never_answers_a_row_of_the_rest():
    factors = np.array([[0, 1], [3, 0], [2, 0]], np.float32)
    head = build_index(factors, IndexChoice(kind="norm_head", head_rows=2, **EXACT))
    rows, scores = head.search(np.array([0.5, 9], np.float32), 3)
    assert (rows.tolist(), scores.tolist()) == ([1, 2], [1.5, 1])


@pytest.mark.parametrize(
    "choice",
    [
        IndexChoice(kind="flat", **EXACT),
        IndexChoice(kind="norm_tiers", head_rows=3, **EXACT),
        IndexChoice(kind="norm_tiers", head_rows=10, **EXACT),
        IndexChoice(kind="norm_tiers", head_rows=99, **EXACT),
        IndexChoice(kind="norm_head", head_rows=10, **EXACT),
        IndexChoice(kind="ivf", lists=1, probes=1, **EXACT),
    ],
    ids=lambda choice: f"{choice.kind} {choice.head_rows}",
)
def test_more_than_the_catalogue_holds_is_all_of_it(choice):
    factors = some_factors(10, 4)
    rows, scores = build_index(factors, choice).search(factors[0], 300)
    assert sorted(rows.tolist()) == list(range(10))
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize(
    "choice",
    [
        IndexChoice(kind="flat", **EXACT),
        IndexChoice(kind="norm_tiers", head_rows=0, **EXACT),
        IndexChoice(kind="norm_head", head_rows=0, **EXACT),
    ],
    ids=lambda choice: choice.kind,
)
def test_an_index_of_no_rows_finds_none(choice):
    rows, scores = build_index(np.empty((0, 4), np.float32), choice).search(np.ones(4, "f4"), 5)
    assert (rows.tolist(), scores.tolist()) == ([], [])


def test_an_inverted_file_that_finds_too_few_does_not_fill_up_with_minus_one():
    # Eight lists of about a hundred rows, one of them read: far fewer than 800 are found.
    factors = some_factors(800, 8)
    inverted = build_index(factors, IndexChoice(kind="ivf", lists=8, probes=1, **EXACT))
    assert isinstance(inverted, FaissIndex)
    for user in some_factors(20, 8, seed=1):
        rows, scores = inverted.search(user, 800)
        assert 0 < len(rows) < 800
        assert len(scores) == len(rows) == len(set(rows.tolist()))
        assert rows.min() >= 0
        assert scores == pytest.approx(factors[rows] @ user, rel=1e-4, abs=1e-4)


def recall(index, factors, users, count):
    exact = flat(factors)
    hits = [
        len(set(index.search(user, count)[0]) & set(exact.search(user, count)[0])) for user in users
    ]
    return np.mean(hits) / count


def test_a_small_catalogue_is_read_whole():
    factors = skewed(some_factors(indexes.SMALL_CATALOGUE, 4))
    assert choose_index(factors, some_factors(9, 4), 200, TUNING).kind == "flat"


def test_without_users_there_is_nothing_to_measure_and_all_is_read():
    factors = skewed(some_factors(20_000, 4))
    assert choose_index(factors, np.empty((0, 4), np.float32), 200, TUNING).kind == "flat"


def test_a_large_skewed_catalogue_is_not_read_whole_at_the_recall_asked_for():
    factors, users = skewed(some_factors(20_000)), some_factors(64, seed=1)
    choice = choose_index(factors, users, 200, TUNING)
    assert choice.kind in ("norm_tiers", "norm_head")
    assert choice.scanned_share < 0.5
    assert choice.recall >= TUNING.index_recall_floor
    # Users that the choice was not measured with.
    others = some_factors(64, seed=2)
    measured = recall(build_index(factors, choice), factors, others, 200)
    assert measured == pytest.approx(choice.recall, abs=0.01)


def test_where_no_loss_is_allowed_an_exact_index_is_chosen():
    factors, users = skewed(some_factors(20_000)), some_factors(16, seed=1)
    lossless = TUNING.changed({"index_recall_floor": 1.0})
    choice = choose_index(factors, users, 200, lossless)
    assert choice.recall == 1
    assert recall(build_index(factors, choice), factors, users, 200) == 1


def test_a_large_catalogue_of_equal_lengths_is_read_whole():
    factors = some_factors(20_000)
    factors /= np.linalg.norm(factors, axis=1)[:, None]
    assert choose_index(factors, some_factors(16, seed=1), 200, TUNING).kind == "flat"


def test_the_same_factors_give_the_same_choice():
    factors, users = skewed(some_factors(20_000)), some_factors(32, seed=1)
    assert choose_index(factors, users, 200, TUNING) == choose_index(factors, users, 200, TUNING)


def clustered(rows, width=8, clusters=60):
    """Rows of one length around a few directions: inverted lists fit them, tiers of norms do not."""
    centres = some_factors(clusters, width, seed=5)
    factors = np.repeat(centres, rows // clusters, axis=0) + some_factors(rows, width, seed=6) / 100
    return factors / np.linalg.norm(factors, axis=1)[:, None]


def test_an_inverted_file_is_considered_only_from_its_size_on(monkeypatch):
    factors = clustered(9_000)
    users = factors[::500]
    assert choose_index(factors, users, 50, TUNING).kind == "flat"
    monkeypatch.setattr(indexes, "IVF_CATALOGUE", 9_001)
    assert choose_index(factors, users, 50, TUNING).kind == "flat"
    monkeypatch.setattr(indexes, "IVF_CATALOGUE", 9_000)
    choice = choose_index(factors, users, 50, TUNING)
    assert (choice.kind, choice.lists) == ("ivf", 95)
    assert choice.recall >= TUNING.index_recall_floor
    assert choice.scanned_share == pytest.approx(choice.probes / 95, abs=1e-4)
    assert choice == choose_index(factors, users, 50, TUNING)
    measured = recall(build_index(factors, choice), factors, users, 50)
    assert measured == pytest.approx(choice.recall, abs=1e-4)


def test_a_loss_is_never_rounded_away():
    assert indexes.choice("ivf", 0.98999, 0.12345).recall == 0.9899
    assert indexes.choice("ivf", 0.98999, 0.12345).scanned_share == 0.1235
