/**
 * A request as a program, to be pasted and run: what Swagger UI shows after Execute. The token, the
 * client's id and its secret are variables of the environment in it.
 */
(() => {
  const {
    describeRequest,
    languages: { shell, python, javascript, php },
    writing: { literal, textMap, textOf, enclosed },
  } = globalThis.posternDocs;

  /** A line, where there is something to write in it. */
  const given = (value, write) => (value === undefined ? [] : [write(value)]);

  function curlProgram(request) {
    const { method, url, headers, basic, form, source, raw } = describeRequest(request);
    const words = [
      `curl ${method === 'GET' ? '' : `-X ${method} `}${shell.string(url)}`,
      ...given(basic, () => '-u "$CLIENT_ID:$CLIENT_SECRET"'),
      ...curlTexts('-H', ': ', headers),
      ...curlTexts('--data-urlencode', '=', form ?? {}),
      ...given(source, (text) => `--data-raw ${shell.json(text)}`),
      ...given(raw, (text) => `--data-raw ${shell.string(text)}`),
    ];
    return words.join(' \\\n  ');
  }

  function curlTexts(option, separator, texts) {
    return Object.entries(texts).map(
      ([name, text]) => `${option} ${shell.text([name + separator, ...text])}`,
    );
  }

  function pythonProgram(request) {
    const { method, url, headers, basic, form, json, raw } = describeRequest(request);
    const parameters = [
      python.string(method),
      python.string(url),
      ...given(basic, () => 'auth=(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])'),
      `headers=${textMap(python, headers, python.step)}`,
      ...given(form, (texts) => `data=${textMap(python, texts, python.step)}`),
      ...given(json, (value) => `json=${literal(python, value, python.step)}`),
      ...given(raw, (text) => `data=${python.string(text)}.encode()`),
      'timeout=10',
    ];
    return [
      'import os',
      'import requests',
      '',
      `response = requests.request${enclosed(python, '()', parameters, '')}`,
      'print(response.status_code, response.text)',
    ].join('\n');
  }

  /** `fetch` knows no HTTP Basic by itself. */
  const NODE_BASIC = { Authorization: ['Basic ', { variable: 'BASIC_CREDENTIALS' }] };

  function nodeProgram(request) {
    const { method, url, headers, basic, form, json, raw } = describeRequest(request);
    const { step } = javascript;
    const options = [
      `method: ${javascript.string(method)}`,
      `headers: ${textMap(javascript, { ...headers, ...(basic && NODE_BASIC) }, step)}`,
      ...given(form, (texts) => `body: new URLSearchParams(${textMap(javascript, texts, step)})`),
      ...given(json, (value) => `body: JSON.stringify(${literal(javascript, value, step)})`),
      ...given(raw, (text) => `body: ${javascript.string(text)}`),
    ];
    return [
      `const response = await fetch(${javascript.string(url)}, ${enclosed(javascript, '{}', options, '')});`,
      'console.log(response.status, await response.text());',
    ].join('\n');
  }

  function phpProgram(request) {
    const { method, url, headers, basic, form, json, raw } = describeRequest(request);
    const field = (expression) => `CURLOPT_POSTFIELDS => ${expression}`;
    const lines = Object.entries(headers).map(([name, [first, ...others]]) =>
      textOf(php, [`${name}: ${first}`, ...others]),
    );
    const options = [
      `CURLOPT_CUSTOMREQUEST => ${php.string(method)}`,
      ...given(
        basic,
        () => "CURLOPT_USERPWD => getenv('CLIENT_ID') . ':' . getenv('CLIENT_SECRET')",
      ),
      `CURLOPT_HTTPHEADER => ${enclosed(php, '[]', lines, php.step)}`,
      ...given(form, (texts) => field(`http_build_query(${textMap(php, texts, php.step)})`)),
      ...given(json, (value) => field(`json_encode(${literal(php, value, php.step)})`)),
      ...given(raw, (text) => field(php.string(text))),
      'CURLOPT_RETURNTRANSFER => true',
    ];
    return [
      '<?php',
      `$request = curl_init(${php.string(url)});`,
      `curl_setopt_array($request, ${enclosed(php, '[]', options, '')});`,
      '$body = curl_exec($request);',
      'echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), "\\n", $body, "\\n";',
    ].join('\n');
  }

  globalThis.posternDocs = {
    ...globalThis.posternDocs,
    snippets: {
      curl: { title: 'curl', syntax: 'bash', generate: curlProgram },
      python: { title: 'Python', syntax: 'python', generate: pythonProgram },
      node: { title: 'Node.js', syntax: 'javascript', generate: nodeProgram },
      php: { title: 'PHP', syntax: 'php', generate: phpProgram },
    },
  };
})();
