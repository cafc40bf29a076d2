import { defineConfig } from 'vite';

/** The fit monitor in one script and one style sheet, for front ends without the lab extension. */
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: 'kernel_ext/layerlab_jupyter/widgets/static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 2_000,
    lib: {
      entry: 'labextension/src/widget/index.ts',
      formats: ['es'],
      fileName: () => 'run.js',
      cssFileName: 'run'
    },
    rolldownOptions: { output: { codeSplitting: false, minify: true } }
  }
});
