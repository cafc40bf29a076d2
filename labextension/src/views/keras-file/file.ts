/** What the views need of an opened model file. */
import type { Branch, Step } from '../../keras-file/branches';
import type { Description } from '../../keras-file/describe';
import type { Document } from '../../keras-file/messages';
import type { Statistics } from '../../keras-file/statistics';

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
