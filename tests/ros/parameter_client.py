"""A client of a node's parameters: plain Python values in, what the services answered out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peer import START_S, Peer
from rcl_interfaces.msg import Parameter, ParameterDescriptor, ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import parameter_value_to_python

Value = bool | int | float | str | list | None


def parameter_value(value: Value) -> ParameterValue:
    """The message that says this value; of the type that Python gives it, so 1 is an integer and 1.0 a double."""
    match value:
        case None:
            return ParameterValue(type=ParameterType.PARAMETER_NOT_SET)
        case bool():
            return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
        case int():
            return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
        case float():
            return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        case str():
            return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
        case [] | [bool(), *_]:
            # What `ros2 param load` makes of a list without entries.
            return ParameterValue(type=ParameterType.PARAMETER_BOOL_ARRAY, bool_array_value=value)
        case [int(), *_]:
            return ParameterValue(type=ParameterType.PARAMETER_INTEGER_ARRAY, integer_array_value=value)
        case [float(), *_]:
            return ParameterValue(type=ParameterType.PARAMETER_DOUBLE_ARRAY, double_array_value=value)
        case _:
            return ParameterValue(type=ParameterType.PARAMETER_STRING_ARRAY, string_array_value=value)


def parameters(values: dict[str, Value]) -> list[Parameter]:
    return [Parameter(name=name, value=parameter_value(value)) for name, value in values.items()]


class ParameterClient:
    def __init__(self, peer: Peer, node: str = "planner_node") -> None:
        def client(service: type, name: str) -> Callable[[Any], Any]:
            made = peer.create_client(service, f"{node}/{name}")

            def call(request: Any) -> Any:
                assert made.wait_for_service(timeout_sec=START_S), f"no service {name}"
                for _ in range(12):
                    # A server may be seen before it has seen who asks, and its first answer is lost then.
                    future = made.call_async(request)
                    if peer.spin_until(future.done, 5.0):
                        return future.result()
                raise AssertionError(f"no answer from {name}")

            return call

        self._list = client(ListParameters, "list_parameters")
        self._describe = client(DescribeParameters, "describe_parameters")
        self._get = client(GetParameters, "get_parameters")
        self._set = client(SetParameters, "set_parameters")
        self._set_atomically = client(SetParametersAtomically, "set_parameters_atomically")

    def names(self) -> list[str]:
        return list(self._list(ListParameters.Request()).result.names)

    def describe(self, names: list[str]) -> list[ParameterDescriptor]:
        return list(self._describe(DescribeParameters.Request(names=names)).descriptors)

    def get(self, names: list[str]) -> dict[str, Value]:
        values = self._get(GetParameters.Request(names=names)).values
        return {name: plain(value) for name, value in zip(names, values, strict=True)}

    def set(self, values: dict[str, Value]) -> list[SetParametersResult]:
        return self.set_messages(parameters(values))

    def set_messages(self, messages: list[Parameter]) -> list[SetParametersResult]:
        return list(self._set(SetParameters.Request(parameters=messages)).results)

    def set_atomically(self, values: dict[str, Value]) -> SetParametersResult:
        return self._set_atomically(SetParametersAtomically.Request(parameters=parameters(values))).result


def plain(message: ParameterValue) -> Value:
    value = parameter_value_to_python(message)
    return value if value is None or isinstance(value, bool | int | float | str) else list(value)
