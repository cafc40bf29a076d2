/** Saves what is shown as a picture, and says why that did not work. */
import { useState } from 'react';
import { clip } from '../../shared/text';
import { trans } from '../../shared/translation';
import { download, type PictureFormat } from '../export';
import type { Placed } from '../layout';

export function usePictureExport(placed: Placed | null, name: string) {
  const [problem, setProblem] = useState('');
  const save = (format: PictureFormat) => {
    if (placed !== null) {
      download(placed, name, format).then(
        () => setProblem(''),
        (error: unknown) => setProblem(trans.__('The picture could not be made: %1', clip(String(error))))
      );
    }
  };
  return { problem, save };
}
