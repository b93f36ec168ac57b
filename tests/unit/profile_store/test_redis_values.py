import pytest

from services.profile_store.redis_values import (
    commit_bytes,
    deletion_of,
    entry_of,
    kept_of,
    ledger_key,
    log_key,
    mark_key,
    profile_key,
    span_of,
    value_of,
)
from services.profile_store.repository import Deletion, Entry, Kept, Span


@pytest.mark.parametrize("event_id", ["e", "x" * 128, "ü" * 64, "牛奶 🥛", "a:b"])
def test_an_event_of_the_log_is_taken_apart_as_it_was_put_together(event_id):
    entry = Entry(event_id, bytes(range(256)))
    assert entry_of(value_of(entry)) == entry


def test_a_value_begins_with_the_length_of_the_id_in_bytes():
    assert value_of(Entry("ü", b"rest")) == b"\x02\xc3\xbcrest"


@pytest.mark.parametrize("commit", [1, 255, 256, 2**63])
def test_a_commit_number_is_8_bytes_so_that_10_is_after_9(commit):
    assert len(commit_bytes(commit)) == 8
    assert commit_bytes(commit - 1) < commit_bytes(commit)


def test_a_place_in_the_order_of_all_is_read():
    assert span_of(b"1700000000000-3", b"abc:12:5") == Span("1700000000000-3", "abc", 12, 5)


def test_the_note_of_a_deletion_is_read():
    assert deletion_of(b"1700000000123456:9:4") == Deletion(1_700_000_000_123_456, 9)


def test_kinds_of_keys_of_one_name_differ():
    keys = {key("a") for key in (profile_key, ledger_key, log_key, mark_key)}
    assert len(keys) == 4


def test_a_ledger_stands_behind_its_commit_number():
    value = commit_bytes(258) + b"ledger"
    assert kept_of(value, b"profile", None) == Kept(258, b"ledger", b"profile")
    assert kept_of(value, None, b"1:9:4") == Kept(258, b"ledger", b"")


def test_without_a_ledger_nothing_is_kept_and_a_deletion_was_a_commit():
    assert kept_of(None, None, None) == Kept()
    assert kept_of(None, None, b"1700000000123456:9:4") == Kept(4)
