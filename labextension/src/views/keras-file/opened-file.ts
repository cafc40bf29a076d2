/** What the views need of an opened model file. */

import type { Description } from '../../keras-file/describe-file';
import type { Branch, Step } from '../../keras-file/json-branches';
import type { Statistics } from '../../keras-file/statistics';
import type { Document } from '../../keras-file/worker-messages';

export interface ModelFile {
  /** The file's own name, without folders. */
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly description: Description;
  statistics(index: number): Promise<Statistics | null>;
  children(
    document: Document,
    path: readonly Step[],
    from: number
  ): Promise<{ branches: Branch[]; count: number } | null>;
}
