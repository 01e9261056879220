import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [vue()],
  // No file name may hold anything but \w, dot and dash: the server hands out nothing else under /assets/.
  build: {
    target: ['chrome69', 'safari13'],
    cssTarget: ['chrome69', 'safari13'],
    outDir: 'dist',
    assetsDir: 'assets',
    manifest: true,
    modulePreload: { polyfill: true },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: ['sidebar.html', 'inbox.html', 'desk.html', 'sandbox.html'].map(
        (page) => new URL(page, import.meta.url).pathname,
      ),
    },
  },
});
