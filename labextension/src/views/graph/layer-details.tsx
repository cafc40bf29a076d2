/** Beside the graph: what is known of the selected layer. */
import { type ReactNode, useMemo, useRef } from 'react';
import type { DescribeLayer } from '../../kernel/model-follower';
import type { NodeInfo } from '../../protocol';
import { Icon } from '../shared/icons';
import { clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import { familyStyle } from './layer-family';
import { useReport } from './layer-report';
import { Weights } from './layer-weights';
import { isFrozen } from './nodes';
import { type Hierarchy, neighbours } from './visible-graph';

type DetailsProps = {
  info: NodeInfo;
  graph: Hierarchy;
  /** Null where there is no kernel to ask. */
  describeLayer: DescribeLayer | null;
  onSelect: (id: string) => void;
  onClose: () => void;
};

/** A layer with more connections or settings than this is read better in Python. */
const MAX_ROWS = 60;

export function Details({ info, graph, describeLayer, onSelect, onClose }: DetailsProps) {
  const el = useRef<HTMLElement>(null);
  const ask = graph.made.has(info.id) ? null : describeLayer;
  const state = useReport(ask, info.id, el);
  const { inputs, outputs } = useMemo(() => neighbours(graph, info.id), [graph, info.id]);
  const documentation = (state.report?.layer.documentation ?? '').replaceAll('`', '');
  return (
    <aside className="layerlab-details" aria-label={trans.__('Details of %1', clip(info.name))} ref={el}>
      <header>
        <span className="layerlab-dot" style={familyStyle(info.family)} />
        <h3 title={clip(info.path)}>{clip(info.name, 80)}</h3>
        <button
          type="button"
          className="layerlab-fold"
          aria-label={trans.__('Close the details')}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <Table
        rows={[
          [trans.__('class'), clip(info.class_name, 80)],
          [trans.__('output'), `${clip(info.output_shape, 120)} ${clip(info.dtype, 40)}`],
          [
            trans.__('parameters'),
            isFrozen(info) ? trans.__('%1 (frozen)', count(info.parameters)) : count(info.parameters)
          ],
          ...(info.path !== info.name && info.path !== ''
            ? [[trans.__('path'), clip(info.path)] as [string, string]]
            : [])
        ]}
      />
      {documentation !== '' && <p className="layerlab-documentation">{clip(documentation, 600)}</p>}
      {ask !== null && <Weights state={state} />}
      {state.report === null && (
        <Section title={trans.__('Weights')} isEmpty={info.weights.length === 0 || state.isLoading}>
          <Table rows={info.weights.slice(0, MAX_ROWS).map(weightRow)} />
        </Section>
      )}
      <Connections title={trans.__('Inputs')} ids={inputs} graph={graph} onSelect={onSelect} />
      <Connections title={trans.__('Outputs')} ids={outputs} graph={graph} onSelect={onSelect} />
      <Section title={trans.__('Configuration')} isEmpty={Object.keys(info.config).length === 0}>
        <Table
          rows={Object.entries(info.config)
            .slice(0, MAX_ROWS)
            .map(([key, item]) => [clip(key, 40), written(item)])}
        />
      </Section>
    </aside>
  );
}

function weightRow(weight: Record<string, unknown>): [string, string] {
  const path = typeof weight.path === 'string' ? weight.path : '';
  const frozen = weight.trainable === false ? `, ${trans.__('not trained')}` : '';
  return [
    clip(path.split('/').at(-1) ?? path, 60),
    `${written(weight.shape)} ${written(weight.dtype)}${frozen}`
  ];
}

/** A setting as text: what it is stays plain, whatever a file put there. */
function written(item: unknown): string {
  return clip(typeof item === 'string' ? item : (JSON.stringify(item) ?? ''), 160);
}

function Section({ title, isEmpty, children }: { title: string; isEmpty: boolean; children: ReactNode }) {
  return isEmpty ? null : (
    <section>
      <h4>{title}</h4>
      {children}
    </section>
  );
}

function Table({ rows }: { rows: [string, string][] }) {
  return (
    <dl>
      {rows.map(([name, text], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of one layer never move
        <div key={index}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

type ConnectionsProps = { title: string; ids: string[]; graph: Hierarchy; onSelect: (id: string) => void };

function Connections({ title, ids, graph, onSelect }: ConnectionsProps) {
  const known = [...new Set(ids)].slice(0, MAX_ROWS).flatMap(id => graph.nodes.get(id) ?? []);
  return (
    <Section title={title} isEmpty={known.length === 0}>
      <ul>
        {known.map(node => (
          <li key={node.id}>
            <button type="button" className="layerlab-link" onClick={() => onSelect(node.id)}>
              {clip(node.name, 60)}
            </button>
            <span className="layerlab-faint">{clip(node.output_shape, 60)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
