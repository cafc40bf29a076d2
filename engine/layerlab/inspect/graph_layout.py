"""Where the boxes and lines of a model's graph go: a layered layout with nested groups.

Layers by longest path, order by barycentres, positions by isotonic regression (the least-squares
places that keep the order and the gaps). Linear in nodes plus edges but for the sorting, and
without recursion, so that a chain of 5,000 layers is as safe as a small one. A group is laid out
first, and then stands as one large box in the level above. Imports records only.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from layerlab.inspect.records import Edge, ModelGraph

__all__ = ["Box", "Layout", "Line", "fold", "lay_out"]

Point = tuple[float, float]
Size = tuple[float, float]

_GAP_IN_LAYER = 24.0
_GAP_BETWEEN_LAYERS = 34.0
_GROUP_PADDING = 14.0
_GROUP_TITLE = 20.0
_SWEEPS = 4
_MOST_BENDS = 20_000  # past that, long lines run straight: their bends would cost more than the boxes


@dataclass(frozen=True)
class Box:
    """A rectangle; x and y are its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """An edge's way, from the border of its source to the border of its target."""

    edge: Edge
    points: list[Point]


@dataclass(frozen=True)
class Layout:
    """A box per node id (groups hold their members' boxes), a line per edge, and the whole size."""

    boxes: dict[str, Box]
    lines: list[Line]
    width: float
    height: float


def lay_out(graph: ModelGraph, sizes: Mapping[str, Size], direction: Literal["TB", "LR"] = "TB") -> Layout:
    """Place every node of `graph`, top down ('TB') or left to right ('LR').

    Args:
        sizes: width and height per node id; a group with members gets its size from them.
    Returns: boxes and lines with the origin at the top left.
    """
    sideways = direction == "LR"
    extents = {id: (h, w) if sideways else (w, h) for id, (w, h) in sizes.items()}
    title = (_GROUP_TITLE, 0.0) if sideways else (0.0, _GROUP_TITLE)
    levels = _levels(graph)
    placed: dict[str | None, _Level] = {}
    for parent in [node.id for node in reversed(graph.nodes) if node.id in levels] + [None]:
        level = _place_level(levels.get(parent, _Members([], [])), extents)
        placed[parent] = level
        if parent is not None:
            width, height = level.extent
            extents[parent] = (width + 2 * _GROUP_PADDING + title[0], height + 2 * _GROUP_PADDING + title[1])
    origins: dict[str | None, Point] = {None: (0.0, 0.0)}
    boxes: dict[str, Box] = {}
    parents = _parents(graph)
    for node in graph.nodes:  # groups come before their members
        parent = parents[node.id]
        corner = placed[parent].corners[node.id]
        x, y = origins[parent][0] + corner[0], origins[parent][1] + corner[1]
        boxes[node.id] = Box(x, y, *extents[node.id])
        if node.id in levels:
            origins[node.id] = (x + _GROUP_PADDING + title[0], y + _GROUP_PADDING + title[1])
    lines = [_line(edge, boxes, placed, origins, parents) for edge in _drawable(graph)]
    width, height = placed[None].extent
    if not sideways:
        return Layout(boxes, lines, width, height)
    turned = {id: Box(box.y, box.x, box.height, box.width) for id, box in boxes.items()}
    lines = [Line(line.edge, [(y, x) for x, y in line.points]) for line in lines]
    return Layout(turned, lines, height, width)


def fold(graph: ModelGraph, limit: int) -> ModelGraph:
    """`graph` with its deepest groups closed, one depth after another, until at most `limit` nodes are left
    (or no group is open)."""
    parents = _parents(graph)
    depth: dict[str | None, int] = {None: -1}
    for id, parent in parents.items():
        depth[id] = depth[parent] + 1
    counts = Counter(depth[id] for id in parents)
    deepest = max(counts, default=0)
    visible = len(parents)
    while deepest > 0 and visible > limit:
        visible -= counts[deepest]
        deepest -= 1
    stand_in: dict[str, str] = {}  # node id -> the node that is drawn for it
    for id, parent in parents.items():
        stand_in[id] = stand_in[parent] if parent is not None and depth[id] > deepest else id
    edges = {(stand_in[e.source], stand_in[e.target]): e for e in _drawable(graph)}
    return ModelGraph(
        nodes=[node for node in graph.nodes if stand_in[node.id] == node.id],
        edges=[replace(e, source=s, target=t) for (s, t), e in edges.items() if s != t],
    )


# -- levels: the members of one group, and the edges between them ---------------------------------


