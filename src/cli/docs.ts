import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Command } from 'commander';

import { withGuide } from '../guide/guide-markdown.js';
import { contractMarkdown } from '../model/contract-markdown.js';
import { parametersMarkdown } from '../params/markdown.js';
import { withLadder } from '../safety/ladder-markdown.js';

/** Pages that are generated from the code. */
const PAGES: Readonly<Record<string, () => string>> = {
  'parameters.md': parametersMarkdown,
  'model-contract.md': contractMarkdown,
};

/** Pages of which a part is generated, and the text around it is not. */
const PARTS: Readonly<Record<string, (page: string) => string>> = {
  'safety.md': withLadder,
  'tuning.md': withGuide,
};

/** `docs`: writes the pages that are generated from the code. */
export function docsCommand(): Command {
  return new Command('docs')
    .description(
      `Write ${Object.keys(PAGES).join(' and ')}, and the tables of ${Object.keys(PARTS).join(' and ')}, from the code.`,
    )
    .argument('[folder]', 'where to', 'docs')
    .action(async (folder: string) => {
      for (const [file, text] of Object.entries(PAGES)) await writeFile(join(folder, file), text());
      for (const [file, withPart] of Object.entries(PARTS)) {
        const page = join(folder, file);
        await writeFile(page, withPart(await readFile(page, 'utf8')));
      }
    });
}
