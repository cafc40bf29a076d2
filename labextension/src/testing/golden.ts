/// <reference types="vite/client" />
/** The golden messages of tests/protocol, which the Python tests read too. */

const files = import.meta.glob<unknown>('../../../tests/protocol/*.json', { eager: true, import: 'default' });

/** The message by its file's name without '.json'; a copy, so that a test may change it. */
export function golden(name: string): Record<string, unknown> {
  const found = Object.entries(files).find(([path]) => path.endsWith(`/${name}.json`));
  if (found === undefined) {
    throw new Error(`No golden message ${name}`);
  }
  return structuredClone(found[1]) as Record<string, unknown>;
}

/** The names that begin with `prefix`. */
export function goldenNames(prefix: string): string[] {
  return Object.keys(files)
    .map(path => path.replace(/^.*\//, '').replace(/\.json$/, ''))
    .filter(name => name.startsWith(prefix));
}
