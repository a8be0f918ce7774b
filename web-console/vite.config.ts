import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The development server hands everything that is not a page to a running server (or to the fixture server).
const backend = process.env.CENTRALITA_URL ?? 'http://127.0.0.1:8080'
const toBackend = { target: backend, ws: true }

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  server: { proxy: { '/api': toBackend, '/ws': toBackend } },
  preview: { proxy: { '/api': toBackend, '/ws': toBackend } },
  build: {
    target: 'es2023',
    outDir: 'dist',
    // The content security policy allows no data: scripts or styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: 'index.html', call: 'call.html' } },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true },
})
