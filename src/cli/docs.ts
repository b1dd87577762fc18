import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Command } from 'commander';

import { contractMarkdown } from '../model/contract-markdown.js';
import { parametersMarkdown } from '../params/markdown.js';

/** Pages that are generated from the code. */
const PAGES: Readonly<Record<string, () => string>> = {
  'parameters.md': parametersMarkdown,
  'model-contract.md': contractMarkdown,
};

/** `docs`: writes the pages that are generated from the code. */
export function docsCommand(): Command {
  return new Command('docs')
    .description(`Write ${Object.keys(PAGES).join(' and ')} from the schemas.`)
    .argument('[folder]', 'where to', 'docs')
    .action(async (folder: string) => {
      for (const [file, text] of Object.entries(PAGES)) await writeFile(join(folder, file), text());
    });
}
