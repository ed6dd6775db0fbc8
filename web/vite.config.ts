import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env.API_URL ?? "http://127.0.0.1:3000";

/** The page. For development: `npm start` in one shell, `npx vite web` in another; API_URL names another server. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: {
      // The server takes cookies only from its own origin, so what it hears is that origin.
      ...Object.fromEntries(
        ["/api", "/health", "/openapi.json", "/docs"].map((path) => [
          path,
          { target: api, changeOrigin: true, headers: { origin: api } },
        ]),
      ),
      "/ws": { target: api, ws: true, changeOrigin: true, headers: { origin: api } },
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    // The content policy allows no fonts from data: URLs, and hashed files are cached for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What a first visit may load has a budget of its own, in test/web.
    chunkSizeWarningLimit: 1_000,
  },
});
