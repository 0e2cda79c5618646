import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// The tests run from source: no package needs a build first.
const conditions = ["@enfilade/source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["{packages,apps,internal}/*/test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    retry: 0,
  },
});
