import { formatScope } from '../../protocol/scope.js';
import type { ManagedClient } from './managed-client.js';

/**
 * A sheet to send to a partner, in Markdown: how to get and use a token as this client. No secret
 * is in it; the samples read it from the environment.
 *
 * @param baseUrl the server's own absolute URL, without a trailing slash
 */
export function quickstart(client: ManagedClient, baseUrl: string): string {
  const { clientId, clientName, description, scopes, defaultScopes } = client;
  const facts = [
    ['Base URL', code(baseUrl)],
    ['Token endpoint', code(`${baseUrl}/o/token/`)],
    ['Client id', code(clientId)],
    ['Client secret', 'sent to you apart from this sheet'],
    ['Scopes', scopes.map(code).join(' ') || 'none'],
    ['Scopes of a token that asks for none', defaultScopes.map(code).join(' ') || 'none'],
    ['Documentation', `${baseUrl}/docs`],
  ];
  return [
    `# ${text(clientName)}: how to call this API`,
    ...(description === '' ? [] : [text(description)]),
    ['| | |', '|---|---|', ...facts.map((fact) => `| ${fact.join(' | ')} |`)].join('\n'),
    ...(client.grantTypes.includes('client_credentials')
      ? withTokens(
          baseUrl,
          clientId,
          formatScope(defaultScopes.length > 0 ? defaultScopes : scopes),
        )
      : introspecting(baseUrl, clientId)),
    `Every error names a page that says what it means and what to try. Quote the \`X-Request-Id\` of an answer when you ask us about it.`,
    '',
  ].join('\n\n');
}

function withTokens(baseUrl: string, clientId: string, scope: string): string[] {
  return [
    'Put the secret into the environment as `CLIENT_SECRET`, never into the code. Keep a token and use it again until shortly before it expires: the samples do.',
    ...sample('curl', 'sh', curl(baseUrl, clientId, scope)),
    ...sample('Python', 'python', python(baseUrl, clientId, scope)),
    ...sample('Node.js', 'js', node(baseUrl, clientId, scope)),
    ...sample('PHP', 'php', php(baseUrl, clientId, scope)),
  ];
}

function introspecting(baseUrl: string, clientId: string): string[] {
  return [
    'This client gets no tokens: it asks whether the tokens that it is sent are good. Put the secret into the environment as `CLIENT_SECRET`.',
    ...sample('curl', 'sh', [
      `curl -X POST '${baseUrl}/o/introspect/' \\`,
      `  -u "${clientId}:$CLIENT_SECRET" \\`,
      '  -d "token=$TOKEN"',
    ]),
  ];
}

function sample(title: string, language: string, lines: readonly string[]): string[] {
  return [`## ${title}`, ['```' + language, ...lines, '```'].join('\n')];
}

function curl(baseUrl: string, clientId: string, scope: string): string[] {
  return [
    `curl -X POST '${baseUrl}/o/token/' \\`,
    `  -u "${clientId}:$CLIENT_SECRET" \\`,
    '  -d grant_type=client_credentials \\',
    `  --data-urlencode 'scope=${scope}'`,
    '',
    '# then, with the access_token of the answer, until its expires_in is nearly over:',
    `curl '${baseUrl}/scopes/' -H "Authorization: Bearer $ACCESS_TOKEN"`,
  ];
}

function python(baseUrl: string, clientId: string, scope: string): string[] {
  return [
    'import os, time',
    'import requests',
    '',
    `BASE_URL = '${baseUrl}'`,
    `CLIENT_ID = '${clientId}'`,
    "_token = {'value': None, 'until': 0}",
    '',
    'def access_token():',
    "    if time.monotonic() >= _token['until']:",
    '        response = requests.post(',
    "            BASE_URL + '/o/token/',",
    "            auth=(CLIENT_ID, os.environ['CLIENT_SECRET']),",
    `            data={'grant_type': 'client_credentials', 'scope': '${scope}'},`,
    '            timeout=10,',
    '        )',
    '        response.raise_for_status()',
    '        body = response.json()',
    "        _token.update(value=body['access_token'], until=time.monotonic() + body['expires_in'] - 60)",
    "    return _token['value']",
    '',
    'response = requests.get(',
    "    BASE_URL + '/scopes/', headers={'Authorization': 'Bearer ' + access_token()}, timeout=10",
    ')',
    'print(response.status_code, response.text)',
  ];
}

function node(baseUrl: string, clientId: string, scope: string): string[] {
  return [
    "import { env } from 'node:process';",
    '',
    `const BASE_URL = '${baseUrl}';`,
    `const CLIENT_ID = '${clientId}';`,
    'let token = { value: undefined, until: 0 };',
    '',
    'async function accessToken() {',
    '  if (performance.now() >= token.until) {',
    "    const basic = Buffer.from(`${CLIENT_ID}:${env.CLIENT_SECRET}`).toString('base64');",
    '    const response = await fetch(`${BASE_URL}/o/token/`, {',
    "      method: 'POST',",
    '      headers: { Authorization: `Basic ${basic}` },',
    `      body: new URLSearchParams({ grant_type: 'client_credentials', scope: '${scope}' }),`,
    '    });',
    '    if (!response.ok) throw new Error(await response.text());',
    '    const body = await response.json();',
    '    token = { value: body.access_token, until: performance.now() + (body.expires_in - 60) * 1000 };',
    '  }',
    '  return token.value;',
    '}',
    '',
    'const response = await fetch(`${BASE_URL}/scopes/`, {',
    '  headers: { Authorization: `Bearer ${await accessToken()}` },',
    '});',
    'console.log(response.status, await response.text());',
  ];
}

function php(baseUrl: string, clientId: string, scope: string): string[] {
  return [
    '<?php',
    `const BASE_URL = '${baseUrl}';`,
    `const CLIENT_ID = '${clientId}';`,
    '',
    'function accessToken() {',
    "    static $token = ['value' => null, 'until' => 0];",
    "    if (time() >= $token['until']) {",
    "        $ch = curl_init(BASE_URL . '/o/token/');",
    '        curl_setopt_array($ch, [',
    '            CURLOPT_RETURNTRANSFER => true,',
    '            CURLOPT_FAILONERROR => true,',
    '            CURLOPT_TIMEOUT => 10,',
    "            CURLOPT_USERPWD => CLIENT_ID . ':' . getenv('CLIENT_SECRET'),",
    '            CURLOPT_POSTFIELDS => http_build_query([',
    "                'grant_type' => 'client_credentials',",
    `                'scope' => '${scope}',`,
    '            ]),',
    '        ]);',
    '        $body = json_decode(curl_exec($ch) ?: exit(curl_error($ch)), true);',
    "        $token = ['value' => $body['access_token'], 'until' => time() + $body['expires_in'] - 60];",
    '    }',
    "    return $token['value'];",
    '}',
    '',
    "$ch = curl_init(BASE_URL . '/scopes/');",
    "curl_setopt($ch, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . accessToken()]);",
    'curl_exec($ch);',
  ];
}

/** A name that people chose, so that no reader of Markdown takes it for more than text. */
function text(chosen: string): string {
  return chosen
    .replace(/[\\`*_{}[\]()#+.!|~>$-]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function code(value: string): string {
  return `\`${value.replaceAll('`', '').replaceAll('|', '\\|')}\``;
}
