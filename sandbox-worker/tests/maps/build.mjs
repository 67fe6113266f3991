// Makes the bundles of this folder, whose maps the test `source_maps` reads:
//     npm install --no-save esbuild@0.28.2 typescript@5.9.3 rollup@4 && node build.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import ts from 'typescript';

const folder = new URL('.', import.meta.url).pathname;
const bundle = { absWorkingDir: folder, entryPoints: ['src/price.ts'], bundle: true, format: 'esm', minify: true };
await build({ ...bundle, sourcemap: 'inline', outfile: 'esbuild-inline.js' });
await build({ ...bundle, sourcemap: 'external', outfile: 'esbuild.js' });

// One file, with its map inside of the text.
const compilerOptions = { module: 'ESNext', target: 'ES2022', inlineSourceMap: true, inlineSources: true };
const tax = ts.transpileModule(readFileSync(`${folder}src/tax.ts`, 'utf8'), { compilerOptions, fileName: 'src/tax.ts' });
writeFileSync(`${folder}tsc-inline.js`, tax.outputText.replace('function tax', 'function price').replace('(net)', '({ net })'));

const typescript = {
  name: 'typescript',
  resolveId: (name, from) => (from ? `${folder}src/${name.slice(2)}.ts` : null),
  transform(code, fileName) {
    const compilerOptions = { module: 'ESNext', target: 'ES2022', sourceMap: true };
    const { outputText, sourceMapText } = ts.transpileModule(code, { compilerOptions, fileName });
    return { code: outputText.replace(/\/\/# sourceMappingURL.*/, ''), map: sourceMapText };
  },
};
const rolled = await rollup({ input: `${folder}src/price.ts`, plugins: [typescript] });
await rolled.write({ file: `${folder}rollup.js`, format: 'es', sourcemap: 'hidden' });
