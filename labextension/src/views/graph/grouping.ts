/**
 * Groups of our own making, where a level has more members than anybody can read: blocks that share the
 * beginning of their names ('conv2_block1_...'), else runs of layers, cut where the fewest edges cross.
 *
 * A group is always a run of neighbours in topological order, so no path leaves it and comes back.
 */
import type { ModelGraph, NodeInfo } from '../../protocol';
import { clip, count } from '../shared/text';
import { trans } from '../shared/translation';

/** A level with more members than this gets groups; inside of these, one with more than a few if its names tell which. */
export const MOST_MEMBERS = 40;
const FEW_MEMBERS = 12;
/** Parts of a name that are looked at. */
const MOST_PARTS = 6;

/** A run of members, from `start` to before `end`: a group if it has items. */
type Run = { start: number; end: number; name: string; items: readonly Run[] };

/** The members of each level, by its group (null: the top), in topological order. */
export type Levels = ReadonlyMap<string | null, readonly NodeInfo[]>;

/** Where the levels get groups: every new group, and the group that each node is in now. */
export function groupsFor(
  levels: Levels,
  edges: ModelGraph['edges'],
  parents: ReadonlyMap<string, string | null>
): { made: NodeInfo[]; parentOf: Map<string, string> } {
  const made: NodeInfo[] = [];
  const parentOf = new Map<string, string>();
  for (const [parent, members] of levels) {
    if (members.length > MOST_MEMBERS) {
      const crossing = crossings(members, edges, parents);
      const top = divide(members, 0, members.length, 1, crossing);
      add(top, parent, members, made, parentOf);
    }
  }
  return { made, parentOf };
}

function add(
  runs: readonly Run[],
  parent: string | null,
  members: readonly NodeInfo[],
  made: NodeInfo[],
  parentOf: Map<string, string>
): void {
  for (const run of runs) {
    const id = run.items.length === 0 ? members[run.start]?.id : `${parent ?? ''}\n${run.start}-${run.end}`;
    if (id === undefined) {
      continue;
    }
    if (parent !== null) {
      parentOf.set(id, parent);
    }
    if (run.items.length > 0) {
      made.push(describe(run, id, parent, members.slice(run.start, run.end)));
      add(run.items, id, members, made, parentOf);
    }
  }
}

function describe(run: Run, id: string, parent: string | null, members: readonly NodeInfo[]): NodeInfo {
  const last = members.at(-1);
  const parameters = members.reduce((sum, member) => sum + member.parameters, 0);
  return {
    id,
    parent,
    name: run.name,
    class_name: trans.__('%1 layers', count(members.length)),
    family: 'model',
    path: '',
    output_shape: last?.output_shape ?? '',
    dtype: last?.dtype ?? '',
    parameters,
    trainable: parameters === 0 || members.some(member => member.parameters > 0 && member.trainable),
    is_group: true,
    config: {},
    weights: []
  };
}

/** The members from `start` to `end` as at most MOST_MEMBERS runs; `parts` of their names are looked at. */
function divide(
  members: readonly NodeInfo[],
  start: number,
  end: number,
  parts: number,
  crossing: readonly number[]
): readonly Run[] {
  const length = end - start;
  if (length <= FEW_MEMBERS) {
    return Array.from({ length }, (_, i) => single(start + i));
  }
  for (let k = parts; k <= MOST_PARTS; k++) {
    const runs = runsByName(members, start, end, k);
    if (runs.length > 1 && runs.length <= length / 2) {
      const filled = runs.map(run =>
        run.end - run.start > 1
          ? { ...run, items: divide(members, run.start, run.end, k + 1, crossing) }
          : single(run.start)
      );
      return joined(filled, members, crossing);
    }
  }
  return joined(
    Array.from({ length }, (_, i) => single(start + i)),
    members,
    crossing
  );
}

function single(start: number): Run {
  return { start, end: start + 1, name: '', items: [] };
}

