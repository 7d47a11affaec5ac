import js from "@eslint/js";
import { defineConfig } from "eslint/config";
// @ts-expect-error the plugin brings no types of its own
import untypedPulumi from "@pulumi/eslint-plugin";
import ts from "typescript-eslint";

const pulumi = /** @type {import("eslint").ESLint.Plugin} */ (untypedPulumi);

/** @param {string} message */
const noPulumi = (message) => ({
  patterns: [{ group: ["@pulumi/*"], message }],
});

const io = [
  "node:fs",
  "node:fs/promises",
  "node:child_process",
  "node:net",
  "node:http",
  "node:https",
  "node:os",
  "node:dns",
];

export default defineConfig(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Components and resources are made for what they register.
      "no-new": "off",
      "@typescript-eslint/no-extraneous-class": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["plan/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          ...noPulumi("plan/ decides in plain values; resources are built in components/."),
          paths: io.map((name) => ({
            name,
            message: "plan/ is pure: it neither reads nor writes anything.",
          })),
        },
      ],
      "no-restricted-globals": ["error", "process", "fetch", "setTimeout"],
    },
  },
  {
    files: ["components/**"],
    ignores: ["components/readConfig.ts", "components/accounts.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.object.name='pulumi'][callee.property.name='Config']",
          message:
            "Only components/readConfig.ts reads the configuration, and accounts.ts what is for providers.",
        },
        {
          selector: "NewExpression[callee.object.name='docker'][callee.property.name='Container']",
          message:
            "Only components/container.ts makes containers, so that all of them are hardened alike.",
        },
      ],
    },
  },
  { files: ["components/container.ts"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["policies/**"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(\\.\\./)+(?!binds|container|exceptions|pattern|rule|stack|unknown)",
              message: "policies/ judges the program's decisions, and so shares none of them.",
            },
          ],
          paths: [
            {
              name: "@pulumi/pulumi",
              allowTypeImports: true,
              message: "A rule judges values, and makes no resources.",
            },
            ...["docker", "hcloud", "cloudflare", "command", "random", "tls"].map((name) => ({
              name: `@pulumi/${name}`,
              message:
                "Import the one resource (@pulumi/docker/container): all of them take long to load.",
            })),
            ...io.map((name) => ({ name, message: "A rule neither reads nor writes anything." })),
          ],
        },
      ],
    },
  },
  {
    files: ["toolchain/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^[^.n]|^n(?!ode:)",
              message: "toolchain/ runs before anything is installed.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs"],
    rules: {
      "@typescript-eslint/no-require-imports": "off",
      // It does not see casts in JSDoc.
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        module: "writable",
        exports: "writable",
        __dirname: "readonly",
        require: "readonly",
        Buffer: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        fetch: "readonly",
        URL: "readonly",
        AbortSignal: "readonly",
      },
    },
  },
);
