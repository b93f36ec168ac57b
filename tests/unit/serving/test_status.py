from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2

from restock import errors
from restock.serving.status import STATUS, status_of


def family(kind: type[errors.RestockError]) -> set[type[errors.RestockError]]:
    return {kind}.union(*(family(each) for each in kind.__subclasses__()))


def test_every_error_of_the_domain_has_a_status():
    ours = {kind for kind in family(errors.RestockError) if kind.__module__ == errors.__name__}
    assert set(STATUS) == ours


def test_the_tree_in_the_docstring_has_every_error():
    for kind in STATUS:
        assert f" {kind.__name__} " in errors.__doc__ or f" {kind.__name__}\n" in errors.__doc__


def test_no_error_of_the_domain_is_answered_as_ok():
    assert grpc.StatusCode.OK not in STATUS.values()


def test_a_bad_field_is_named_with_what_is_allowed():
    status = status_of(errors.InvalidRequest("filter.min_price", "at least 0"))
    detail = error_details_pb2.BadRequest()

    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert status.message == "filter.min_price: at least 0"
    assert status.details[0].Unpack(detail)
    assert detail.field_violations[0].field == "filter.min_price"
    assert detail.field_violations[0].description == "at least 0"


def test_a_missing_version_says_which_are_loaded():
    status = status_of(errors.VersionNotLoaded("b", ["c", "a"]))
    detail = error_details_pb2.ErrorInfo()

    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert status.details[0].Unpack(detail)
    assert (detail.reason, detail.domain) == ("VERSION_NOT_LOADED", "restock.v1")
    assert detail.metadata["versions"] == "c,a"


@pytest.mark.parametrize("error", [errors.NotReady("later"), errors.StoreUnavailable("down")])
def test_what_may_heal_says_when_to_try_again(error):
    status = status_of(error)
    detail = error_details_pb2.RetryInfo()

    assert status.code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert status.details[0].Unpack(detail)
    assert detail.retry_delay.seconds == 1


def test_a_bad_file_names_file_row_and_column():
    error = errors.InvalidFile(Path("a.csv"), "at least 0", row=3, column="units")
    assert str(error) == "a.csv, row 3, column 'units': at least 0"
