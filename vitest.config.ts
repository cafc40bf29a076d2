import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['labextension/src/**/*.test.{ts,tsx}'],
    // Two workers: the tests run beside others on small machines.
    maxWorkers: 2
  }
});
