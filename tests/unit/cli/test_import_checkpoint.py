import pytest

from restock.cli.import_checkpoint import Checkpoint, Loaded

DONE = Loaded(users=5, imported=3, kept=1, deleted=1)


def test_what_was_noted_is_read_until_it_is_removed(tmp_path):
    checkpoint = Checkpoint(tmp_path, "purchases", "127.0.0.1:50052")
    assert checkpoint.read(10) == Loaded()
    checkpoint.write(DONE)
    assert Checkpoint(tmp_path, "purchases", "127.0.0.1:50052").read(10) == DONE
    assert [path.parent.name for path in tmp_path.rglob("*.json")] == ["imports"]
    checkpoint.remove()
    checkpoint.remove()
    assert checkpoint.read(10) == Loaded()


def test_another_import_has_another_file(tmp_path):
    Checkpoint(tmp_path, "purchases", "here").write(DONE)
    assert Checkpoint(tmp_path, "purchases", "there").read(10) == Loaded()
    assert Checkpoint(tmp_path, "others", "here").read(10) == Loaded()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"users": -1}', '{"colour": 1}', '{"users": 11}'])
def test_a_file_that_cannot_be_true_says_nothing(tmp_path, text):
    checkpoint = Checkpoint(tmp_path, "purchases")
    checkpoint.write(DONE)
    checkpoint.path.write_text(text)
    assert checkpoint.read(10) == Loaded()
