import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplesOf, outputOf, writeExamples } from './examples.ts';
import { codeBlocksOf, readPage } from './pages.ts';

const LINES_OF_A_SCREEN = 40;

const readme = readPage('README.md');

describe('the quick start of the README', () => {
  it('prints what the README says', async () => {
    const [example = ''] = examplesOf(readme).keys();
    const [promised] = codeBlocksOf(readme, 'text');

    const output = await outputOf(join(writeExamples(readme), example));

    expect(output).toBe(promised?.code);
  });

  it('begins on the first screen, and is about twenty lines long', () => {
    const [example] = codeBlocksOf(readme, 'ts');

    expect(example?.line).toBeLessThanOrEqual(LINES_OF_A_SCREEN);
    expect(example?.code.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(22);
  });

  it('is JavaScript too, as the name of its file says', () => {
    expect(codeBlocksOf(readme, 'ts')[0]?.code).not.toMatch(/\b(as|interface|type) \w|: string/);
  });
});
