import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeBlocksOf, type Page, proseOf, readPage, readPages, root, tableOf } from './pages.ts';

const pages = readPages();
const paths = pages.map(({ path }) => path);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
};

describe('the links of the pages', () => {
  it.each(paths)('lead somewhere in %s', (path) => {
    const page = readPage(path);

    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('go from the README to every page', () => {
    const linked = new Set(linksOf(readPage('README.md')).map((link) => targetOf('README.md', link)));

    expect(paths.filter((path) => path !== 'README.md' && !linked.has(path))).toEqual([]);
  });
});

describe('what the pages name', () => {
  it.each(paths)('exists in the tree: %s', (path) => {
    const named = Array.from(
      proseOf(readPage(path)).matchAll(/`((?:src|test|demo|docs|scripts)(?:\/[\w.-]+)*)`/g),
      ([, file = '']) => file,
    );

    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it.each(paths)('is a script of the package: %s', (path) => {
    const page = readPage(path);
    const code = codeBlocksOf(page, 'sh').map((block) => block.code);
    const named = Array.from(
      `${proseOf(page)}${code.join('')}`.matchAll(/npm (?:run ([\w:-]+)|(test)\b)/g),
      ([, run, test]) => run ?? test ?? '',
    );

    expect(named.filter((script) => !Object.hasOwn(manifest.scripts ?? {}, script))).toEqual([]);
  });

  it('is a function or a method of the library', () => {
    const source = readdirSync(join(root, 'src'), { encoding: 'utf8', recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
      .join('\n');
    const calls = pages.flatMap((page) =>
      Array.from(proseOf(page).matchAll(/`(?:\w+\.)?([a-z]\w+)\([^`]*\)`/g), ([, name = '']) => name),
    );

    expect([...new Set(calls)].filter((name) => !new RegExp(`\\b${name}(<.*>)?\\(`).test(source))).toEqual(
      [],
    );
  });
});

describe('the table of promises', () => {
  it.each(tableOf(readPage('docs/security.md'), 'promise').map((row) => [row['promise'], row['tests']]))(
    '%s',
    (_, tests = '') => {
      const files = tests.split(/,\s*/);

      expect(files).not.toEqual(['']);
      expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    },
  );
});

describe('the changelog', () => {
  const headings = Array.from(
    readPage('CHANGELOG.md').text.matchAll(/^## \[(.+?)\](?: - (.+))?$/gm),
    ([, version, date]) => ({ version, date }),
  );
  const released = headings.filter(({ version }) => version !== 'Unreleased');

  it('begins with the version of the package', () => {
    expect(released[0]?.version).toBe(manifest.version);
  });

  it('has a date for each version', () => {
    for (const { date } of released) expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });
});

function linksOf(page: Page): string[] {
  return Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter(
    (link) => !link.startsWith('https:'),
  );
}

function leadsSomewhere(page: Page, link: string): boolean {
  const target = targetOf(page.path, link);
  const [, anchor] = link.split('#');
  if (!existsSync(join(root, target))) return false;

  return anchor === undefined || anchorsOf(readPage(target)).includes(anchor);
}

function targetOf(path: string, link: string): string {
  const [file = ''] = link.split('#');

  return file === '' ? path : normalize(join(dirname(path), file));
}

/** The anchors that headings get: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(page: Page): string[] {
  return Array.from(proseOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
