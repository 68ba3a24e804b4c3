"""Spans as a test reads them, out of an OTLP request."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

Value: TypeAlias = "str | bool | int | float | bytes | list[Value] | dict[str, Value] | None"


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it was received: ids in hex, times in nanoseconds since 1970, events counted."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    kind: str
    status: str
    status_message: str
    start: int
    end: int
    attributes: dict[str, Value]
    scope: str
    scope_schema_url: str
    resource: dict[str, Value]
    events: int


def spans_in(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Yield every span of a request, with what its scope and its resource say."""
    for of_resource in request.resource_spans:
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield Span(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex() or None,
                    kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    status=trace_pb2.Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
                    status_message=span.status.message,
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                    attributes=_dict_of(span.attributes),
                    scope=of_scope.scope.name,
                    scope_schema_url=of_scope.schema_url,
                    resource=_dict_of(of_resource.resource.attributes),
                    events=len(span.events),
                )


def _dict_of(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    return {pair.key: _value_of(pair.value) for pair in pairs}


def _value_of(value: AnyValue) -> Value:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value
        case "bytes_value":
            return value.bytes_value
        case "array_value":
            return [_value_of(item) for item in value.array_value.values]
        case "kvlist_value":
            return _dict_of(value.kvlist_value.values)
        case _:
            return None
