import { defineConfig, type ViteUserConfig } from "vitest/config";

// Tests run from source, so that no package needs a build first. The rest are Vite's own defaults for Node, but for
// "module": vitest hands these on to Node, which cannot load some builds that are made for bundlers.
const conditions = ["@enfilade/source", "node", "development|production"];

const tests = "{packages,apps,internal}/*/test/**/*.test.ts";
/** They hold answers to a deadline, and so must not wait for a processor that another test has. */
const faults = "packages/*/test/**/*faults.test.ts";

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A test that passes only the second time has found something.
    retry: 0,
    // Concurrent tests start processes of their own; more than two at once only slow each other down.
    maxConcurrency: 2,
    projects: [
      {
        extends: true,
        // Vitest leaves a processor to itself by default: of two, every second one would idle.
        test: { name: "tests", include: [tests], exclude: [faults], maxWorkers: "100%" },
      },
      {
        extends: true,
        test: { name: "faults", include: [faults], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});

export default config;
