/** Why something did not work, as a person reads it: by the code of the refusal, in the person's language. */
import { RequestError } from '../../kernel/connection';
import { trans } from './translation';

/** What happened, and what to do about it where that is known. */
export function reasonText(error: unknown): string {
  if (error instanceof RequestError) {
    return requestText(error);
  }
  return error instanceof Error ? error.message : String(error);
}

function requestText({ code, message, fix }: RequestError): string {
  switch (code) {
    case 'timeout':
      return trans.__('The kernel does not answer at the moment.');
    case 'no_handler':
      return trans.__('The kernel has not used layerlab since it was started.');
    case 'gone':
      return trans.__('The kernel was restarted, or is gone.');
    case 'unknown_run':
      return trans.__('The kernel has no such run, and no log of it. Run the cell that calls fit again.');
    case 'unknown_model':
      return trans.__(
        'The kernel has no such model; it was deleted or belongs to another session. Run its cell again.'
      );
    case 'unknown_layer':
      return trans.__('The model has no such layer; it was changed since it was drawn. Show it again.');
    case 'busy':
      return trans.__('The weights are not ready: a step is being computed. Ask again in a moment.');
    case 'unknown_method':
      return trans.__(
        'The kernel has another version of layerlab than this page. Restart it, reload the page.'
      );
    case 'invalid': // what was wrong with a value only the kernel can say
    case 'internal':
      return `${message} ${fix}`.trim();
  }
}
