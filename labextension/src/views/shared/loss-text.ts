/** What a person reads of a run whose kernel process is no more. */
import type { LossText } from '../../kernel/run-follower';
import { trans } from './translation';

export const lossText: LossText = loss => {
  switch (loss) {
    case 'restarted':
      return trans.__('The kernel was restarted before the run ended. This is how far it got.');
    case 'died':
      return trans.__(
        'The kernel died before the run ended (perhaps it ran out of memory). This is how far it got.'
      );
    case 'gone':
      return trans.__('The kernel was shut down before the run ended. This is how far it got.');
    case 'waiting':
      return trans.__('The kernel does not answer at the moment. This goes on by itself as soon as it does.');
    case 'unknown':
      return trans.__('The kernel was restarted or ended before the run did. This is how far it got.');
  }
};
