import { writeFile } from 'node:fs/promises';

import { Command } from 'commander';

import { parametersMarkdown } from '../params/markdown.js';

/** `docs`: writes the pages that are generated from the code. */
export function docsCommand(): Command {
  return new Command('docs')
    .description('Write docs/parameters.md from the parameter schema.')
    .argument('[file]', 'where to', 'docs/parameters.md')
    .action((file: string) => writeFile(file, parametersMarkdown()));
}
