"""The rules of docs/architecture.md about who may import whom, held by reading the sources.

Nothing is imported here: the tests parse the files, so that they also judge code that cannot run.
"""

from __future__ import annotations

import ast
import graphlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine"
KERNEL_EXT = ROOT / "kernel_ext"
VIEWS_ROOT = ROOT / "labextension" / "src"

# A module may import from its own level and from those below. A new module gets its level here.
LEVELS = [
    {"errors", "events", "exports", "numeric", "tree", "settings", "dtypes", "frontends", "typing"},
    {"backend", "config"},
    {"core", "ops"},
    {
        "activations", "architectures", "constraints", "data", "dtype_policies", "initializers", "layers",
        "losses", "metrics", "optimizers", "quantizers", "random", "regularizers", "terminal",
    },
    {"training"},
    {"callbacks", "datasets", "distribution", "export", "inspect", "models", "preprocessing", "saving",
        "utils"},
]  # fmt: skip

# Within L2: later may import earlier, never the other way round.
ORDER_WITHIN_CORE = [
    "layerlab.core.variable",
    "layerlab.core.symbolic",
    "layerlab.ops",
    "layerlab.core.layer",
]

# Packages that gather files of one kind: each shows what its files list in `__all__`.
FAMILIES = [
    "activations", "constraints", "initializers", "layers", "losses", "metrics", "ops", "optimizers",
    "optimizers.schedules", "random", "regularizers",
]  # fmt: skip

JUPYTER = {
    "IPython", "anywidget", "comm", "ipykernel", "ipywidgets", "jupyter_client", "jupyter_core",
    "jupyter_server", "jupyterlab", "layerlab_jupyter", "nbformat", "notebook", "plotly", "traitlets",
}  # fmt: skip
TENSORFLOW = ("layerlab.saving.tensorflow_extra", "tensorflow")  # for its file formats, when asked for
NUMERICAL_LIBRARIES = {"jax", "jaxlib", "torch", "tensorflow"}
BACKEND_NAMES = {"jax", "torch", "tensorflow"}


# --- the rules -----------------------------------------------------------------------------------


def test_every_engine_module_has_a_level() -> None:
    unknown = {part for module in engine() if (part := top(module.name)) and level(module.name) is None}
    assert not unknown, f"give these a level in LEVELS of {Path(__file__).name}: {sorted(unknown)}"


def test_engine_modules_import_downwards_only() -> None:
    wrong = [
        f"{module.place(line)}: {module.name} (L{level(module.name)}) imports {target} (L{level(target)})"
        for module in engine()
        if top(module.name)  # the package itself gathers the public names from every level
        for target, line in own_imports(module)
        if (level(target) or 0) > (level(module.name) or 0)
    ]
    assert not wrong, report(wrong)


def test_within_the_core_layer_imports_ops_imports_symbolic_imports_variable() -> None:
    wrong = [
        f"{module.place(line)}: {module.name} imports {target}"
        for module in engine()
        for target, line in own_imports(module)
        if (mine := place_in_core(module.name)) is not None
        and (its := place_in_core(target)) is not None
        and its > mine
    ]
    assert not wrong, report(wrong)


def test_frontends_imports_events_only() -> None:
    module = next(module for module in engine() if module.name == "layerlab.frontends")
    assert {target for target, _ in own_imports(module)} <= {"layerlab.events"}


def test_the_engine_imports_no_jupyter_package() -> None:
    wrong = [
        f"{module.place(found.line)}: {found.name}"
        for module in engine()
        for found in module.imports
        if root_of(found.name) in JUPYTER
    ]
    assert not wrong, report(wrong)


def test_only_the_back_ends_import_jax_and_torch() -> None:
    wrong = [
        f"{module.place(found.line)}: {found.name}"
        for module in [*engine(), *kernel_ext()]
        if top(module.name) != "backend"
        for found in module.imports
        if root_of(found.name) in NUMERICAL_LIBRARIES and (module.name, found.name) != TENSORFLOW
    ]
    assert not wrong, report(wrong)


def test_a_certain_back_end_is_imported_by_the_back_ends_only() -> None:
    wrong = [
        f"{module.place(line)}: {target}"
        for module in engine()
        if top(module.name) != "backend"
        for target, line in own_imports(module)
        if target.startswith(("layerlab.backend.jax", "layerlab.backend.torch", "layerlab.backend.numpy"))
    ]
    assert not wrong, report(wrong)