@dataclass
class _Members:
    ids: list[str]
    edges: list[tuple[str, str]]


@dataclass
class _Level:
    corners: dict[str, Point]
    bends: dict[tuple[str, str], list[Point]]
    extent: Size


def _parents(graph: ModelGraph) -> dict[str, str | None]:
    """The group of each node; a group that is not there, or comes later, counts as none."""
    parents: dict[str, str | None] = {}
    for node in graph.nodes:
        parents[node.id] = node.parent if node.parent in parents else None
    return parents


def _drawable(graph: ModelGraph) -> list[Edge]:
    known = {node.id for node in graph.nodes}
    return [e for e in graph.edges if e.source in known and e.target in known and e.source != e.target]


def _levels(graph: ModelGraph) -> dict[str | None, _Members]:
    parents = _parents(graph)
    levels: dict[str | None, _Members] = {}
    for id, parent in parents.items():
        levels.setdefault(parent, _Members([], [])).ids.append(id)
    lifted = {_lift(edge, parents): None for edge in _drawable(graph)}  # a dict keeps the order
    for level, source, target in lifted:
        if source != target:
            levels[level].edges.append((source, target))
    return levels


def _lift(edge: Edge, parents: Mapping[str, str | None]) -> tuple[str | None, str, str]:
    """The innermost group that holds both ends, and its members in which the ends lie."""
    above: dict[str | None, str] = {}  # each group around the source -> its member on the way
    id: str | None = edge.source
    while id is not None:
        above[parents[id]] = id
        id = parents[id]
    target = edge.target
    while parents[target] not in above:
        target = parents[target] or ""
    return parents[target], above[parents[target]], target


def _line(
    edge: Edge,
    boxes: Mapping[str, Box],
    placed: Mapping[str | None, _Level],
    origins: Mapping[str | None, Point],
    parents: Mapping[str, str | None],
) -> Line:
    level, source, target = _lift(edge, parents)
    x, y = origins[level]
    bends = [(x + bx, y + by) for bx, by in placed[level].bends.get((source, target), [])]
    start, end = boxes[edge.source], boxes[edge.target]
    first = (start.x + start.width / 2, start.y + start.height)
    if bends:  # leave the source straight down, past its taller neighbours
        bends[0] = (first[0], bends[0][1])
    return Line(edge, [first, *bends, (end.x + end.width / 2, end.y)])


# -- one level -------------------------------------------------------------------------------------


def _place_level(members: _Members, extents: Mapping[str, Size]) -> _Level:
    if not members.ids:
        return _Level({}, {}, (0.0, 0.0))
    rank, edges = _ranks(members)
    rows: list[list[int]] = [[] for _ in range(max(rank.values()) + 1)]
    grid = _Grid(rows)
    index = {id: grid.add(rank[id], extents[id][0]) for id in members.ids}
    spans = sum(rank[t] - rank[s] - 1 for s, t in edges)
    chains = {(s, t): grid.connect(index[s], index[t], bend=spans <= _MOST_BENDS) for s, t in edges}
    grid.order()
    centres = grid.centres()
    heights = [0.0] * len(rows)
    for id in members.ids:
        heights[rank[id]] = max(heights[rank[id]], extents[id][1])
    tops = [0.0]
    for height in heights:
        tops.append(tops[-1] + height + _GAP_BETWEEN_LAYERS)
    left = min(centres[i] - grid.widths[i] / 2 for i in range(len(centres)))
    right = max(centres[i] + grid.widths[i] / 2 for i in range(len(centres)))
    corners = {id: (centres[i] - extents[id][0] / 2 - left, tops[rank[id]]) for id, i in index.items()}
    bends = {}
    for (source, target), chain in chains.items():
        points = [(centres[index[source]] - left, tops[rank[source]] + heights[rank[source]])]
        for i in chain:
            row = grid.row_of[i]
            points += [(centres[i] - left, tops[row]), (centres[i] - left, tops[row] + heights[row])]
        bends[source, target] = points
    return _Level(corners, bends, (right - left, tops[-1] - _GAP_BETWEEN_LAYERS))


