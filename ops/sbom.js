import { execFileSync } from 'node:child_process';

/**
 * `npm run --silent sbom`: what production runs, as CycloneDX, on standard output. It is read from the lock file, so nothing
 * has to be installed.
 *
 * `npm sbom --omit dev` alone leaves out whatever development needs as well, axios among it (observed with npm 11.19.1,
 * 2026-11-26). So everything is listed, and what only development needs is taken out, by the mark that npm puts on it.
 */
const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const sbom = JSON.parse(
  execFileSync('npm', ['sbom', ...options], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
);

const components = sbom.components.filter((component) => !isForDevelopment(component));
const kept = new Set([sbom.metadata.component, ...components].map((component) => component['bom-ref']));
const dependencies = sbom.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
process.stdout.write(`${JSON.stringify({ ...sbom, components, dependencies }, null, 2)}\n`);

function isForDevelopment({ properties = [] }) {
  return properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
}
