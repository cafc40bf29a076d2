/** The configuration as a tree of text. Each branch is fetched when it is unfolded: a large one costs nothing. */
import { useEffect, useState } from 'react';
import type { Branch, Step } from '../../keras-file/json-branches';
import type { Document } from '../../keras-file/worker-messages';
import { Icon } from '../shared/icons';
import { clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import type { ModelFile } from './opened-file';

const ROOT: readonly Step[] = [];

export function TreeView({ file }: { file: ModelFile }) {
  return (
    <div className="layerlab-tree">
      <h3>config.json</h3>
      <Branches file={file} document="config" path={ROOT} depth={0} />
      <h3>metadata.json</h3>
      <Branches file={file} document="metadata" path={ROOT} depth={0} />
    </div>
  );
}

type BranchesProps = { file: ModelFile; document: Document; path: readonly Step[]; depth: number };

/** The children of one value; more of them on request. */
export function Branches({ file, document, path, depth }: BranchesProps) {
  const [loaded, setLoaded] = useState<{ branches: readonly Branch[]; count: number } | null>(null);
  const [problem, setProblem] = useState('');
  const [wanted, setWanted] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    file.children(document, path, wanted).then(
      found => {
        if (isCurrent) {
          setLoaded(before => ({
            branches: [...(wanted === 0 ? [] : (before?.branches ?? [])), ...(found?.branches ?? [])],
            count: found?.count ?? 0
          }));
        }
      },
      error => isCurrent && setProblem(error instanceof Error ? error.message : String(error))
    );
    return () => {
      isCurrent = false;
    };
  }, [file, document, path, wanted]);
  if (problem !== '') {
    return <p className="layerlab-empty">{clip(problem, 300)}</p>;
  }
  const missing = (loaded?.count ?? 0) - (loaded?.branches.length ?? 0);
  return (
    <ul>
      {loaded?.branches.map(branch => (
        <BranchView
          key={typeof branch.step === 'number' ? branch.step : `.${branch.step}`}
          {...{ file, document, path, depth, branch }}
        />
      ))}
      {missing > 0 && (
        <li>
          <button
            type="button"
            className="layerlab-link"
            onClick={() => setWanted(loaded?.branches.length ?? 0)}
          >
            {trans.__('%1 more', count(missing))}
          </button>
        </li>
      )}
    </ul>
  );
}

function BranchView({ file, document, path, depth, branch }: BranchesProps & { branch: Branch }) {
  const [isOpen, setIsOpen] = useState(false);
  const [inner] = useState<readonly Step[]>(() => [...path, branch.step]);
  const name = clip(String(branch.step), 80);
  if (branch.count === 0) {
    return (
      <li>
        <span className="layerlab-key">
          <bdi>{name}</bdi>
        </span>
        <span className={`layerlab-json-${branch.kind}`}>
          <bdi>{valueText(branch)}</bdi>
        </span>
      </li>
    );
  }
  return (
    <li>
      <button
        type="button"
        className="layerlab-branch"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Icon name={isOpen ? 'fold' : 'unfold'} />
        <span className="layerlab-key">
          <bdi>{name}</bdi>
        </span>
        <span className="layerlab-faint">
          {branch.kind === 'list' ? `[${count(branch.count)}]` : `{${count(branch.count)}}`}
        </span>
      </button>
      {isOpen && <Branches file={file} document={document} path={inner} depth={depth + 1} />}
    </li>
  );
}

function valueText({ kind, text }: Branch): string {
  return kind === 'list' ? '[]' : kind === 'object' ? '{}' : text;
}
