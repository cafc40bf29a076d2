/**
 * Which layer each array of the weights file belongs to. Keras writes the layers of a model into the group
 * `layers`, named by class and number, and the layer's own name as an attribute; files of the first
 * releases of Keras 3 have no such attributes, there the numbers tell.
 */
import { Refusal } from './bytes';
import type { StoredArray, WeightsFile } from './hdf5';
import { field, type Json, textField } from './json';
import { familyOf, snakeCase } from './layer-kinds';

const MAX_LAYERS = 50_000;

export class Owners {
  /** By the path of a group `layers`: the group of the layer of each name. */
  private readonly named = new Map<string, Map<string, string>>();
  private readonly byGroup = new Map<string, StoredArray[]>();
  /** Groups that belong to a layer of the config. */
  private readonly claimed = new Set<string>();
  private layers = 0;

  constructor(private readonly file: WeightsFile) {
    for (const [path, name] of file.names) {
      const group = parentOf(path);
      if (path.endsWith('vars') && group !== null) {
        const around = parentOf(group) ?? '';
        const siblings = this.named.get(around) ?? new Map<string, string>();
        this.named.set(around, siblings.set(name, group));
      }
    }
  }

  /** The group of each of the layers of the model in `group`; null where the file has none. */
  groupsIn(group: string | null, items: readonly Json[]): (string | null)[] {
    this.layers += items.length;
    if (this.layers > MAX_LAYERS) {
      throw new Refusal('config.json', `at most ${MAX_LAYERS} layers`, 'more');
    }
    if (group === null) {
      return items.map(() => null);
    }
    const around = group === '' ? 'layers' : `${group}/layers`;
    const names = this.named.get(around);
    const used = new Map<string, number>();
    return items.map(item => {
      const className = textField(item, 'class_name');
      if (familyOf(className, textField(item, 'module')) === 'op') {
        return null;
      }
      const base = snakeCase(className);
      const number = used.get(base) ?? 0;
      used.set(base, number + 1);
      const name = textField(item, 'name') || textField(field(item, 'config'), 'name');
      const found = names ? names.get(name) : `${around}/${number === 0 ? base : `${base}_${number}`}`;
      if (found !== undefined) {
        this.claimed.add(found);
      }
      return found ?? null;
    });
  }

  /** For a model whose config names no layers: the groups that hold arrays, with what the file calls them. */
  parts(): { name: string; group: string }[] {
    const parts = new Map<string, string>();
    for (const { path } of this.file.arrays) {
      const [group, rest] = path.split('/vars/');
      if (group !== undefined && rest !== undefined && group !== 'optimizer') {
        parts.set(group, this.file.names.get(`${group}/vars`) || (group.split('/').at(-1) ?? group));
        this.claimed.add(group);
      }
    }
    return [...parts].map(([group, name]) => ({ group, name }));
  }

  /** Once all groups are given: the arrays that belong to the layer of this group, and not to one inside it. */
  arraysOf(group: string | null): readonly StoredArray[] {
    if (this.byGroup.size === 0) {
      for (const array of this.file.arrays) {
        const owner = this.ownerOf(array.path);
        const known = this.byGroup.get(owner);
        if (known) {
          known.push(array);
        } else {
          this.byGroup.set(owner, [array]);
        }
      }
    }
    return group === null ? [] : (this.byGroup.get(group) ?? []);
  }

  /** The innermost claimed group around an array, '' if there is none. */
  ownerOf(path: string): string {
    for (let group = parentOf(path); group !== null; group = parentOf(group)) {
      if (this.claimed.has(group)) {
        return group;
      }
    }
    return '';
  }
}

/** Null at the top. */
function parentOf(path: string): string | null {
  const end = path.lastIndexOf('/');
  return end < 0 ? null : path.slice(0, end);
}
