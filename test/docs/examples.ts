import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { codeBlocksOf, type Page, root } from './pages.ts';

/**
 * The TypeScript of a page as files by name. A block that opens with ```` ```ts game.ts ```` is
 * (a part of) the file `game.ts`, which other blocks of the page may import; a block without a name
 * stands alone. Each line keeps the number that it has on the page. A `diff` is a file of its own:
 * the block of TypeScript before it, changed so.
 */
export function examplesOf(page: Page): ReadonlyMap<string, string> {
  const linesOf = new Map<string, string[]>();
  const examples = new Map<string, string>();
  let former = '';

  for (const { language, info, line, code } of codeBlocksOf(page)) {
    if (language === 'ts') {
      former = info || `line-${line}.ts`;
      const lines = linesOf.get(former) ?? [];
      linesOf.set(former, lines);
      for (const [n, text] of code.trimEnd().split('\n').entries()) lines[line - 1 + n] = text;
      examples.set(former, Array.from(lines, (text) => text ?? '').join('\n'));
    }
    if (language === 'diff') {
      examples.set(`line-${line}.ts`, applyDiff(examples.get(former) ?? '', code));
    }
  }

  return examples;
}

/** Writes the examples of a page where they can be imported; the folder that they are in. */
export function writeExamples(page: Page): string {
  const folder = join(root, '.cache/docs', page.path);
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of examplesOf(page)) writeWhole(join(folder, name), code);

  return folder;
}

/** Runs an example that was written, and gives what it prints. */
export async function outputOf(file: string): Promise<string> {
  const log = vi.spyOn(console, 'log').mockReturnValue();

  try {
    await import(file);

    return log.mock.calls.map((words) => `${words.map(String).join(' ')}\n`).join('');
  } finally {
    log.mockRestore();
  }
}

/** Puts added lines where the line removed before them was, or at the top if there was none. */
function applyDiff(code: string, diff: string): string {
  const lines = code.split('\n');
  let place = 0;

  for (const line of diff.trimEnd().split('\n')) {
    const text = line.slice(1);
    if (line.startsWith('-')) {
      place = lines.indexOf(text);
      if (place === -1) throw new Error(`The example has no line "${text}" to change.`);
      lines.splice(place, 1);
    } else {
      lines.splice(place, 0, text);
      place += 1;
    }
  }

  return lines.join('\n');
}

// Test files that run at the same time write the same: none may read what another has half written.
function writeWhole(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;

  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}
