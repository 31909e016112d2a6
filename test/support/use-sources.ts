// For processes of a test, with `node --import`: the package is taken from its sources, so that nothing
// has to be built first. Where each entry is, the type checker knows.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('../../', import.meta.url);
const { compilerOptions }: { compilerOptions: { paths: Readonly<Record<string, readonly string[]>> } } =
  JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'));

registerHooks({
  resolve(specifier, context, next) {
    const [source] = compilerOptions.paths[specifier] ?? [];

    return next(source === undefined ? specifier : new URL(source, root).href, context);
  },
});
