/** Which nodes a person looks for. */
import { useMemo, useState } from 'react';
import { search } from '../toolbar';
import { type Hierarchy, standIn } from '../visible-graph';

export type Search = {
  query: string;
  setQuery: (query: string) => void;
  matches: readonly string[];
  /** The nodes that show a match: itself, or the folded group around it. */
  marked: ReadonlySet<string>;
};

export function useSearch(whole: Hierarchy, folded: ReadonlySet<string>): Search {
  const [query, setQuery] = useState('');
  const matches = useMemo(() => search(whole, query), [whole, query]);
  const marked = useMemo(
    () => new Set(matches.map(id => standIn(whole, folded, id))),
    [whole, folded, matches]
  );
  return { query, setQuery, matches, marked };
}
