/** What a model file says of itself, in one page. */
import type { ReactNode } from 'react';
import { bytes, clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import { Branches } from './config-tree';
import type { ModelFile } from './opened-file';

export function Overview({ file }: { file: ModelFile }) {
  const { description } = file;
  const { summary } = description;
  const weights = description.weights.filter(weight => weight.kind === 'weight');
  const dtypes = [...new Set(weights.map(weight => weight.dtype))].slice(0, 6).join(', ');
  return (
    <div className="layerlab-contents">
      <Group title={trans.__('Model')}>
        <Fact name={trans.__('name')}>{description.name}</Fact>
        <Fact name={trans.__('class')}>{description.className}</Fact>
        <Fact name={trans.__('layers')}>{count(summary.rows.length)}</Fact>
        <Fact name={trans.__('parameters')}>{count(summary.parameters)}</Fact>
        <Fact name={trans.__('trainable')}>{count(summary.trainable_parameters)}</Fact>
        <Fact name={trans.__('optimizer state')}>
          {summary.optimizer_parameters > 0
            ? trans.__('%1 values', count(summary.optimizer_parameters))
            : trans.__('none')}
        </Fact>
        {description.graphProblem !== '' && (
          <Fact name={trans.__('graph')}>{trans.__('not drawn: %1', description.graphProblem)}</Fact>
        )}
      </Group>
      <Group title={trans.__('File')}>
        <Fact name={trans.__('name')}>{file.fileName}</Fact>
        <Fact name={trans.__('size')}>{bytes(file.sizeBytes)}</Fact>
        <Fact name={trans.__('saved')}>{dateText(description.dateSaved)}</Fact>
        <Fact name={trans.__('format')}>{trans.__('Keras %1', description.kerasVersion || '?')}</Fact>
        <Fact name={trans.__('written by')}>{description.isFromLayerlab ? 'layerlab' : 'Keras'}</Fact>
        <Fact name={trans.__('weights')}>
          {dtypes === '' ? trans.__('none') : `${bytes(summary.size_bytes)}, ${dtypes}`}
        </Fact>
      </Group>
      <Group title={trans.__('Members of the archive')}>
        {description.members.map(member => (
          <Fact key={member.name} name={clip(member.name, 80)}>
            {bytes(member.size)}
            {!member.isExpected && trans.__(' (not part of a model: layerlab would not load this file)')}
          </Fact>
        ))}
      </Group>
      {description.hasConfig && (
        <section>
          <h3>{trans.__('Compiled with')}</h3>
          {description.hasCompileConfig ? (
            <Branches file={file} document="config" path={COMPILE_CONFIG} depth={0} />
          ) : (
            <p className="layerlab-faint">
              {trans.__('Not compiled: it predicts, and needs compile() before it can be trained.')}
            </p>
          )}
        </section>
      )}
    </div>
  );
}

const COMPILE_CONFIG = ['compile_config'];

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{typeof children === 'string' ? clip(children) : children}</bdi>
      </dd>
    </div>
  );
}

/** '2026-11-26@12:37:14', which says no time zone, with a space. */
function dateText(date: string): string {
  return date === '' ? '–' : clip(date.replace('@', ' '), 40);
}