def test_no_module_outside_the_back_ends_compares_with_the_name_of_one() -> None:
    wrong = [
        f"{module.place(node.lineno)}: {ast.unparse(node)}"
        for module in engine()
        if top(module.name) not in {"backend", "config"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare) and BACKEND_NAMES & set(strings_in(node))
    ]
    assert not wrong, report(wrong)


@pytest.mark.parametrize("part", ["engine", "kernel_ext"])
def test_there_are_no_import_cycles(part: str) -> None:
    modules = engine() if part == "engine" else kernel_ext()
    graph = {m.name: {target for target, _ in own_imports(m, at_import_only=True)} for m in modules}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1]
        pytest.fail(f"import cycle: {' <- '.join(cycle)}\n  Fix: move what both need into a module below.")


@pytest.mark.parametrize("part", ["engine", "kernel_ext"])
def test_there_are_no_circles_of_folders(part: str) -> None:
    """Of what is beside each other in a folder, each folder counts as one.

    At the top imports for types count as well; two files of one folder may know each other's types.
    """
    modules = engine() if part == "engine" else kernel_ext()
    for folder in sorted(folders_of(modules)):
        graph: dict[str, set[str]] = {}
        reasons: dict[tuple[str, str], str] = {}
        for module in modules:
            for target, line in own_imports(module, at_import_only="." in folder):
                mine, its = child_of(folder, module.name), child_of(folder, target)
                if mine and its and mine != its:
                    graph.setdefault(mine, set()).add(its)
                    reasons.setdefault((mine, its), f"{module.place(line)}: {module.name} imports {target}")
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            circle = error.args[1]
            places = [reasons[later, earlier] for earlier, later in itertools.pairwise(circle)]
            pytest.fail(f"a circle in {folder}: {report(places)}\n  Fix: a folder below, of what both need.")


def test_own_modules_are_imported_at_the_top_of_a_file() -> None:
    wrong = [
        f"{module.place(found.line)}: {found.name}"
        for module in [*engine(), *kernel_ext()]
        for found in module.imports
        if found.in_function and root_of(found.name) in {"layerlab", "layerlab_jupyter"}
    ]
    assert not wrong, report(wrong)


def test_the_kernel_extension_uses_public_names_of_the_engine_only() -> None:
    wrong = [
        f"{module.place(found.line)}: {found.name}"
        for module in kernel_ext()
        for found in module.imports
        if root_of(found.name) == "layerlab" and any(part.startswith("_") for part in found.name.split("."))
    ]
    assert not wrong, report(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_gathers_its_files_by_stars_alone(family: str) -> None:
    package = next(module for module in engine() if module.name == f"layerlab.{family}")
    _, *statements = package.tree.body
    wrong = [ast.unparse(node) for node in statements if not isinstance(node, ast.ImportFrom)]
    for found in package.imports:
        origin, _, name = found.name.rpartition(".")
        is_own_file = origin.startswith(f"{package.name}.")
        if is_own_file != (name == "*"):  # names of the core, and modules that are shown, go by name
            wrong.append(found.name)
    assert not wrong, report(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_name_of_a_family_is_listed_in_one_file(family: str) -> None:
    package = next(module for module in engine() if module.name == f"layerlab.{family}")
    files = {found.name.removesuffix(".*") for found in package.imports if found.name.endswith(".*")}
    listed = [name for module in engine() if module.name in files for name in listed_names(module)]
    assert len(listed) > 1
    assert sorted(listed) == sorted(set(listed))


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("views", r"@jupyterlab/|/plugins/"),  # views also run where there is no JupyterLab
        ("kernel", r"/views/|/plugins/"),
        ("keras-file", r"@jupyterlab/|/views/|/plugins/|/kernel/"),
    ],
)
def test_typescript_folders_import_downwards_only(folder: str, forbidden: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in sorted((VIEWS_ROOT / folder).rglob("*.ts*"))
        for target in re.findall(r"""(?:from|import)\s*\(?\s*['"]([^'"]+)['"]""", path.read_text())
        if re.search(forbidden, target)
    ]
    assert not wrong, report(wrong)


