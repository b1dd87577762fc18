import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Time and chance come in through ports, so that the same seed gives the same run. */
const HIDDEN_INPUTS = [
  { object: 'Math', property: 'random', message: 'Draw from the seeded noise that is passed in.' },
  { object: 'Date', property: 'now', message: 'Ask the clock that is passed in.' },
];

export default defineConfig(
  {
    ignores: [
      'dist/',
      '.prefix/',
      '.stryker/',
      'node_modules/',
      'training/runs/',
      'models/',
      '**/.venv/',
      'packages/rollout-compiler/src/onnx/', // generated
    ],
  },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers read the same in a template as outside; objects do not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx', 'packages/**/*.ts'],
    ignores: ['src/ros/**', 'src/cli/**'],
    rules: { 'no-restricted-properties': ['error', ...HIDDEN_INPUTS] },
  },
  {
    // rclnodejs declares its enums as ambient const enums, which cannot be read under verbatimModuleSyntax: their numbers are written out.
    files: ['src/ros/**/*.ts', 'eval/ros/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-enum-assignment': 'off' },
  },
  {
    // Plain JavaScript typed by JSDoc: what it reads from JSON and from Node's untyped corners is `any` until checked.
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: { Buffer: 'readonly', process: 'readonly', URL: 'readonly', module: 'writable' },
    },
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      'no-undef': 'error',
    },
  },
  {
    // Benchmarks time the compiled code in dist, which has no types; the .cjs is a table.
    files: ['**/*.cjs', 'bench/**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      parserOptions: { projectService: false },
      globals: { console: 'readonly', performance: 'readonly' },
    },
  },
);
