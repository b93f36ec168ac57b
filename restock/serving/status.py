"""The one table from errors of the domain to gRPC status codes, with google.rpc details."""

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from restock import errors

DOMAIN = "restock.v1"
RETRY_SECONDS = 1
"""What a caller is told to wait before it tries an unavailable service again."""

STATUS: dict[type[errors.RestockError], grpc.StatusCode] = {
    errors.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidTuning: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidFile: grpc.StatusCode.INVALID_ARGUMENT,
    errors.BundleError: grpc.StatusCode.FAILED_PRECONDITION,
    errors.BundleMissing: grpc.StatusCode.NOT_FOUND,
    errors.BundleCorrupt: grpc.StatusCode.DATA_LOSS,
    errors.BundleOutdated: grpc.StatusCode.FAILED_PRECONDITION,
    errors.VersionNotLoaded: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NotReady: grpc.StatusCode.UNAVAILABLE,
    errors.StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeletedMeanwhile: grpc.StatusCode.ABORTED,
    errors.StoreFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.RestockError: grpc.StatusCode.INTERNAL,
}


def status_of(error: errors.RestockError) -> status_pb2.Status:
    """Turn an error into a status with the details that a caller can act on."""
    code = STATUS[type(error)]
    status = status_pb2.Status(code=code.value[0], message=str(error))
    for detail in details_of(error):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def details_of(error: errors.RestockError) -> list[Message]:
    """BadRequest for a field, RetryInfo for what may heal, ErrorInfo for what is loaded."""
    match error:
        case errors.InvalidRequest():
            violation = error_details_pb2.BadRequest.FieldViolation(
                field=error.field, description=error.allowed
            )
            return [error_details_pb2.BadRequest(field_violations=[violation])]
        case errors.VersionNotLoaded():
            versions = {"versions": ",".join(error.loaded)}
            return [
                error_details_pb2.ErrorInfo(
                    reason="VERSION_NOT_LOADED", domain=DOMAIN, metadata=versions
                )
            ]
        case errors.NotReady() | errors.StoreUnavailable() | errors.StoreFull():
            delay = duration_pb2.Duration(seconds=RETRY_SECONDS)
            return [error_details_pb2.RetryInfo(retry_delay=delay)]
    return []
