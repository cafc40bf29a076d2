"""`keras.utils.plot_model`: the graph of a model in a file, laid out as in the notebook, with no Graphviz."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError, explain
from layerlab.inspect.graph import describe_graph
from layerlab.inspect.graph_layout import fold
from layerlab.inspect.graph_picture import Labels, draw
from layerlab.inspect.raster_picture import picture_file
from layerlab.inspect.svg_picture import picture_svg
from layerlab.settings import positive
from layerlab.typing import PathLike

__all__ = ["PlottedModel", "model_to_dot", "plot_model"]

Format = Literal["svg", "png", "pdf"]


@dataclass(frozen=True)
class PlottedModel:
    """The file that `plot_model` wrote; a notebook shows it when it is the last thing of a cell."""

    path: Path
    format: Format
    data: bytes

    def _repr_svg_(self) -> str | None:
        return self.data.decode("utf-8") if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None

    def __repr__(self) -> str:
        return f"<plot of a model in {self.path}, {len(self.data):,} bytes>"


def plot_model(
    model: ModelLike,
    to_file: PathLike = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    **kwargs: object,
) -> PlottedModel:
    """Draw a built model into a file, and return the picture.

    As last expression of a cell the picture shows itself.

    Args:
        model: a built model; of a subclassed one the layers in its attributes are
            drawn.
        to_file: its suffix says the format: '.svg' needs nothing; '.png' (also where
            there is no suffix) and '.pdf' are drawn by matplotlib.
        show_shapes: shapes of inputs and output of each layer.
        show_dtype: dtype of each output.
        show_layer_names: the names of layers beside their classes.
        rankdir: 'TB', top to bottom, or 'LR', left to right.
        expand_nested: draw what is inside of nested models.
        dpi: pixels per inch of a PNG; 96 draws text 11 pixels high. The other formats
            scale without loss.
        show_layer_activations: the activation of layers that have one.
        show_trainable: whether the weights of each layer are trained.
    Returns: a PlottedModel with `path`, `format` and `data`, the bytes of the file.
    Raises: NotBuiltError; InvalidArgumentError for an unknown format or argument;
        UnsupportedError for a PNG or PDF without matplotlib.

    Example:
        >>> import layerlab as keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     picture = plot_model(model, f"{folder}/line.svg", show_shapes=True)
        >>> picture.format, picture.data[:4]
        ('svg', b'<svg')
    """
    _refuse_unknown(kwargs)
    path, form = _checked_path(to_file)
    direction = _checked_direction(rankdir)
    positive(dpi, "dpi of plot_model")
    if not model.built:
        raise NotBuiltError(
            explain(
                f"The model '{model.name}' is not built: it has no layers to draw yet.",
                fix="call model.build(input_shape), or the model on a batch of data",
            )
        )
    graph = describe_graph(model)
    labels = Labels(
        names=bool(show_layer_names),
        input_shapes=bool(show_shapes),
        output_shapes=bool(show_shapes),
        dtypes=bool(show_dtype),
        activations=bool(show_layer_activations),
        trainable=bool(show_trainable),
    )
    picture = draw(graph if expand_nested else fold(graph, 0), direction, labels)
    if form == "svg":
        svg = picture_svg(picture, f"Graph of {model.name}", background="#ffffff", text_colour="#111827")
        data = svg.encode("utf-8")
    else:
        data = picture_file(picture, form, dpi)
    path.write_bytes(data)
    return PlottedModel(path, form, data)


def model_to_dot(*args: object, **kwargs: object) -> NoReturn:
    """Not there: layerlab draws without Graphviz, and has no `pydot.Dot` to give.

    `plot_model` draws the picture; `layerlab.inspect.describe_graph` has nodes and
    edges as data.

    Raises: UnsupportedError, always.

    Example:
        >>> try:
        ...     model_to_dot(None)
        ... except NotImplementedError as error:
        ...     print(type(error).__name__)
        UnsupportedError
    """
    raise UnsupportedError(
        explain(
            "model_to_dot makes an object of pydot, which layerlab does not use.",
            fix="plot_model(model, 'model.svg') for the picture, "
            "or layerlab.inspect.describe_graph(model) for nodes and edges as data",
        )
    )


def _checked_path(to_file: PathLike) -> tuple[Path, Format]:
    path = Path(to_file)
    match path.suffix.lower():
        case ".svg":
            return path, "svg"
        case ".png" | "":  # as in Keras
            return path, "png"
        case ".pdf":
            return path, "pdf"
    raise InvalidArgumentError(
        explain(
            "to_file of plot_model", expected="a name that ends in .svg, .png or .pdf", got=repr(str(to_file))
        )
    )


def _checked_direction(rankdir: str) -> Literal["TB", "LR"]:
    match rankdir:
        case "TB":
            return "TB"
        case "LR":
            return "LR"
    raise InvalidArgumentError(explain("rankdir of plot_model", expected="'TB' or 'LR'", got=repr(rankdir)))


def _refuse_unknown(kwargs: dict[str, Any]) -> None:
    if kwargs.pop("layer_range", None) is not None:
        raise InvalidArgumentError(
            explain(
                "plot_model has no argument 'layer_range' any more, as in Keras 3.",
                fix="draw a part: keras.Model(first.input, last.output)",
            )
        )
    if kwargs:
        raise InvalidArgumentError(
            explain("plot_model", expected="the arguments of Keras 3.13", got=", ".join(map(repr, kwargs)))
        )
