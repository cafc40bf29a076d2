"""Configs of functional models, of Keras 2 and 3, back to graphs.

The calls of a config may stand in any order, and name what comes later: each is made after those it depends
on. Nothing of a config is trusted; every place in it is checked before it is used.
"""

from __future__ import annotations

import heapq
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from layerlab.architectures.legacy_calls import (
    has_legacy_calls,
    is_place,
    legacy_entries,
    legacy_kwargs,
    reads_legacy_node,
    single_end,
)
from layerlab.architectures.legacy_config import deserialize_config
from layerlab.core.call_spec import call_spec
from layerlab.core.deserialization import deserialize_keras_object
from layerlab.core.symbolic import KerasTensor, Operation
from layerlab.errors import ConfigError, GraphError, explain

__all__ = ["functional_from_config", "is_functional_config", "takes_graph"]

_GRAPH_KEYS = ("layers", "input_layers", "output_layers")
_TENSOR = "__keras_tensor__"


def is_functional_config(config: object) -> bool:
    """True if `config` describes a graph."""
    return isinstance(config, dict) and all(key in config for key in ("name", *_GRAPH_KEYS))


def takes_graph(cls: type) -> bool:
    """True if the constructor can be called with (inputs, outputs, name)."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    kinds = {parameter.kind for parameter in parameters}
    if {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds:
        return True
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == ["inputs", "outputs", "name"]


def functional_from_config(cls: Any, config: dict[str, Any], is_model: Callable[[Any], bool]) -> Any:
    """`cls(inputs=, outputs=, name=, ...)` for a config of `functional_config` or of Keras 2.

    Raises: ConfigError for parts that are missing or malformed, GraphError for a graph with loops.
    """
    rest = {key: value for key, value in config.items() if key not in _GRAPH_KEYS and value is not None}
    losses = rest.pop("added_losses", None)
    reader = _GraphReader(config["layers"], is_model)
    reader.make_calls()
    ends = [config[key] for key in ("input_layers", "output_layers")]
    if reader.is_legacy:
        ends = [single_end(end) for end in ends]
    model = cls(inputs=reader.ends(ends[0]), outputs=reader.ends(ends[1]), **rest)
    if losses is not None:
        model.add_loss(reader.ends(losses))
    return model


class _GraphReader:
    """Makes the layers of a config, then the calls between them, each after those it depends on."""

    def __init__(self, layers: object, is_model: Callable[[Any], bool]) -> None:
        if not isinstance(layers, list | tuple):
            raise _malformed("layers", "a list", layers)
        self._is_model = is_model
        self._layers: dict[str, Any] = {}
        self._calls: dict[str, list[Any]] = {}  # layer -> its calls, as the config has them
        self._earlier: dict[str, int] = {}  # layer -> its calls in another graph, which shares it
        self.is_legacy = has_legacy_calls(layers)
        for data in layers:
            self._make_layer(data)
        self._shift = {name: self._calls_before(name) for name in self._layers}

    def _make_layer(self, data: object) -> None:
        if not isinstance(data, dict):
            raise _malformed("An entry of layers", "a dict", data)
        config = data.get("config")
        name = data.get("name", config.get("name") if isinstance(config, dict) else None)
        calls = data.get("inbound_nodes", [])
        if not isinstance(name, str) or not isinstance(calls, list | tuple):
            raise _malformed("An entry of layers", "a name and a list of inbound_nodes", name)
        if name in self._layers:
            raise ConfigError(f"A config has two layers named '{name[:80]}'.")
        own = {key: value for key, value in data.items() if key not in ("name", "inbound_nodes")}
        layer = deserialize_config(own, self.is_legacy)
        if not isinstance(layer, Operation):
            raise _malformed(f"The layer '{name[:80]}'", "a layer or an op", layer)
        self._earlier[name] = sum(not node.is_input for node in layer._inbound_nodes)
        self._layers[name], self._calls[name] = layer, list(calls)

    def _calls_before(self, name: str) -> int:
        """Keras 2 counts the calls of an inner model from 1; then the last of them shows it."""
        if not self.is_legacy or not hasattr(self._layers[name], "layers"):
            return 0
        numbers = [
            place[1]
            for calls in self._calls.values()
            for call in calls
            for place in self._places(call)
            if is_place(place) and place[0] == name
        ]
        return int(len(self._calls[name]) in numbers)

    def make_calls(self) -> None:
        """Call the layers on the tensors of the other layers."""
        order = {name: index for index, name in enumerate(self._layers)}
        waiting: dict[tuple[str, int], set[tuple[str, int]]] = {}
        followers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for name, calls in self._calls.items():
            for number, call in enumerate(calls):
                needs = {self._checked(place)[:2] for place in self._places(call)}
                needs = {key for key in needs if self._calls[key[0]]}  # those of an Input are there
                needs |= {(name, number - 1)} if number else set()
                waiting[name, number] = needs
                for key in needs:
                    followers.setdefault(key, []).append((name, number))
        ready = [(order[name], number, name) for (name, number), needs in waiting.items() if not needs]
        heapq.heapify(ready)
        while ready:
            _, number, name = heapq.heappop(ready)
            self._call(name, self._calls[name][number])
            del waiting[name, number]
            for key in followers.get((name, number), ()):
                waiting[key].discard((name, number))
                if not waiting[key]:
                    heapq.heappush(ready, (order[key[0]], key[1], key[0]))
        if waiting:
            stuck = ", ".join(sorted({name for name, _ in waiting})[:8])
            raise GraphError(explain("The graph of the config has loops.", got=f"in {stuck}"))

    def _call(self, name: str, call: Any) -> None:
        layer = self._layers[name]
        if reads_legacy_node(call):
            tensors, kwargs = self._legacy_arguments(layer, call)
            args: Any = [tensors]
        else:
            args, kwargs = self._argument(call.get("args", [])), self._argument(call.get("kwargs", {}))
        if not isinstance(args, list | tuple) or not isinstance(kwargs, dict):
            raise _malformed(f"A call of '{name[:80]}'", "a list of args and a dict of kwargs", call)
        try:
            layer(*args, **kwargs)
        except (TypeError, MemoryError) as error:
            raise ConfigError(
                explain(f"'{name[:80]}' cannot be called as the config says: {error}")
            ) from error

    def _argument(self, config: object) -> Any:
        """An argument of a call, with the tensors that were made in place of their descriptions."""
        if isinstance(config, list | tuple):
            return type(config)(self._argument(item) for item in config)
        if not isinstance(config, dict):
            return config
        if config.get("class_name") == _TENSOR:
            return self._tensor(self._checked(_history(config)))
        if "class_name" in config and "config" in config:
            return deserialize_keras_object(config)
        return {key: self._argument(item) for key, item in config.items()}

    def _legacy_arguments(self, layer: object, call: object) -> tuple[Any, dict[str, Any]]:
        """Tensors and further arguments of `[["dense", 0, 0, {...}], ...]`, of one entry, or of a dict."""
        if isinstance(call, dict):
            return {key: self._tensor(self._checked(entry)) for key, entry in call.items()}, {}
        tensors: list[KerasTensor] = []
        kwargs: dict[str, Any] = {}
        for entry in legacy_entries(call):
            tensors.append(self._tensor(self._checked(entry)))
            kwargs |= {key: self._legacy_argument(value) for key, value in legacy_kwargs(entry).items()}
        if len(tensors) > 1 and "initial_state" in call_spec(type(layer)).names:
            kwargs["initial_state"] = tensors[1:]  # a recurrent layer: Keras 2 listed them behind its input
            return tensors[0], kwargs
        return tensors[0] if len(tensors) == 1 else tensors, kwargs

    def _legacy_argument(self, value: object) -> Any:
        """A further argument, with tensors in place of the places it holds."""
        if self._is_made(value):
            return self._tensor(self._checked(value))
        if isinstance(value, list | tuple):
            return [self._legacy_argument(item) for item in value]
        if isinstance(value, dict):
            return {key: self._legacy_argument(item) for key, item in value.items()}
        return value

    def _is_made(self, value: Any) -> bool:
        return is_place(value) and value[0] in self._layers

    def _places(self, call: object) -> Iterator[Any]:
        """The places of all tensors among the arguments of a call."""
        if not reads_legacy_node(call):
            yield from _described(call)
        elif isinstance(call, dict):
            yield from call.values()
        else:
            for entry in legacy_entries(call):
                yield entry
                yield from self._inner_places(legacy_kwargs(entry))

    def _inner_places(self, value: object) -> Iterator[Any]:
        """The places within a further argument of a legacy call."""
        if self._is_made(value):
            yield value
        elif isinstance(value, list | tuple | dict):
            for item in value.values() if isinstance(value, dict) else value:
                yield from self._inner_places(item)

    def ends(self, structure: Any) -> Any:
        """The tensors of 'input_layers' or 'output_layers'."""
        if is_place(structure):
            name, number = structure[:2]
            layer, count = self._layers.get(name), len(self._calls.get(name, ()))
            is_inner = self._is_model(layer) or (hasattr(layer, "layers") and number == count)
            return self._tensor(self._checked(structure, before=int(is_inner and number > 0)))
        if isinstance(structure, dict):
            return {key: self.ends(value) for key, value in structure.items()}
        if isinstance(structure, list | tuple):
            return type(structure)(self.ends(value) for value in structure)
        raise _malformed("input_layers or output_layers", "entries like ['dense', 0, 0]", structure)

    def _tensor(self, place: tuple[str, int, int]) -> KerasTensor:
        name, number, tensor = place
        tensors = self._layers[name]._inbound_nodes[self._earlier[name] + number].output_tensors
        if not 0 <= tensor < len(tensors):
            raise _malformed(f"A tensor of '{name[:80]}'", f"one of its {len(tensors)} outputs", tensor)
        return tensors[tensor]

    def _checked(self, place: Any, before: int | None = None) -> tuple[str, int, int]:
        """(name, number of the call, number of the output), if there are such a layer and call."""
        if not is_place(place):
            raise _malformed("A tensor", "a place like ['dense', 0, 0]", place)
        name, number, tensor = place[:3]
        if name not in self._layers:
            known = ", ".join(self._layers)
            raise ConfigError(explain(f"The config has no layer '{name[:80]}'.", expected=f"one of {known}"))
        number -= self._shift[name] if before is None else before
        count = max(1, len(self._calls[name]))
        if not 0 <= number < count:
            raise _malformed(f"A call of '{name[:80]}'", f"a number below {count}", place[1])
        return name, number, tensor


def _described(config: object) -> Iterator[Any]:
    if isinstance(config, dict):
        if config.get("class_name") == _TENSOR:
            yield _history(config)
        else:
            for item in config.values():
                yield from _described(item)
    elif isinstance(config, list | tuple):
        for item in config:
            yield from _described(item)


def _history(config: dict[str, Any]) -> Any:
    inner = config.get("config")
    return inner.get("keras_history") if isinstance(inner, dict) else None


def _malformed(where: str, expected: str, got: object) -> ConfigError:
    return ConfigError(explain(f"{where} of a config is malformed.", expected=expected, got=repr(got)[:120]))
