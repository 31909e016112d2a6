import { join, relative } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { examplesOf, writeExamples } from './examples.ts';
import { codeBlocksOf, readPages, root } from './pages.ts';

const pages = readPages().filter((page) => examplesOf(page).size > 0);
const folders = new Map(pages.map((page) => [page.path, writeExamples(page)]));

// What only the library's own source is held to.
const RELAXED: ts.CompilerOptions = {
  noUnusedLocals: false,
  noUnusedParameters: false,
  noPropertyAccessFromIndexSignature: false,
  isolatedDeclarations: false,
  declaration: false,
};

describe('the TypeScript of the pages', () => {
  let errorsByFile: ReadonlyMap<string, string[]>;
  beforeAll(() => {
    errorsByFile = check(pages.flatMap((page) => filesOf(page.path)));
  }, 120_000);

  it.each(pages.map(({ path }) => path))('compiles in %s', (path) => {
    const errors = filesOf(path).flatMap((file) => errorsByFile.get(file) ?? []);

    expect(errors).toEqual([]);
  });

  it('is marked as such, and no block has a language that nothing checks', () => {
    const languages = readPages().flatMap((page) => codeBlocksOf(page).map(({ language }) => language));

    expect([...new Set(languages)].toSorted()).toEqual(['diff', 'sh', 'sql', 'text', 'ts']);
  });
});

function filesOf(path: string): string[] {
  const page = pages.find((candidate) => candidate.path === path);

  return page === undefined
    ? []
    : [...examplesOf(page).keys()].map((name) => join(folders.get(path) ?? '', name));
}

/** Errors by file, each with the page and the line that the reader sees. */
function check(files: readonly string[]): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    root,
    RELAXED,
    join(root, 'tsconfig.json'),
  );
  const program = ts.createProgram(files, options);
  const errors = new Map<string, string[]>();

  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (file === undefined) throw new Error(message); // about the settings

    const page = relative(join(root, '.cache/docs'), file.fileName).replace(/\.md\/.*/, '.md');
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    errors.set(file.fileName, [...(errors.get(file.fileName) ?? []), `${page}:${line} ${message}`]);
  }

  return errors;
}