def _ranks(members: _Members) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Longest path from the sources, and the edges that point down it (a cycle loses one edge)."""
    after: dict[str, list[str]] = defaultdict(list)
    waiting = dict.fromkeys(members.ids, 0)
    for source, target in members.edges:
        after[source].append(target)
        waiting[target] += 1
    rank: dict[str, int] = {}
    ready = deque(id for id in members.ids if waiting[id] == 0)
    least = dict.fromkeys(members.ids, 0)
    rest = iter(members.ids)
    while len(rank) < len(members.ids):
        # Nothing ready means a cycle: go on with the first node left, against one of its inputs.
        id = ready.popleft() if ready else next(i for i in rest if i not in rank)
        if id in rank:
            continue
        rank[id] = least[id]
        for target in after[id]:
            least[target] = max(least[target], rank[id] + 1)
            waiting[target] -= 1
            if waiting[target] == 0 and target not in rank:
                ready.append(target)
    fed = {target for _, target in members.edges}
    for id in members.ids:  # a second input stands right above the first layer that uses it
        if id not in fed and after[id]:
            rank[id] = max(0, min(rank[target] for target in after[id]) - 1)
    return rank, [(s, t) for s, t in members.edges if rank[s] < rank[t]]


class _Grid:
    """Rows of points joined by edges between neighbouring rows: first ordered, then placed."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows
        self.widths: list[float] = []
        self.row_of: list[int] = []
        self.above: list[list[int]] = []
        self.below: list[list[int]] = []
        self.is_bend: list[bool] = []

    def add(self, row: int, width: float, is_bend: bool = False) -> int:
        i = len(self.widths)
        self.rows[row].append(i)
        self.widths.append(width)
        self.row_of.append(row)
        self.above.append([])
        self.below.append([])
        self.is_bend.append(is_bend)
        return i

    def connect(self, source: int, target: int, *, bend: bool) -> list[int]:
        """Join two points, through a bend in each row between them; return the bends."""
        between = range(self.row_of[source] + 1, self.row_of[target]) if bend else range(0)
        chain = [self.add(row, 4.0, is_bend=True) for row in between]
        if not bend and self.row_of[target] - self.row_of[source] > 1:
            return []
        for upper, lower in zip([source, *chain], [*chain, target], strict=True):
            self.below[upper].append(lower)
            self.above[lower].append(upper)
        return chain

    def order(self) -> None:
        """Sort each row by the mean place of its neighbours, downwards and upwards in turn."""
        place = [0.0] * len(self.widths)
        for row in self.rows:
            for position, i in enumerate(row):
                place[i] = position
        for sweep in range(_SWEEPS):
            neighbours = self.above if sweep % 2 == 0 else self.below
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                keys = {i: _mean([place[n] for n in neighbours[i]], place[i]) for i in row}
                row.sort(key=keys.__getitem__)
                for position, i in enumerate(row):
                    place[i] = position

    def centres(self) -> list[float]:
        """Each point as near to its neighbours as the order and the gaps allow."""
        centre = [0.0] * len(self.widths)
        for row in self.rows:
            self._settle(row, centre, dict.fromkeys(row, 0.0))
        for sweep in range(2 * _SWEEPS + 1):
            down = sweep % 2 == 0
            for row in self.rows if down else reversed(self.rows):
                wanted = {}
                for i in row:
                    near = self.above[i] if down else self.below[i]
                    if sweep == 2 * _SWEEPS:
                        near = self.above[i] + self.below[i]
                    # Boxes draw boxes, so that the main path of a residual network runs straight.
                    boxes = [] if self.is_bend[i] else [n for n in near if not self.is_bend[n]]
                    wanted[i] = _mean([centre[n] for n in boxes or near], centre[i])
                self._settle(row, centre, wanted)
        return centre

    def _settle(self, row: list[int], centre: list[float], wanted: Mapping[int, float]) -> None:
        """Least-squares positions at least a gap apart: pool adjacent violators.

        Source: Barlow, Bartholomew, Bremner, Brunk 1972, "Statistical inference under order restrictions".
        """
        offset, offsets = 0.0, []
        for position, i in enumerate(row):
            if position:
                offset += (self.widths[row[position - 1]] + self.widths[i]) / 2 + _GAP_IN_LAYER
            offsets.append(offset)
        pools: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, members
        for i, shift in zip(row, offsets, strict=True):
            weight = 4.0 if self.is_bend[i] else 1.0  # a straight long line matters more than a centred box
            total, members = weight * (wanted[i] - shift), 1
            while pools and pools[-1][0] / pools[-1][1] >= total / weight:
                earlier = pools.pop()
                total, weight, members = total + earlier[0], weight + earlier[1], members + earlier[2]
            pools.append((total, weight, members))
        position = 0
        for total, weight, members in pools:
            for i in row[position : position + members]:
                centre[i] = total / weight + offsets[position]
                position += 1


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
