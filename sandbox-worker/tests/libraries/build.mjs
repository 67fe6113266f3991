// Makes a bundle of each program, and runs it in node. Called in a folder that has the packages, `programs.json` and `out/`.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const programs = JSON.parse(await readFile(`${folder}/programs.json`, 'utf8'));

const entry = ({ modules, body }) => {
  const names = ['all', 'all2', 'all3'].slice(0, modules.length);
  const imports = modules.map((module, nth) => `import * as ${names[nth]} from ${JSON.stringify(module)};`);
  return `${imports.join('\n')}
const [lib, other, third] = [${names.map((name) => `${name}.default ?? ${name}`)}];
export const run = async () => JSON.stringify(await (async () => { ${body} })());`;
};

const bundled = async (program) => {
  const outfile = `${folder}/out/${program.file}`;
  await rm(outfile, { force: true });
  const options = {
    stdin: { contents: entry(program), resolveDir: folder, loader: 'js' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.d.ts': 'text' },
    alias: { timers: `${folder}/timers.mjs` },
  };
  return build(options).then(() => outfile);
};

// A library that finds `process` takes node's modules, which no bundle has.
const RUN = `
const { argv, stdout, exit } = process;
delete globalThis.process;
globalThis.self = globalThis;
import(argv[1]).then((program) => program.run()).then((text) => { stdout.write(text, () => exit()); });`;

const outcome = async (program) => {
  try {
    const bundle = await bundled(program);
    const environment = { ...process.env, TZ: 'UTC' };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', RUN, bundle], { env: environment });
    return { result: stdout };
  } catch (error) {
    return { problem: error.errors?.[0]?.text ?? String(error.stderr || error) };
  }
};

const outcomes = {};
const waiting = [...programs];
const worker = async () => {
  for (let program; (program = waiting.shift());) outcomes[program.name] = await outcome(program);
};
await Promise.all([worker(), worker()]);
await writeFile(`${folder}/outcomes.json`, JSON.stringify(outcomes));