def test_the_longest_files_and_functions_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Never fails: long is not wrong, but a reader should know where it is."""
    modules = [*engine(), *kernel_ext()]
    files = sorted(((module.lines, str(module.path.relative_to(ROOT))) for module in modules), reverse=True)
    functions = sorted((length for module in modules for length in function_lengths(module)), reverse=True)
    with capsys.disabled():
        for title, rows in (("longest files", files), ("longest functions", functions)):
            print(f"\n{title}: " + ", ".join(f"{name} {lines}" for lines, name in rows[:10]))


# --- reading the sources -------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """One imported name, such as `layerlab.core.layer.Layer`."""

    name: str
    line: int
    in_function: bool
    for_types_only: bool


@dataclass(frozen=True)
class Module:
    """One parsed source file."""

    name: str
    path: Path
    tree: ast.Module
    lines: int
    imports: tuple[Import, ...]

    def place(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def engine() -> tuple[Module, ...]:
    return tuple(read_package(ENGINE))


@cache
def kernel_ext() -> tuple[Module, ...]:
    return tuple(read_package(KERNEL_EXT))


def read_package(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        if "node_modules" in path.parts or "labextension" in path.parts:
            continue
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text()
        tree = ast.parse(source, str(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        yield Module(name, path, tree, source.count("\n"), tuple(read_imports(tree, package)))


def read_imports(
    node: ast.AST, package: str, in_function: bool = False, for_types_only: bool = False
) -> Iterator[Import]:
    """Imports below `node`, `import_module("constant")` and those inside functions included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, in_function, for_types_only)
        elif isinstance(child, ast.ImportFrom):
            base = absolute(child, package)
            for alias in child.names:
                yield Import(f"{base}.{alias.name}", child.lineno, in_function, for_types_only)
        elif (target := imported_by_call(child)) is not None:
            yield Import(target, child.lineno, True, False)  # type: ignore[attr-defined]
        enters_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        enters_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from read_imports(
            child, package, in_function or enters_function, for_types_only or enters_types
        )


def absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def imported_by_call(node: ast.AST) -> str | None:
    """The module of `import_module("...")`; computed names (as in backend/active.py) are not judged."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    function = ast.unparse(node.func).rsplit(".", maxsplit=1)[-1]
    first = node.args[0]
    is_import = function in {"import_module", "__import__"}
    return str(first.value) if is_import and isinstance(first, ast.Constant) else None


@cache
def names_of(root: str) -> frozenset[str]:
    return frozenset(module.name for module in (engine() if root == "layerlab" else kernel_ext()))


def own_imports(module: Module, at_import_only: bool = False) -> Iterator[tuple[str, int]]:
    """(module, line) for each import from the same package; `from a import b` is a.b if that is a module."""
    root = root_of(module.name)
    for found in module.imports:
        if root_of(found.name) != root or (at_import_only and (found.in_function or found.for_types_only)):
            continue
        target = found.name
        while target not in names_of(root) and "." in target:
            target = target.rpartition(".")[0]
        if target != module.name:
            yield target, found.line


def folders_of(modules: tuple[Module, ...]) -> set[str]:
    return {module.name for module in modules if module.path.name == "__init__.py"}


def child_of(folder: str, name: str) -> str | None:
    """`layerlab.core` for layerlab.core.layer as the folder layerlab sees it; None outside of the folder."""
    below = name.removeprefix(f"{folder}.")
    return None if below == name else f"{folder}.{below.partition('.')[0]}"


def root_of(name: str) -> str:
    return name.split(".")[0]


def top(name: str) -> str | None:
    """`core` for layerlab.core.layer; None for the package itself."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else None


def level(name: str) -> int | None:
    """The level of a module; the package itself stands above all."""
    part = top(name)
    if part is None:
        return len(LEVELS)
    return next((number for number, parts in enumerate(LEVELS) if part in parts), None)


def place_in_core(name: str) -> int | None:
    places = (
        number
        for number, prefix in enumerate(ORDER_WITHIN_CORE)
        if name == prefix or name.startswith(f"{prefix}.")
    )
    return next(places, None)


def listed_names(module: Module) -> list[str]:
    """What the file lists in `__all__`, which must be a plain list of names."""
    lists = [
        node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for node in module.tree.body
        if "__all__" in [name.id for name in ast.walk(node) if isinstance(name, ast.Name)]
    ]
    assert len(lists) == 1 and isinstance(lists[0], ast.List), f"{module.path}: no plain `__all__`"
    return [ast.literal_eval(name) for name in lists[0].elts]


def strings_in(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def function_lengths(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{module.name}.{node.name}"


def report(wrong: list[str]) -> str:
    return f"{len(wrong)} place(s) against the rules:\n  " + "\n  ".join(wrong)