/** Neighbours whose names begin with the same `k` parts; numbers at the end alone do not make a block. */
function runsByName(members: readonly NodeInfo[], start: number, end: number, k: number): Run[] {
  const runs: Run[] = [];
  for (let i = start; i < end; i++) {
    const name = beginning(members[i]?.name ?? '', k);
    const last = runs.at(-1);
    if (last && name !== '' && last.name === name) {
      last.end = i + 1;
    } else {
      runs.push({ start: i, end: i + 1, name, items: [] });
    }
  }
  return runs.flatMap(run => {
    const names = members.slice(run.start, run.end).map(member => member.name);
    return names.length > 1 && names.every(name => /^[\d_/.-]*$/.test(name.slice(run.name.length)))
      ? names.map((_, i) => single(run.start + i))
      : [run];
  });
}

/** The first `k` parts of a name as written in it; '' if it has no more than these. */
function beginning(name: string, k: number): string {
  const ends = [...clip(name).matchAll(/[_/.-]/g)].map(match => match.index);
  return ends.length >= k ? name.slice(0, ends[k - 1]) : '';
}

/** The runs, gathered level by level into groups of neighbours until there are few enough. */
function joined(
  runs: readonly Run[],
  members: readonly NodeInfo[],
  crossing: readonly number[]
): readonly Run[] {
  if (runs.length <= MOST_MEMBERS) {
    return runs;
  }
  const levels = Math.ceil(Math.log(runs.length) / Math.log(MOST_MEMBERS) - 1e-9);
  const size = Math.ceil(runs.length ** (1 / levels));
  const gathered: Run[] = [];
  for (let from = 0; from < runs.length; ) {
    const to = bestCut(runs, from, size, crossing);
    const [first, last] = [runs[from] as Run, runs[to - 1] as Run];
    gathered.push(
      to - from === 1
        ? first
        : {
            start: first.start,
            end: last.end,
            name: `${nameOf(first, members, 'first')} … ${nameOf(last, members, 'last')}`,
            items: runs.slice(from, to)
          }
    );
    from = to;
  }
  return joined(gathered, members, crossing);
}

function nameOf(run: Run, members: readonly NodeInfo[], end: 'first' | 'last'): string {
  const member = members[end === 'first' ? run.start : run.end - 1];
  return clip(run.name !== '' && !run.name.includes(' … ') ? run.name : (member?.name ?? ''), 24);
}

/** The place near `from + size` where the fewest edges cross. */
function bestCut(runs: readonly Run[], from: number, size: number, crossing: readonly number[]): number {
  const target = Math.min(runs.length, from + size);
  if (runs.length - from <= size * 1.5) {
    return runs.length - from <= size ? runs.length : target;
  }
  let best = target;
  const cost = (to: number) => crossing[(runs[to - 1] as Run).end - 1] ?? 0;
  for (let away = 1; away <= size / 2; away++) {
    for (const to of [target - away, target + away]) {
      if (cost(to) < cost(best)) {
        best = to;
      }
    }
  }
  return best;
}

/** After each member, how many edges lead from those so far to later ones. */
function crossings(
  members: readonly NodeInfo[],
  edges: ModelGraph['edges'],
  parents: ReadonlyMap<string, string | null>
): number[] {
  const place = new Map(members.map((member, i) => [member.id, i]));
  const memberOf = (id: string): number | undefined => {
    for (let at: string | null = id; at !== null; at = parents.get(at) ?? null) {
      const found = place.get(at);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  };
  const changes = members.map(() => 0);
  for (const { source, target } of edges) {
    const [from, to] = [memberOf(source), memberOf(target)];
    if (from !== undefined && to !== undefined && from < to) {
      changes[from] = (changes[from] ?? 0) + 1;
      changes[to] = (changes[to] ?? 0) - 1;
    }
  }
  let open = 0;
  return changes.map(change => {
    open += change;
    return open;
  });
}
