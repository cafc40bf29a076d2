import { afterEach, expect, it } from 'vitest';
import { RequestError } from '../../kernel/connection';
import { reasonText } from './error-reason';
import { speak } from './translation';

const english = { __: (text: string) => text };
afterEach(() => speak(english));

it.each([
  'timeout',
  'no_handler',
  'gone',
  'unknown_run',
  'unknown_model',
  'unknown_layer',
  'busy',
  'unknown_method'
] as const)('says in the language of the person that %s', code => {
  speak({ __: () => 'übersetzt' });
  expect(reasonText(new RequestError(code, 'English', 'English'))).toBe('übersetzt');
});

it('lets the kernel say what was wrong with a value', () => {
  const error = new RequestError('invalid', 'learning_rate is -1.', 'Give a number above 0.');
  expect(reasonText(error)).toBe('learning_rate is -1. Give a number above 0.');
  expect(reasonText(new Error('other'))).toBe('other');
});
