/** The arrows between the folders of src/: what each may import. */
const GROUND = ['protocol', 'errors'];

/** A rule that lets a folder import these folders alone, beside itself and packages. */
function only(folder, allowed) {
  const others = [folder, ...allowed].join('|');
  return {
    name: `${folder}-imports`,
    severity: 'error',
    comment: `src/${folder} may import ${allowed.join(', ') || 'nothing'} of this project`,
    from: { path: `^src/${folder}/`, pathNot: '\\.spec\\.ts$' },
    to: { path: '^src/', pathNot: `^src/(${others})/` },
  };
}

export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '\\.entity\\.ts$' } },
    },
    only('protocol', []),
    only('secrets', []),
    only('errors', ['protocol']),
    only('resource-server', GROUND),
    only('config', ['protocol']),
    only('database', ['config', 'errors']),
    only('http', [...GROUND, 'resource-server', 'config']),
    only('invalidation', ['config', 'database']),
    only('audit', [...GROUND, 'resource-server', 'config', 'database', 'http']),
    only('signing-keys', [
      ...GROUND,
      'resource-server',
      'http',
      'config',
      'database',
      'secrets',
      'audit',
    ]),
    only('access-rules', ['resource-server']),
    only('scopes', [...GROUND, 'resource-server', 'config', 'database', 'audit']),
    only('clients', [
      ...GROUND,
      'resource-server',
      'http',
      'config',
      'database',
      'secrets',
      'scopes',
      'audit',
      'invalidation',
    ]),
    only('oauth', [
      ...GROUND,
      'resource-server',
      'config',
      'database',
      'http',
      'secrets',
      'scopes',
      'audit',
      'clients',
      'signing-keys',
      'invalidation',
    ]),
    only('payments', [...GROUND, 'resource-server', 'database']),
    only('operations', ['protocol', 'resource-server', 'config', 'database', 'http']),
    only('openapi', [...GROUND, 'resource-server', 'http', 'config']),
    only('error-pages', [...GROUND, 'resource-server', 'config', 'http']),
    {
      name: 'protocol-knows-no-framework',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev'] },
    },
    {
      name: 'domain-knows-neither-http-nor-storage',
      severity: 'error',
      from: { path: '^src/[^/]+/domain/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/[^/]+/(http|storage)/|^src/database/|node_modules/(express|typeorm|pg)/' },
    },
    {
      name: 'http-and-storage-meet-in-the-domain',
      severity: 'error',
      from: { path: '^src/([^/]+)/http/' },
      to: { path: '^src/[^/]+/storage/' },
    },
    {
      name: 'storage-knows-no-http',
      severity: 'error',
      from: { path: '^src/[^/]+/storage/' },
      to: { path: '^src/[^/]+/http/' },
    },
    {
      name: 'payments-can-go',
      severity: 'error',
      comment: 'deleting src/payments and its line in app.module.ts leaves everything else green',
      from: { pathNot: '^src/(payments/|app\\.module\\.ts$)' },
      to: { path: '^src/payments/' },
    },
    {
      name: 'nobody-needs-the-command-line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'not-from-development-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
