/** A model file: what it says of itself, its graph, its layers, its weights and its configuration. */
import { lazy, Suspense, useId, useMemo, useState } from 'react';
import { Refusal } from '../../keras-file/bytes';
import { mount } from '../shared/mount';
import { bytes, clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import { SummaryView } from '../summary';
import { TreeView } from './config-tree';
import { describeLayerOf } from './describe-layer';
import { Overview } from './file-overview';
import type { ModelFile } from './opened-file';
import { WeightsView } from './weights-table';

const GraphView = lazy(() => import('../graph'));

export type { ModelFile } from './opened-file';

type Arguments = { file: ModelFile; el: HTMLElement; signal: AbortSignal; onReload: () => void };

/** Draw the file into `el` until `signal` is aborted. */
export function render({ file, el, signal, onReload }: Arguments): void {
  mount(el, signal, <FileView file={file} onReload={onReload} />);
}

/** Say why the file is not shown. */
export function renderProblem({
  fileName,
  error,
  el,
  signal,
  onReload
}: Omit<Arguments, 'file'> & { fileName: string; error: unknown }): void {
  mount(el, signal, <Problem fileName={fileName} error={error} onReload={onReload} />);
}

type TabName = 'overview' | 'graph' | 'layers' | 'weights' | 'config';

function FileView({ file, onReload }: { file: ModelFile; onReload: () => void }) {
  const { description } = file;
  const id = useId();
  const tabs = tabsOf(file);
  const [tab, setTab] = useState<TabName>(tabs[0]?.[0] ?? 'weights');
  const name = description.name || file.fileName;
  return (
    <section
      className="layerlab layerlab-model layerlab-keras-file layerlab-fills"
      aria-label={trans.__('Model file %1', clip(file.fileName))}
    >
      <header className="layerlab-head-row">
        <div className="layerlab-tabs" role="tablist">
          {tabs.map(([key, title]) => (
            <button
              key={key}
              type="button"
              role="tab"
              id={`${id}-${key}`}
              aria-selected={tab === key}
              aria-controls={`${id}-panel`}
              onClick={() => setTab(key)}
            >
              {title}
            </button>
          ))}
        </div>
        <span className="layerlab-title" title={clip(name)}>
          <bdi>{clip(name)}</bdi>
        </span>
        <span className="layerlab-subtitle">
          {description.className !== '' && <bdi>{`${clip(description.className, 60)} · `}</bdi>}
          {trans.__('%1 parameters', count(description.summary.parameters))}
          {` · ${bytes(file.sizeBytes)}`}
        </span>
        <button
          type="button"
          className="layerlab-button layerlab-open"
          onClick={onReload}
          title={trans.__('Read the file again')}
        >
          {trans.__('Reload')}
        </button>
      </header>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} className="layerlab-tab">
        <TabContent tab={tab} file={file} />
      </div>
    </section>
  );
}

function tabsOf({ description }: ModelFile): [TabName, string][] {
  return [
    ...(description.hasConfig ? [['overview', trans.__('Overview')] as [TabName, string]] : []),
    ...(description.graph !== null && description.hasConfig
      ? [['graph', trans.__('Graph')] as [TabName, string]]
      : []),
    ...(description.hasConfig ? [['layers', trans.__('Layers')] as [TabName, string]] : []),
    ['weights', trans.__('Weights')],
    ...(description.hasConfig ? [['config', trans.__('Configuration')] as [TabName, string]] : [])
  ];
}

function TabContent({ tab, file }: { tab: TabName; file: ModelFile }) {
  const { description } = file;
  const describeLayer = useMemo(() => describeLayerOf(file), [file]);
  switch (tab) {
    case 'overview':
      return <Overview file={file} />;
    case 'graph':
      return description.graph === null ? null : (
        <Suspense fallback={<p className="layerlab-empty">{trans.__('Loading the graph view …')}</p>}>
          <GraphView graph={description.graph} fills describeLayer={describeLayer} />
        </Suspense>
      );
    case 'layers':
      return <SummaryView summary={description.summary} />;
    case 'weights':
      return <WeightsView file={file} />;
    case 'config':
      return <TreeView file={file} />;
  }
}

function Problem({ fileName, error, onReload }: { fileName: string; error: unknown; onReload: () => void }) {
  return (
    <section className="layerlab layerlab-keras-file layerlab-refused" role="alert">
      <h2>
        <bdi>{trans.__('%1 is not shown', clip(fileName, 100))}</bdi>
      </h2>
      {error instanceof Refusal ? (
        <dl>
          <dt>{trans.__('where')}</dt>
          <dd>{clip(error.place, 300)}</dd>
          <dt>{trans.__('expected')}</dt>
          <dd>{clip(error.expected, 300)}</dd>
          <dt>{trans.__('found')}</dt>
          <dd>{clip(error.got, 300)}</dd>
        </dl>
      ) : (
        <p>{clip(error instanceof Error ? error.message : String(error), 600)}</p>
      )}
      <p className="layerlab-faint">{trans.__('Nothing of the file was run. Save or download it again.')}</p>
      <button type="button" className="layerlab-button" onClick={onReload}>
        {trans.__('Reload')}
      </button>
    </section>
  );
}
