"""Architectures as text: JSON and YAML, without weights.

What is read may come from anyone: it can name layers of layerlab and what the user registered or passed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from layerlab.architectures.legacy_config import deserialize_config, modernized
from layerlab.core.deserialization import check_size
from layerlab.core.lambda_writing import check_lambdas
from layerlab.core.registry import CustomObjectScope
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.weight_limit import weight_limit
from layerlab.errors import ConfigError, explain
from layerlab.models.architecture import Architecture

try:
    import yaml
except ImportError:  # an extra: `pip install layerlab[yaml]`
    yaml = None

if TYPE_CHECKING:
    from layerlab.models.model import Model

__all__ = ["to_json", "to_yaml", "model_from_json", "model_from_yaml"]

_LONGEST = 64 * 2**20  # characters; Python takes up to twenty-five times as many bytes for what they say
_MOST_WEIGHTS_BYTES = 2**30


def to_json(self: Model, **kwargs: Any) -> str:
    """The architecture, and what the model was compiled with, as JSON text.

    `models.model_from_json`, here and of Keras, reads it. Weights are not in it.

    Args:
        **kwargs: of `json.dumps`: `indent=2` for lines that people read.
    Raises: UnsupportedError for parts without a config.

    Example:
        >>> import layerlab as keras
        >>> text = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).to_json()
        >>> json.loads(text)["config"]["layers"][1]["class_name"]
        'Dense'
    """
    config = serialize_keras_object(self)
    check_lambdas(config, f"'{self.name}'")
    return json.dumps(config, **kwargs)


def to_yaml(self: Model, **kwargs: Any) -> str:
    """The architecture, and what the model was compiled with, as YAML text.

    `models.model_from_yaml` reads it. Weights are not in it.

    Args:
        **kwargs: of `yaml.dump`.
    Raises: ImportError without PyYAML; UnsupportedError for parts without a config.
    """
    # By way of JSON: it makes tuples lists, and no part of the text refers to another.
    return _yaml().dump(json.loads(self.to_json()), **kwargs)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model that `to_json`, here or of Keras 2 or 3, described.

    Its weights are new: `load_weights` brings the weights of a file.

    Args:
        json_string: the text.
        custom_objects: name -> class or function, for what is neither layerlab's nor
            registered; None for none.
    Returns: the model; compiled if the described one was.
    Raises: ConfigError (a ValueError) for text that is no such description, or asks for
        over a gibibyte of weights; UnknownNameError for a class it names that is not
        known.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> keras.models.model_from_json(model.to_json()).output_shape
        (None, 1)
    """
    text = _checked_text(json_string, "model_from_json")
    try:
        config = json.loads(text)
    except RecursionError as error:
        raise ConfigError(explain("The JSON is nested too deeply.")) from error
    except ValueError as error:
        raise ConfigError(
            explain(
                f"model_from_json got no JSON: {str(error)[:120]}", fix="pass the text of model.to_json()"
            )
        ) from error
    return _model_from(config, custom_objects, "model_from_json")


def model_from_yaml(yaml_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model that `to_yaml`, here or of Keras 2, described.

    Its weights are new: `load_weights` brings the weights of a file.

    Args:
        yaml_string: the text. Only plain values are read; no tag runs code.
        custom_objects: name -> class or function, for what is neither layerlab's nor
            registered; None for none.
    Returns: the model; compiled if the described one was.
    Raises: ConfigError, UnknownNameError as `model_from_json`; ImportError without
        PyYAML.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> keras.models.model_from_yaml(model.to_yaml()).output_shape
        (None, 1)
    """
    text = _checked_text(yaml_string, "model_from_yaml")
    library = _yaml()
    try:
        config = library.load(text, Loader=_loader(library))
    except RecursionError as error:
        raise ConfigError(explain("The YAML is nested too deeply.")) from error
    except (library.YAMLError, ValueError) as error:
        raise ConfigError(
            explain(
                f"model_from_yaml got no YAML: {str(error)[:120]}", fix="pass the text of model.to_yaml()"
            )
        ) from error
    return _model_from(config, custom_objects, "model_from_yaml")


def _model_from(config: object, custom_objects: dict[str, Any] | None, method: str) -> Any:
    if not isinstance(config, dict) or "class_name" not in config:
        raise ConfigError(
            explain(
                f"{method} got no description of a model.",
                expected="the text of a dict with class_name and config",
                got=f"the text of a {type(config).__name__}",
            )
        )
    check_size(config)
    version = config.get("keras_version")  # Keras 2 says it; its last releases wrote modules as Keras 3 does
    limit = weight_limit(
        _MOST_WEIGHTS_BYTES,
        f"at most {_MOST_WEIGHTS_BYTES} bytes of weights from text",
        "check where it came from; if you trust it, Model.from_config(json.loads(text)['config'])",
    )
    with CustomObjectScope(custom_objects), limit:
        model = deserialize_config(modernized(config, version) if version is not None else config)
    if not isinstance(model, Architecture):
        raise ConfigError(
            explain(method, expected="the description of a model", got=f"a {type(model).__name__}")
        )
    return model


def _checked_text(text: object, method: str) -> str:
    if not isinstance(text, str):
        raise ConfigError(explain(method, expected="text", got=type(text).__name__))
    if len(text) > _LONGEST:
        raise ConfigError(explain(method, expected=f"at most {_LONGEST} characters", got=str(len(text))))
    return text


def _yaml() -> Any:
    if yaml is None:
        raise ImportError(
            "YAML needs the package PyYAML: pip install pyyaml. JSON needs nothing: model.to_json()"
        )
    return yaml


def _loader(library: Any) -> Any:
    """PyYAML's safe loader, with the tuples that Keras 2 wrote read as lists."""

    class Loader(library.SafeLoader):
        """Makes plain values only."""

    Loader.add_constructor("tag:yaml.org,2002:python/tuple", Loader.construct_yaml_seq)
    return Loader
