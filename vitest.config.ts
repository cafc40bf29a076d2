import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Files that tests read as bytes.
  assetsInclude: ['**/*.keras', '**/*.h5'],
  test: {
    include: ['labextension/src/**/*.test.{ts,tsx}'],
    // Two workers: the tests run beside others on small machines.
    maxWorkers: 2
  }
});
