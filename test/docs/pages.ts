import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the documentation. */
export interface Page {
  /** Its path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  /** What follows the language in the opening line; empty if nothing does. */
  readonly info: string;
  /** The line of the page on which the code begins, from 1. */
  readonly line: number;
  readonly code: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** All pages: those at the root, and those in `docs`. */
export function readPages(): Page[] {
  const atRoot = readdirSync(root);
  const inDocs = readdirSync(join(root, 'docs'), { encoding: 'utf8', recursive: true });

  return [...atRoot, ...inDocs.map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map(readPage);
}

/** The blocks of a page, or of one language. */
export function codeBlocksOf({ text }: Page, wanted?: string): CodeBlock[] {
  const blocks = Array.from(
    text.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm),
    ({ 1: language = '', 2: info = '', 3: code = '', index }) => ({
      language,
      info,
      line: lineAt(text, index) + 1,
      code,
    }),
  );

  return blocks.filter(({ language }) => wanted === undefined || language === wanted);
}

/** The page without its blocks of code, line for line. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[^]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''));
}

/** The rows of the tables whose first column has this title: cells by column title, without backticks. */
export function tableOf(page: Page, firstTitle: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  let titles: string[] | null = null;

  for (const cells of page.text.split('\n').map(cellsOf)) {
    if (cells.length === 0) titles = null;
    else if (cells[0] === firstTitle) titles = cells;
    else if (titles !== null && !cells[0]?.startsWith('---')) rows.push(rowOf(titles, cells));
  }
  if (rows.length === 0) throw new Error(`${page.path} has no table that begins with "${firstTitle}"`);

  return rows;
}

function rowOf(titles: readonly string[], cells: readonly string[]): Record<string, string> {
  return Object.fromEntries(cells.map((cell, n) => [titles[n] ?? '', cell]));
}

function cellsOf(line: string): string[] {
  if (!line.startsWith('|')) return [];

  return line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('`', '').replaceAll('\\|', '|'));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
