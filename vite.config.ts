import { join } from 'node:path';
import { defineConfig } from 'vite';

/** Browsers with `light-dark()`: 2024 and later. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

/** Builds the page of the dashboard, which the server delivers as it is: no request leaves the machine. */
export default defineConfig({
  root: join(import.meta.dirname, 'src', 'dashboard', 'ui'),
  build: {
    outDir: join(import.meta.dirname, 'dist', 'dashboard', 'ui'),
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    // Everything comes from the server's own files: pictures inlined as data would need an exception in its policy.
    assetsInlineLimit: 0,
    // three is one large module; it is loaded when the robot comes into view.
    chunkSizeWarningLimit: 900,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
