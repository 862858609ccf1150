/**
 * A request as the snippets tell it, whatever their language. What is secret in it becomes a
 * variable of the environment here, so that no language can give it away.
 */
(() => {
  /** Parameters of a form that are secret, and the variables that stand for them. */
  const SECRET_PARAMETERS = { client_secret: 'CLIENT_SECRET', token: 'ACCESS_TOKEN' };

  /** Said of `Accept`, it says nothing. */
  const ANY_TYPE = '*/*';

  /**
   * A text here is a list of parts, each a string or a `{ variable }`.
   *
   * @param request as Swagger UI keeps it: an immutable map
   * @returns `method`, `url`, `headers` (texts by name), `basic` (true where id and secret go by
   * HTTP Basic) and, of the body, one of `form` (texts by name), `json` (a value, and its `source`)
   * and `raw`; none where there is no body
   */
  function describeRequest(request) {
    const { url, method, headers = {}, body } = request.toJS();
    const sent = Object.entries(headers).filter(([, value]) => value !== ANY_TYPE);
    const isBasic = ([name, value]) => isAuthorization(name) && value.startsWith('Basic ');
    const texts = sent
      .filter((header) => !isBasic(header))
      .map(([name, value]) => [
        name,
        isAuthorization(name) ? ['Bearer ', { variable: 'ACCESS_TOKEN' }] : [value],
      ]);
    return {
      method: method.toUpperCase(),
      url,
      basic: sent.some(isBasic) || undefined,
      ...describeBody(Object.fromEntries(texts), body),
    };
  }

  function isAuthorization(name) {
    return name.toLowerCase() === 'authorization';
  }

  function describeBody(headers, body) {
    if (typeof body !== 'string' || body === '') return { headers };
    const typeName = Object.keys(headers).find((name) => name.toLowerCase() === 'content-type');
    const type = headers[typeName]?.[0] ?? '';
    if (type.startsWith('application/x-www-form-urlencoded')) {
      // Every language names the type of a form by itself.
      const { [typeName]: _type, ...others } = headers;
      return { headers: others, form: describeForm(body) };
    }
    return { headers, ...(type.includes('json') ? describeJson(body) : { raw: body }) };
  }

  /** An empty parameter is no parameter (RFC 6749 §3.1). */
  function describeForm(body) {
    const filled = [...new URLSearchParams(body)].filter(([, value]) => value !== '');
    return Object.fromEntries(filled.map(([name, value]) => [name, [parameterPart(name, value)]]));
  }

  function parameterPart(name, value) {
    return Object.hasOwn(SECRET_PARAMETERS, name) ? { variable: SECRET_PARAMETERS[name] } : value;
  }

  function describeJson(source) {
    try {
      return { json: JSON.parse(source), source };
    } catch {
      return { raw: source };
    }
  }

  globalThis.posternDocs = { ...globalThis.posternDocs, describeRequest };
})();
